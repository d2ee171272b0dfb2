/** The background service as Wine's Task Scheduler takes it: it parses the definition, and keeps what it knows of it. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import fs from 'node:fs';
import { resultOf } from '../support/installed.ts';
import { describeOnWine, wine } from '../support/wine.ts';
import { openSharedWorkshop, type Workshop } from '../support/workshop.ts';
import { makeWindowsInstall, type WindowsInstall } from './installed.ts';

describeOnWine('the background service on Windows', () => {
  let shop: Workshop;
  let here: WindowsInstall;
  beforeAll(async () => {
    shop = await openSharedWorkshop();
    const updater = await shop.rootlessUpdater('bun-windows-x64');
    const { version } = JSON.parse(fs.readFileSync('package.json', 'utf8')) as { version: string };
    // Whatever prints its version serves as DGMO.
    here = await makeWindowsInstall({ binary: updater, version, updater, name: `it's 100% & ü` });
  });
  afterAll(() => {
    here?.remove();
    shop?.remove();
  });

  const TASKS = 'C:\\windows\\system32\\tasks';
  const shell = async (...words: string[]) =>
    (await wine('cmd', ['/c', ...words], { cwd: here.folder })).stdout;
  const tasks = async () =>
    (await shell('dir', '/b', TASKS)).split(/\r?\n/).filter((name) => name.startsWith('dgmo'));
  const tree = () => fs.readdirSync(here.folder, { recursive: true, encoding: 'utf8' }).sort();

  test('is installed by a definition that the Task Scheduler understands, and removed without a trace', async () => {
    const before = tree();
    const installed = await here.update('service', 'install', '--json');
    expect(resultOf({ ...installed, signal: null })).toMatchObject({
      ...{ ok: true, installed: true, manager: 'the Task Scheduler' },
    });
    const [name = '', ...others] = await tasks();
    expect(others).toEqual([]);
    // What Wine does not know, such as a restart after a failure, it leaves out.
    const kept = await shell('type', `${TASKS}\\${name}`);
    for (const setting of [
      '<MultipleInstancesPolicy>IgnoreNew<',
      '<DisallowStartIfOnBatteries>false<',
      '<ExecutionTimeLimit>PT0S<',
    ])
      expect(kept).toContain(setting);
    const removed = await here.update('service', 'uninstall', '--json');
    expect(resultOf({ ...removed, signal: null })).toMatchObject({ ok: true });
    expect(await tasks()).toEqual([]);
    expect(tree()).toEqual(before);
  });
});
