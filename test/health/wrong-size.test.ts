/** A file that has not the size that is signed or recorded is told by that: a sparse one of a terabyte would be read for an hour. */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { Installation } from '../../lib/index.ts';
import { Digests } from '../../lib/install/digests.ts';
import type { Handle } from '../../lib/platform/disk.ts';
import type { Host } from '../../lib/platform/host.ts';
import { systemError } from '../host/disk.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

const TERABYTE = 2 ** 40;
/** More than any file of the install has. */
const ENOUGH = 16 << 20;

/** A machine on which reading on and on in the file fails. */
function hostWithout(file: string): Host {
  const { host } = here;
  const opened = new Set<Handle>();
  const check = (handle: Handle, position: number) => {
    if (opened.has(handle) && position > ENOUGH && position < TERABYTE - ENOUGH)
      throw new Error(`${file} is read on and on`);
  };
  const disk: Host['disk'] = {
    ...host.disk,
    open(name, ...how) {
      const handle = host.disk.open(name, ...how);
      if (name.startsWith(file)) opened.add(handle);
      return handle;
    },
    copy(from, to) {
      if (from === file) throw new Error(`${file} is copied`);
      host.disk.copy(from, to);
    },
    read(handle, into, position) {
      check(handle, position);
      return host.disk.read(handle, into, position);
    },
    async readMeanwhile(handle, into, position) {
      check(handle, position);
      return host.disk.readMeanwhile(handle, into, position);
    },
    close(handle) {
      opened.delete(handle);
      host.disk.close(handle);
    },
  };
  return { ...host, disk };
}

const inside = (folder: string, name: RegExp) =>
  path.join(folder, fs.readdirSync(folder).find((entry) => name.test(entry)) ?? 'nothing');

test.each([
  ['the executable', () => here.dgmo],
  ['the updater', () => here.updater],
  ['the kept executable', () => inside(here.workDir, /^kept-/)],
  ['a stored executable', () => inside(path.join(here.home, '.snapshots', 'binaries'), /./)],
  ['a downloaded file', () => inside(path.join(here.home, 'cache'), /^[0-9a-f]{64}$/)],
])('%s of a terabyte is not read, and is made good', async (_, place) => {
  const file = place();
  expect(fs.existsSync(file)).toBe(true);
  fs.truncateSync(file, TERABYTE);
  const host = hostWithout(file);
  const options = { installDir: here.dir, home: here.home, settings: here.settings, host };
  const { binary } = await new Installation(options).status();
  expect(binary).toBe(file === here.dgmo ? 'changed' : 'sound');
  const { issues } = await here.health({ host }).verify({ full: true });
  expect(issues.length).toBeGreaterThan(0);
  expect((await here.health({ host }).repair()).health.healthy).toBe(true);
  expect((await here.health({ host }).verify({ full: true })).issues).toEqual([]);
});

test.each(['installed.json', 'journal'])('%s of a terabyte is moved, not copied', async (name) => {
  const file = path.join(here.workDir, name);
  fs.truncateSync(file, TERABYTE);
  expect((await here.health({ host: hostWithout(file) }).repair()).health.healthy).toBe(true);
  const moved = inside(here.workDir, new RegExp(`^${name}\\.damaged-`));
  expect(fs.statSync(moved).size).toBe(TERABYTE);
});

test.each([
  ['a config', () => here.config, 5 << 20],
  ['a config that is not even copied', () => here.config, 17 << 20],
  ['a file of an evolution', () => here.evolution, 257 << 20],
])('%s that is too large to be one is replaced by the last good one', async (_, place, size) => {
  const file = place();
  const good = fs.readFileSync(file, 'utf8');
  fs.truncateSync(file, size);
  const { success, failed, health } = await here.health().repair();
  expect([success, failed, health.issues]).toEqual([true, [], []]);
  expect(fs.readFileSync(file, 'utf8')).toBe(good);
});

test('a copy of what is damaged that has no room is not left behind', async () => {
  fs.writeFileSync(path.join(here.workDir, 'installed.json'), 'damaged');
  const { host } = here;
  const copy: Host['disk']['copy'] = (from, to) => {
    host.disk.copy(from, to);
    throw systemError('ENOSPC', to);
  };
  await here.health({ host: { ...host, disk: { ...host.disk, copy } } }).repair();
  expect(fs.readdirSync(here.workDir).filter((name) => name.includes('.damaged-'))).toEqual([]);
});

test('an executable of no bytes is not adopted', async () => {
  fs.truncateSync(here.dgmo);
  const { dir: installDir, home, settings, host } = here;
  const adopted = new Installation({ installDir, home, settings, host }).adopt({ version: '1.0.0' });
  await expect(adopted).rejects.toThrow(`${here.dgmo} is empty`);
});

test('one of another size is not opened to see whether it is the wanted one', () => {
  const open = () => expect.unreachable();
  const digests = new Digests({ ...here.host.disk, open });
  expect(digests.is(here.dgmo, { sha256: '0'.repeat(64), size: 1 })).toBe(false);
});
