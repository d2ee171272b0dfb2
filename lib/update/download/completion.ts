/** Attempts, over all addresses, until the partial file is whole and has the signed digest, or there is no hope left. */
import { DamagedError, type UpdaterError } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import { digestFile } from '../../platform/files.ts';
import type { Random } from '../../platform/host.ts';
import { NetworkFailure } from '../../platform/network/network.ts';
import { backoff, chanceOf, pause, throwIfInterrupted } from './backoff.ts';
import { type Attempt, attempt, outOfTime } from './fetch-once.ts';
import { Mirrors } from './mirrors.ts';

export interface Completion extends Omit<Attempt, 'url'> {
  disk: Disk;
  random: Random;
  urls: readonly string[];
  sha256: string;
  /** Of the partial file. */
  path: string;
}

/** What is to be done about a failure: ask the same address at once, ask again after a pause, ask it never again. */
type Verdict = 'at once' | 'later' | 'never';

/** Leaves the partial whole, flushed and checked. Throws NetworkFailure, DamagedError, and what the disk throws. */
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
      await attempt({ ...options, url });
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
    const wait = backoff(mirrors.failures, chanceOf(options.random), limits);
    if (clock.monotonic() + wait > options.deadline) throw outOfTime(new URL(url).host, limits.totalTime);
    meter.report('pausing', partial.received, 0, last.message);
    await pause(clock, wait, signal);
  }
}

/** Bytes of several answers may not belong together: from the first byte again, once. */
function judge(failure: UpdaterError, restarts: number): Verdict {
  const mixed =
    failure instanceof Mixed || (failure instanceof NetworkFailure && failure.reason === 'changed');
  if (mixed) return restarts === 0 ? 'at once' : 'never';
  if (failure instanceof NetworkFailure && failure.passing) return 'later';
  return 'never';
}

/** What the network or the server is to blame for; everything else is thrown on. */
function failureOf(error: unknown): UpdaterError {
  if (error instanceof NetworkFailure || error instanceof DamagedError) return error;
  throw error;
}

/** Of a file that was put together from several answers. */
class Mixed extends DamagedError {}

/** Reads the file back from the disk. Throws DamagedError. */
function checkDigest(
  { disk, path, partial, meter, sha256 }: Completion,
  url: string,
  resumed: boolean,
): void {
  meter.report('checking', partial.received);
  partial.flush();
  const digest = digestFile(disk, path);
  if (digest?.sha256 === sha256 && digest.size === partial.length) return;
  const message = `the file from ${new URL(url).host} has the digest ${digest?.sha256}, ${sha256} is signed`;
  const options = { advice: 'Try again later; if it stays so, tell who runs the feed.' };
  throw resumed ? new Mixed(message, options) : new DamagedError(message, options);
}
