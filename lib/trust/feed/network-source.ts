/**
 * The feed's metadata over HTTP. Metadata is small and comes first, so the limits are strict: no more bytes are read than
 * were asked for, and every response ends within a bounded time, however slowly a server sends it (the endless-data and
 * slow-retrieval attacks of the specification, 1.5.2).
 */
import { TrustError } from '../../errors.ts';
import { printable } from '../../format/printable.ts';
import { shownAddress } from '../../format/web-address.ts';
import type { Clock } from '../../platform/host.ts';
import {
  hostOf,
  type Network,
  NetworkFailure,
  type NetworkResponse,
} from '../../platform/network/network.ts';
import { meaningOf } from '../../platform/network/status-codes.ts';
import { refuseWebPage } from '../../platform/network/web-page.ts';
import type { MetadataSource } from './metadata-source.ts';

export interface SourceLimits {
  /** Milliseconds until the response begins, connecting included, and between two parts of it. */
  idleTimeout: number;
  /** Milliseconds for a whole file. */
  totalTime: number;
}

const SOURCE_LIMITS: SourceLimits = { idleTimeout: 15_000, totalTime: 30_000 };

export interface NetworkSourceOptions {
  network: Network;
  clock: Clock;
  /** The default is SOURCE_LIMITS. */
  limits?: SourceLimits;
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

/** Throws NetworkFailure if a file can't be read, TrustError if it is longer than was asked for. */
export function networkSource(options: NetworkSourceOptions): MetadataSource {
  const { network, clock, limits = SOURCE_LIMITS, headers = {}, signal } = options;
  const forbidden = new Set<string>();
  return {
    whyMissing: (url) =>
      forbidden.has(url)
        ? `the server does not give it (403${meaningOf(403)}); some answer so if there is no such file`
        : null,
    async get(url, maxLength, givenUp) {
      const deadline = clock.monotonic() + limits.totalTime;
      const stop = eitherOf(signal, givenUp);
      const response = await network.request({
        url,
        headers,
        idleTimeout: limits.idleTimeout,
        ...(stop === undefined ? {} : { signal: stop }),
      });
      try {
        // S3 answers 403 for a missing file, unless the client may list the bucket.
        if (response.status === 404 || response.status === 403) {
          if (response.status === 403) forbidden.add(url);
          return null;
        }
        if (response.status !== 200)
          (await import('../../platform/network/failures.ts')).refuseStatus(response);
        refuseWebPage(response);
        refuseEncoded(response);
        return await readBody(response, maxLength, () => {
          if (clock.monotonic() > deadline) throw tooSlow(response, limits.totalTime);
        });
      } finally {
        response.close();
      }
    },
  };
}

/** A signal that is aborted when one of these is; undefined if there is none. */
export function eitherOf(...signals: (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined);
  return given.length > 1 ? AbortSignal.any(given) : given[0];
}

async function readBody(
  response: NetworkResponse,
  maxLength: number,
  checkTime: () => void,
): Promise<Uint8Array> {
  if (Number(response.headers['content-length'] ?? 0) > maxLength) throw tooLong(response, maxLength);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > maxLength) throw tooLong(response, maxLength);
    chunks.push(chunk);
    checkTime();
  }
  return Buffer.concat(chunks);
}

/** `identity` was asked for. What a proxy compresses all the same would fail its digest, with a misleading message. */
function refuseEncoded(response: NetworkResponse): void {
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return;
  throw new NetworkFailure(
    'page',
    `${hostOf(response)} sent the file encoded (${printable(encoding, 40)}), which was not asked for`,
    { advice: 'Tell whoever runs the server; a proxy of your network may also be the cause.' },
  );
}

function tooLong(response: NetworkResponse, maxLength: number): TrustError {
  return new TrustError(
    `not trusted: ${shownAddress(response.url)}: wanted at most ${maxLength} bytes, found more`,
  );
}

function tooSlow(response: NetworkResponse, milliseconds: number): NetworkFailure {
  return new NetworkFailure(
    'slow',
    `${hostOf(response)} did not send all of ${new URL(response.url).pathname.slice(0, 200)} within ${milliseconds / 1000} s`,
    { advice: 'Try again later, or from another network.' },
  );
}
