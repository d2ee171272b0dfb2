/**
 * Replacing the updater by the one that comes with a release, by the transaction that replaces DGMO: staged and verified beside
 * it, swapped, tried, and taken back if it does not work. At every instant the path of the updater names one that is complete.
 */
import { decompressFull } from '../../delta/index.ts';
import { DamagedError } from '../../errors.ts';
import {
  chunksOf,
  createDirectories,
  foundText,
  openSource,
  removeIfThere,
  writeAll,
} from '../../platform/files.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { isNewer } from '../../version/index.ts';
import { requireNoStranger } from '../installed-binary.ts';
import { withLock } from '../lock.ts';
import { requireRoomToStage } from '../preflight/preflight.ts';
import { childEnvironment } from '../process/start.ts';
import { awaitExit } from '../process/wait.ts';
import { ABSENT, type Binary, type Receipt, receiptUnlessDamaged } from '../receipt.ts';
import { checkpoint, type Session } from '../session.ts';
import { abandon, begin, type Intention } from '../transaction/begin.ts';
import { type OpenTransaction, openTransaction, readJournal } from '../transaction/journal.ts';
import { sweep } from '../transaction/sweep.ts';
import { runTransaction, type TransactionResult } from '../transaction/transaction.ts';
import { printedVersion, recordedUpdater, recordOf, wasRejected } from './updater-record.ts';
import { updaterSession } from './updater-session.ts';

export interface UpdaterReplacement extends TransactionResult {
  from: Binary;
  to: Binary;
}

/**
 * Whether the updater that comes with a release is to be installed: `current` if this installation has that one. Not if it was
 * tried here and did not work, nor if there has never been an updater beside the executable.
 */
export function updaterState(session: Session, sha256: string): 'current' | 'wanted' | 'unwanted' {
  const own = updaterSession(session);
  if (own === null) return 'unwanted';
  const found = own.digests.of(own.layout.target);
  if (found?.sha256 === sha256) return 'current';
  if (found === null && recordedUpdater(session) === null) return 'unwanted';
  return wasRejected(session, sha256) ? 'unwanted' : 'wanted';
}

/**
 * Replaces the updater, unless the installed one is newer. The caller holds the lock.
 *
 * @param to as the signed manifest says
 * @param framed path of the new updater as independent frames
 * @returns how it ended; null if there was nothing to do
 * @throws DamagedError if the file is not that updater, MachineError. Then the old one is in place.
 */
export async function replaceUpdater(
  session: Session,
  to: Binary,
  framed: string,
): Promise<UpdaterReplacement | null> {
  const own = updaterSession(session);
  const receipt = receiptUnlessDamaged(session.host.disk, session.layout);
  if (own === null || receipt === null || updaterState(session, to.sha256) !== 'wanted') return null;
  const there = own.digests.of(own.layout.target);
  requireNoStranger(own, own.layout.target);
  const installed = await printedVersion(own);
  if (installed !== null && isNewer(installed, to.version)) return null;
  const from = { version: installed ?? '0.0.0', ...(there ?? { sha256: ABSENT, size: 0 }) };
  const before = recordOf(receipt, from);
  const after = { ...recordOf(receipt, to), previous: from.sha256 === ABSENT ? null : from };
  const replacement = { from, to, receipt: { before, after } };
  return carryOut(session, own, replacement, { framed });
}

/** Where the bytes of an updater are: as independent frames, or as they are. */
export type UpdaterSource = { framed: string } | { file: string };

/**
 * Puts back an updater that is damaged or missing, by the same transaction. The caller holds the lock.
 *
 * @param to the updater that the source must have
 * @returns how it ended; null if it takes its place when this process ends, which Windows does not let be replaced
 * @throws DamagedError if the source is not that updater, MachineError. Then nothing has changed.
 */
export async function putBackUpdater(
  session: Session,
  installed: Receipt,
  to: Binary,
  source: UpdaterSource,
): Promise<UpdaterReplacement | null> {
  const own = updaterSession(session);
  if (own === null) return null;
  const there = own.digests.of(own.layout.target);
  requireNoStranger(own, own.layout.target);
  const recorded = recordedUpdater(session);
  const version = recorded?.binary.version ?? '0.0.0';
  const from = { version, ...(there ?? { sha256: ABSENT, size: 0 }) };
  const before = recorded ?? recordOf(installed, from);
  // What is damaged is nothing to go back to.
  const previous = before.previous?.sha256 === to.sha256 ? null : before.previous;
  const after = { ...before, binary: to, previous };
  return carryOut(session, own, { from, to, receipt: { before, after } }, source);
}

type Replacement = Pick<Intention, 'from' | 'to' | 'receipt'>;

async function carryOut(
  session: Session,
  own: Session,
  replacement: Replacement,
  source: UpdaterSource,
): Promise<UpdaterReplacement | null> {
  const { from, to, receipt } = replacement;
  requireRoomToStage(own, `the updater ${to.version}`, to.size);
  createDirectories(own.host.disk, own.layout.workDir, pathsOf(own.host.platform).dirname, 0o755);
  const open = begin(own, { ...replacement, kind: 'update', folders: null });
  try {
    await stage(own, open, source);
  } catch (error) {
    abandon(own, open, receipt.before);
    throw error;
  }
  if (isRunning(own)) {
    await finishLater(own, session.app, open);
    return null;
  }
  const ended = await runTransaction(own, open, { resumed: false });
  if (ended.outcome === 'committed')
    session.emit({ event: 'updater replaced', from: from.version, to: to.version });
  return { ...ended, from, to };
}

/** Seconds. */
const EXIT_LIMIT = '3600';

/** Windows can't replace a running executable, and this process may run it. */
function isRunning({ host, layout }: Session): boolean {
  if (host.platform !== 'win32') return false;
  const executable = host.processes.executable(host.processes.pid);
  return executable?.toLowerCase() === layout.target.toLowerCase();
}

/** The new updater, verified, takes its place by itself when this process has ended. Until then the transaction is open. */
async function finishLater(own: Session, app: string, { id }: OpenTransaction): Promise<void> {
  const { host, layout } = own;
  const args = [
    'finish-updater',
    String(host.processes.pid),
    '--install-dir',
    layout.installDir,
    '--app',
    app,
  ];
  // It may stay as long as the DGMO that it starts.
  args.push('--exit-limit', EXIT_LIMIT);
  await host.processes.start(layout.staged(id), args, {
    environment: childEnvironment(host.environment),
    workingDirectory: layout.installDir,
    outputToError: true,
    background: true,
  });
}

/**
 * Carries out the replacement that `replaceUpdater` has left open, once the old updater has ended. Called in the new one. Null
 * if another run has abandoned it.
 *
 * @param pid of the old updater
 * @throws BusyError if that does not end, or another updater is at work; MachineError
 */
export async function finishReplacement(session: Session, pid: number): Promise<TransactionResult | null> {
  const own = updaterSession(session);
  if (own === null) return null;
  await awaitExit(own, pid);
  return withLock(own.host, own.layout, async () => {
    const open = openTransaction(readJournal(own.host.disk, own.layout).entries);
    return open === null ? null : runTransaction(own, open, { resumed: false });
  });
}

/** Finishes or reverts an interrupted replacement. Returns null if there is none. The caller holds the lock. */
export async function recoverUpdater(session: Session): Promise<TransactionResult | null> {
  const own = updaterSession(session);
  if (own === null) return null;
  const open = openTransaction(readJournal(own.host.disk, own.layout).entries);
  return open === null ? null : runTransaction(own, open, { resumed: true });
}

/** The updater before this one is kept until this one has carried out an update: then it is known to work. */
export function forgetOldUpdater(session: Session): void {
  const own = updaterSession(session);
  if (own === null || own.host.disk.status(own.layout.workDir) === null) return;
  const receipt = receiptUnlessDamaged(own.host.disk, own.layout);
  if (receipt !== null) sweep(own, { ...receipt, previous: null });
}

/** Writes the new updater into the work dir, flushes it, and reads it back. */
async function stage(own: Session, { id, to }: OpenTransaction, from: UpdaterSource): Promise<void> {
  const { disk } = own.host;
  const { target, workDir } = own.layout;
  const path = own.layout.staged(id);
  removeIfThere(disk, path);
  const source = openSource(disk, 'framed' in from ? from.framed : from.file);
  const handle = disk.open(path, 'create', 0o700);
  try {
    let done = 0;
    const write = (chunk: Uint8Array) => {
      writeAll(disk, handle, chunk, done);
      done += chunk.length;
    };
    const pause = () => checkpoint(own);
    if ('framed' in from)
      await decompressFull({ form: 'frames', source, size: to.size, write, checkpoint: pause });
    else
      for (const piece of chunksOf(source)) {
        write(piece);
        await pause();
      }
    if (disk.status(target) === null) disk.setMode(path, 0o755);
    else disk.imitate(path, target);
    disk.flush(handle);
  } finally {
    disk.close(handle);
    source.close();
  }
  const found = await own.digests.readBack(path, to);
  if (found?.sha256 !== to.sha256 || found.size !== to.size) {
    throw new DamagedError(
      `the updater ${to.version} of the release: wanted SHA-256 ${to.sha256}, found ${foundText(found)}`,
    );
  }
  disk.flushDirectory(workDir);
}
