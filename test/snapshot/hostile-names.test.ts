/** No name in a tree leads out of its folder, on the system that restores it; what is a name there comes back. */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { DamagedError } from '../../lib/errors.ts';
import type { Host } from '../../lib/platform/host.ts';
import {
  planRestore,
  prepare,
  profileOf,
  type RestoreRequest,
  type Snapshot,
  storeLayout,
  takeSnapshot,
} from '../../lib/snapshot/index.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';
import { openWorkshop, picture, type Workshop } from './workshop.ts';

/** Names that lead out, or are no names, everywhere. */
const NOWHERE = [
  '',
  '.',
  '..',
  '../x',
  '/x',
  '/',
  'a/../b',
  'a/..',
  'a//b',
  './b',
  'a/./b',
  'a/',
  'nul\0',
  'a/\0',
];
/** Names on POSIX that mean something else to Windows. */
const ON_POSIX = [
  '..\\x',
  '..\\..\\x',
  'a\\..\\..\\x',
  '\\x',
  '\\\\server\\share',
  '\\\\?\\C:\\x',
  'C:\\x',
  'C:x',
  'C:',
  'file:stream',
  'a\\b',
  'con',
  'NUL',
  'aux.txt',
  'Com1',
  'lpt\u00b9',
  'CONIN$',
  'a.',
  'a ',
  '...',
  '.. ',
  'a?',
  'a*',
  '<',
  '"',
  '|',
  'a\nb',
  '\u001b',
];
const EVERYWHERE = [
  'x',
  '.x',
  'a..b',
  '..a',
  'a b',
  'ü',
  'e\u0301',
  '\u{1f480}',
  '\u0085',
  '-',
  '~',
  'console',
  'com',
  'a.b c',
];

/** A tree with these files and the folders `a` and `a/..`, as the store keeps it; its name. */
function treeOf(paths: readonly string[]): { name: string; bytes: Uint8Array } {
  const folder = (path: string): [string, unknown[]] => [path, ['d', path, 0o700, 0]];
  const rows = new Map<string, unknown[]>([
    folder('a'),
    ...paths.filter((path) => path === 'a/../b').map(() => folder('a/..')),
  ]);
  for (const path of paths) rows.set(path, ['f', path, 0o600, 0, 0, 0, []]);
  const entries = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  const document = JSON.stringify({ schema: 1, mode: 0o700, entries });
  return {
    name: new Bun.CryptoHasher('sha256').update(document).digest('hex'),
    bytes: Bun.zstdCompressSync(document),
  };
}

function withTree(snapshot: Snapshot, tree: string): Snapshot {
  const { data } = snapshot.components;
  const roots = data.roots.map((root) => ({ ...root, tree }));
  return { ...snapshot, components: { ...snapshot.components, data: { ...data, roots } } };
}

interface Machine {
  snapshot: Snapshot;
  request(snapshot: Snapshot): RestoreRequest;
  put(path: string, bytes: Uint8Array): void;
  picture(): unknown;
}

const HOME = '/home/.dgmo';

async function simulated(platform: Host['platform'], fill: (disk: SimulatedDisk) => void = () => undefined) {
  const disk = new SimulatedDisk();
  disk.place(`${HOME}/data/file`, new Uint8Array(1));
  fill(disk);
  const host = simulatedHost({ disk, platform, versionOf: () => null });
  const { join: joined } = storeLayout(host, HOME);
  const home = joined(HOME);
  const layout = storeLayout(host, home);
  const profile = profileOf(host, { home, app: 'dgmo', store: layout.folder });
  const checkpoint = async () => undefined;
  const { snapshot } = await takeSnapshot(host, {
    layout,
    profile,
    reason: 'a test',
    kind: 'manual',
    app: 'dgmo',
    installId: 'an-install',
    version: '1.0.0',
    rollback: null,
    binary: null,
    updater: '0.1.0',
    checkpoint,
  });
  const machine: Machine = {
    snapshot,
    request: (wanted) => ({
      host,
      layout,
      snapshot: wanted,
      profile,
      components: ['data'],
      id: 'a-restore',
      checkpoint,
    }),
    put: (path, bytes) => disk.place(path.replaceAll('\\', '/'), bytes),
    picture: () => disk.picture(),
  };
  return machine;
}

async function isRefused({ snapshot, request, put, picture: look }: Machine, path: string): Promise<void> {
  const { name, bytes } = treeOf([path]);
  const wanted = request(withTree(snapshot, name));
  put(wanted.layout.join(wanted.layout.trees, name), bytes);
  const before = look();
  expect(() => planRestore(wanted)).toThrow(DamagedError);
  expect(look()).toEqual(before);
}

describe.each(['linux', 'darwin', 'win32'] as const)('on %s', (platform) => {
  test.each(NOWHERE)('refused before anything is touched: %j', async (path) => {
    await isRefused(await simulated(platform), path);
  });
});

describe('on Windows', () => {
  test.each(ON_POSIX)('refused before anything is touched: %j', async (name) => {
    const machine = await simulated('win32');
    await isRefused(machine, name);
    await isRefused(machine, `a/${name}`);
  });

  test('what is a name there is written', async () => {
    const { snapshot, request, put, picture: look } = await simulated('win32');
    const { name, bytes } = treeOf(EVERYWHERE);
    const wanted = request(withTree(snapshot, name));
    put(wanted.layout.join(wanted.layout.trees, name), bytes);
    const plan = planRestore(wanted);
    expect(plan).toMatchObject({ files: EVERYWHERE.length, leftAlone: [] });
    await prepare(wanted, plan);
    expect(Object.keys(look() as object).filter((path) => path.includes('.dgmo-restore-'))).toHaveLength(
      EVERYWHERE.length + 1,
    );
  });

  test('a file of such a name is left out of a snapshot with a word, and left alone by a restore', async () => {
    const names = ['aux.js', 'a.', 'b ', 'NUL'];
    const { snapshot, request } = await simulated('win32', (disk) => {
      for (const name of names) disk.place(`${HOME}/data/${name}`, new Uint8Array(2));
    });
    expect(snapshot.warnings).toHaveLength(names.length);
    for (const warning of snapshot.warnings)
      expect(warning).toContain('Windows takes its name for something else');
    expect(snapshot.components.data.roots).toMatchObject([{ files: 1 }]);
    expect(planRestore(request(snapshot))).toMatchObject({ empty: true, removed: 0 });
  });
});

test.skipIf(process.platform === 'win32')(
  'on POSIX what only Windows misreads comes back, below the folder',
  async () => {
    const workshop: Workshop = openWorkshop();
    try {
      const root = workshop.root('data');
      const names = [...ON_POSIX, ...EVERYWHERE];
      // A name that is not UTF-8: not every filesystem takes one.
      const raw = process.platform === 'linux' ? [Buffer.from([0x5c, 0xff, 0x2e])] : [];
      for (const name of [...names.map((text) => Buffer.from(text)), ...raw])
        fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/`), name]), name);
      const before = picture(root);
      expect(before.size).toBe(names.length + raw.length);
      const around = fs.readdirSync(workshop.home).sort();
      const snapshot = await workshop.take();
      expect(snapshot.warnings).toEqual([]);
      fs.rmSync(root, { recursive: true });
      await workshop.restore(snapshot);
      expect(picture(root)).toEqual(before);
      expect(fs.readdirSync(workshop.home).sort()).toEqual([...around, '.snapshots'].sort());
      expect(fs.existsSync(join(workshop.home, 'x'))).toBe(false);
    } finally {
      workshop.remove();
    }
  },
);
