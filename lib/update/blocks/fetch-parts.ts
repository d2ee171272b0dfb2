/**
 * Fetches parts of a published file by range, each with a digest of its own.
 *
 * - Nothing is handed out that has not its digest, and no more memory is taken than one part needs.
 * - Parts that are near each other come with one request. What has come is not asked for again when a connection breaks.
 * - From a server that ignores ranges the file is read up to the last part, and what is between them is dropped.
 */
import { DamagedError, type UpdaterError } from '../../errors.ts';
import type { Clock, Random } from '../../platform/host.ts';
import { refuseStatus } from '../../platform/network/failures.ts';
import {
  hostOf,
  type Network,
  NetworkFailure,
  type NetworkResponse,
} from '../../platform/network/network.ts';
import { refuseWebPage } from '../../platform/network/web-page.ts';
import { backoff, pause, randomFraction, throwIfInterrupted } from '../download/backoff.ts';
import { outOfTime, rangeFault, refuseEncoded, refuseLength, tooSlow } from '../download/fetch-once.ts';
import { DEFAULT_LIMITS, type DownloadLimits } from '../download/limits.ts';
import { Mirrors } from '../download/mirrors.ts';
import { SpeedLimit } from '../download/speed.ts';
import { PartCollector } from './part-collector.ts';
import { type Part, planRanges } from './ranges.ts';

/** Where a published file is, and how it is fetched. */
export interface PartSource {
  network: Network;
  clock: Clock;
  random: Random;
  /** Addresses of the file, tried in turn. */
  urls: readonly string[];
  /** Bytes of the whole file. */
  length: number;
  limits?: Partial<DownloadLimits> | undefined;
  /** Called with the bytes that have come so far with these requests. */
  onBytes?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What it took, headers not counted. */
export interface Transfer {
  requests: number;
  bytes: number;
}

interface Work<P extends Part> extends PartSource {
  limits: DownloadLimits;
  collector: PartCollector<P>;
  deadline: number;
  transfer: Transfer;
}

/**
 * Hands each part to `onPart`, in the order of their offsets as far as the network allows.
 *
 * @param parts of the file, which do not overlap
 * @throws NetworkError 13, DamagedError 11 (no server has the signed bytes), InterruptedError 130 or the reason of the signal,
 *   and what `onPart` throws
 */
export async function fetchParts<P extends Part>(
  source: PartSource,
  parts: readonly P[],
  onPart: (part: P, bytes: Uint8Array) => void | Promise<void>,
): Promise<Transfer> {
  const limits = { ...DEFAULT_LIMITS, ...source.limits };
  const collector = new PartCollector(parts, onPart);
  const deadline = source.clock.monotonic() + limits.totalTime;
  const work: Work<P> = { ...source, limits, collector, deadline, transfer: { requests: 0, bytes: 0 } };
  const mirrors = new Mirrors(source.urls);
  let last: UpdaterError | null = null;
  while (collector.missing.length > 0) {
    const url = mirrors.current;
    if (url === null) throw last ?? new NetworkFailure('missing', 'there is no address to download from');
    const before = collector.missing.length;
    try {
      throwIfInterrupted(source.signal);
      await fetchRange(work, url);
    } catch (error) {
      throwIfInterrupted(source.signal);
      if (!(error instanceof NetworkFailure || error instanceof DamagedError)) throw error;
      last = error;
      if (collector.missing.length < before) mirrors.progressed();
      if (!(error instanceof NetworkFailure && error.passing)) {
        mirrors.giveUp();
        continue;
      }
      mirrors.failed();
      if (mirrors.failures >= limits.attempts) throw error;
      const wait = backoff(mirrors.failures, randomFraction(source.random), limits);
      if (source.clock.monotonic() + wait > deadline) throw outOfTime(new URL(url).host, limits.totalTime);
      await pause(source.clock, wait, source.signal);
    }
  }
  return work.transfer;
}

/** One request, for the first of the ranges that are still missing. */
async function fetchRange<P extends Part>(work: Work<P>, url: string): Promise<void> {
  const { network, limits, signal, collector, transfer } = work;
  const [range] = planRanges(collector.missing);
  if (range === undefined) return;
  const response = await network.request({
    url,
    headers: { range: `bytes=${range.first}-${range.last}` },
    idleTimeout: limits.idleTimeout,
    ...(signal === undefined ? {} : { signal }),
  });
  transfer.requests++;
  try {
    if (response.status !== 200 && response.status !== 206) refuseStatus(response);
    refuseWebPage(response);
    refuseEncoded(response);
    if (response.status === 206) {
      const fault = rangeFault(response.headers['content-range'], range.first, work.length);
      if (fault !== null) throw new NetworkFailure('protocol', `${hostOf(response)} answered with ${fault}`);
      collector.begin(range.first);
      await receive(work, response, range.last + 1);
    } else {
      refuseLength(response, work.length);
      collector.begin(0);
      await receive(work, response, work.length);
    }
  } finally {
    response.close();
  }
}

/** Reads the answer until it can bring no further part before the byte at `end`. */
async function receive<P extends Part>(
  { clock, collector, deadline, limits, onBytes, signal, transfer }: Work<P>,
  response: NetworkResponse,
  end: number,
): Promise<void> {
  const speed = new SpeedLimit(limits, clock.monotonic());
  for await (const chunk of response.body) {
    transfer.bytes += chunk.length;
    onBytes?.(transfer.bytes);
    await collector.take(chunk);
    throwIfInterrupted(signal);
    if (collector.isDoneBefore(end)) return;
    const now = clock.monotonic();
    if (now > deadline) throw outOfTime(hostOf(response), limits.totalTime);
    if (!speed.allows(chunk.length, now)) throw tooSlow(hostOf(response), limits);
  }
  throw new NetworkFailure('lost', `${hostOf(response)} ended the answer before the part that was asked for`);
}
