/** `verify`: what each check finds, on an install in a temporary folder. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { type HealthIssue, Installation, UpdateManager } from '../../lib/index.ts';
import type { Host } from '../../lib/platform/host.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

const flip = (file: string, at = 20_000) => {
  const bytes = fs.readFileSync(file);
  bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 0x20;
  fs.writeFileSync(file, bytes);
};
const found = async (full = false): Promise<HealthIssue[]> => (await here.health().verify({ full })).issues;

test.skipIf(process.getuid?.() !== 0)('root is told that everybody may move the install away', async () => {
  const above = path.dirname(here.dir);
  fs.chmodSync(above, 0o777);
  try {
    expect(await found()).toMatchObject([
      { type: 'permission_error', where: here.home, exitCode: 10 },
      { type: 'permission_error', where: here.dir, exitCode: 12 },
    ]);
  } finally {
    fs.chmodSync(above, 0o700);
  }
});

describe('an intact install', () => {
  test('is healthy, and the check changes nothing but its record', async () => {
    const before = here.picture();
    const status = await here.health().verify({ full: true });
    expect(status.issues).toEqual([]);
    expect(status).toMatchObject({ healthy: true, full: true });
    const after = here.picture();
    after.delete(path.join(here.workDir, 'read.json'));
    for (const name of ['lock']) before.delete(path.join(here.home, '.snapshots', name));
    for (const [file, picture] of before) expect([file, after.get(file)]).toEqual([file, picture]);
  });

  test('has what the last update keeps, which is no leftover; what is one, is found and removed alike', async () => {
    const kept = () =>
      fs.readdirSync(here.workDir).filter((name) => name.startsWith('blocks-') || name.startsWith('kept-'));
    const before = kept();
    expect(before.map((name) => name.split('-')[0]).sort()).toEqual(['blocks', 'kept']);
    expect(await found()).toEqual([]);
    fs.writeFileSync(path.join(here.workDir, 'blocks-0'), '');
    fs.writeFileSync(path.join(here.workDir, 'blocks-1'), '');
    expect(await found()).toEqual([
      expect.objectContaining({
        type: 'leftover_files',
        what: expect.stringContaining('blocks-0, blocks-1'),
      }),
    ]);
    await here.health().repair();
    expect(kept()).toEqual(before);
    expect(await found()).toEqual([]);
  });

  test('is not read again as long as nothing is written', async () => {
    for (const file of [here.dgmo, here.updater, here.evolution]) fs.utimesSync(file, 1e9, 1e9);
    const old = { now: () => Date.now() + 60_000 };
    const { nativeHost } = await import('../../lib/platform/native.ts');
    const host = nativeHost();
    const later = { ...host, clock: { ...host.clock, ...old } };
    const first = await here.health({ host: later }).verify();
    expect(first.bytesRead).toBeGreaterThan(60_000);
    const second = await here.health({ host: later }).verify();
    expect(second).toMatchObject({ healthy: true, bytesRead: 0 });
    const bytes = fs.readFileSync(here.dgmo);
    bytes[0] = 0x24;
    fs.writeFileSync(here.dgmo, bytes);
    expect(await here.health({ host: later }).verify()).toMatchObject({ healthy: false });
  });
});

test('what others have put into the folder of the evolutions is no evolution that has lost its receipt', async () => {
  const evolutions = path.join(here.home, 'evolutions');
  for (const name of fs.readdirSync(evolutions)) fs.rmSync(path.join(evolutions, name), { recursive: true });
  fs.symlinkSync('/usr', path.join(evolutions, 'faster'));
  expect(await found()).toEqual([]);
  fs.rmSync(path.join(evolutions, 'faster'));
  fs.mkdirSync(path.join(evolutions, 'faster'));
  expect(await found()).toMatchObject([{ type: 'plugin_missing' }]);
});

const DAY = 86_400_000;

/** This machine in so many days, with a drive that has lost a byte of a file without a trace in its status. */
async function hostIn(days: number, lost: string | null = null): Promise<Host> {
  const { nativeHost } = await import('../../lib/platform/native.ts');
  const host = nativeHost();
  const damaged = new Set<number>();
  const spoil = (handle: number, into: Uint8Array, position: number, count: number) => {
    if (damaged.has(handle) && position === 0 && count > 300) into[300] = (into[300] ?? 0) ^ 1;
    return count;
  };
  const disk: Host['disk'] = {
    ...host.disk,
    open(file, ...how) {
      const handle = host.disk.open(file, ...how);
      if (file === lost) damaged.add(handle);
      return handle;
    },
    read: (handle, into, position) => spoil(handle, into, position, host.disk.read(handle, into, position)),
    readMeanwhile: async (handle, into, position) => {
      const count = await host.disk.readMeanwhile(handle, into, position);
      return count === null ? null : spoil(handle, into, position, count);
    },
    close(handle) {
      damaged.delete(handle);
      host.disk.close(handle);
    },
  };
  const now = () => Date.now() + 60_000 + days * DAY;
  return { ...host, disk, clock: { ...host.clock, now } };
}

describe('a check in full', () => {
  const full = async (days: number, lost: string | null = null) =>
    here.health({ host: await hostIn(days, lost) }).verify({ full: true });
  const digestedAt = (file: string) => {
    const { files } = JSON.parse(fs.readFileSync(path.join(here.workDir, 'read.json'), 'utf8')).read;
    return (files as { path: string; at: number }[]).find((one) => one.path === file)?.at ?? 0;
  };

  test.each(['dgmo', 'updater', 'kept'] as const)('finds what the drive has lost of %s', async (name) => {
    const kept = fs.readdirSync(here.workDir).find((entry) => entry.startsWith('kept-')) ?? '';
    const file = name === 'kept' ? path.join(here.workDir, kept) : here[name];
    expect(await full(0)).toMatchObject({ healthy: true });
    const { issues } = await full(1, file);
    expect(issues.map(({ where }) => where)).toContain(file);
    expect(await full(2)).toMatchObject({ issues: [] });
  });

  test('compares what an adoption or an update has just read', async () => {
    const files = () => [
      ...fs.readdirSync(here.workDir).filter((name) => name.startsWith('kept-')),
      ...[here.dgmo, here.updater],
    ];
    const expectRecorded = async (names: readonly string[]) => {
      const before = names.map((name) => digestedAt(path.resolve(here.workDir, name)));
      expect(before.every((at) => at > 0)).toBe(true);
      expect(await full(0)).toMatchObject({ healthy: true });
      expect(names.map((name) => digestedAt(path.resolve(here.workDir, name)))).toEqual(before);
    };
    const setup = { installDir: here.dir, home: here.home, settings: here.settings };
    await new Installation({ ...setup, host: await hostIn(0) }).adopt();
    await expectRecorded([here.dgmo, here.updater]);
    expect((await full(0, here.dgmo)).issues.map(({ where }) => where)).toContain(here.dgmo);
    await here.stage.release('1.2.0');
    const manager = new UpdateManager({ ...setup, host: await hostIn(0) });
    const update = (await manager.checkForUpdates()) ?? expect.unreachable();
    await manager.applyUpdate(await manager.downloadUpdate(update));
    await expectRecorded(files());
  });

  test('reads every byte each time, and digests it again after a week', async () => {
    const first = await full(0);
    const begun = digestedAt(here.dgmo);
    expect(await full(1)).toMatchObject({ healthy: true, bytesRead: first.bytesRead });
    expect(digestedAt(here.dgmo)).toBe(begun);
    expect(await full(8)).toMatchObject({ healthy: true, bytesRead: first.bytesRead });
    expect(digestedAt(here.dgmo)).toBeGreaterThan(begun + 7 * DAY);
  });
});

const damages: [name: string, damage: () => void, wanted: Partial<HealthIssue>][] = [
  [
    'a flipped byte in the executable',
    () => flip(here.dgmo),
    { type: 'binary_corruption', where: here.dgmo },
  ],
  ['no executable', () => fs.rmSync(here.dgmo), { type: 'binary_corruption', exitCode: 11 }],
  [
    'a folder in its place',
    () => {
      fs.rmSync(here.dgmo);
      fs.mkdirSync(here.dgmo);
    },
    { type: 'binary_corruption', where: here.dgmo },
  ],
  [
    'an executable that is none',
    () => fs.chmodSync(here.dgmo, 0o644),
    { type: 'permission_error', exitCode: 12 },
  ],
  [
    'one that everybody may change',
    () => fs.chmodSync(here.dgmo, 0o777),
    { type: 'permission_error', exitCode: 12 },
  ],
  ['no updater', () => fs.rmSync(here.updater), { type: 'updater_corruption', severity: 'notice' }],
  ['an updater that can not be run', () => fs.chmodSync(here.updater, 0o600), { type: 'permission_error' }],
  ['an empty updater', () => fs.writeFileSync(here.updater, ''), { type: 'updater_corruption' }],
  [
    'a config that is no JSON',
    () => fs.appendFileSync(here.config, '}'),
    { type: 'config_invalid', where: here.config },
  ],
  ['a config of zeros', () => fs.writeFileSync(here.config, '\0\0\0'), { type: 'config_invalid' }],
  [
    'a config of bytes that are no text',
    () => fs.writeFileSync(here.config, Buffer.from('7b22ff22', 'hex')),
    { type: 'config_invalid' },
  ],
  ['a plugin that the config names and is gone', () => fs.rmSync(here.plugin), { type: 'plugin_missing' }],
  [
    'an empty plugin',
    () => fs.writeFileSync(here.plugin, ''),
    { type: 'plugin_missing', where: here.plugin },
  ],
  ['half a plugin', () => fs.truncateSync(here.plugin, 20), { type: 'plugin_missing', where: here.plugin }],
  ['a changed evolution', () => flip(here.evolution, 5), { type: 'plugin_missing', where: here.evolution }],
  ['half an evolution', () => fs.rmSync(here.evolution), { type: 'plugin_missing', where: here.evolution }],
  [
    'a damaged receipt',
    () => flip(path.join(here.workDir, 'installed.json'), 40),
    { type: 'receipt_damaged' },
  ],
  ['no receipt', () => fs.rmSync(path.join(here.workDir, 'installed.json')), { type: 'receipt_damaged' }],
  ['a damaged journal', () => flip(path.join(here.workDir, 'journal'), 40), { type: 'journal_damaged' }],
  ['no journal', () => fs.rmSync(path.join(here.workDir, 'journal')), { type: 'journal_damaged' }],
  [
    'a leftover',
    () => fs.writeFileSync(path.join(here.workDir, 'staged-0'), ''),
    { type: 'leftover_files', severity: 'notice' },
  ],
  [
    'a damaged trusted root',
    () => flip(path.join(here.home, 'trust', 'root.json'), 0),
    { type: 'trust_damaged' },
  ],
  [
    'damaged preferences',
    () => fs.writeFileSync(path.join(here.home, 'updater.json'), '{'),
    { type: 'settings_damaged' },
  ],
  ['a damaged snapshot', () => flip(documentOf(), 100), { type: 'snapshot_damaged' }],
  [
    'a home that can not be entered',
    () => fs.chmodSync(here.home, 0o500),
    { type: 'permission_error', where: here.home },
  ],
];

function documentOf(): string {
  const folder = path.join(here.home, '.snapshots', 'snapshots');
  return path.join(folder, fs.readdirSync(folder).find((name) => name.endsWith('.json')) ?? '');
}

describe('finds', () => {
  for (const [name, damage, wanted] of damages) {
    test(name, async () => {
      damage();
      const issues = await found(name.includes('plugin') || name.includes('evolution'));
      const { repair: _, ...rest } = { repair: null, ...wanted };
      expect(issues).toContainEqual(expect.objectContaining(rest));
      expect((await here.health().verify({ full: true })).healthy).toBe(wanted.severity === 'notice');
    });
  }

  test('a damaged file of the cache and of the store, if everything is read', async () => {
    const cached =
      fs.readdirSync(path.join(here.home, 'cache')).find((name) => /^[0-9a-f]{64}$/.test(name)) ?? '';
    flip(path.join(here.home, 'cache', cached), 30);
    const packs = path.join(here.home, '.snapshots', 'packs');
    for (const pack of fs.readdirSync(packs)) flip(path.join(packs, pack), 50);
    expect(await found()).toEqual([]);
    expect((await found(true)).map(({ type }) => type).sort()).toEqual(['cache_damaged', 'snapshot_damaged']);
  });

  test('a folder in the place of a file of the store is named, with what to do', async () => {
    const trees = path.join(here.home, '.snapshots', 'trees');
    for (const tree of fs.readdirSync(trees)) {
      fs.rmSync(path.join(trees, tree));
      fs.mkdirSync(path.join(trees, tree, 'x'), { recursive: true });
    }
    const { issues } = await here.health().verify({ full: true });
    expect(issues.map(({ type, where }) => [type, path.dirname(where)])).toEqual(
      fs.readdirSync(trees).map(() => ['snapshot_damaged', trees]),
    );
    expect(issues[0]?.what).toBe('wanted a file of dgmo-updater, found a folder');
  });

  test('a filesystem that is mounted noexec: what is on it can not be run', async () => {
    const { nativeHost } = await import('../../lib/platform/native.ts');
    const host = nativeHost();
    const runRefusal = (file: string) => (file.startsWith(here.stage.dir) ? 'EACCES' : null);
    const status = await here.health({ host: { ...host, disk: { ...host.disk, runRefusal } } }).verify();
    expect(status.healthy).toBe(false);
    expect(status.issues.map(({ type, where, exitCode }) => [type, where, exitCode])).toEqual([
      ['permission_error', here.dgmo, 12],
      ['permission_error', here.updater, 12],
    ]);
    expect(status.issues[0]?.what).toContain('mounted noexec');
  });

  test.skipIf(process.getuid?.() !== 0 || Bun.which('unshare') === null)('which the system tells', () => {
    const module = path.resolve(import.meta.dir, '../../lib/platform/native-disk.ts');
    const print = `console.log((await import(${JSON.stringify(module)})).nativeDisk.runRefusal(process.argv[1]))`;
    const script = `mount -t tmpfs -o noexec tmpfs "$1" && cp "$2" "$1/dgmo" && "$0" -e "$3" "$1/dgmo" && "$0" -e "$3" "$2"`;
    const mount = fs.mkdtempSync(path.join(here.stage.folder, 'noexec-'));
    const { stdout } = Bun.spawnSync(
      ['unshare', '-m', 'sh', '-c', script, process.execPath, mount, here.dgmo, print],
      { stderr: 'inherit' },
    );
    expect(stdout.toString()).toBe('EACCES\nnull\n');
    fs.rmdirSync(mount);
  });

  test('another program of that name earlier on the PATH, and a link that leads nowhere', async () => {
    const { nativeHost } = await import('../../lib/platform/native.ts');
    const host = nativeHost();
    const folders = ['first', 'second', 'third'].map((name) => path.join(here.stage.folder, name));
    for (const folder of folders) fs.mkdirSync(folder);
    const [first = '', second = '', third = ''] = folders.map((folder) => path.join(folder, 'dgmo'));
    fs.writeFileSync(first, '#!/bin/sh\n', { mode: 0o755 });
    fs.symlinkSync('/nowhere/dgmo', second);
    fs.symlinkSync(here.dgmo, third);
    const PATH = folders.join(':');
    const status = await here
      .health({ host: { ...host, environment: { ...host.environment, PATH } } })
      .verify();
    expect(status.issues.map(({ type, where }) => [type, where])).toEqual([
      ['path_conflict', first],
      ['path_conflict', second],
    ]);
    expect(status.healthy).toBe(true);
    // If the executable is missing, the link to it is still the right one.
    fs.rmSync(here.dgmo);
    const without = await here
      .health({ host: { ...host, environment: { ...host.environment, PATH } } })
      .verify();
    expect(without.issues.filter(({ type }) => type === 'path_conflict').map(({ where }) => where)).toEqual([
      first,
      second,
    ]);
    for (const folder of folders) fs.rmSync(folder, { recursive: true });
  });
});
