/** Bytes and times for people. */
import { type LocalOffset, localTime, timeOfId } from '../../api/words.ts';

const UNITS = ['bytes', 'KB', 'MB', 'GB'] as const;

/** In decimal units, as usual for downloads: `45.6 MB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `8 s`, `2 min`, `3 h`. */
export function timeText(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds < 100) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** How long something took: `40 ms`, `1.2 s`. */
export function durationText(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** How long ago, for a list: `8 s`, `2 min`, `3 h`, `12 d`. */
export function ageText(milliseconds: number): string {
  const hours = milliseconds / 3_600_000;
  return hours < 48 ? timeText(milliseconds) : `${Math.round(hours / 24)} d`;
}

/** `1 file`, `2 files`. */
export function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** An id of a snapshot, which bears the time in UTC, with that of the user's clock: `20261125-174210-3f9a (2026-11-25 18:42)`. */
export function snapshotName(id: string, localOffset: LocalOffset): string {
  const time = snapshotTime(id, localOffset);
  return time === '' ? id : `${id} (${time})`;
}

/** `2026-11-25 18:42`; empty if it is no id. */
export function snapshotTime(id: string, localOffset: LocalOffset): string {
  const time = timeOfId(id);
  return time === null ? '' : localTime(time, localOffset);
}
