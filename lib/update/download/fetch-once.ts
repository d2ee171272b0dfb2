/** One request. Its body is appended to the partial file. */
import { DamagedError } from '../../errors.ts';
import { printable } from '../../format/printable.ts';
import type { Clock } from '../../platform/host.ts';
import { refuseStatus } from '../../platform/network/failures.ts';
import {
  hostOf,
  type Network,
  NetworkFailure,
  type NetworkResponse,
} from '../../platform/network/network.ts';
import { refuseWebPage } from '../../platform/network/web-page.ts';
import { pause, throwIfInterrupted } from './backoff.ts';
import type { DownloadLimits } from './limits.ts';
import type { Origin, PartialFile } from './partial-file.ts';
import type { Meter } from './progress.ts';
import { SpeedLimit } from './speed.ts';

export interface FetchOptions {
  network: Network;
  clock: Clock;
  url: string;
  partial: PartialFile;
  meter: Meter;
  limits: DownloadLimits;
  /** By the clock's monotonic milliseconds. */
  deadline: number;
  headers: Readonly<Record<string, string>>;
  signal: AbortSignal | undefined;
}

const STRANGE_ANSWER = 'Tell whoever runs the server; a proxy of your network may also be the cause.';

/**
 * Returns when the partial file has all of its bytes. Throws NetworkFailure (`reason` is `changed` if the server has
 * another file now than the one that the partial file came from; the partial file is empty then), DamagedError if the
 * server's file can't be the signed one, and what the disk throws.
 */
export async function fetchOnce(options: FetchOptions): Promise<void> {
  const { network, partial, url, limits, headers, signal } = options;
  const offset = partial.received;
  if (offset === partial.length) return;
  const response = await network.request({
    url,
    headers: { ...headers, ...rangeHeaders(partial, url) },
    idleTimeout: limits.idleTimeout,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    accept(response, partial, url);
    await receive(options, response);
  } finally {
    response.close();
  }
}

/** RFC 9110, section 13.1.5: the rest of the same file, or all of a new one. */
function rangeHeaders({ received, origin }: PartialFile, url: string): Record<string, string> {
  if (received === 0) return {};
  const validator = origin?.url === url ? (origin.etag ?? origin.modified) : null;
  return { range: `bytes=${received}-`, ...(validator === null ? {} : { 'if-range': validator }) };
}

/** Checks the response and prepares the partial file, so that the body continues it. */
function accept(response: NetworkResponse, partial: PartialFile, url: string): void {
  const offset = partial.received;
  const before = partial.origin?.url === url ? partial.origin : null;
  const origin = originOf(response, url);
  if (response.status === 416 && offset > 0) {
    partial.restart();
    throw changed(response);
  }
  if (response.status !== 200 && response.status !== 206) refuseStatus(response);
  refuseWebPage(response);
  refuseEncoded(response);
  if (response.status === 206) {
    const fault =
      offset === 0
        ? 'a part of the file that was not asked for'
        : rangeFault(response.headers['content-range'], offset, partial.length);
    if (fault !== null) {
      // Its ranges can't be used: the next request asks for the whole file.
      if (offset > 0) partial.restart();
      throw new NetworkFailure('protocol', `${hostOf(response)} answered with ${fault}`, {
        advice: STRANGE_ANSWER,
      });
    }
    if (differs(before, origin)) {
      partial.restart();
      throw changed(response);
    }
    partial.comesFrom(before ?? origin);
    return;
  }
  refuseLength(response, partial.length);
  if (offset > 0) {
    partial.restart();
    if (differs(before, origin)) throw changed(response);
  }
  partial.comesFrom(origin);
}

/**
 * What is wrong with the Content-Range of a 206 answer (RFC 9110, section 14.4); null if it is what was asked for, from
 * `offset` to the end of `length` bytes, or the beginning of that.
 */
export function rangeFault(value: string | undefined, offset: number, length: number): string | null {
  if (value === undefined) return 'no Content-Range';
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(value.trim());
  if (match === null) return `the Content-Range ${JSON.stringify(value.slice(0, 80))}`;
  const [first, last] = [Number(match[1]), Number(match[2])];
  const total = match[3] === '*' ? length : Number(match[3]);
  if (total !== length) return `a range of ${total} bytes instead of ${length}`;
  if (first !== offset) return `a range from byte ${first} instead of ${offset}`;
  if (last < first || last >= length) return `a range up to byte ${last} of ${length}`;
  return null;
}

function originOf({ headers }: NetworkResponse, url: string): Origin {
  const { etag } = headers;
  // A weak validator says nothing about the bytes.
  return {
    url,
    etag: etag === undefined || etag.startsWith('W/') || !/^[\x21-\x7e]{1,500}$/.test(etag) ? null : etag,
    modified: /^[\x20-\x7e]{1,100}$/.test(headers['last-modified'] ?? '')
      ? (headers['last-modified'] ?? null)
      : null,
  };
}

function differs(before: Origin | null, now: Origin): boolean {
  if (before === null) return false;
  if (before.etag !== null && now.etag !== null) return before.etag !== now.etag;
  return before.modified !== null && now.modified !== null && before.modified !== now.modified;
}

function changed(response: NetworkResponse): NetworkFailure {
  return new NetworkFailure('changed', `the file on ${hostOf(response)} changed while it was downloaded`, {
    advice: 'Try again; if it happens again, tell whoever runs the feed.',
  });
}

/** Throws NetworkFailure if the body is not the bytes of the file. */
export function refuseEncoded({ headers, url }: NetworkResponse): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return;
  throw new NetworkFailure(
    'page',
    `${new URL(url).host} sent the file encoded (${printable(encoding, 40)}), which was not asked for`,
    { advice: STRANGE_ANSWER },
  );
}

/** Throws DamagedError if the server announces another length than the signed one. */
export function refuseLength(response: NetworkResponse, length: number): void {
  const announced = response.headers['content-length'];
  if (announced === undefined || Number(announced) === length) return;
  throw new DamagedError(
    `the file on ${hostOf(response)} has ${printable(announced, 20)} bytes, wanted the signed ${length}`,
    { advice: 'Try again later; if it happens again, tell whoever runs the feed.' },
  );
}

async function receive(
  { clock, partial, meter, limits, deadline, signal }: FetchOptions,
  response: NetworkResponse,
): Promise<void> {
  const begun = clock.monotonic();
  const speed = new SpeedLimit(limits, begun);
  let received = 0;
  meter.report('receiving', partial.received);
  for await (const chunk of response.body) {
    partial.append(chunk);
    meter.report('receiving', partial.received, chunk.length);
    throwIfInterrupted(signal);
    const now = clock.monotonic();
    if (now > deadline && partial.received < partial.length)
      throw outOfTime(hostOf(response), limits.totalTime);
    if (!speed.allows(chunk.length, now)) {
      throw tooSlow(hostOf(response), limits);
    }
    received += chunk.length;
    // The server is held up meanwhile.
    if (limits.maximumSpeed !== null)
      await pause(clock, begun + (received * 1000) / limits.maximumSpeed - now, signal);
  }
  if (partial.received < partial.length) {
    throw new NetworkFailure(
      'lost',
      `${hostOf(response)} ended the file after ${partial.received} of ${partial.length} bytes`,
      { advice: 'Check the connection, then try again: it continues where it stopped.' },
    );
  }
}

export function tooSlow(host: string, { minimumSpeed, speedWindow }: DownloadLimits): NetworkFailure {
  return new NetworkFailure(
    'slow',
    `${host} sent less than ${minimumSpeed} bytes a second for ${speedWindow / 1000} s`,
    { advice: 'Try again later: it continues where it stopped.' },
  );
}

/** The time for all attempts is up. The reason is not one of those for which another route is tried (download-packages.ts). */
export function outOfTime(host: string, milliseconds: number): NetworkFailure {
  return new NetworkFailure(
    'timeout',
    `the download from ${host} was not done within ${milliseconds / 1000} s`,
    { advice: 'Try again: it continues where it stopped.' },
  );
}
