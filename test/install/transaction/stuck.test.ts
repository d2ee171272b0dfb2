/** Transactions that can be neither finished nor undone: they are not forgotten, and the worst failure is reported. */
import { describe, expect, test } from 'bun:test';
import { UnrecoverableError } from '../../../lib/errors.ts';
import { snapshotInstall } from '../../../lib/install/folders/snapshots.ts';
import { begin } from '../../../lib/install/transaction/begin.ts';
import {
  appendEntry,
  encodeEntry,
  openTransaction,
  readJournal,
} from '../../../lib/install/transaction/journal.ts';
import { runTransaction } from '../../../lib/install/transaction/transaction.ts';
import type { Disk } from '../../../lib/platform/disk.ts';
import { type SimulatedDisk, systemError } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';
import { binaryOf, executable, installedDisk, receiptOf, targetPath, versionOf } from '../../host/install.ts';
import { rollBackOn } from '../../host/operations.ts';
import { exitCode } from './every-fault.ts';
import { filesOn, HOME, placeFiles, sessionOn } from './folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');

/** A session on a disk of which some calls are replaced. */
function sessionWith(disk: SimulatedDisk, change: (disk: Disk) => Partial<Disk> = () => ({})) {
  const host = simulatedHost({ disk, versionOf });
  return sessionOn({ ...host, disk: { ...host.disk, ...change(host.disk) } });
}

const openOn = (disk: SimulatedDisk) => {
  const { host, layout } = sessionWith(disk);
  return openTransaction(readJournal(host.disk, layout).entries);
};

/** The id of the only snapshot. */
const idOn = (disk: SimulatedDisk) =>
  /snapshots\/([0-9]+-[^/]*)\.json$/m.exec(Object.keys(disk.picture()).join('\n'))?.[1] ?? '';

describe('an update that was stopped while it changed folders, and whose snapshot was lost', () => {
  /** One older snapshot exists. */
  async function stuck(): Promise<SimulatedDisk> {
    const disk = installedDisk('linux', OLD);
    placeFiles(disk, 'data', { note: 'then' });
    const session = sessionWith(disk);
    const { host, layout, snapshots } = session;
    if (snapshots === null) throw new Error('no home');
    const wish = { kind: 'manual' as const, reason: 'then' };
    await snapshotInstall(session, snapshots, receiptOf(OLD, null), wish);
    placeFiles(disk, 'data', { note: 'half changed' });
    const receipt = receiptOf(NEW, OLD);
    const folders = { home: HOME, before: '20200101-000000-aaaa', changes: ['data' as const] };
    const both = { from: binaryOf(OLD), to: binaryOf(NEW) };
    appendEntry(host.disk, layout, {
      type: 'begin',
      id: 'stuck',
      at: 1,
      kind: 'update',
      ...both,
      receipt,
      folders,
    });
    appendEntry(host.disk, layout, { type: 'folders', state: 'touched' });
    return disk;
  }

  test('is still open after a rollback that failed because the disk was full', async () => {
    const disk = await stuck();
    const full = sessionWith(disk, ({ open }) => ({
      open(path, ...more) {
        if (path.startsWith(`${HOME}/.snapshots/`) && more[0] !== 'read')
          throw systemError('ENOSPC', 'open', path);
        return open(path, ...more);
      },
    }));
    expect(await exitCode(rollBackOn(full, { snapshot: idOn(disk) }))).toBe(12);
    expect(openOn(disk)).toMatchObject({ id: 'stuck', touched: true });
    expect(filesOn(disk, 'data')).toEqual({ note: 'half changed' });
  });

  test('is closed by a rollback that worked', async () => {
    const disk = await stuck();
    expect(await exitCode(rollBackOn(sessionWith(disk), { snapshot: idOn(disk) }))).toBe(0);
    expect(openOn(disk)).toBeNull();
    expect(filesOn(disk, 'data')).toEqual({ note: 'then' });
  });
});

test('if a transaction replaces a stuck one and changes nothing, the stuck one is open again', () => {
  const receipt = receiptOf(NEW, OLD);
  const both = { from: binaryOf(OLD), to: binaryOf(NEW), receipt, at: 1, kind: 'update' as const };
  const first = { type: 'begin' as const, id: 'first', ...both };
  const second = { type: 'begin' as const, id: 'second', ...both };
  const end = (outcome: 'abandoned' | 'reverted' | 'committed' | 'foreign') =>
    openTransaction([first, second, { type: 'end', at: 2, outcome }])?.id ?? null;
  expect([end('abandoned'), end('reverted')]).toEqual(['first', 'first']);
  expect([end('committed'), end('foreign')]).toEqual([null, null]);
  expect(encodeEntry(first)).toContain('"first"');
});

test('if no binary is left, that is reported, whatever failed first', async () => {
  const disk = installedDisk('linux', OLD);
  const session = sessionWith(disk, () => ({
    // The swap fails, and both binaries are lost.
    rename(from) {
      for (const path of Object.keys(disk.picture()))
        if (path === targetPath('linux') || /\.dgmo-updater\/(staged|kept)-/.test(path)) disk.remove(path);
      throw systemError('EIO', 'rename', from);
    },
  }));
  const before = receiptOf(OLD, null);
  const open = begin(session, {
    kind: 'update',
    from: binaryOf(OLD),
    to: binaryOf(NEW),
    receipt: { before, after: receiptOf(NEW, OLD) },
    folders: null,
  });
  disk.place(session.layout.staged(open.id), NEW.bytes);
  const failure = await runTransaction(session, open, { resumed: false }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UnrecoverableError);
  expect((failure as Error).message).toContain('EIO');
  expect((failure as UnrecoverableError).advice).toContain('init --version');
});
