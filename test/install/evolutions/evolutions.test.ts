/** Which evolutions of a package are installed, and the files afterwards. */
import { describe, expect, test } from 'bun:test';
import { UsageError } from '../../../lib/errors.ts';
import { snapshotInstall } from '../../../lib/install/folders/snapshots.ts';
import {
  chooseEvolutions,
  type EvolutionWish,
  evolutionAmendment,
} from '../../../lib/install/update/evolutions.ts';
import { installedEvolutions } from '../../../lib/install/update/installed-evolutions.ts';
import type { CarriedEvolution, EvolutionArchive } from '../../../lib/package/index.ts';
import { digestBytes } from '../../../lib/platform/files.ts';
import { type Snapshot, withStore } from '../../../lib/snapshot/index.ts';
import { amendSnapshot } from '../../../lib/snapshot/restore/amend.ts';
import { readTree } from '../../../lib/snapshot/store/trees.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';
import { executable, installedDisk, receiptOf, versionOf } from '../../host/install.ts';
import { placeFiles, sessionOn } from '../transaction/folders-stage.ts';

const carried = (id: string, autoApply: boolean): CarriedEvolution => ({
  id,
  description: id,
  autoApply,
  version: '2.0.0',
  sha256: digestBytes(new TextEncoder().encode(id)).sha256,
  size: 10,
});
const SEARCH = carried('search', true);
const EXTRA = carried('extra', false);
const ALL = [SEARCH, EXTRA];
const installed = (id: string) => ({ id, version: '1.0.0', digest: '0'.repeat(64), files: [] });

describe('the choice', () => {
  const CHOICES: [wish: EvolutionWish, installed: string[], wanted: CarriedEvolution[]][] = [
    ['auto', [], [SEARCH]],
    ['auto', ['extra'], ALL],
    ['auto', ['stranger'], [SEARCH]],
    ['all', [], ALL],
    ['none', ['extra'], []],
    [['extra'], [], [EXTRA]],
    [['extra', 'search'], [], ALL],
    [[], ['extra'], []],
  ];
  test.each(CHOICES)('%p, with %p installed', (wish, there, wanted) => {
    expect(chooseEvolutions(ALL, there.map(installed), wish)).toEqual(wanted);
  });

  test('names an evolution that the package does not contain', () => {
    expect(() => chooseEvolutions(ALL, [], ['extra', 'more'])).toThrow(
      new UsageError('--evolutions: wanted some of search, extra, which come with the package, found "more"'),
    );
    expect(() => chooseEvolutions(ALL, [], ['serch'])).toThrow(
      expect.objectContaining({ advice: 'Did you mean search?' }),
    );
    expect(() => chooseEvolutions([], [], ['more'])).toThrow(
      '--evolutions: no evolution comes with the package, so not "more" either',
    );
    expect(chooseEvolutions([], [], 'all')).toEqual([]);
  });
});

const archive = (id: string, files: Record<string, string>, version = '2.0.0'): EvolutionArchive => ({
  id,
  version,
  files: Object.entries(files).map(([path, text]) => {
    const bytes = new TextEncoder().encode(text);
    return { path, mode: path.startsWith('bin/') ? 0o755 : 0o644, bytes, sha256: digestBytes(bytes).sha256 };
  }),
});

const ONE = executable('1.0.0');

function open(disk: SimulatedDisk) {
  const session = sessionOn(simulatedHost({ disk, versionOf }));
  const setup = session.snapshots;
  if (setup === null) throw new Error('no home');
  const take = () =>
    snapshotInstall(session, setup, receiptOf(ONE, null), {
      kind: 'manual',
      reason: 'test',
    });
  const paths = ({ components }: Snapshot): string[] => {
    const tree = components.evolutions.roots[0]?.tree;
    if (tree === undefined || tree === null) return [];
    return readTree(session.host.disk, setup.layout, tree).entries.flatMap((entry) =>
      entry.kind === 'file' ? [`${entry.path} ${entry.mode.toString(8)}`] : [],
    );
  };
  const withEvolutions = (before: Snapshot, added: Parameters<typeof evolutionAmendment>[2]) =>
    withStore(session.host, setup.layout, () =>
      amendSnapshot(session.host, setup.layout, before, evolutionAmendment(session, setup, added)),
    );
  return { session, setup, take, paths, withEvolutions };
}

const RECEIPT = (evolutions: object[]) => ({
  'installed.json': JSON.stringify({ schema: 1, evolutions }),
});

describe('the files afterwards', () => {
  test('are those of the evolutions, each in its own folder, and the receipt', async () => {
    const { take, paths, withEvolutions } = open(installedDisk('linux', ONE));
    const before = await take();
    const search = { carried: SEARCH, archive: archive('search', { 'index.js': 'x', 'bin/run': 'y' }) };
    const after = await withEvolutions(before, [search]);
    expect(paths(after)).toEqual(['installed.json 644', 'search/bin/run 755', 'search/index.js 644']);
    expect(paths(before)).toEqual([]);
    expect(after.components.data).toEqual(before.components.data);
  });

  test('no longer include those of the earlier version, but other files in its folder are kept', async () => {
    const disk = installedDisk('linux', ONE);
    const files = ['index.js', 'old/only.js'].map((path) => ({ path, sha256: '0'.repeat(64) }));
    const other = [{ path: 'a', sha256: '0'.repeat(64) }];
    placeFiles(disk, 'evolutions', {
      ...RECEIPT([
        { id: 'search', version: '1.0.0', digest: '0'.repeat(64), files },
        { id: 'other', version: '1.0.0', digest: '1'.repeat(64), files: other },
      ]),
      'search/index.js': 'old',
      'search/old/only.js': 'old',
      'search/settings.json': 'mine',
      'other/a': 'other',
      'own/b': 'mine',
    });
    const { session, setup, take, paths, withEvolutions } = open(disk);
    expect(installedEvolutions(session, setup).map(({ id }) => id)).toEqual(['search', 'other']);
    const after = await withEvolutions(await take(), [
      { carried: SEARCH, archive: archive('search', { 'index.js': 'new' }) },
    ]);
    expect(paths(after).map((path) => path.split(' ')[0] ?? '')).toEqual([
      'installed.json',
      'other/a',
      'own/b',
      'search/index.js',
      'search/settings.json',
    ]);
  });

  test.each(['not json', '{}', '{"schema":2,"evolutions":[]}', ''])(
    'include all existing files if the receipt is unreadable (%p)',
    async (receipt) => {
      const disk = installedDisk('linux', ONE);
      placeFiles(disk, 'evolutions', { 'installed.json': receipt, 'search/mine.js': 'mine' });
      const { session, setup, take, paths, withEvolutions } = open(disk);
      expect(installedEvolutions(session, setup)).toEqual([]);
      const after = await withEvolutions(await take(), [
        { carried: SEARCH, archive: archive('search', { 'index.js': 'new' }) },
      ]);
      expect(paths(after).join()).toContain('search/mine.js');
    },
  );

  test('no longer include a file with the name of its folder, which is in the snapshot before', async () => {
    const disk = installedDisk('linux', ONE);
    placeFiles(disk, 'evolutions', { search: 'a file of this name' });
    const { take, paths, withEvolutions } = open(disk);
    const before = await take();
    const search = { carried: SEARCH, archive: archive('search', { 'index.js': 'x' }) };
    const after = await withEvolutions(before, [search]);
    expect(paths(after)).toEqual(['installed.json 644', 'search/index.js 644']);
    expect(paths(before)).toEqual(['search 644']);
  });
});
