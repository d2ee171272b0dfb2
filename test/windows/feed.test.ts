/** The feed on Windows: check, a chain of patches, and the swap while DGMO runs. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { makeFeed, type TestFeed } from '../release/feed.ts';
import { type Serving, serving } from '../support/servers/serve.ts';
import { buildStandin } from '../support/standin.ts';
import { describeOnWine } from '../support/wine.ts';
import { openSharedWorkshop, type Workshop } from '../support/workshop.ts';
import { makeWindowsInstall, type WindowsInstall } from './installed.ts';

const TARGET = 'bun-windows-x64';

describeOnWine('the feed on Windows', () => {
  let shop: Workshop;
  let feed: TestFeed;
  let server: Serving;
  let here: WindowsInstall;
  let newUpdater: Uint8Array<ArrayBufferLike>;

  beforeAll(async () => {
    const versions = ['1.0.0', '1.1.0', '2.0.0'];
    const [files, opened] = await Promise.all([
      Promise.all(versions.map((version) => buildStandin({ version, target: TARGET }))),
      openSharedWorkshop(),
    ]);
    shop = opened;
    feed = await makeFeed();
    const updater = await shop.rootlessUpdater(TARGET);
    // Another file that does the same: what follows the sections of an executable is not loaded.
    newUpdater = Buffer.concat([fs.readFileSync(updater), Buffer.from('another one')]);
    const { version: own } = JSON.parse(fs.readFileSync('package.json', 'utf8'));
    const updaters = { 'win32-x64': { version: own, content: newUpdater } };
    for (const [index, version] of versions.entries()) {
      const bytes = new Uint8Array(fs.readFileSync(files[index] ?? ''));
      await feed.add(version, { 'win32-x64': bytes }, { deltas: 1, level: 1, updaters });
    }
    server = await serving(feed.folder);
    here = await makeWindowsInstall({ binary: files[0] ?? '', version: '1.0.0', updater });
    fs.writeFileSync(path.join(here.folder, 'root.json'), feed.root);
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    here?.remove();
    feed?.[Symbol.dispose]();
    shop?.remove();
  });

  test('an update by a chain while DGMO runs; then nothing is new', async () => {
    const init = ['init', '--version', '1.0.0', '--root', here.at('root.json'), '--feed', server.url];
    expect((await here.update(...init)).code).toBe(0);
    const running = await here.startDgmo();
    const ran = await here.update('update', '--yes', '--json');
    const result = JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({
      ok: true,
      from: '1.0.0',
      to: '2.0.0',
      update: { route: { kind: 'chain', packages: 2 } },
    });
    expect(await here.version()).toBe('2.0.0');
    // The release has brought an updater, which takes the place of the one that ran as soon as that has ended.
    const installed = path.join(here.folder, 'bin/dgmo-updater.exe');
    while (!fs.readFileSync(installed).equals(newUpdater)) await Bun.sleep(100);
    expect((await here.update('check')).stdout.trim()).toBe('2.0.0 is the newest.');
    running.release();
    await running.process.ended;
    expect((await here.update('config', 'set', 'channel', 'beta')).code).toBe(0);
    expect((await here.update('check')).code).toBe(17);
  });
});
