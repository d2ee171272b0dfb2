/** Snapshots by their ids, which bear the time in UTC so that they sort: with the time of the user's clock. */
import { timeOfId } from '../../api/index.ts';
import { type LocalOffset, localTime } from '../../api/words.ts';

/** `20261125-174210-3f9a (2026-11-25 18:42)`. */
export function snapshotName(id: string, localOffset: LocalOffset): string {
  const time = snapshotTime(id, localOffset);
  return time === '' ? id : `${id} (${time})`;
}

/** `2026-11-25 18:42`; empty if the id names no time. */
export function snapshotTime(id: string, localOffset: LocalOffset): string {
  const time = timeOfId(id);
  return time === null ? '' : localTime(time, localOffset);
}
