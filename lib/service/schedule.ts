/**
 * When the background service looks for an update. A pure function of the last check and of what has happened since:
 *
 * - Every six hours, at times that depend on the install id, so that many installations spread evenly over the six hours.
 * - Soon after a start, after the machine wakes, and when a network comes, if the last check was not just before.
 * - At once if the user has changed a setting with which the last check may have found something else.
 * - After a failure that may pass, again after 15 minutes, 30, and so on up to six hours; not before the server wants it.
 * - Whatever the clock does: a clock that is set back delays no check by more than six hours, and one that jumps to and fro
 *   brings no more checks than one that does not.
 *
 * All times are milliseconds since the epoch.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const INTERVAL = 6 * HOUR;
/** A check that went well is enough for this long: a start, a wake or a network brings no other. */
const ENOUGH = HOUR;
/** The same for a check that failed. A new network may be the cure. */
const ENOUGH_FAILED = { start: 15 * MINUTE, wake: 15 * MINUTE, reconnect: 5 * MINUTE };
/** Those that are started, woken or connected at the same moment are spread over this time. */
const SPREAD = 5 * MINUTE;
const FIRST_RETRY = 15 * MINUTE;
/** A server can't hold checks off for longer. */
const LONGEST_HOLD = 24 * HOUR;
/** How much longer than asked for a sleep must take to count as a sleep of the machine, or a jump of the clock. */
const CLOCK_GAP = 2 * MINUTE;

/** The last check of the service. */
export interface LastCheck {
  /** When it ended. */
  at: number;
  /** How many in a row have failed for a reason that may pass; 0 if it did not. */
  failures: number;
  /** The server does not want to be asked before; null if it said nothing. */
  notBefore: number | null;
}

/** What makes a check due earlier. */
export interface Occasion {
  kind: 'start' | 'wake' | 'reconnect' | 'change';
  at: number;
}

/** How a check ended, as far as the schedule cares. */
export type CheckEnd =
  | { ended: 'well' }
  /** `passing`: the same may go well later. `retryAfter`: milliseconds that the server asks for; null: none. */
  | { ended: 'failed'; passing: boolean; retryAfter: number | null };

/** What spreads installations: fractions from 0 up to, but not including, 1, evenly over all ids. */
export interface Lot {
  time: number;
  spread: number;
  retry: number;
}

export function lotOf(installId: string): Lot {
  const digest = new Bun.CryptoHasher('sha256').update(`check ${installId}`).digest();
  const [time = 0, spread = 0, retry = 0] = [0, 4, 8].map((at) => digest.readUInt32BE(at) / 2 ** 32);
  return { time, spread, retry };
}

/**
 * When the next check is due. It may be in the past.
 *
 * @param last null: there was none
 * @param occasion null: nothing has happened since the last check
 */
export function nextCheck(last: LastCheck | null, occasion: Occasion | null, lot: Lot): number {
  if (last === null) return occasion?.at ?? 0;
  const regular =
    last.failures > 0 ? last.at + retryPause(last.failures, lot) : ownTimeAfter(last.at + INTERVAL / 2, lot);
  const due = occasion === null ? regular : dueAfter(last, occasion, regular, lot);
  return last.notBefore === null ? due : Math.max(due, last.notBefore + SPREAD * lot.spread);
}

function dueAfter(last: LastCheck, { kind, at }: Occasion, regular: number, { spread }: Lot): number {
  if (kind === 'change') return Math.min(regular, at);
  const enough = last.failures > 0 ? ENOUGH_FAILED[kind] : ENOUGH;
  if (at - last.at < enough) return regular;
  const soon = at + SPREAD * spread;
  // What was missed before is not made up for at once: others have missed it, too.
  return regular <= at ? soon : Math.min(regular, soon);
}

/** The first time of this installation at or after that one: they are six hours apart. */
function ownTimeAfter(after: number, { time }: Lot): number {
  const own = Math.floor(INTERVAL * time);
  return Math.ceil((after - own) / INTERVAL) * INTERVAL + own;
}

/** Those that fail together do not come again together. */
function retryPause(failures: number, { retry }: Lot): number {
  const full = Math.min(INTERVAL, FIRST_RETRY * 2 ** Math.min(failures - 1, 10));
  return full * (0.75 + 0.5 * retry);
}

/** The last check as it is remembered after one that ended now. */
export function afterCheck(last: LastCheck | null, end: CheckEnd, now: number): LastCheck {
  if (end.ended === 'well') return { at: now, failures: 0, notBefore: null };
  const { passing, retryAfter } = end;
  return {
    at: now,
    failures: passing ? (last?.failures ?? 0) + 1 : 0,
    notBefore: retryAfter === null ? null : now + Math.min(retryAfter, LONGEST_HOLD),
  };
}

/** The last check by a clock that may have been set back since: nothing of the past is in the future. */
export function byTheClock(last: LastCheck | null, now: number): LastCheck | null {
  if (last === null) return null;
  const { at, failures, notBefore } = last;
  return {
    at: Math.min(at, now),
    failures,
    notBefore: notBefore === null ? null : Math.min(notBefore, now + LONGEST_HOLD),
  };
}

/** The machine before and after a sleep of the service. */
export interface Moment {
  now: number;
  /** Names of the networks that the machine is on; empty: none. */
  networks: string;
}

/**
 * What has happened during a sleep; null if nothing.
 *
 * @param asked how long the service wanted to sleep, in milliseconds
 */
export function occasionOf(before: Moment, after: Moment, asked: number): Occasion | null {
  const { now: at, networks } = after;
  if (at - before.now > asked + CLOCK_GAP) return { kind: 'wake', at };
  if (networks !== '' && networks !== before.networks) return { kind: 'reconnect', at };
  return null;
}
