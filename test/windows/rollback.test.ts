/** A rollback on Windows, end to end: the executable and the data, while DGMO is away and while it runs. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { buildStandin, waitForStarts } from '../support/standin.ts';
import { describeOnWine, windowsPath } from '../support/wine.ts';
import { openSharedWorkshop, type Workshop } from '../support/workshop.ts';
import { makeWindowsInstall, type WindowsInstall } from './installed.ts';

const TARGET = 'bun-windows-x64';

describeOnWine('rolling back on Windows', () => {
  let shop: Workshop;
  let here: WindowsInstall | undefined;

  beforeAll(async () => {
    shop = await openSharedWorkshop();
  });

  afterAll(() => {
    here?.remove();
    shop?.remove();
  });

  test('an update whose version migrates the data, and back: the data is the old one, twice', async () => {
    const one = await buildStandin({ version: '1.0.0', target: TARGET });
    const two = await buildStandin({ version: '2.0.0', dataVersion: 2, target: TARGET });
    const files = ['--new', two, '--old', one, '--from', '1.0.0'];
    const to = await shop.package('2.0.0', ['--platform', 'win32-x64', '--data-version', '2', ...files]);
    here = await makeWindowsInstall({ binary: one, version: '1.0.0', updater: await shop.updater(TARGET) });
    const file = (name: string) => path.join(here?.folder ?? '', 'home', name);
    const read = (name: string) => fs.readFileSync(file(name), 'utf8');
    fs.mkdirSync(file('data/deep'), { recursive: true });
    fs.writeFileSync(file('data/data.json'), '{"dataVersion":1,"text":"mine"}\n');
    fs.writeFileSync(file('data/deep/ü – 日本'), 'kept');

    expect(await here.update('--apply', windowsPath(to), '--no-relaunch')).toMatchObject({ code: 0 });
    expect((await here.runDgmo()).code).toBe(0);
    expect(JSON.parse(read('data/data.json'))).toEqual({ dataVersion: 2, text: 'mine' });
    fs.unlinkSync(file('data/deep/ü – 日本'));
    expect((await here.update('rollback', '--yes', '--only', 'binary')).code).toBe(17);
    expect(await here.update('rollback', '--yes')).toMatchObject({ code: 0 });
    expect(await here.version()).toBe('1.0.0');
    expect(read('data/data.json')).toBe('{"dataVersion":1,"text":"mine"}\n');
    expect(read('data/deep/ü – 日本')).toBe('kept');
    expect((await here.runDgmo()).code).toBe(0);

    // Forward by a rollback of the rollback; and this time DGMO runs, and is ended.
    expect(await here.update('rollback', '--yes')).toMatchObject({ code: 0 });
    expect(JSON.parse(read('data/data.json'))).toMatchObject({ dataVersion: 2 });
    const running = await here.startDgmo();
    const count = here.starts().length;
    const ran = await here.update(
      'rollback',
      '--yes',
      '--kill',
      '--exit-limit',
      '2',
      '--json',
      '--',
      '--resume',
    );
    expect(JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ ok: true, to: '1.0.0' });
    await running.process.ended;
    const starts = await waitForStarts(here.log, count + 1);
    expect(starts.at(-1)).toMatchObject({ version: '1.0.0', args: ['--resume'], data: { dataVersion: 1 } });
    expect(await here.update('snapshots', 'verify')).toMatchObject({ code: 0 });
  });
});
