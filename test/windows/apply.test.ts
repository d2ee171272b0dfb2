/** The main job on Windows, end to end: real executables that run, are locked, and are held by others. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { decodeReceipt, type Receipt } from '../../lib/install/receipt.ts';
import { encodeEntry } from '../../lib/install/transaction/journal.ts';
import { digestBytes } from '../../lib/platform/files.ts';
import { buildStandin, waitForStarts } from '../support/standin.ts';
import { compileForWindows, describeOnWine, startWine, windowsPath } from '../support/wine.ts';
import { openSharedWorkshop, type Workshop } from '../support/workshop.ts';
import { makeWindowsInstall, type WindowsInstall } from './installed.ts';

const TARGET = 'bun-windows-x64';
const PLATFORM = 'win32-x64';

describeOnWine('applying a package on Windows', () => {
  let shop: Workshop;
  let updater: string;
  let one: string;
  let two: string;
  let broken: string;
  /** Packages, by their Windows paths. */
  let toTwo: string;
  let toBroken: string;
  const made: WindowsInstall[] = [];

  beforeAll(async () => {
    const standin = (version: string) => buildStandin({ version, target: TARGET });
    [one, two, shop] = await Promise.all([standin('1.0.0'), standin('2.0.0'), openSharedWorkshop()]);
    broken = await buildStandin({ version: '3.0.0', behaviour: 'crash', target: TARGET });
    updater = await shop.updater(TARGET);
    const old = { version: '1.0.0', file: one };
    toTwo = windowsPath(await shop.bundle({ version: '2.0.0', platform: PLATFORM, file: two, old }));
    toBroken = windowsPath(await shop.bundle({ version: '3.0.0', platform: PLATFORM, file: broken, old }));
  });

  afterAll(() => {
    for (const install of made) install.remove();
    shop?.remove();
  });

  async function install(name?: string): Promise<WindowsInstall> {
    const here = await makeWindowsInstall({
      binary: one,
      version: '1.0.0',
      updater,
      ...(name === undefined ? {} : { name }),
    });
    made.push(here);
    return here;
  }

  async function hold(file: string, time: string) {
    const holder = startWine(compileForWindows(path.join(import.meta.dir, 'holder.c')), [
      windowsPath(file),
      time,
    ]);
    await holder.waitForOutput('holding');
    return holder;
  }

  test('DGMO starts the updater, is locked for a while yet, and exits; the new version comes up', async () => {
    const here = await install();
    const args = ['--', '--resume', 'two words', 'ü "quoted"\\'];
    const ran = await here.runDgmo('self-update', toTwo, '--then-linger', '1500', ...args);
    expect(ran.code).toBe(0);
    const [start] = await waitForStarts(here.log, 1);
    expect(start).toMatchObject({
      version: '2.0.0',
      args: args.slice(1),
      cwd: windowsPath(here.folder),
      executable: windowsPath(here.dgmo),
    });
    expect(start?.environment.TEST_KEPT).toBe('ja – да');
    expect(await here.version()).toBe('2.0.0');
  });

  test('waits for the process that it is told to wait for', async () => {
    const here = await install();
    const dgmo = await here.startDgmo();
    const update = here.startUpdate('--apply', toTwo, '--wait-pid', dgmo.pid, '--json', '--no-relaunch');
    await update.waitForOutput('"waiting"');
    expect(await here.version()).toBe('1.0.0');
    dgmo.release();
    expect(await update.ended).toBe(0);
    expect(await here.version()).toBe('2.0.0');
  });

  test('an executable that goes on running is renamed away, and swept by a later run', async () => {
    const here = await install();
    const dgmo = await here.startDgmo();
    expect(await here.update('--apply', toTwo, '--no-wait')).toMatchObject({ code: 0 });
    expect(await here.version()).toBe('2.0.0');
    const leftover = () => fs.readdirSync(here.workDir).filter((name) => name.startsWith('away-'));
    expect(leftover()).toHaveLength(1);
    dgmo.release();
    await dgmo.process.ended;
    expect((await here.update('recover')).code).toBe(0);
    expect(leftover()).toHaveLength(0);
  });

  test('another process holds the old executable without delete sharing for two seconds', async () => {
    const here = await install();
    const holder = await hold(here.dgmo, 'forever');
    const update = here.startUpdate('--apply', toTwo, '--no-relaunch', '--json');
    // The two seconds count from the first try, however long the machine took to get there.
    await update.waitForOutput('"seconds":2');
    expect(await here.version()).toBe('1.0.0');
    holder.kill();
    expect(await update.ended).toBe(0);
    expect(await here.version()).toBe('2.0.0');
    await holder.ended;
  });

  test('it never lets go: 12, and the old version is intact byte for byte', async () => {
    const here = await install();
    const before = here.picture();
    const holder = await hold(here.dgmo, 'forever');
    const ran = await here.update('--apply', toTwo, '--no-relaunch', '--held-limit', '1');
    expect(ran.code).toBe(12);
    expect(ran.stderr).toContain('another process has held it');
    holder.kill();
    await holder.ended;
    expect((await here.update('recover')).code).toBe(0);
    expect(here.picture()).toEqual(before);
    expect(await here.version()).toBe('1.0.0');
    expect((await here.update('--apply', toTwo, '--no-relaunch')).code).toBe(0);
  });

  test('a scanner holds the prepared executable for two seconds', async () => {
    const here = await install();
    const dgmo = await here.startDgmo();
    const update = here.startUpdate('--apply', toTwo, '--wait-pid', dgmo.pid, '--json', '--no-relaunch');
    await update.waitForOutput('"waiting"');
    const staged = fs.readdirSync(here.workDir).find((name) => name.startsWith('staged-'));
    const holder = await hold(path.join(here.workDir, staged ?? ''), 'forever');
    dgmo.release();
    await update.waitForOutput('"seconds":2');
    expect(await here.version()).toBe('1.0.0');
    holder.kill();
    expect(await update.ended).toBe(0);
    expect(await here.version()).toBe('2.0.0');
    await holder.ended;
  });

  test('the updater is killed while it waits for a holder: the next run takes it back', async () => {
    const here = await install();
    const before = here.picture();
    const holder = await hold(here.dgmo, 'forever');
    const update = here.startUpdate('--apply', toTwo, '--no-relaunch', '--json');
    await update.waitForOutput('"held"');
    update.kill();
    holder.kill();
    await Promise.all([update.ended, holder.ended]);
    expect((await here.update('recover')).code).toBe(0);
    expect(here.picture()).toEqual(before);
  });

  test('a version that crashes at start: 15, and the old one is back and running', async () => {
    const here = await install();
    const before = here.picture();
    const ran = await here.update('--apply', toBroken, '--', '--resume');
    expect(ran.code).toBe(15);
    expect(ran.stderr).toContain('1.0.0 is back and works');
    const [start] = await waitForStarts(here.log, 1);
    expect(start).toMatchObject({ version: '1.0.0', args: ['--resume'] });
    expect(here.picture()).toEqual(before);
  });

  test('rollback goes back, and forth again', async () => {
    const here = await install();
    expect((await here.update('--apply', toTwo, '--no-relaunch')).code).toBe(0);
    expect((await here.update('rollback', '--yes')).code).toBe(0);
    expect(await here.version()).toBe('1.0.0');
    expect((await here.update('rollback', '--yes')).code).toBe(0);
    expect(await here.version()).toBe('2.0.0');
  });

  test('rollback while DGMO runs', async () => {
    const here = await install();
    expect((await here.update('--apply', toTwo, '--no-relaunch')).code).toBe(0);
    const dgmo = await here.startDgmo();
    // Its data would be changed under it, and Windows has no way of asking it to end.
    expect((await here.update('rollback', '--yes', '--exit-limit', '0')).code).toBe(14);
    expect((await here.update('rollback', '--yes', '--only', 'binary')).code).toBe(0);
    expect(await here.version()).toBe('1.0.0');
    dgmo.release();
    await dgmo.process.ended;
  });

  test('a folder with spaces and letters of other scripts', async () => {
    const here = await install('мой dgmo – 日本語 ü');
    const file = path.join(here.folder, 'пакет 1.dgmopkg');
    fs.copyFileSync(toTwo.slice(2).replaceAll('\\', '/'), file);
    expect(await here.update('--apply', windowsPath(file))).toMatchObject({ code: 0 });
    const [start] = await waitForStarts(here.log, 1);
    expect(start).toMatchObject({ version: '2.0.0', executable: windowsPath(here.dgmo) });
  });

  test('a second updater meanwhile: 14', async () => {
    const here = await install();
    const dgmo = await here.startDgmo();
    const update = here.startUpdate('--apply', toTwo, '--wait-pid', dgmo.pid, '--json', '--no-relaunch');
    await update.waitForOutput('"waiting"');
    expect((await here.update('--apply', toTwo, '--no-relaunch')).code).toBe(14);
    dgmo.release();
    expect(await update.ended).toBe(0);
  });

  /** The install as a power cut between the two renames of a swap leaves it. */
  function leaveGap(here: WindowsInstall): void {
    const id = '0123456789abcdef';
    const receipt = decodeReceipt(fs.readFileSync(path.join(here.workDir, 'installed.json')), 'receipt');
    const to = { version: '2.0.0', ...digestBytes(fs.readFileSync(two)) };
    const after: Receipt = { ...receipt, binary: to, previous: receipt.binary, floor: '2.0.0' };
    const begin = { id, at: Date.now(), kind: 'update', from: receipt.binary, to, receipt: after } as const;
    const entries = [{ type: 'begin', ...begin }, { type: 'swap' }, { type: 'gap' }] as const;
    fs.appendFileSync(path.join(here.workDir, 'journal'), entries.map(encodeEntry).join(''));
    fs.copyFileSync(two, path.join(here.workDir, `staged-${id}.exe`));
    fs.renameSync(here.dgmo, path.join(here.workDir, `away-${id}.exe`));
  }

  test('the gap between the two renames of a swap is closed by the next run', async () => {
    const here = await install();
    const before = here.picture();
    leaveGap(here);
    expect((await here.update('recover')).code).toBe(0);
    expect(here.picture()).toEqual(before);
    expect(await here.version()).toBe('1.0.0');
    expect((await here.update('recover')).code).toBe(0);
    expect(here.picture()).toEqual(before);
  });

  test('in the gap, with the old executable gone, the new one takes its place', async () => {
    const here = await install();
    leaveGap(here);
    fs.unlinkSync(path.join(here.workDir, 'away-0123456789abcdef.exe'));
    expect((await here.update('recover')).code).toBe(0);
    expect(await here.version()).toBe('2.0.0');
  });
});
