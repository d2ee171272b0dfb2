/**
 * What checks have found, `<home>/checks.json`: how the last one ended, and when each release was first seen on this machine,
 * which is what `minimumAge` counts from. A publisher whose keys were stolen can date a release back; this record they
 * cannot change.
 */
import { DamagedError, errorCode, UpdaterError } from '../errors.ts';
import { array, type Decoded, integer, line, nullable, object, oneOf } from '../format/decoder.ts';
import type { Host } from '../platform/host.ts';
import { version } from '../version/semver.ts';
import { type HomeFile, homeFile } from './home-file.ts';

const MAX_SEEN = 500;
const MAX_MESSAGE = 1000;

const time = integer(0, 253_402_300_799_999, 'milliseconds since 1970');

const shape = object({
  schema: oneOf(1),
  last: nullable(
    object({
      at: time,
      /** `nothing`: nothing newer is offered. */
      ended: oneOf('offered', 'nothing', 'failed'),
      /** The version that was offered. */
      version: nullable(version),
      /** Why it failed. */
      message: nullable(line(MAX_MESSAGE)),
    }),
  ),
  /** The newest last. */
  seen: array(object({ version, at: time }), 0, MAX_SEEN),
});

export type Checks = Decoded<typeof shape>;
export type LastCheck = NonNullable<Checks['last']>;

export const checksFile: HomeFile<Checks> = homeFile({ name: 'checks.json', what: 'checks' }, shape, {
  schema: 1,
  last: null,
  seen: [],
});

/**
 * When each release was first seen, in milliseconds since the epoch, and not later than now: a clock that was ahead at the time
 * must not hold a release back until that day. A damaged record is as good as none.
 */
export function firstSeen(host: Host, home: string): Map<string, number> {
  const now = host.clock.now();
  try {
    return new Map(checksFile.load(host, home).seen.map(({ version, at }) => [version, Math.min(at, now)]));
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    return new Map();
  }
}

/**
 * Saves how a check ended, and the releases that it has seen for the first time. If it can't be saved the check is good
 * nevertheless: the next one saves it.
 */
export async function noteCheck(
  host: Host,
  home: string,
  last: Omit<LastCheck, 'at'>,
  releases: readonly string[],
): Promise<void> {
  const at = host.clock.now();
  const save = () =>
    checksFile.change(host, home, (saved) => {
      const seen = saved.seen.map((each) => ({ ...each, at: Math.min(each.at, at) }));
      const known = new Set(seen.map(({ version }) => version));
      const fresh = releases.filter((version) => !known.has(version)).map((version) => ({ version, at }));
      const message = last.message === null ? null : asLine(last.message);
      return { schema: 1, last: { at, ...last, message }, seen: [...seen, ...fresh].slice(-MAX_SEEN) };
    });
  try {
    await save().catch(async (error: unknown) => {
      if (!(error instanceof DamagedError)) throw error;
      // Nobody has written it by hand: it begins anew.
      host.disk.remove(checksFile.path(host, home));
      await save();
    });
  } catch (error) {
    if (!(error instanceof UpdaterError) && errorCode(error) === undefined) throw error;
  }
}

/** A message may have line breaks, and shortening it may cut a character in half. */
export function asLine(text: string, limit: number = MAX_MESSAGE): string {
  const line = text
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, limit)
    .toWellFormed();
  return line === '' ? 'no reason was given' : line;
}
