/** What snapshots go by when the preferences can't be read: nothing that loses data, and a warning. */
import { expect, test } from 'bun:test';
import { MachineError } from '../../lib/errors.ts';
import { DEFAULT_PREFERENCES, preferencesFile } from '../../lib/home/preferences.ts';
import { snapshotsIn } from '../../lib/home/snapshot-choices.ts';
import type { Host } from '../../lib/platform/host.ts';
import { SimulatedDisk, systemError } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';

const HOME = '/home/.dgmo';
const FILE = `${HOME}/updater.json`;

function hostWith(text: string, fails?: string): Host {
  const disk = new SimulatedDisk();
  disk.place(FILE, new TextEncoder().encode(text));
  const open = disk.open.bind(disk);
  disk.open = (path, how, mode) => {
    if (path === FILE && fails !== undefined) throw systemError(fails, 'open', path);
    return open(path, how, mode);
  };
  return simulatedHost({ disk, versionOf: () => null });
}

const WISHED = JSON.stringify({ ...DEFAULT_PREFERENCES, dataFolder: '/data', snapshotsKept: 50 });

function setupOf(host: Host): { keep: number; data: readonly string[]; warnings: string[] } {
  const warnings: string[] = [];
  const { keep, profile } = snapshotsIn(
    host,
    { home: HOME, app: 'dgmo', installed: [] },
    { version: '1.0.0' },
    (reason) => warnings.push(reason),
  );
  return { keep, data: profile.roots.data, warnings };
}

test('as the person has set it', () => {
  expect(setupOf(hostWith(WISHED))).toEqual({ keep: 50, data: ['/data'], warnings: [] });
});

test.each([
  ['permission denied', 'EACCES', WISHED],
  ['the drive reported an error', 'EIO', WISHED],
  ['it is a directory', 'EISDIR', WISHED],
  ['wanted JSON', undefined, '{"schema":1'],
])('%s: the usual folders, no snapshot pruned, and a warning', (reason, fails, text) => {
  const { keep, data, warnings } = setupOf(hostWith(text, fails));
  // Nobody knows how many the person keeps.
  expect(keep).toBe(1000);
  expect(data).toEqual(setupOf(hostWith(JSON.stringify(DEFAULT_PREFERENCES))).data);
  expect(warnings).toEqual([expect.stringContaining(reason)]);
  expect(warnings).toEqual([expect.stringContaining(FILE)]);
});

test('one that can not be understood: the others count, no snapshot is pruned, and a warning says how to correct it', () => {
  const { keep, data, warnings } = setupOf(hostWith(WISHED.replace('"telemetry":false', '"telemetry":7')));
  expect({ keep, data }).toEqual({ keep: 1000, data: ['/data'] });
  expect(warnings).toEqual([
    `${FILE}.telemetry: wanted true or false, found 7. \`dgmo-updater config unset telemetry\` returns it to its default. Or correct ${FILE}.`,
  ]);
});

test('whoever needs the preferences is told which file can not be read, and why', () => {
  const load = () => preferencesFile.load(hostWith(WISHED, 'EACCES'), HOME);
  expect(load).toThrow(MachineError);
  expect(load).toThrow(`${FILE}: permission denied (EACCES)`);
});
