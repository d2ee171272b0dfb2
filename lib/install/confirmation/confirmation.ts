/**
 * The confirmation that an installed version still owes. A release may say that its version confirms its own health after it
 * was started. Until it has, the receipt says so, with every start that was seen, so that whoever comes next (DGMO itself, the
 * updater, the watcher of a start) knows how often it has failed. Pure.
 */
import { array, type Decoded, integer, nullable, object, stringOf, time } from '../../format/decoder.ts';
import { isSnapshotId } from '../../snapshot/index.ts';

/** More than are ever counted. */
const MOST_STARTS = 16;

export const confirmation = object({
  /** How long a start may take to confirm, in milliseconds. */
  within: integer(1, 3_600_000, 'milliseconds'),
  /** The snapshot that was taken before the update; null if there is none. */
  snapshot: nullable(stringOf('the id of a snapshot', isSnapshotId)),
  /** The starts that were not confirmed, the oldest first. */
  starts: array(object({ at: time, pid: integer(0, 0xffff_ffff) }), 0, MOST_STARTS),
});

export type Confirmation = Decoded<typeof confirmation>;
export type Start = Confirmation['starts'][number];

/** This many failed starts within this time (milliseconds) are a crash loop. */
export const FAILED_STARTS = 3;
export const CRASH_WINDOW = 600_000;

/**
 * The starts that have failed: the process has ended, or has had its time. One that has just begun counts for nothing yet:
 * three windows may be opened at once.
 *
 * @param now milliseconds since the epoch. A clock that was set back makes no start fail.
 */
export function failedStarts(
  { within, starts }: Confirmation,
  now: number,
  isAlive: (pid: number) => boolean,
): Start[] {
  return starts.filter(
    ({ at, pid }) => Math.abs(now - at) <= CRASH_WINDOW + within && (now - at > within || !isAlive(pid)),
  );
}

/** With this start added, unless it is there: the updater and DGMO may both see the same one. */
export function withStart(found: Confirmation, start: Start): Confirmation {
  const others = found.starts.filter(({ pid, at }) => pid !== start.pid || start.at - at > found.within);
  const same = others.length < found.starts.length;
  return same ? found : { ...found, starts: [...others, start].slice(-MOST_STARTS) };
}
