/** Watching one start of a version that has not confirmed its health. */
import { lockWithPatience } from '../../platform/lock-with-patience.ts';
import type { Session } from '../session.ts';
import { unconfirmed } from './record.ts';

/**
 * `confirmed`: it has, or something else is installed by now. `ended`: the process ended before. `silent`: it runs, and has not
 * confirmed in time. `interrupted`: the user does not want to wait.
 */
export type Watched = 'confirmed' | 'ended' | 'silent' | 'interrupted';

const PAUSE = 50;
/** Milliseconds: another updater may be waiting for DGMO to exit. */
const LONGEST_CHANGE = 600_000;

/** @param sha256 of the executable that was started */
export async function watchStart(session: Session, pid: number, sha256: string): Promise<Watched> {
  const { clock, processes, disk } = session.host;
  let looked: string | undefined;
  let waiting = unconfirmed(session);
  let left = waiting?.confirmation.within ?? 0;
  for (let last = clock.monotonic(); ; ) {
    // Before the receipt: it may confirm, and end, between the two.
    const isAlive = processes.isAlive(pid);
    const now = disk.status(session.layout.receipt)?.fingerprint;
    if (now !== looked) waiting = unconfirmed(session);
    looked = now;
    if (waiting === null || waiting.binary.sha256 !== sha256) return 'confirmed';
    if (!isAlive) {
      if (!(await othersAreDone(session))) return 'interrupted';
      return unconfirmed(session)?.binary.sha256 === sha256 ? 'ended' : 'confirmed';
    }
    if (left <= 0) return 'silent';
    if (session.interrupted()) return 'interrupted';
    await clock.sleep(Math.min(PAUSE, left));
    const passed = clock.monotonic() - last;
    last += passed;
    // A process that the user has suspended can't confirm.
    if (!processes.isSuspended(pid)) left -= passed;
  }
}

/** Whoever goes back to another version ends the process first: what is installed then decides. False if that takes too long. */
async function othersAreDone(session: Session): Promise<boolean> {
  const { host, layout } = session;
  const lock = await lockWithPatience(host, layout.lock, {
    limit: LONGEST_CHANGE,
    pause: PAUSE,
    isPointless: (hasLock) => !hasLock && session.interrupted(),
  });
  lock?.release();
  return lock !== null;
}
