/** A rollback that is stopped, and that somebody repeats: it goes to where the first one was to go, and no further. */
import { describe, expect, test } from 'bun:test';
import { SnapshotManager } from '../../../lib/api/index.ts';
import { MachineError } from '../../../lib/errors.ts';
import type { HistoryEntry } from '../../../lib/home/history.ts';
import { type Session, untoldRollback } from '../../../lib/install/index.ts';
import { lastRollback } from '../../../lib/install/rollback/untold.ts';
import type { Entry } from '../../../lib/install/transaction/journal.ts';
import { type SimulatedDisk, systemError } from '../../host/disk.ts';
import { FaultInjector } from '../../host/faults.ts';
import { simulatedHost } from '../../host/host.ts';
import { binaryOf, INSTALL_DIR, receiptOf, versionOf } from '../../host/install.ts';
import { applyOn, rollBackOn } from '../../host/operations.ts';
import { testRoot } from '../../trust/keys.ts';
import { NEW, OLD, PACKAGE, stage } from '../confirmation/stage.ts';
import { HOME, sessionOn } from '../transaction/folders-stage.ts';

/** The last entry of the history, or the last version that was left. */
function lastOf(disk: SimulatedDisk, file: 'history.json' | 'choices.json'): string | undefined {
  const text = new TextDecoder().decode(disk.contentOf(`${HOME}/${file}`) ?? undefined);
  if (text === '') return undefined;
  const { entries = [], rolledBack = [] } = JSON.parse(text);
  const [entry, left] = [entries.at(-1), rolledBack.at(-1)];
  return entry === undefined ? left?.version : `${entry.kind} ${entry.ended}`;
}

test('at whichever effect it is stopped', async () => {
  const disk = await stage(null);
  await applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root: testRoot() });
  const faults = new FaultInjector();
  const states: SimulatedDisk[] = [];
  faults.onEffect = () => states.push(disk.clone());
  await rollBackOn(sessionOn(simulatedHost({ disk, versionOf, faults })));

  const managerOf = (left: SimulatedDisk) => {
    const host = simulatedHost({ disk: left, versionOf });
    return new SnapshotManager({ host, installDir: INSTALL_DIR, home: HOME, app: 'dgmo' });
  };
  const planOn = (left: SimulatedDisk) =>
    managerOf(left)
      .planRollback()
      .then(
        ({ to, receipt }) => `from ${receipt.binary.version} to ${to.version}`,
        ({ exitCode, message }) => `${exitCode}: ${message}`,
      );
  const FORWARD = 'from 1.0.0 to 2.0.0';
  const ends: string[] = [];
  const refused: SimulatedDisk[] = [];
  for (const stopped of states) {
    const left = stopped.after('kept');
    // The last effects of a run save this, and then it says that it is done.
    const isTold = lastOf(left, 'history.json') === 'rollback done';
    const end = await planOn(left);
    expect(end === FORWARD).toBe(isTold);
    if (end.startsWith('15')) {
      refused.push(stopped);
      expect(lastOf(left, 'history.json')).toBe('rollback finished');
      expect(lastOf(left, 'choices.json')).toBe('2.0.0');
      // Whoever then wants it goes there.
      if (end !== ends.at(-1)) expect(await planOn(left)).toBe(FORWARD);
    }
    if (end !== ends.at(-1)) ends.push(end);
  }
  expect(ends).toEqual([
    'from 2.0.0 to 1.0.0',
    '15: the rollback from 2.0.0 to 1.0.0 was interrupted, and is finished now; nothing more was changed',
    FORWARD,
  ]);
  expect(refused.length).toBeGreaterThan(150);
  // Nor does one that nobody has planned, unless it says where to.
  for (const stopped of [refused.at(0), refused.at(-1)]) {
    const [one, other] = [stopped?.after('kept'), stopped?.after('kept')] as SimulatedDisk[];
    const again = managerOf(one as SimulatedDisk).rollback();
    await expect(again).rejects.toThrow('is finished now; nothing more was changed');
    const { to } = await managerOf(other as SimulatedDisk).rollback(undefined, { version: '2.0.0' });
    expect(to).toMatchObject({ version: '2.0.0' });
  }
});

describe('that a run did not say that it was done is known', () => {
  const HISTORY = `${HOME}/history.json`;
  const FIRST = 'rollback from 2.0.0 to 1.0.0';
  /** A whole rollback, and then another history. */
  const after = async (change: (entries: HistoryEntry[]) => HistoryEntry[]) => {
    const disk = await stage(null);
    await applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root: testRoot() });
    await rollBackOn(sessionOn(simulatedHost({ disk, versionOf })));
    const { schema, entries } = JSON.parse(new TextDecoder().decode(disk.contentOf(HISTORY) ?? undefined));
    disk.place(HISTORY, new TextEncoder().encode(JSON.stringify({ schema, entries: change(entries) })));
    return disk;
  };
  const untoldOn = (disk: SimulatedDisk, more: Partial<Session> = {}) => {
    const untold = untoldRollback({ ...sessionOn(simulatedHost({ disk, versionOf })), ...more });
    return untold === null ? null : `${untold.kind} from ${untold.from.version} to ${untold.to.version}`;
  };
  const withoutLast = (entries: HistoryEntry[]) => entries.slice(0, -1);
  const changed = (change: Partial<HistoryEntry>) => (entries: HistoryEntry[]) =>
    entries.with(-1, { ...(entries.at(-1) as HistoryEntry), ...change });

  test.each<[string, (entries: HistoryEntry[]) => HistoryEntry[], string | null]>([
    ['by what the history has not', withoutLast, FIRST],
    ['and what it has', (entries) => entries, null],
    ['an earlier one like it does not count', changed({ at: 0 }), FIRST],
    ['nor one to another version', changed({ to: '1.5.0' }), FIRST],
    ['nor one from another version', changed({ from: '1.5.0' }), FIRST],
    ['nor an update', changed({ kind: 'update', from: '1.0.0', to: '2.0.0' }), FIRST],
    ['that of another installation in the home does not either', changed({ installId: 'other' }), FIRST],
    [
      'but the verdict on an update',
      changed({ kind: 'update', from: '1.0.0', to: '2.0.0', ended: 'reverted' }),
      null,
    ],
    ['and a history that was emptied says nothing', () => [], null],
  ])('%s', async (_, change, expected) => {
    expect(untoldOn(await after(change))).toBe(expected);
  });

  test('not in the home of somebody else, in none, and not if the history is damaged', async () => {
    const disk = await after(withoutLast);
    disk.place('/home/other/history.json', disk.contentOf(HISTORY) ?? new Uint8Array());
    expect(untoldOn(disk, { home: { folder: '/home/other' } })).toBe(null);
    expect(untoldOn(disk, { home: { missing: new MachineError('no home') } })).toBe(null);
    disk.place(HISTORY, new TextEncoder().encode('{'));
    expect(untoldOn(disk)).toBe(null);
  });

  test('not after something else was done', async () => {
    const disk = await after(withoutLast);
    const manager = () =>
      new SnapshotManager({
        ...{ host: simulatedHost({ disk, versionOf }), installDir: INSTALL_DIR, home: HOME, app: 'dgmo' },
      });
    await applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], {
      root: testRoot(),
      allowDowngrade: true,
    });
    expect(untoldOn(disk)).toBe(null);
    expect((await manager().planRollback()).to.version).toBe('1.0.0');
  });

  test('and where that can not be written down, it is said to nobody', async () => {
    const disk = await after(withoutLast);
    const faults = new FaultInjector();
    faults.onEffect = (name) => {
      if (name === 'open create') throw systemError('ENOSPC', name, HISTORY);
    };
    const host = simulatedHost({ disk, versionOf, faults });
    const manager = new SnapshotManager({ host, installDir: INSTALL_DIR, home: HOME, app: 'dgmo' });
    expect((await manager.planRollback()).to.version).toBe('2.0.0');
  });

  test('a rollback is the last thing that was done until something else is', () => {
    const begin: Entry = {
      ...{ type: 'begin', id: '0011223344556677', at: 1, kind: 'update' },
      ...{ from: binaryOf(OLD), to: binaryOf(NEW), receipt: receiptOf(NEW, OLD) },
    };
    const rollback: Entry = { ...begin, kind: 'rollback' };
    const end: Entry = { type: 'end', at: 2, outcome: 'committed' };
    const receipt: Entry = { type: 'receipt', at: 3, receipt: receiptOf(OLD, null) };
    expect(lastRollback([begin, end, rollback, end])).toEqual(rollback);
    expect(lastRollback([rollback, end, begin, end])).toBeNull();
    expect(lastRollback([rollback, end, receipt])).toBeNull();
    expect(lastRollback([rollback, { type: 'swap' }])).toBeNull();
    expect(lastRollback([rollback, { type: 'end', at: 0, outcome: 'reverted' }])).toBeNull();
    expect(lastRollback([end])).toBeNull();
    expect(lastRollback([])).toBeNull();
  });
});
