/** Snapshots and rollbacks on a machine that does not play along: a full disk, a home that may not be written, unreadable files. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type Installed, makeInstall, resultOf } from '../support/installed.ts';
import { openSharedWorkshop, type Ran, run, type Workshop } from '../support/workshop.ts';
import {
  byReference,
  everything,
  fillHome,
  homeOf,
  homePicture,
  pack,
  script,
  snapshotIds,
} from './snapshot-stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;
const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

posixOnly('a machine that does not play along', () => {
  let shop: Workshop;
  let updater: string;
  let one: string;
  let toTwo: string;
  const made: Installed[] = [];
  const mounted: string[] = [];

  beforeAll(async () => {
    shop = await openSharedWorkshop();
    updater = byReference(shop, await shop.updater());
    one = script(shop.folder, '1.0.0');
    toTwo = await pack(shop, { version: '2.0.0', file: script(shop.folder, '2.0.0') });
  });

  afterEach(() => {
    for (const folder of mounted.splice(0)) spawnSync('umount', [folder]);
  });

  afterAll(() => {
    for (const install of made) install.remove();
    shop?.remove();
  });

  async function install(by = updater): Promise<Installed> {
    const here = await makeInstall({ binary: one, version: '1.0.0', updater: by });
    made.push(here);
    fs.mkdirSync(homeOf(here), { recursive: true });
    return here;
  }

  async function done(run: Promise<Ran>): Promise<Ran> {
    const ran = await run;
    expect({ code: ran.code, stderr: ran.code === 0 ? '' : ran.stderr }).toEqual({ code: 0, stderr: '' });
    return ran;
  }

  const at = (here: Installed, ...names: string[]) => path.join(homeOf(here), ...names);

  /** Makes the home a small filesystem of its own; false, with a word, where that is not possible here. */
  function mount(here: Installed, size: string): boolean {
    const done = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', homeOf(here)]);
    if (done.status !== 0) {
      console.warn('skipped: a small filesystem can be mounted by root alone');
      return false;
    }
    mounted.push(homeOf(here));
    return true;
  }

  const resize = (here: Installed, size: string) =>
    expect(spawnSync('mount', ['-o', `remount,size=${size}`, homeOf(here)]).status).toBe(0);

  const KB = 1024;
  /** Does not compress. */
  const fill = (here: Installed, name: string, kilobytes: number) => {
    fs.mkdirSync(path.dirname(at(here, name)), { recursive: true });
    fs.writeFileSync(at(here, name), randomBytes(kilobytes * KB));
  };
  const inComponents = (here: Installed) => ({ dir: here.picture(), home: homePicture(homeOf(here)) });

  test('the disk is full while a snapshot is taken: 12, nothing has changed, and no half of one is left', async () => {
    const here = await install();
    if (!mount(here, '1000k')) return;
    fill(here, 'data/large', 600);
    const before = everything(here);
    for (const args of [
      ['snapshots', 'create'],
      ['--apply', toTwo, '--no-relaunch'],
    ]) {
      const ran = await here.update(args);
      expect(ran.stderr).toMatch(/no space is left|ENOSPC|there is no room/i);
      expect(ran.code).toBe(12);
      expect(everything(here)).toEqual(before);
    }
    fs.truncateSync(at(here, 'data/large'), 100 * KB);
    await done(here.update(['snapshots', 'create']));
    resize(here, '8m');
    await done(here.update(['--apply', toTwo, '--no-relaunch']));
  });

  test('the disk is full in mid-restore: 12, and everything is as it was', async () => {
    const here = await install();
    if (!mount(here, '8m')) return;
    fill(here, 'data/large', 400);
    await done(here.update(['--apply', toTwo, '--no-relaunch']));
    resize(here, '1500k');
    fill(here, 'data/large', 400);
    fill(here, 'data/small', 1);
    const before = inComponents(here);
    const ran = await here.update(['rollback', '--yes']);
    expect(ran.stderr).toMatch(/no space is left|ENOSPC/i);
    expect(ran.code).toBe(12);
    expect(inComponents(here)).toEqual(before);
    // It was the restore that found no room; what had been taken of what stands is of no use then, and gone again.
    expect(ran.stderr).not.toContain('the snapshot could not be taken');
    expect(snapshotIds(homeOf(here))).toHaveLength(1);
    expect(resultOf(await here.update(['status', '--json']))).toMatchObject({ binary: 'sound', open: null });
    // The executable alone needs no room there.
    const binary = await here.update(['rollback', '--yes', '--only', 'binary']);
    expect(binary.code).toBe(0);
    expect(await here.version()).toBe('1.0.0');
  });

  test('the disk is too full even for a snapshot: the executable alone goes back, and it is said', async () => {
    const here = await install();
    if (!mount(here, '8m')) return;
    await done(here.update(['--apply', toTwo, '--no-relaunch']));
    resize(here, '1000k');
    fill(here, 'data/large', 700);
    const ran = await here.update(['rollback', '--yes', '--only', 'binary']);
    expect(ran.stderr).toMatch(/No snapshot was taken: .*/);
    expect(ran.code).toBe(0);
    expect(await here.version()).toBe('1.0.0');
    const all = await here.update(['rollback', '--yes', '--to', '1.0.0']);
    expect(all.code).toBe(12);
  });

  test('a home that may not be written: 12, and nothing has changed', async () => {
    const here = await install();
    if (isRoot && !mount(here, '8m')) return;
    fillHome(homeOf(here));
    await done(here.update(['--apply', toTwo, '--no-relaunch']));
    const lock = (locked: boolean) =>
      isRoot
        ? spawnSync('mount', ['-o', `remount,${locked ? 'ro' : 'rw'}`, homeOf(here)])
        : spawnSync('chmod', ['-R', locked ? 'a-w' : 'u+w', homeOf(here)]);
    lock(true);
    try {
      const before = everything(here);
      for (const args of [
        ['snapshots', 'create'],
        ['rollback', '--yes'],
      ]) {
        const ran = await here.update(args);
        expect(ran.code).toBe(12);
        expect(ran.stderr).toMatch(/read-only|permitted|EACCES|EROFS/i);
        expect(everything(here)).toEqual(before);
      }
      expect(await here.update(['snapshots', 'list'])).toMatchObject({ code: 0 });
      const binary = await here.update(['rollback', '--yes', '--only', 'binary']);
      expect(binary.stderr).toMatch(/No snapshot was taken: /);
      expect(binary.code).toBe(0);
      expect(await here.version()).toBe('1.0.0');
    } finally {
      lock(false);
    }
  });

  test('a file that may not be read is left out with a word; a rollback that would replace it is refused: 12', async () => {
    const here = await install(await shop.updater());
    fillHome(homeOf(here));
    const secret = at(here, 'data/secret');
    fs.writeFileSync(secret, 'then, readable', { mode: 0o644 });
    const asNobody = async (...args: string[]): Promise<Ran> => {
      if (!isRoot) return here.update(args);
      const ids = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
      return run('setpriv', [...ids, here.updater, ...args], { cwd: here.folder, env: here.env });
    };
    if (isRoot) {
      expect(spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, here.folder]).status).toBe(0);
      if (Bun.which('setpriv') === null) {
        console.warn('skipped: setpriv is not installed');
        return;
      }
    }
    const first = String(resultOf(await done(asNobody('snapshots', 'create', '--json'))).id);
    fs.writeFileSync(`${secret}.x`, 'now, secret', { mode: 0 });
    fs.renameSync(`${secret}.x`, secret);
    fs.writeFileSync(at(here, 'data/data.json'), 'now');
    const taken = await asNobody('snapshots', 'create');
    expect(taken.code).toBe(0);
    expect(taken.stderr).toContain(`${secret} is left out: it may not be read`);
    const second = /^(\S+):/.exec(taken.stdout)?.[1] ?? '';
    expect((await asNobody('snapshots', 'show', second)).stdout).toContain(`Left out:    ${secret}`);

    const before = inComponents(here);
    const ran = await asNobody('rollback', '--yes', first);
    expect(ran.code).toBe(12);
    expect(ran.stderr).toContain(`${secret} could not be kept (it may not be read) and would be lost`);
    expect(inComponents(here)).toEqual(before);
    // Going back to a snapshot that never had it leaves it alone.
    fs.writeFileSync(at(here, 'data/data.json'), 'later');
    await done(asNobody('rollback', '--yes', second));
    expect(fs.readFileSync(at(here, 'data/data.json'), 'utf8')).toBe('now');
    expect(fs.statSync(secret).size).toBe('now, secret'.length);
  });
});
