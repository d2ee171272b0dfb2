/**
 * A transaction that an earlier updater has begun is finished by this one: for the journal of every version, interrupted after
 * each of its records, with whatever executable may be in place then.
 */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { snapshotInstall } from '../../../lib/install/folders/snapshots.ts';
import {
  decodeJournal,
  type Entry,
  encodeEntry,
  openTransaction,
  readJournal,
} from '../../../lib/install/transaction/journal.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';
import {
  type Executable,
  executable,
  INSTALL_DIR,
  installedDisk,
  receiptOf,
  targetPath,
  versionOf,
} from '../../host/install.ts';
import {
  checkEnded,
  filesOn,
  HOME,
  installedOn,
  placeFiles,
  recoverAll,
  sessionOn,
} from './folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const WORK = `${INSTALL_DIR}/.dgmo-updater`;
/** As the journals name it. */
const SNAPSHOT = '20231114-221320-3f9a';
const DATA = { 'session.json': 'old' };
const EVOLUTION = { 'plugin/index.js': 'old' };

const VECTORS = path.join(import.meta.dir, '../../vectors');
const versions = fs
  .readdirSync(VECTORS)
  .filter((name) => name.startsWith('journal-v'))
  .sort();

function entriesOf(version: string): Entry[] {
  return decodeJournal(fs.readFileSync(path.join(VECTORS, version, 'journal')), version).entries;
}

/** The install after those records, with that executable in place, and the other one where the transaction has it. */
async function stopped(entries: readonly Entry[], target: Executable): Promise<SimulatedDisk> {
  const disk = installedDisk('linux', OLD);
  placeFiles(disk, 'data', DATA);
  placeFiles(disk, 'evolutions', EVOLUTION);
  const session = sessionOn(simulatedHost({ disk, versionOf }));
  if (session.snapshots === null) throw new Error('no setup');
  const wish = { kind: 'update' as const, reason: 'before', id: SNAPSHOT };
  await snapshotInstall(session, session.snapshots, receiptOf(OLD, null), wish);
  placeFiles(disk, 'evolutions', { 'plugin/index.js': 'new' });
  disk.place(targetPath('linux'), target.bytes);
  const aside = target === OLD ? 'staged-0011223344556677' : `kept-${OLD.sha256.slice(0, 32)}`;
  disk.place(`${WORK}/${aside}`, (target === OLD ? NEW : OLD).bytes);
  disk.place(`${WORK}/journal`, new TextEncoder().encode(entries.map(encodeEntry).join('')), 0o600);
  return disk;
}

test('there is a journal of every version', () => {
  expect(versions).toEqual(['journal-v1', 'journal-v2', 'journal-v3', 'journal-v4']);
});

describe.each(versions)('%s', (version) => {
  const entries = entriesOf(version);
  const begun = entries.findIndex(({ type }) => type === 'begin') + 1;
  const cases = entries.slice(begun - 1).flatMap((_, index) => {
    const prefix = entries.slice(0, begun + index);
    const swapped = prefix.some(({ type }) => type === 'swap');
    const isOpen = openTransaction(prefix) !== null;
    const targets = !isOpen ? [] : swapped ? [OLD, NEW] : [OLD];
    return targets.map((target) => ({
      last: prefix.at(-1)?.type,
      installed: target.version,
      prefix,
      target,
    }));
  });

  test.each(cases)('after `$last`, with $installed in place', async ({ prefix, target }) => {
    const disk = await stopped(prefix, target);
    await recoverAll(simulatedHost({ disk, versionOf }));
    const { entries: after } = readJournal(disk, sessionOn(simulatedHost({ disk, versionOf })).layout);
    expect(openTransaction(after)).toBeNull();
    const installed = installedOn(disk, [OLD, NEW]);
    checkEnded(disk, installed);
    expect(filesOn(disk, 'data')).toEqual(DATA);
    // The old executable has its old evolutions, once the transaction has touched them.
    const touched = prefix.some((entry) => entry.type === 'folders' && entry.state === 'touched');
    const isBack = prefix.some((entry) => entry.type === 'folders' && entry.state === 'back');
    if (installed === OLD && touched && !isBack)
      expect(filesOn(disk, 'evolutions')['plugin/index.js']).toBe('old');
    const before = pictureOf(disk);
    await recoverAll(simulatedHost({ disk, versionOf }));
    expect(pictureOf(disk)).toEqual(before);
  });
});

function pictureOf(disk: SimulatedDisk): Record<string, string> {
  const entries = Object.entries(disk.picture()).filter(([file]) => !file.startsWith(`${HOME}/history`));
  return Object.fromEntries(entries);
}
