/** Times as the clock shows them where the user is. */

/** Milliseconds east of UTC at a time in milliseconds since the epoch. */
export type LocalOffset = (milliseconds: number) => number;

/** `2026-11-26 18:42`, of a time in milliseconds since the epoch. */
export function localTime(milliseconds: number, localOffset: LocalOffset): string {
  const text = new Date(milliseconds + localOffset(milliseconds)).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

/** `2026-11-26 18:42 +01:00`: for what is read elsewhere as well, such as a bug report. */
export function localTimeWithOffset(milliseconds: number, localOffset: LocalOffset): string {
  const minutes = Math.round(localOffset(milliseconds) / 60_000);
  const two = (number: number) => String(number).padStart(2, '0');
  const east = Math.abs(minutes);
  return `${localTime(milliseconds, localOffset)} ${minutes < 0 ? '-' : '+'}${two(Math.floor(east / 60))}:${two(east % 60)}`;
}
