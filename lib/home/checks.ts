/**
 * What checks have found. `<home>/checks.json`: when each release was first seen on this machine, which is what `minimumAge` counts
 * from. A publisher whose keys were stolen can date a release back; this record they cannot change. `<home>/last-check.json`: how the
 * last one ended, which most checks change alone. It may be lost, so a check that finds nothing flushes nothing.
 */
import { DamagedError, errorCode, UpdaterError } from '../errors.ts';
import { array, type Decoded, line, nullable, object, oneOf, time } from '../format/decoder.ts';
import type { Host } from '../platform/host.ts';
import { version } from '../version/semver.ts';
import { type HomeFile, homeFile } from './home-file.ts';

const MAX_SEEN = 500;
const MAX_MESSAGE = 1000;

const check = object({
  at: time,
  /** `nothing`: nothing newer is offered. */
  ended: oneOf('offered', 'nothing', 'failed'),
  /** The version that was offered. */
  version: nullable(version),
  /** Why it failed. */
  message: nullable(line(MAX_MESSAGE)),
});

const shape = object({
  schema: oneOf(1),
  /** The one that changed this file last. For updaters that know no other record, and where that is lost. */
  last: nullable(check),
  /** The newest last. */
  seen: array(object({ version, at: time }), 0, MAX_SEEN),
});

export type Checks = Decoded<typeof shape>;
export type LastCheck = NonNullable<Checks['last']>;

const checksFile: HomeFile<Checks> = homeFile({ name: 'checks.json', what: 'checks' }, shape, {
  schema: 1,
  last: null,
  seen: [],
});

const lastFile = homeFile(
  { name: 'last-check.json', what: 'the last check', mayBeLost: true },
  object({ schema: oneOf(1), last: nullable(check) }),
  { schema: 1, last: null },
);

/** How the last check ended; null if there was none. Throws DamagedError or MachineError if that can't be read. */
export function lastCheckOf(host: Host, home: string): LastCheck | null {
  try {
    const { last } = lastFile.load(host, home);
    if (last !== null) return last;
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
  }
  return checksFile.load(host, home).last;
}

/**
 * When each release was first seen, in milliseconds since the epoch, and not later than now: a clock that was ahead at the time
 * must not hold a release back until that day. A damaged record is as good as none.
 */
export function firstSeen(host: Host, home: string): Map<string, number> {
  const now = host.clock.now();
  const seen = readable(host, home)?.seen ?? [];
  return new Map(seen.map(({ version, at }) => [version, Math.min(at, now)]));
}

/**
 * Saves how a check ended, and the releases that it has seen for the first time. If it can't be saved the check is good
 * nevertheless: the next one saves it.
 */
export async function noteCheck(
  host: Host,
  home: string,
  ending: Omit<LastCheck, 'at'>,
  releases: readonly string[],
): Promise<void> {
  const at = host.clock.now();
  const { message } = ending;
  const last = { at, ...ending, message: message === null ? null : asLine(message) };
  await ifPossible(() => noteSeen(host, home, last, releases));
  await ifPossible(() => written(lastFile, host, home, (value) => ({ ...value, last })));
}

async function ifPossible(save: () => Promise<void>): Promise<void> {
  try {
    await save();
  } catch (error) {
    if (!(error instanceof UpdaterError) && errorCode(error) === undefined) throw error;
  }
}

async function noteSeen(
  host: Host,
  home: string,
  last: LastCheck,
  releases: readonly string[],
): Promise<void> {
  const known = readable(host, home)?.seen;
  if (known !== undefined && Bun.deepEquals(withReleases(known, releases, last.at), known)) return;
  await written(checksFile, host, home, (value) => ({
    ...{ ...value, last },
    seen: withReleases(value.seen, releases, last.at),
  }));
}

function withReleases(saved: Checks['seen'], releases: readonly string[], at: number): Checks['seen'] {
  const seen = saved.map((each) => ({ ...each, at: Math.min(each.at, at) }));
  const known = new Set(seen.map(({ version }) => version));
  const fresh = releases.filter((version) => !known.has(version)).map((version) => ({ version, at }));
  return [...seen, ...fresh].slice(-MAX_SEEN);
}

/** Changes the file. Nobody has written it by hand: if it is damaged it begins anew. */
async function written<Value>(
  file: HomeFile<Value>,
  host: Host,
  home: string,
  change: (value: Value) => Value,
): Promise<void> {
  await file.change(host, home, change).catch(async (error: unknown) => {
    if (!(error instanceof DamagedError)) throw error;
    host.disk.remove(file.path(host, home));
    await file.change(host, home, change);
  });
}

/** Null if it can't be read. */
function readable(host: Host, home: string): Checks | null {
  try {
    return checksFile.load(host, home);
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    return null;
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
