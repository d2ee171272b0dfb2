/** Checks against a real server, over a feed that the release code made. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { Installation } from '../../../lib/api/index.ts';
import { NetworkError, PolicyError, TrustError, UsageError } from '../../../lib/errors.ts';
import { loadRootDocument } from '../../../lib/home/trusted-root.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { CHECK_PATH, decodeCheckRequest, encodeCheckAnswer } from '../../../lib/update/check/check-api.ts';
import type { UpdateEvent } from '../../../lib/update/index.ts';
import { feedFolder } from '../../support/servers/feed-folder.ts';
import { NATIVE_PLATFORM } from '../../support/workshop.ts';
import { testKey } from '../../trust/keys.ts';
import { openStage, program, SETTINGS, type Stage, serveFrom } from '../stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('a check', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await openStage();
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  test('nothing new: null', async () => {
    expect(await stage.manager().checkForUpdates()).toBeNull();
    expect(await stage.manager().check()).toMatchObject({ installed: '1.0.0', newest: '1.0.0', held: [] });
  });

  test('a release: what the plan’s UpdateInfo has', async () => {
    await stage.release('1.1.0', { notes: '## Fixed\n\n- a leak\n', type: 'security', risk: 'medium' });
    await stage.release('2.0.0', {
      notes: '## Added\n\n- a thing\n',
      evolutions: [{ id: 'faster', description: 'Searches faster', autoApply: true }],
    });
    const update = await stage.manager().checkForUpdates();
    expect(update).toMatchObject({
      currentVersion: '1.0.0',
      version: '2.0.0',
      type: 'major',
      // 1.1.0 is on the way.
      isSecurity: true,
      riskLevel: 'medium',
      changelog: { entries: [{ kind: 'added', text: 'a thing' }] },
      evolutions: [{ id: 'faster' }],
      mandatory: false,
      direction: 'forward',
    });
    expect(update?.downloadSize).toBe(update?.routes[0]?.bytes ?? -1);
    // What is passed on the way comes along.
    await stage.release('2.0.1', { risk: 'low' });
    expect(await stage.manager().checkForUpdates()).toMatchObject({ type: 'major', riskLevel: 'medium' });
    expect(update?.routes.map(({ kind }) => kind)).toEqual(['patch', 'full']);
    expect(update?.downloadSize).toBeLessThan(20_000);
  });

  test('the notes of the releases that are passed over: read for who is shown them, newest first', async () => {
    await stage.release('1.1.0', { notes: 'Back up before you update.\n' });
    await stage.release('1.2.0', { notes: '## Fixed\n\n- a leak\n' });
    await stage.release('2.0.0', { notes: 'New.\n' });
    const manifests = () => {
      const asked = stage.asked.splice(0).filter(({ path: name }) => name.includes('manifest'));
      return asked.map(({ status }) => status);
    };
    expect((await stage.manager().checkForUpdates())?.passed).toMatchObject([
      { version: '1.2.0', changelog: null },
      { version: '1.1.0', changelog: null },
    ]);
    expect(manifests()).toEqual([200]);
    expect((await stage.manager().checkForUpdates({ notes: true }))?.passed).toMatchObject([
      { version: '1.2.0', changelog: { notes: '## Fixed\n\n- a leak\n', entries: [{ text: 'a leak' }] } },
      { version: '1.1.0', changelog: { notes: 'Back up before you update.\n' } },
    ]);
    expect(manifests()).toEqual([200, 200]);
    await stage.manager().checkForUpdates({ notes: true });
    expect(manifests()).toEqual([]);
    const next = await stage.manager().checkForUpdates({ notes: true, version: '1.1.0' });
    expect(next).toMatchObject({ version: '1.1.0', passed: [] });
  });

  test('a revoked release that is passed over is nothing to read about', async () => {
    await stage.release('1.1.0', { notes: 'Back up before.\n' });
    await stage.release('1.2.0', { notes: 'Taken back.\n', risk: 'high' });
    await stage.release('2.0.0');
    await stage.feed.revoke('1.2.0', 'It loses data');
    for (const notes of [true, false]) {
      const update = await stage.manager().checkForUpdates({ notes });
      expect(update?.passed.map(({ version }) => version)).toEqual(['1.1.0']);
      // What it changed has come along.
      expect(update?.riskLevel).toBe('high');
    }
    expect((await stage.manager().checkForUpdates({ notes: true }))?.passed[0]?.changelog?.notes).toBe(
      'Back up before.\n',
    );
  });

  test('notes that the feed does not have are no failure', async () => {
    await stage.release('1.1.0', { notes: 'Back up before.\n' });
    await stage.release('1.2.0', { notes: 'More.\n' });
    await stage.release('2.0.0');
    await stage.manager().checkForUpdates();
    const lost = new Set<string>();
    stage.answer = (name) => {
      if (!name.includes('manifest') || (lost.size > 0 && !lost.has(name))) return undefined;
      lost.add(name);
      return new Response('', { status: 404 });
    };
    const update = await stage.manager().checkForUpdates({ notes: true });
    expect(update?.version).toBe('2.0.0');
    expect(update?.passed.filter(({ changelog }) => changelog === null)).toHaveLength(1);
    expect(lost.size).toBe(1);
  });

  test('from far behind: the notes of the ten newest that are passed over, from pages too', async () => {
    for (let minor = 1; minor <= 14; minor++)
      await stage.release(`1.${minor}.0`, { notes: `Note ${minor}.\n`, deltas: 0 });
    const update = await stage.manager().checkForUpdates({ notes: true });
    expect(update?.version).toBe('1.14.0');
    const passed = update?.passed ?? [];
    expect(passed.map(({ version }) => version).slice(0, 11)).toEqual(
      Array.from({ length: 11 }, (_, index) => `1.${13 - index}.0`),
    );
    expect(passed.map(({ changelog }) => changelog?.notes).filter(Boolean)).toEqual(
      Array.from({ length: 10 }, (_, index) => `Note ${13 - index}.\n`),
    );
  });

  test('the second contact asks for the next root and the timestamp, and for nothing else', async () => {
    await stage.release('2.0.0');
    await stage.manager().check();
    const first = stage.asked.splice(0).length;
    await stage.manager().check();
    expect(first).toBeGreaterThan(4);
    expect(stage.asked.map(({ path: asked, status }) => `${asked} ${status}`).sort()).toEqual([
      'metadata/2.root.json 404',
      'metadata/timestamp.json 200',
    ]);
  });

  test('asks for both at once', async () => {
    const timestamp = Promise.withResolvers<void>();
    stage.answer = async (name) => {
      if (name === 'metadata/timestamp.json') timestamp.resolve();
      if (name === 'metadata/2.root.json') await timestamp.promise;
      return undefined;
    };
    expect(await stage.manager().checkForUpdates()).toBeNull();
  });

  test('a kept index that is damaged is fetched again', async () => {
    await stage.release('2.0.0');
    await stage.manager().check();
    const cache = path.join(stage.home, 'cache');
    for (const name of fs.readdirSync(cache)) fs.truncateSync(path.join(cache, name), 10);
    expect((await stage.manager().checkForUpdates())?.version).toBe('2.0.0');
  });

  test('skipped, put off: remembered over runs', async () => {
    await stage.release('2.0.0');
    await stage.manager().skipVersion('2.0.0');
    expect(await stage.manager().check()).toMatchObject({
      update: null,
      held: [{ version: '2.0.0', why: 'skipped' }],
    });
    expect((await stage.manager().checkForUpdates({ version: '2.0.0' }))?.version).toBe('2.0.0');
    await stage.release('2.1.0');
    expect((await stage.manager().checkForUpdates())?.version).toBe('2.1.0');
    await stage.manager().remindLater(60_000);
    expect(await stage.manager().checkForUpdates()).toBeNull();
  });

  test('a staged rollout that has not come to this install', async () => {
    await stage.release('2.0.0', { rollout: 0 });
    expect(await stage.manager().check()).toMatchObject({
      update: null,
      held: [{ version: '2.0.0', why: 'rollout' }],
    });
  });

  test('a minimum makes it mandatory, and overrides the rollout', async () => {
    await stage.release('2.0.0', { rollout: 0, minimum: '2.0.0' });
    expect(await stage.manager().checkForUpdates()).toMatchObject({ version: '2.0.0', mandatory: true });
  });

  test('what can’t be installed over this version: the newest that leads there', async () => {
    await stage.release('1.5.0');
    await stage.release('2.0.0', { minimumFrom: '1.5.0' });
    expect(await stage.manager().check()).toMatchObject({
      update: { version: '1.5.0' },
      held: [{ version: '2.0.0', why: 'unreachable' }],
    });
    await expect(stage.manager().check({ version: '2.0.0' })).rejects.toThrow(PolicyError);
  });

  test('a version that is asked for: older ones too, as far as the installed release allows', async () => {
    await stage.release('2.0.0', { rollbackMin: '2.0.0' });
    const manager = stage.manager();
    await manager.applyUpdate(
      await manager.downloadUpdate((await manager.checkForUpdates()) ?? expect.unreachable()),
    );
    await expect(stage.manager().check({ version: '1.0.0' })).rejects.toThrow(
      '2.0.0 can be taken back to 2.0.0 or newer',
    );
    await stage.release('3.0.0', { rollbackMin: '2.0.0' });
    const next = stage.manager();
    await next.applyUpdate(await next.downloadUpdate((await next.checkForUpdates()) ?? expect.unreachable()));
    expect(await stage.manager().check({ version: '2.0.0' })).toMatchObject({
      update: { version: '2.0.0', direction: 'back' },
    });
    await expect(stage.manager().check({ version: '9.9.9' })).rejects.toThrow(UsageError);
  });

  test('the installed bytes under another version: not offered, and refused where it is asked for', async () => {
    await stage.feed.add('1.0.1', { [NATIVE_PLATFORM]: program('1.0.0') });
    expect(await stage.manager().checkForUpdates()).toBeNull();
    const asked = stage.manager().check({ version: '1.0.1' });
    await expect(asked).rejects.toThrow(PolicyError);
    await expect(asked).rejects.toThrow('1.0.1 has the same bytes as 1.0.0, which is installed');
  });

  test('a channel that the feed has not', async () => {
    await expect(stage.manager().check({ channel: 'beta' })).rejects.toThrow(
      `no channel beta for ${NATIVE_PLATFORM}`,
    );
  });

  test('the feed of another app is not believed, whoever signed it', async () => {
    const receipt = path.join(stage.dir, '.dgmo-updater/installed.json');
    const { receipt: content } = JSON.parse(fs.readFileSync(receipt, 'utf8'));
    content.app = 'other';
    const digest = new Bun.CryptoHasher('sha256').update(JSON.stringify(content)).digest('hex');
    fs.writeFileSync(receipt, JSON.stringify({ receipt: content, digest }));
    await expect(stage.manager({ app: 'other' }).check()).rejects.toThrow(TrustError);
  });

  test('no feed is known: usage', async () => {
    const receipt = path.join(stage.dir, '.dgmo-updater/installed.json');
    const { receipt: content } = JSON.parse(fs.readFileSync(receipt, 'utf8'));
    content.feed = null;
    const digest = new Bun.CryptoHasher('sha256').update(JSON.stringify(content)).digest('hex');
    fs.writeFileSync(receipt, JSON.stringify({ receipt: content, digest }));
    await expect(stage.manager().check()).rejects.toThrow('no feed is known here');
    expect((await stage.manager({ feed: stage.url }).check()).installed).toBe('1.0.0');
    expect((await stage.manager({ feed: stage.url.slice(0, -1) }).check()).installed).toBe('1.0.0');
    await expect(stage.manager({ feed: 'http://feed.test/' }).check()).rejects.toThrow(
      'wanted an https address',
    );
  });

  test.each([
    'https://user:secret@feed.test/',
    'https://secret@feed.test/',
    'https://feed.test/?token=secret',
    'https://feed.test/#secret',
    'user:secret@feed.test',
  ])('a feed with a secret in its address is refused, and the secret is told nobody (%s)', async (feed) => {
    const said: unknown[] = [];
    const manager = stage.manager({ feed, onEvent: (event) => said.push(event) });
    for (const tried of [
      () => manager.check(),
      () => manager.setPreferences({ feed }),
      () => manager.setPreferences({ checkApi: feed }),
    ]) {
      const error: unknown = await tried().then(
        () => expect.unreachable(),
        (thrown) => thrown,
      );
      expect(error).toBeInstanceOf(UsageError);
      said.push(String(error), (error as UsageError).advice);
    }
    expect(JSON.stringify(said)).toContain('feed.test');
    expect(JSON.stringify(said)).not.toContain('secret');
  });

  test('a root that the feed has never had is not believed; no word of the feed is', async () => {
    const other = await openStage();
    try {
      fs.copyFileSync(path.join(other.home, 'trust/root.json'), path.join(stage.home, 'trust/root.json'));
      await expect(stage.manager().check()).rejects.toThrow(TrustError);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  test('a person’s new root wins over what was remembered of the feed', async () => {
    await stage.manager().check();
    const other = await openStage();
    try {
      await other.release('7.0.0');
      // The publisher starts anew: other keys, at the same address.
      stage.answer = async (name) =>
        new Response(await fetch(other.url + name).then((got) => got.bytes()), {
          status: (await fetch(other.url + name)).status,
        });
      await expect(stage.manager().check()).rejects.toThrow(TrustError);
      fs.copyFileSync(path.join(other.home, 'trust/root.json'), path.join(stage.home, 'trust/root.json'));
      expect((await stage.manager().checkForUpdates())?.version).toBe('7.0.0');
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  test('a root that the feed has rotated to is trusted for packages from then on', async () => {
    using folder = feedFolder();
    const repository = folder.repository;
    const root = path.join(stage.home, 'trust/root.json');
    fs.writeFileSync(root, repository.files.get('1.root.json') ?? '');
    stage.answer = (name) => serveFrom(folder.folder, name);
    // Its release has a manifest without meaning, so that only what comes before it is looked at.
    await expect(stage.manager().check()).rejects.toThrow('manifest: wanted UTF-8');
    const fresh = testKey(77);
    repository.roles.targets = { keys: [fresh], threshold: 1 };
    repository.publishRoot();
    repository.signers['linux-x64'] = [fresh];
    folder.publish({});
    const before = loadRootDocument(nativeHost(), stage.home, null).root;
    await stage
      .manager()
      .check()
      .catch(() => undefined);
    const after = loadRootDocument(nativeHost(), stage.home, null).root;
    expect([before.version, after.version]).toEqual([1, 2]);
    expect(after.roles.targets.keys.map(({ id }) => id)).toEqual([fresh.id]);
    // And the walk back to an older root that a person gives is none: version 1 leads to 2 again.
    fs.writeFileSync(root, repository.files.get('1.root.json') ?? '');
    await stage
      .manager()
      .check()
      .catch(() => undefined);
    expect(loadRootDocument(nativeHost(), stage.home, null).root.version).toBe(2);
    // Another publisher's root does not replace it by lying there; by the user's word it does.
    stage.answer = () => undefined;
    fs.writeFileSync(root, stage.feed.root);
    await expect(stage.manager().check()).rejects.toThrow('wanted root version 2');
    const given = path.join(stage.folder, 'given.json');
    fs.writeFileSync(given, stage.feed.root);
    const { dir: installDir, home } = stage;
    await new Installation({ installDir, home, settings: SETTINGS }).adopt({ version: '1.0.0', root: given });
    expect((await stage.manager().check()).newest).toBe('1.0.0');
    expect(loadRootDocument(nativeHost(), stage.home, null).root.version).toBe(1);
  });

  test('a clock far in the future: not trusted, and the message names both times; far in the past: no harm', async () => {
    const at = (time: number) => {
      const host = nativeHost();
      const localOffset = () => -3_600_000;
      return stage.manager({ host: { ...host, localOffset, clock: { ...host.clock, now: () => time } } });
    };
    await expect(at(Date.UTC(2060, 0, 1)).check()).rejects.toThrow(TrustError);
    await expect(at(Date.UTC(2060, 0, 1)).check()).rejects.toThrow('says 2059-12-31 23:00 -01:00');
    expect((await at(Date.UTC(1980, 0, 1)).check()).installed).toBe('1.0.0');
  });

  test('an older timestamp than the one that was seen: not trusted', async () => {
    const old = fs.readFileSync(path.join(stage.feed.folder, 'metadata/timestamp.json'));
    await stage.release('2.0.0');
    await stage.manager().check();
    stage.answer = (name) => (name === 'metadata/timestamp.json' ? new Response(old) : undefined);
    await expect(stage.manager().check()).rejects.toThrow(TrustError);
  });

  describe('a version that was revoked', () => {
    test('is not offered, nor given to who asks for it', async () => {
      await stage.release('2.0.0');
      await stage.feed.revoke('2.0.0', 'it loses data');
      expect(await stage.manager().check()).toMatchObject({ update: null, newest: '1.0.0' });
      await expect(stage.manager().check({ version: '2.0.0' })).rejects.toThrow('it loses data');
    });

    test('and is installed: it is said, with the way back; forward as soon as there is one', async () => {
      await stage.release('2.0.0', { rollbackMin: '1.0.0' });
      const manager = stage.manager();
      await manager.applyUpdate(
        await manager.downloadUpdate((await manager.checkForUpdates()) ?? expect.unreachable()),
      );
      await stage.feed.revoke('2.0.0', 'it loses data');
      expect(await stage.manager().check()).toMatchObject({
        revoked: 'it loses data',
        update: { version: '1.0.0', direction: 'back', mandatory: true },
      });
      await stage.release('2.0.1');
      expect(await stage.manager().check()).toMatchObject({
        revoked: 'it loses data',
        update: { version: '2.0.1', direction: 'forward', mandatory: true },
      });
    });

    test('and cannot be taken back: only said', async () => {
      await stage.release('2.0.0', { rollbackMin: '2.0.0' });
      const manager = stage.manager();
      await manager.applyUpdate(
        await manager.downloadUpdate((await manager.checkForUpdates()) ?? expect.unreachable()),
      );
      await stage.feed.revoke('2.0.0', 'it loses data');
      expect(await stage.manager().check()).toMatchObject({ revoked: 'it loses data', update: null });
    });
  });

  describe('the check API', () => {
    let bodies: unknown[];
    let events: UpdateEvent[];
    const advised = async (answer: () => Response) => {
      bodies = [];
      events = [];
      stage.answer = async (name, request) => {
        if (`/${name}` !== CHECK_PATH) return undefined;
        const bytes = new Uint8Array(await request.arrayBuffer());
        bodies.push(decodeCheckRequest((header) => request.headers.get(header), bytes));
        return answer();
      };
      const manager = stage.manager({ onEvent: (event) => events.push(event as UpdateEvent) });
      await manager.setPreferences({ checkApi: stage.url });
      return manager;
    };
    const says = (version: string | null) =>
      new Response(
        encodeCheckAnswer({
          schema: 1,
          update:
            version === null
              ? null
              : {
                  version,
                  type: 'major',
                  riskLevel: 'low',
                  mandatory: true,
                  size: 1,
                  releaseDate: 1,
                  rollout: 100,
                },
        }),
      );
    const advice = () => events.find(({ event }) => event === 'advice');

    test('that agrees is told so', async () => {
      await stage.release('2.0.0');
      const manager = await advised(() => says('2.0.0'));
      expect((await manager.checkForUpdates())?.version).toBe('2.0.0');
      expect(advice()).toMatchObject({ agrees: true });
      expect(bodies).toEqual([
        expect.objectContaining({ version: '1.0.0', channel: 'stable', evolutions: [] }),
      ]);
      expect(bodies).not.toMatchObject([{ telemetry: expect.anything() }]);
    });

    test('is asked below the path of its address', async () => {
      const manager = await advised(() => says(null));
      for (const address of [`${stage.url}dgmo/api`, `${stage.url}dgmo/api/`, stage.url.replace(/\/$/, '')]) {
        await manager.setPreferences({ checkApi: address });
        await manager.checkForUpdates();
      }
      const asked = stage.asked
        .map(({ path: asked }) => `/${asked}`)
        .filter((asked) => asked.endsWith(CHECK_PATH));
      expect(asked).toEqual([`/dgmo/api${CHECK_PATH}`, `/dgmo/api${CHECK_PATH}`, CHECK_PATH]);
    });

    test('is told which evolutions are installed', async () => {
      const folder = path.join(stage.home, 'evolutions');
      fs.mkdirSync(folder, { recursive: true });
      const files = [{ path: 'index.js', sha256: 'aa'.repeat(32) }];
      const evolutions = [{ id: 'faster', version: '1.0.0', digest: 'bb'.repeat(32), files }];
      fs.writeFileSync(path.join(folder, 'installed.json'), JSON.stringify({ schema: 1, evolutions }));
      await (await advised(() => says(null))).checkForUpdates();
      expect(bodies).toEqual([expect.objectContaining({ evolutions: ['faster'] })]);
    });

    test('is passed over where it can not be told which evolutions are installed', async () => {
      await stage.release('2.0.0');
      fs.mkdirSync(path.join(stage.home, 'evolutions/installed.json'), { recursive: true });
      expect((await (await advised(() => says('2.0.0'))).checkForUpdates())?.version).toBe('2.0.0');
      expect(advice()).toMatchObject({ agrees: null, detail: expect.stringContaining('it is a directory') });
    });

    test('that claims more, or less, than was signed is not believed', async () => {
      expect(await (await advised(() => says('9.0.0'))).checkForUpdates()).toBeNull();
      expect(advice()).toMatchObject({ agrees: false });
      await stage.release('2.0.0');
      expect(await (await advised(() => says(null))).checkForUpdates()).toMatchObject({
        version: '2.0.0',
        mandatory: false,
      });
      expect(advice()).toMatchObject({ agrees: false });
    });

    test.each<[string, () => Response]>([
      ['an error', () => new Response('', { status: 500 })],
      ['nothing there', () => new Response('', { status: 404 })],
      ['a page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
      ['nonsense', () => new Response('{"schema":2}')],
      ['too much', () => new Response('x'.repeat(100_000))],
    ])('that answers with %s is passed over', async (_, answer) => {
      await stage.release('2.0.0');
      expect((await (await advised(answer)).checkForUpdates())?.version).toBe('2.0.0');
      expect(advice()).toMatchObject({ agrees: null });
    });

    test('telemetry: only after a yes, and four fields', async () => {
      const manager = await advised(() => says(null));
      await manager.setPreferences({ telemetry: true });
      await manager.check();
      expect(bodies[0]).toMatchObject({ telemetry: { updater: '0.1.0' } });
      await stage.release('2.0.0');
      await manager.applyUpdate(
        await manager.downloadUpdate((await manager.checkForUpdates()) ?? expect.unreachable()),
      );
      await manager.check();
      expect(bodies.at(-1)).toMatchObject({
        version: '2.0.0',
        telemetry: {
          updater: '0.1.0',
          lastUpdate: 'updated',
          lastRoute: 'patch',
          lastDuration: 'under-10s',
        },
      });
    });
  });

  test('500 at each file that is asked for: the network, and it says which file', async () => {
    await stage.release('2.0.0');
    await stage.manager().check();
    const files = stage.asked.splice(0).map((one) => one.path);
    for (const file of files) {
      fs.rmSync(path.join(stage.home, 'trust/feed'), { recursive: true, force: true });
      fs.rmSync(path.join(stage.home, 'cache'), { recursive: true, force: true });
      stage.answer = (name) => (name === file ? new Response('', { status: 500 }) : undefined);
      const failure = await stage
        .manager()
        .check()
        .then(
          () => null,
          (error: unknown) => error,
        );
      expect(failure).toBeInstanceOf(NetworkError);
      expect((failure as Error).message).toContain(`answered 500 for /${file}`);
    }
  });
});
