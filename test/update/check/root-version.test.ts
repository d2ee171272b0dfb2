/** Below the highest root version that was seen here nothing is trusted, whatever became of the home. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { Installation } from '../../../lib/api/index.ts';
import { TrustError } from '../../../lib/errors.ts';
import { decodeReceipt } from '../../../lib/install/receipt.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { openStage, SETTINGS, type Stage } from '../stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('the highest root version that was seen', () => {
  let stage: Stage;
  let settings: typeof SETTINGS;
  beforeEach(async () => {
    stage = await openStage();
    settings = { ...SETTINGS, root: stage.feed.rootJson };
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  const manager = () => stage.manager({ settings });
  const trust = (name: string) => path.join(stage.home, 'trust', name);
  const seen = () => {
    const file = path.join(stage.dir, '.dgmo-updater/installed.json');
    return decodeReceipt(fs.readFileSync(file), file).rootVersion;
  };
  const damage = (file: string) => {
    const bytes = fs.readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    fs.writeFileSync(file, bytes);
  };
  /** A package that was downloaded, with the root at version 3. */
  const downloaded = async (): Promise<string[]> => {
    stage.feed.newRoot();
    stage.feed.newRoot();
    await stage.release('2.0.0');
    const update = (await manager().checkForUpdates()) ?? expect.unreachable();
    return (await manager().downloadUpdate(update)).files;
  };

  test('is kept by a check, with every root on the way', async () => {
    expect(seen()).toBeUndefined();
    await downloaded();
    expect(seen()).toBe(3);
    for (const name of ['2.root.json', '3.root.json']) expect(fs.existsSync(trust(name))).toBe(true);
    expect(fs.readFileSync(trust('root.json'))).toEqual(fs.readFileSync(trust('3.root.json')));
  });

  test.each(['damaged', 'lost'])('survives `init` when the receipt is %s', async (kind) => {
    stage.feed.newRoot();
    await manager().check();
    const receipt = path.join(stage.dir, '.dgmo-updater/installed.json');
    if (kind === 'lost') fs.rmSync(receipt);
    else damage(receipt);
    const installation = new Installation({ installDir: stage.dir, home: stage.home, settings });
    expect((await installation.adopt({ version: '1.0.0' })).changed).toBe(true);
    expect(seen()).toBe(2);
  });

  test('and by a check that fails after it, and by an update', async () => {
    stage.feed.newRoot();
    stage.answer = (name) =>
      name === 'metadata/timestamp.json' ? new Response('', { status: 404 }) : undefined;
    await expect(manager().check()).rejects.toThrow();
    expect(seen()).toBe(2);
    stage.answer = () => undefined;
    stage.feed.newRoot();
    const files = await downloaded();
    await manager().applyPackage(files, { noWait: true });
    expect(seen()).toBe(5);
  });

  test('stays through an update', async () => {
    await manager().applyPackage(await downloaded(), { noWait: true });
    expect([stage.version(), seen()]).toEqual(['2.0.0', 3]);
  });

  test('one copy damaged: the other one counts, and is not removed', async () => {
    const files = await downloaded();
    damage(trust('root.json'));
    await manager().applyPackage(files, { noWait: true });
    expect(stage.version()).toBe('2.0.0');
    expect(fs.existsSync(trust('3.root.json'))).toBe(true);
    await manager().check();
    expect(fs.readFileSync(trust('root.json'))).toEqual(fs.readFileSync(trust('3.root.json')));
  });

  test('all copies damaged: nothing is installed until the feed has given them again', async () => {
    const files = await downloaded();
    damage(trust('root.json'));
    damage(trust('3.root.json'));
    const refused = manager().applyPackage(files, { noWait: true });
    await expect(refused).rejects.toThrow(TrustError);
    await expect(refused).rejects.toThrow('wanted root version 3');
    expect(stage.version()).toBe('1.0.0');
    // A feed that hides the newer roots, to use keys that were revoked, is refused before anything of it is believed.
    stage.answer = (name) =>
      name === 'metadata/3.root.json' ? new Response('', { status: 404 }) : undefined;
    stage.asked.splice(0);
    await expect(manager().check()).rejects.toThrow('found that the feed ends at version 2');
    // The timestamp is asked for with the root, and not looked at.
    const asked = stage.asked.map((one) => one.path).filter((name) => name !== 'metadata/timestamp.json');
    expect(asked).toEqual(['metadata/3.root.json']);
    stage.answer = () => undefined;
    await manager().check();
    await manager().applyPackage(files, { noWait: true });
    expect(stage.version()).toBe('2.0.0');
  });

  test('without a network the missing roots are given by the user, in their order', async () => {
    const files = await downloaded();
    const given = [2, 3].map((version) => {
      const file = path.join(stage.folder, `${version}.json`);
      fs.copyFileSync(trust(`${version}.root.json`), file);
      return file;
    });
    fs.rmSync(path.join(stage.home, 'trust'), { recursive: true });
    const adopt = (root: string) =>
      new Installation({ installDir: stage.dir, home: stage.home, settings }).adopt({
        version: '1.0.0',
        root,
      });
    await expect(adopt(given[1] ?? '')).rejects.toThrow('without such a chain');
    for (const root of given) {
      await expect(manager().applyPackage(files, { noWait: true })).rejects.toThrow('wanted root version 3');
      await adopt(root);
      expect(seen()).toBe(3);
    }
    await manager().applyPackage(files, { noWait: true });
    expect(stage.version()).toBe('2.0.0');
  });

  test('an install dir that this user may not write does not keep a check from its work', async () => {
    stage.feed.newRoot();
    const host = nativeHost();
    const locks = {
      acquire(file: string) {
        if (!file.startsWith(stage.dir)) return host.locks.acquire(file);
        throw Object.assign(new Error('EACCES'), { code: 'EACCES', path: file });
      },
    };
    const { newest } = await stage.manager({ settings, host: { ...host, locks } }).check();
    expect([newest, seen()]).toEqual(['1.0.0', undefined]);
  });

  test('the home of another user is not used, and nothing is kept there', async () => {
    const files = await downloaded();
    const own = nativeHost();
    const host = { ...own, user: (own.user ?? 0) + 1, disk: { ...own.disk } };
    host.disk.status = (file) => {
      const found = own.disk.status(file);
      return found === null || !file.startsWith(stage.home)
        ? found
        : { ...found, owner: own.user === 0 ? 4242 : own.user };
    };
    fs.writeFileSync(trust('root.json'), 'x');
    const foreign = stage.manager({ settings, host });
    const refused = `${stage.home} belongs to user`;
    await expect(foreign.applyPackage(files, { noWait: true })).rejects.toThrow(refused);
    await expect(foreign.check()).rejects.toThrow(refused);
    expect(fs.readFileSync(trust('root.json'), 'utf8')).toBe('x');
  });
});
