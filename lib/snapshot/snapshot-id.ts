/**
 * Ids of snapshots, such as 20261125-184210-3f9a: the time in UTC, so that people can read them, and at least four hex
 * digits. The ids of a store sort in the order in which they were made, even within one second and when the clock was set
 * back.
 */

const FORM = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-([0-9a-f]{4,16})$/;
/** One more than the greatest suffix. */
const SUFFIXES = 0x10000;

export function isSnapshotId(value: string): boolean {
  return timeOfId(value) !== null;
}

/** The whole second that the id names, in milliseconds since the epoch; null if it is not an id. */
export function timeOfId(id: string): number | null {
  const [, year, month, day, hour, minute, second] = FORM.exec(id) ?? [];
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? null : time;
}

/**
 * An id that sorts after all of `existing`.
 *
 * @param timestamp milliseconds since the epoch
 * @param random two bytes, so that the id of a removed snapshot is not used again
 */
export function nextSnapshotId(
  timestamp: number,
  existing: readonly string[],
  [first = 0, second = 0]: Uint8Array,
): string {
  const newest = existing.filter(isSnapshotId).reduce((a, b) => (a > b ? a : b), '');
  const newestTime = timeOfId(newest);
  // In the lower half, which leaves room for more ids in this second.
  const fresh = ((first & 0x7f) << 8) | second;
  if (newestTime === null || newestTime < secondOf(timestamp)) return idOf(timestamp, fresh);
  const next = Number.parseInt(newest.slice(PREFIX, PREFIX + 4), 16) + 1 + first;
  return next < SUFFIXES ? idOf(newestTime, next) : idOf(newestTime + 1000, fresh);
}

const PREFIX = 'YYYYMMDD-HHMMSS-'.length;

function secondOf(timestamp: number): number {
  return Math.floor(timestamp / 1000) * 1000;
}

function idOf(timestamp: number, suffix: number): string {
  const time = new Date(timestamp).toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${time}-${suffix.toString(16).padStart(4, '0')}`;
}
