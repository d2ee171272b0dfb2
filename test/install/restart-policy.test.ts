/** Whether DGMO is started again after an update, by how that ended and by what is on the disk. */
import { describe, expect, test } from 'bun:test';
import {
  DamagedError,
  InterruptedError,
  LockedError,
  RevertedError,
  UnrecoverableError,
} from '../../lib/errors.ts';
import { restartAfter } from '../../lib/install/index.ts';
import { openSession } from '../../lib/install/open.ts';
import { appendEntry, type Entry } from '../../lib/install/transaction/journal.ts';
import { simulatedHost } from '../host/host.ts';
import {
  binaryOf,
  type Executable,
  executable,
  INSTALL_DIR,
  installedDisk,
  receiptOf,
  targetPath,
  versionOf,
} from '../host/install.ts';

const [ONE, TWO] = [executable('1.0.0'), executable('2.0.0')];
const PID = 77;
const DAMAGED = new DamagedError('the package is damaged');
const LOCKED = new LockedError('another one is at work');
const REVERTED = new RevertedError('2.0.0 does not run');
const UNRECOVERABLE = new UnrecoverableError('neither runs');

interface Situation {
  failure?: unknown;
  awaited?: number | null;
  /** What is at the path of the executable, where the receipt names 1.0.0. */
  target?: Executable;
  /** DGMO still runs. */
  runs?: boolean;
  journal?: Entry[];
  files?: Record<string, string>;
  /** How often the lock is held by somebody else when it is tried. */
  held?: number;
  interrupted?: boolean;
}

/** Whether `start` was called. */
async function starts(situation: Situation, start: () => void = () => undefined): Promise<boolean> {
  const { awaited = PID, target = ONE, runs = false, journal = [], files = {}, held = 0 } = situation;
  const disk = installedDisk('linux', ONE);
  disk.place(targetPath('linux'), target.bytes);
  for (const [name, text] of Object.entries(files))
    disk.place(`${INSTALL_DIR}/.dgmo-updater/${name}`, new TextEncoder().encode(text), 0o600);
  const processes = runs ? [{ pid: PID, file: targetPath('linux') }] : [];
  const host = simulatedHost({ disk, versionOf, processes });
  let tries = 0;
  const { acquire } = host.locks;
  host.locks.acquire = (path) => (tries++ < held ? null : acquire(path));
  const interrupted = () => situation.interrupted === true;
  const session = openSession(host, { installDir: INSTALL_DIR, app: 'dgmo', interrupted });
  for (const entry of journal) appendEntry(disk, session.layout, entry);
  let started = false;
  await restartAfter(session, awaited, situation.failure, async () => {
    started = true;
    start();
  });
  return started;
}

const begin = (folders = false): Entry => ({
  type: 'begin',
  id: 'a1',
  at: 1,
  kind: 'update',
  from: binaryOf(ONE),
  to: binaryOf(TWO),
  receipt: receiptOf(TWO, ONE),
  ...(folders ? { folders: { home: '/home/.dgmo', before: '20261125-184210-3f9a', changes: ['data'] } } : {}),
});
const NOTE = JSON.stringify({ awaits: PID });

const cases: [what: string, situation: Situation, started: boolean][] = [
  ['a success', { awaited: null }, true],
  ['a success, whatever is in the way', { runs: true, target: TWO, journal: [begin()] }, true],
  ['the version before is back', { failure: REVERTED, awaited: null }, true],
  ['a failure, and nobody has exited for it', { failure: DAMAGED, awaited: null }, false],
  ['a failure, and DGMO has exited for it', { failure: DAMAGED }, true],
  ['a failure, and DGMO has not exited', { failure: DAMAGED, runs: true }, false],
  [
    'a failure, and a Ctrl-C while it waits for the exit',
    { failure: DAMAGED, runs: true, interrupted: true },
    false,
  ],
  ['a Ctrl-C', { failure: new InterruptedError('interrupted') }, false],
  ['no version runs, and the old one is there', { failure: UNRECOVERABLE, runs: true }, true],
  ['no version runs, and another than the old one is there', { failure: UNRECOVERABLE, target: TWO }, false],
  ['another updater was at work, and is done', { failure: LOCKED, held: 3 }, true],
  ['another updater that does not end', { failure: LOCKED, held: 1e9 }, false],
  ['another updater that starts DGMO', { failure: LOCKED, held: 1e9, files: { holder: NOTE } }, false],
  ['another updater that has started DGMO', { failure: LOCKED, files: { 'last-holder': NOTE } }, false],
  ['another updater waits for another one', { failure: LOCKED, files: { holder: '{"awaits":8}' } }, true],
  [
    'an open transaction, and the old version is there',
    { failure: DAMAGED, journal: [begin(), { type: 'swap' }] },
    true,
  ],
  [
    'an open transaction, and the version that failed is there',
    { failure: DAMAGED, target: TWO, journal: [begin(), { type: 'swap' }] },
    false,
  ],
  [
    'the new version was found to work, and is not the one of the receipt yet',
    {
      failure: DAMAGED,
      target: TWO,
      journal: [begin(), { type: 'swap' }, { type: 'verdict', verdict: 'commit', reason: '' }],
    },
    true,
  ],
  [
    'folders that may be half changed',
    { failure: DAMAGED, journal: [begin(true), { type: 'folders', state: 'touched' }] },
    false,
  ],
  [
    'folders into which only the version that failed has written',
    { failure: DAMAGED, journal: [begin(true), { type: 'trial', unused: true }] },
    false,
  ],
  [
    'folders into which the user may have written since',
    { failure: DAMAGED, journal: [begin(true), { type: 'trial', unused: false }] },
    true,
  ],
  [
    'folders that are half changed by the transaction before',
    { failure: DAMAGED, journal: [begin(true), { type: 'folders', state: 'touched' }, begin()] },
    false,
  ],
  [
    'a journal that a newer updater has written',
    { failure: DAMAGED, journal: [], files: { journal: newerJournal() } },
    true,
  ],
];

/** One line with a right checksum, which this updater does not know. */
function newerJournal(): string {
  const json = '{"type":"later"}';
  const checksum = new Bun.CryptoHasher('sha256').update(json).digest('hex').slice(0, 16);
  return `${checksum} ${json}\n`;
}

describe('DGMO is started again', () => {
  for (const [what, situation, started] of cases) {
    test(`${what}: ${started ? 'yes' : 'no'}`, async () => {
      expect(await starts(situation)).toBe(started);
    });
  }
});

test('that it can not be started is an error after a success, and no second one after a failure', async () => {
  const fail = () => {
    throw new Error('no room for a process');
  };
  await expect(starts({}, fail)).rejects.toThrow('no room for a process');
  expect(await starts({ failure: DAMAGED }, fail)).toBe(true);
});
