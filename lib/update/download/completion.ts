/** Requests to all addresses, until the partial file is whole and has the signed digest, or no address is left. */
import { DamagedError, type UpdaterError } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import { digestFile, foundText } from '../../platform/files.ts';
import type { Random } from '../../platform/host.ts';
import { NetworkFailure } from '../../platform/network/network.ts';
import { backoff, pause, randomFraction, throwIfInterrupted } from './backoff.ts';
import { type FetchOptions, fetchOnce, outOfTime } from './fetch-once.ts';
import { Mirrors } from './mirrors.ts';

export interface Completion extends Omit<FetchOptions, 'url'> {
  disk: Disk;
  random: Random;
  urls: readonly string[];
  sha256: string;
  /** Of the partial file. */
  path: string;
}

/** In milliseconds. If the server asks for a longer pause, the download fails and says so; what has come is kept. */
const LONGEST_WAIT = 10 * 60_000;

/** What to do after a failure: ask the same address again at once, ask after a pause, or never ask it again. */
type Verdict = 'at once' | 'later' | 'never';

/** Returns when the partial file is whole, flushed and checked. Throws NetworkFailure, DamagedError, and what the disk throws. */
export async function completePartial(options: Completion): Promise<void> {
  const { partial, meter, limits, clock, signal } = options;
  const mirrors = new Mirrors(options.urls);
  let last: UpdaterError | null = null;
  let restarts = 0;
  for (;;) {
    const url = mirrors.current;
    if (url === null) throw last ?? new NetworkFailure('missing', 'there is no address to download from');
    throwIfInterrupted(signal);
    if (clock.monotonic() > options.deadline) throw outOfTime(new URL(url).host, limits.totalTime);
    const begun = partial.received;
    try {
      await fetchOnce({ ...options, url });
      checkDigest(options, url, begun > 0);
      return;
    } catch (error) {
      throwIfInterrupted(signal);
      last = failureOf(error);
      if (partial.received - begun >= limits.progressBytes) mirrors.progressed();
      const verdict = judge(last, restarts);
      if (last instanceof DamagedError) partial.discard();
      if (verdict === 'at once') restarts++;
      if (verdict === 'never') mirrors.giveUp();
      if (verdict !== 'later') continue;
    }
    mirrors.failed();
    if (mirrors.failures >= limits.attempts) throw last;
    const asked = last instanceof NetworkFailure ? (last.retryAfter ?? 0) : 0;
    if (asked > LONGEST_WAIT) throw last;
    const wait = Math.max(asked, backoff(mirrors.failures, randomFraction(options.random), limits));
    if (clock.monotonic() + wait > options.deadline) throw outOfTime(new URL(url).host, limits.totalTime);
    meter.report('pausing', partial.received, 0, last.message);
    await pause(clock, wait, signal);
  }
}

/** Bytes of several responses may not belong together: then it starts over from the first byte, once. */
function judge(failure: UpdaterError, restarts: number): Verdict {
  const mixed =
    failure instanceof MixedResponses || (failure instanceof NetworkFailure && failure.reason === 'changed');
  if (mixed) return restarts === 0 ? 'at once' : 'never';
  if (failure instanceof NetworkFailure && failure.passing) return 'later';
  return 'never';
}

/** A failure of the network or the server. Anything else is thrown again. */
function failureOf(error: unknown): UpdaterError {
  if (error instanceof NetworkFailure || error instanceof DamagedError) return error;
  throw error;
}

/** The digest is wrong, of a file whose bytes came in several responses. */
class MixedResponses extends DamagedError {}

/** Reads the file back from the disk. Throws DamagedError if it is not the signed one. */
function checkDigest(
  { disk, path, partial, meter, sha256 }: Completion,
  url: string,
  resumed: boolean,
): void {
  meter.report('checking', partial.received);
  partial.flush();
  const digest = digestFile(disk, path, partial.length);
  if (digest?.sha256 === sha256) return;
  const message = `the file from ${new URL(url).host} has ${foundText(digest)}, wanted the signed ${sha256}`;
  const options = { advice: 'Try again later; if it happens again, tell whoever runs the feed.' };
  throw resumed ? new MixedResponses(message, options) : new DamagedError(message, options);
}
