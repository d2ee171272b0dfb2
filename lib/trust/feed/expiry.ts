/** Freeze attacks (spec 5.3.10, 5.4.4, 5.5.6, 5.6.5): metadata counts until its expiry, by the clock at the start. */
import { TrustError } from '../../errors.ts';

/** `now`: milliseconds since the epoch. */
export function checkExpiry(file: string, expires: string, now: number): void {
  if (now < Date.parse(expires)) return;
  throw new TrustError(
    `not trusted: ${file} expired at ${expires}, and the clock of this machine says ${clockTime(now)}`,
    { advice: 'Set the clock if it is wrong; otherwise wait until the publisher has renewed the feed.' },
  );
}

function clockTime(now: number): string {
  const date = new Date(now);
  return Number.isNaN(date.getTime()) ? String(now) : `${date.toISOString().slice(0, 19)}Z`;
}
