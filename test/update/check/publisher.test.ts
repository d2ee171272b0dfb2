/** The root and the feed that were compiled into the updater reach a program that has none: DGMO with the library. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { Installation, UpdateManager } from '../../../lib/api/index.ts';
import type { Settings } from '../../../lib/home/compiled-in.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { openStage, program, SETTINGS, type Stage } from '../stage.ts';

describe.skipIf(process.platform === 'win32')('what was compiled into the updater', () => {
  let stage: Stage;
  let dir: string;
  let home: string;
  let compiledIn: Settings;
  const recorded = () => path.join(dir, '.dgmo-updater', 'publisher.json');

  /** An executable that nothing was adopted for, and a home in which there is no root. */
  beforeEach(async () => {
    stage = await openStage();
    await stage.release('2.0.0');
    dir = path.join(stage.folder, 'other');
    home = path.join(stage.folder, 'other-home');
    fs.mkdirSync(dir);
    fs.writeFileSync(path.join(dir, 'dgmo'), program('1.0.0'), { mode: 0o755 });
    const root: unknown = JSON.parse(new TextDecoder().decode(stage.feed.root));
    compiledIn = { ...SETTINGS, root, feed: stage.url };
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  const updater = (settings = compiledIn) => new Installation({ installDir: dir, home, settings });
  const library = () => new UpdateManager({ installDir: dir, home, settings: SETTINGS });

  test('is recorded by `init`, and the library checks, downloads and installs with it', async () => {
    await updater().adopt({ version: '1.0.0' });
    const update = await library().checkForUpdates();
    expect(update?.version).toBe('2.0.0');
    if (update === null) return;
    const { to } = await library().applyUpdate(await library().downloadUpdate(update));
    expect(to.version).toBe('2.0.0');
  });

  test('is recorded with the first package, if `init` did not', async () => {
    await updater(SETTINGS).adopt({ version: '1.0.0' });
    await expect(library().check()).rejects.toThrow('no feed is known here');
    expect(fs.existsSync(recorded())).toBe(false);
    const manager = new UpdateManager({ installDir: dir, home, settings: compiledIn });
    const found = await manager.check();
    if (found.update === null) throw new Error('nothing was offered');
    await manager.applyUpdate(await manager.downloadUpdate(found.update));
    expect((await library().check()).newest).toBe('2.0.0');
  });

  test('is what the updater that comes later has', async () => {
    await updater().adopt({ version: '1.0.0' });
    const before = fs.readFileSync(recorded(), 'utf8');
    await updater({ ...compiledIn, feed: 'https://elsewhere.example.org/' }).adopt({ version: '1.0.0' });
    expect(fs.readFileSync(recorded(), 'utf8')).not.toBe(before);
    await expect(library().check()).rejects.toThrow('elsewhere.example.org');
  });

  test('counts before what lies in the home, which only continues it', async () => {
    await updater().adopt({ version: '1.0.0' });
    fs.mkdirSync(path.join(home, 'trust'), { recursive: true });
    fs.writeFileSync(path.join(home, 'trust', 'root.json'), 'not a root', { mode: 0o600 });
    expect((await library().check()).newest).toBe('2.0.0');
  });

  test.each(['damaged', 'of another user', 'a symlink'])('is not believed if it is %s', async (kind) => {
    await updater().adopt({ version: '1.0.0', feed: stage.url });
    const host = nativeHost();
    const { status } = host.disk;
    if (kind === 'damaged') {
      const text = fs.readFileSync(recorded(), 'utf8');
      fs.writeFileSync(recorded(), text.replace('"version"', '"versiom"'));
    } else if (kind === 'a symlink') {
      fs.renameSync(recorded(), path.join(stage.folder, 'elsewhere'));
      fs.symlinkSync(path.join(stage.folder, 'elsewhere'), recorded());
    }
    const disk: typeof host.disk = {
      ...host.disk,
      status: (file) => {
        const found = status(file);
        return found !== null && kind === 'of another user' && file === recorded()
          ? { ...found, owner: 4242 }
          : found;
      },
    };
    const asked = async () =>
      new UpdateManager({ installDir: dir, home, settings: SETTINGS, host: { ...host, disk } }).check();
    await expect(asked()).rejects.toThrow(kind === 'damaged' ? 'there is no trusted root' : 'not trusted');
  });
});
