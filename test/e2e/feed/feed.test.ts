/** The feed, end to end: the compiled updater against a real server. */
import { beforeAll, describe, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { makeFeed } from '../../release/feed.ts';
import { withStages } from '../../support/compiled-updater.ts';
import { makeInstall, resultOf } from '../../support/installed.ts';
import { type Certificates, makeCertificates } from '../../support/servers/certificates.ts';
import { feedFolder } from '../../support/servers/feed-folder.ts';
import { serving } from '../../support/servers/serve.ts';
import { buildStandin, readStandinLog } from '../../support/standin.ts';
import { NATIVE_PLATFORM, openSharedWorkshop, type Ran, run, type Workshop } from '../../support/workshop.ts';
import { type Stage, serveFrom } from '../../update/stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('the commands of the feed', () => {
  let shop: Workshop;
  let updater: string;
  let stage: Stage;

  withStages((opened) => {
    ({ shop, updater, stage } = opened);
  });

  const upd = (args: string[], env: Record<string, string> = {}): Promise<Ran> =>
    run(updater, [...args, '--install-dir', stage.dir, '--home', stage.home], { cwd: stage.folder, env });

  test('check: nothing new, then something; it changes nothing', async () => {
    const none = await upd(['check']);
    expect({ code: none.code, said: none.stdout }).toEqual({ code: 0, said: '1.0.0 is the newest.\n' });
    await stage.release('2.0.0', { notes: '## Added\n\n- a thing\n' });
    const some = await upd(['check']);
    expect(some.code).toBe(0);
    expect(some.stdout).toContain('2.0.0 is available (installed: 1.0.0)');
    expect(some.stdout).toContain('a thing');
    expect(some.stdout).toContain('Run `dgmo-updater update` to install it.');
    expect(resultOf(await upd(['check', '--json']))).toMatchObject({
      ok: true,
      installed: '1.0.0',
      available: true,
      update: { version: '2.0.0', route: { kind: 'patch', packages: 1 } },
    });
    expect(stage.version()).toBe('1.0.0');
  });

  test('update without a terminal and without --yes tells what there is, and does nothing', async () => {
    await stage.release('2.0.0');
    const ran = await upd(['update']);
    expect({ code: ran.code, version: stage.version() }).toEqual({ code: 0, version: '1.0.0' });
    expect(ran.stdout).toContain('2.0.0 is available');
    const only = await upd(['update', '--yes', '--check-only', '--json']);
    expect(resultOf(only)).toMatchObject({ available: true, changed: false });
    expect(stage.version()).toBe('1.0.0');
  });

  test('download stops before it installs, and says where it is; update goes on from there', async () => {
    await stage.release('2.0.0');
    const ran = await upd(['download']);
    expect(ran.code).toBe(0);
    const [file = ''] = ran.stdout.trim().split('\n');
    expect(fs.readFileSync(file).subarray(0, 8).toString()).toBe('DGMOPKG1');
    expect(stage.version()).toBe('1.0.0');
    // It is what --apply takes.
    const before = stage.asked.length;
    expect((await upd(['update', '--yes'])).code).toBe(0);
    expect(stage.asked.slice(before).some(({ path: asked }) => asked.endsWith('.dgmopkg'))).toBe(false);
    expect(stage.version()).toBe('2.0.0');
  });

  test('update --yes by a chain; its events and its result as JSON', async () => {
    await stage.release('1.1.0', { deltas: 1 });
    await stage.release('2.0.0', { deltas: 1 });
    const ran = await upd(['update', '--yes', '--json']);
    expect(ran.code).toBe(0);
    const events = ran.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events.filter((event) => event !== 'progress' && event !== 'download')).toEqual([
      'checking',
      'route',
      'downloaded',
      'verified',
      'taking snapshot',
      'snapshot',
      'staging',
      'staged',
      'swapped',
      'probing',
      'probed',
      'committed',
      'result',
    ]);
    expect(resultOf(ran)).toMatchObject({ changed: true, from: '1.0.0', to: '2.0.0', installed: '2.0.0' });
    expect(stage.version()).toBe('2.0.0');
  });

  test('a chain that was downloaded, applied without a network by --apply with --via', async () => {
    await stage.release('1.1.0', { deltas: 1 });
    await stage.release('2.0.0', { deltas: 1 });
    const [first = '', last = ''] = (await upd(['download'])).stdout.trim().split('\n');
    const ran = await upd(['--apply', last, '--via', first, '--no-wait']);
    expect({ code: ran.code, version: stage.version() }).toEqual({ code: 0, version: '2.0.0' });
  });

  test('a patch that is damaged on its way: the full binary in the same run, and it is said', async () => {
    await stage.release('2.0.0');
    stage.answer = (name) => (name.endsWith('from-1.0.0.dgmopkg') ? new Response('no') : undefined);
    const ran = await upd(['update', '--yes']);
    expect({ code: ran.code, version: stage.version() }).toEqual({ code: 0, version: '2.0.0' });
    expect(ran.stderr).toContain('Using the full binary of 2.0.0 instead.');
  });

  test('a download that was killed goes on in the next run', async () => {
    await stage.release('2.0.0', { deltas: 0 });
    const ranges: (string | null)[] = [];
    let sent: () => void = () => undefined;
    const half = new Promise<void>((resolve) => {
      sent = resolve;
    });
    stage.answer = (name, request) => {
      if (!name.endsWith('full.dgmopkg')) return undefined;
      ranges.push(request.headers.get('range'));
      if (ranges.length > 1) return undefined;
      const bytes = fs.readFileSync(path.join(stage.feed.folder, name));
      return new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(bytes.subarray(0, 30_000));
            sent();
          },
        }),
        { headers: { 'content-length': String(bytes.length) } },
      );
    };
    const child = spawn(updater, ['update', '--yes', '--install-dir', stage.dir, '--home', stage.home], {
      stdio: 'ignore',
    });
    const gone = new Promise((resolve) => child.on('exit', resolve));
    await half;
    const cache = path.join(stage.home, 'cache');
    const partial = () => fs.readdirSync(cache).find((name) => name.endsWith('.partial'));
    while (partial() === undefined || fs.statSync(path.join(cache, partial() ?? '')).size < 30_000)
      await Bun.sleep(5);
    child.kill('SIGKILL');
    await gone;
    expect(stage.version()).toBe('1.0.0');
    expect((await upd(['update', '--yes'])).code).toBe(0);
    expect(ranges).toEqual([null, 'bytes=30000-']);
    expect(stage.version()).toBe('2.0.0');
  });

  test('two at once share one download', async () => {
    await stage.release('2.0.0', { deltas: 0 });
    let asked = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    stage.answer = async (name) => {
      if (!name.endsWith('full.dgmopkg')) return undefined;
      asked++;
      await gate;
      return undefined;
    };
    const one = upd(['download', '--json']);
    while (asked === 0) await Bun.sleep(5);
    const two = spawn(updater, ['download', '--json', '--install-dir', stage.dir, '--home', stage.home], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const bytes of two.stdout) {
      said += bytes;
      if (said.includes('"waiting"')) open();
    }
    expect(asked).toBe(1);
    expect(resultOf(await one)).toMatchObject({ ok: true });
    expect(JSON.parse(said.trim().split('\n').at(-1) ?? '')).toMatchObject({ ok: true, exitCode: 0 });
  });

  test('a version that does not work: 15, the old one is back, and it is not offered again', async () => {
    await stage.release('2.0.0', { works: false });
    const ran = await upd(['update', '--yes']);
    expect({ code: ran.code, version: stage.version() }).toEqual({ code: 15, version: '1.0.0' });
    expect((await upd(['check'])).stdout).toContain(
      '2.0.0 is not offered: it was tried here and did not work;',
    );
    expect((await upd(['update', '--yes'])).code).toBe(0);
    expect(stage.version()).toBe('1.0.0');
    expect((await upd(['update', '--yes', '--version', '2.0.0'])).code).toBe(15);
  });

  test('a person who goes back from a version is not given it again', async () => {
    await stage.release('2.0.0');
    await upd(['update', '--yes']);
    expect((await upd(['rollback', '--yes'])).code).toBe(0);
    expect((await upd(['check'])).stdout).toContain('2.0.0 is not offered: you went back from it;');
    // And forth again: then it is wanted.
    expect((await upd(['rollback', '--yes'])).code).toBe(0);
    expect((await upd(['check'])).stdout).toBe('2.0.0 is the newest.\n');
    expect((await upd(['rollback', '--yes'])).code).toBe(0);
    expect((await upd(['update', '--version', '2.0.0', '--yes'])).code).toBe(0);
    expect(stage.version()).toBe('2.0.0');
  });

  test('the same by --apply: DGMO learns of it at the next check', async () => {
    await stage.release('2.0.0', { works: false });
    const [file = ''] = (await upd(['download'])).stdout.trim().split('\n');
    expect((await upd(['--apply', file, '--no-wait'])).code).toBe(15);
    expect(resultOf(await upd(['check', '--json']))).toMatchObject({
      available: false,
      held: [{ version: '2.0.0', why: 'quarantined' }],
    });
  });

  test('with the check API of `release serve` beside the feed: it is compared, and the signed metadata counts', async () => {
    await stage.release('2.0.0');
    await using server = await serving(stage.feed.folder);
    expect((await upd(['config', 'set', 'checkApi', server.url])).code).toBe(0);
    const check = () => upd(['check', '--verbose', '--feed', server.url]);
    expect((await check()).stderr).toContain('The check API says the same');
    await stage.manager().skipVersion('2.0.0');
    const held = await check();
    expect(held.stderr).toContain(
      'The check API says 2.0.0, the signed metadata nothing for this installation',
    );
    expect(held.stdout).toContain('2.0.0 is not offered: you skipped it;');
    await server[Symbol.asyncDispose]();
    const gone = await upd(['check', '--verbose']);
    expect(gone.code).toBe(0);
    expect(gone.stderr).toContain('The check API is passed over: ');
  });

  test('an older version: --version with --yes is a person’s word', async () => {
    await stage.release('2.0.0', { rollbackMin: '1.0.0' });
    await upd(['update', '--yes']);
    const ran = await upd(['update', '--version', '1.0.0', '--yes']);
    expect({ code: ran.code, version: stage.version() }).toEqual({ code: 0, version: '1.0.0' });
  });

  test('revoked: it is said with the way back, which --yes alone does not go', async () => {
    await stage.release('2.0.0', { rollbackMin: '1.0.0' });
    await upd(['update', '--yes']);
    await stage.feed.revoke('2.0.0', 'it loses data');
    const told = await upd(['update', '--yes']);
    expect(told.code).toBe(0);
    expect(told.stdout).toContain('The installed 2.0.0 was revoked by its publisher: it loses data');
    // The snapshot that the update took, which needs no download.
    expect(told.stdout).toMatch(/`dgmo-updater rollback \S+` goes back to 1\.0\.0/);
    expect(stage.version()).toBe('2.0.0');
    expect((await upd(['update', '--version', '1.0.0', '--yes'])).code).toBe(0);
    expect(stage.version()).toBe('1.0.0');
    expect((await upd(['update', '--version', '2.0.0', '--yes'])).code).toBe(17);
  });

  test('config: set, get, refused', async () => {
    expect((await upd(['config', 'set', 'autoUpdate', 'security'])).code).toBe(0);
    expect((await upd(['config', 'get', 'autoUpdate'])).stdout).toBe('security\n');
    expect(resultOf(await upd(['config', 'get', '--json']))).toMatchObject({
      autoUpdate: 'security',
      telemetry: false,
    });
    for (const args of [
      ['set', 'autoUpdate', 'always'],
      ['set', 'nothing', '1'],
      ['get', 'nothing'],
      ['set', 'channel'],
      ['unset'],
    ])
      expect((await upd(['config', ...args])).code).toBe(2);
    fs.writeFileSync(path.join(stage.home, 'updater.json'), '{"schema":1,');
    const damaged = await upd(['check']);
    expect(damaged.code).toBe(11);
    expect(damaged.stderr).toContain('updater.json');
    // What mends an installation does not read it.
    expect((await upd(['status'])).code).toBe(0);
    expect((await upd(['recover'])).code).toBe(0);
    expect((await upd(['config', 'set', 'channel', 'stable'])).code).toBe(11);
    fs.rmSync(path.join(stage.home, 'updater.json'));
    expect((await upd(['config', 'set', 'channel', 'stable'])).code).toBe(0);
    expect((await upd(['check'])).code).toBe(0);
  });

  describe('what goes wrong, its exit code, and what is said; the old version stands', () => {
    const metadata =
      (file: string, response: () => Response): Stage['answer'] =>
      (name) =>
        name === `metadata/${file}` ? response() : undefined;
    const html = () => new Response('<html>log in</html>', { headers: { 'content-type': 'text/html' } });
    const isPackage = (name: string) => name.endsWith('.dgmopkg');
    const endless = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        }),
      );

    const CAUSES: [
      what: string,
      code: number,
      said: string,
      prepare: () => void | Promise<void>,
      args?: string[],
    ][] = [
      [
        '500 at the timestamp',
        13,
        'answered 500',
        () => {
          stage.answer = metadata('timestamp.json', () => new Response('', { status: 500 }));
        },
      ],
      [
        '500 where a newer root would be',
        13,
        'answered 500',
        () => {
          stage.answer = metadata('2.root.json', () => new Response('', { status: 500 }));
        },
      ],
      [
        'no feed at that address',
        13,
        'timestamp.json',
        () => {
          stage.answer = () => new Response('', { status: 404 });
        },
      ],
      [
        'a web page in place of the feed',
        13,
        'web page',
        () => {
          stage.answer = html;
        },
      ],
      [
        'nothing listens there',
        13,
        'refused the connection',
        () => undefined,
        ['--feed', 'http://127.0.0.1:1/'],
      ],
      [
        'redirects in a loop',
        13,
        'redirects in a circle',
        () => {
          stage.answer = (name) => new Response('', { status: 302, headers: { location: `/${name}` } });
        },
      ],
      [
        'endless data',
        10,
        'wanted at most',
        () => {
          stage.answer = metadata('timestamp.json', endless);
        },
      ],
      [
        'a timestamp that nobody signed',
        10,
        'not trusted',
        () => {
          const file = path.join(stage.feed.folder, 'metadata/timestamp.json');
          const forged = fs.readFileSync(file, 'utf8').replace(/"version":\s*(\d+)/, '"version":999');
          stage.answer = metadata('timestamp.json', () => new Response(forged));
        },
      ],
      [
        'an index that is not the signed one',
        11,
        'wanted the signed',
        () => {
          stage.answer = (name) =>
            name.startsWith('targets/channels/')
              ? new Response(
                  fs
                    .readFileSync(path.join(stage.feed.folder, name), 'utf8')
                    .replace('"rollout":100', '"rollout":101'),
                )
              : undefined;
        },
      ],
      [
        'packages that are not the signed ones',
        11,
        'wanted the signed',
        () => {
          stage.answer = (name) => {
            if (!isPackage(name)) return undefined;
            const bytes = fs.readFileSync(path.join(stage.feed.folder, name));
            return new Response(bytes.map((byte, index) => (index === 500 ? byte ^ 1 : byte)));
          };
        },
      ],
      [
        'packages longer than was signed',
        11,
        'signed',
        () => {
          stage.answer = (name) => (isPackage(name) ? endless() : undefined);
        },
      ],
      [
        'packages that are not there',
        13,
        'answered 404',
        () => {
          stage.answer = (name) => (isPackage(name) ? new Response('', { status: 404 }) : undefined);
        },
      ],
      [
        'metadata that has expired',
        10,
        'expired at',
        () => {
          const old = feedFolder({ expires: Date.now() - 60_000 });
          fs.writeFileSync(
            path.join(stage.home, 'trust/root.json'),
            old.repository.files.get('1.root.json') ?? '',
          );
          stage.answer = (name) => serveFrom(old.folder, name);
        },
      ],
      [
        'the keys of somebody else',
        10,
        'not trusted',
        () => {
          const other = feedFolder();
          stage.answer = (name) => serveFrom(other.folder, name);
        },
      ],
      [
        'plain http to another host',
        2,
        'wanted an https address',
        () => undefined,
        ['--feed', 'http://feed.test/'],
      ],
      ['a version that there is not', 2, 'has no release 9.9.9', () => undefined, ['--version', '9.9.9']],
      ['a version that is none', 2, 'semantic version', () => undefined, ['--version', 'newest']],
      ['a channel that there is not', 17, 'no channel beta', () => undefined, ['--channel', 'beta']],
      [
        'a home that can’t be written',
        12,
        'ENOTDIR',
        () => {
          fs.rmSync(path.join(stage.home, 'cache'), { recursive: true, force: true });
          fs.writeFileSync(path.join(stage.home, 'cache'), '');
        },
      ],
    ];

    test.each(CAUSES)(
      '%s: %d',
      async (_, code, said, prepare, args = []) => {
        await stage.release('2.0.0');
        await prepare();
        const ran = await upd(['update', '--yes', ...args]);
        expect({ code: ran.code, stderr: ran.stderr }).toEqual({
          code,
          stderr: expect.stringContaining(said),
        });
        const again = await upd(['update', '--yes', '--json', ...args]);
        expect(resultOf(again)).toMatchObject({
          ok: false,
          exitCode: code,
          message: expect.stringContaining(said),
        });
        expect(stage.version()).toBe('1.0.0');
        expect((await upd(['status'])).stdout).toContain('sound');
      },
      60_000,
    );
  });

  describe('over TLS', () => {
    let certificates: Certificates;
    beforeAll(() => {
      certificates = makeCertificates(shop.folder);
    });
    const tls = ({ cert, key }: { cert: string; key: string }) => [
      ...['--tls-cert', cert, '--tls-key', key, '--host', '127.0.0.1'],
    ];

    test('with an authority of one’s own: --ca-file, NODE_EXTRA_CA_CERTS, or config', async () => {
      await stage.release('2.0.0');
      await using server = await serving(stage.feed.folder, ...tls(certificates.good));
      const feed = ['--feed', server.url];
      const without = await upd(['check', ...feed]);
      expect(without.code).toBe(13);
      expect(without.stderr).toContain('--ca-file');
      const nowhere = await upd(['check', ...feed, '--ca-file', '/nowhere.pem']);
      expect(nowhere.code).toBe(12);
      expect(nowhere.stderr).toContain('/nowhere.pem');
      expect((await upd(['check', ...feed, '--ca-file', certificates.authority])).code).toBe(0);
      expect((await upd(['check', ...feed], { NODE_EXTRA_CA_CERTS: certificates.authority })).code).toBe(0);
      expect((await upd(['config', 'set', 'caFile', certificates.authority])).code).toBe(0);
      expect((await upd(['config', 'set', 'feed', server.url])).code).toBe(0);
      expect((await upd(['update', '--yes'])).code).toBe(0);
      expect(stage.version()).toBe('2.0.0');
    });

    test('an expired certificate: 13, and it says so', async () => {
      await using server = await serving(stage.feed.folder, ...tls(certificates.expired));
      const ran = await upd(['check', '--feed', server.url, '--ca-file', certificates.authority]);
      expect(ran.code).toBe(13);
      expect(ran.stderr).toContain('expired');
    });
  });
});

posixOnly('with real executables of 100 MB, from `release serve`', () => {
  test('check and update by a chain while DGMO runs; then nothing is new', async () => {
    const versions = ['1.0.0', '1.1.0', '2.0.0'];
    const [files, shop] = await Promise.all([
      Promise.all(versions.map((version) => buildStandin({ version }))),
      openSharedWorkshop(),
    ]);
    const [one = ''] = files;
    const here = await makeInstall({ binary: one, version: '1.0.0', updater: await shop.rootlessUpdater() });
    using feed = await makeFeed();
    try {
      for (const [index, version] of versions.entries()) {
        const bytes = new Uint8Array(fs.readFileSync(files[index] ?? ''));
        await feed.add(version, { [NATIVE_PLATFORM]: bytes }, { deltas: 1, level: 1 });
      }
      await using server = await serving(feed.folder);
      const root = path.join(here.folder, 'root.json');
      fs.writeFileSync(root, feed.root);
      await here.update(['init', '--version', '1.0.0', '--root', root, '--feed', server.url]);
      const running = await here.startDgmo();
      expect(resultOf(await here.update(['check', '--json']))).toMatchObject({
        update: { version: '2.0.0', route: { kind: 'chain', packages: 2 } },
      });
      const ran = await here.update(['update', '--yes', '--json']);
      expect(resultOf(ran)).toMatchObject({ ok: true, from: '1.0.0', to: '2.0.0' });
      expect(running.child.exitCode).toBeNull();
      expect(await here.version()).toBe('2.0.0');
      // Nobody asked for another start.
      expect(readStandinLog(here.starts)).toHaveLength(1);
      expect((await here.update(['check'])).stdout).toBe('2.0.0 is the newest.\n');
      await running.letGo();
    } finally {
      here.remove();
      shop.remove();
    }
  });
});
