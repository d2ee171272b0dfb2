/**
 * A bucket of S3-compatible storage, through Bun's client. Address, region and keys come from the environment, as Bun
 * documents it (S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, S3_SESSION_TOKEN, or AWS_...). The
 * storage makes an object appear whole or not at all, even if it is sent in parts.
 *
 * Bun's client sends no Cache-Control, which the storage keeps and answers with, and knows no conditions. So a file is sent in one
 * request that is signed here; to a storage that refuses this, by the client, in parts.
 */
import { errorCode, errorMessage, NetworkError, UpdaterError, UsageError } from '../../lib/errors.ts';
import { isLoopback } from '../../lib/format/web-address.ts';
import type { Clock, Random } from '../../lib/platform/host.ts';
import { MAX_BYTES } from '../../lib/trust/feed/limits.ts';
import { backoff, randomFraction } from '../../lib/update/download/backoff.ts';
import { fileBlob, openBucket, storageRequest, storageSecret } from '../platform/storage.ts';
import { changedMeanwhile, type Destination, isSame, type RemoteFile } from './destination.ts';
import { headersOf } from './headers.ts';
import { credentialsOf, signedHeaders } from './request-signature.ts';

const ATTEMPTS = 5;
const PAUSES = { firstPause: 500, longestPause: 8000 };
const CONCURRENCY = 4;
/** Bytes. Larger files are sent in parts, PARTS_AT_ONCE at the same time. */
const PART = 8 << 20;
const PARTS_AT_ONCE = 2;
const PAGE = 1000;
/** TLS sees to it that the content arrives as it was sent, and its name has its digest. */
const UNSIGNED = 'UNSIGNED-PAYLOAD';

/** Errors that another attempt would not change. */
const FINAL = new Set([
  'NoSuchBucket',
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidBucketName',
  'AllAccessDisabled',
  'InvalidRequest',
]);

export interface BucketAddress {
  bucket: string;
  /** Empty, or ends with a slash. */
  prefix: string;
}

const ADDRESS = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;

/** Null if `to` is not a bucket address, UsageError if it is an invalid one. */
export function bucketAddress(to: string): BucketAddress | null {
  if (!to.startsWith('s3:')) return null;
  const [, bucket, rest = ''] = ADDRESS.exec(to) ?? [];
  const prefix = rest.replace(/\/$/, '');
  const segments = prefix === '' ? [] : prefix.split('/');
  const valid = segments.every((segment) => /^[\w.+-]+$/.test(segment) && !/^\.+$/.test(segment));
  if (bucket === undefined || !valid) {
    throw new UsageError(`--to: wanted s3://bucket or s3://bucket/prefix, found ${JSON.stringify(to)}`);
  }
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}

/** `page`: how many objects are listed at once. */
export function bucketDestination(
  { bucket, prefix }: BucketAddress,
  { clock, random }: { clock: Clock; random: Random },
  client = openBucket(bucket),
  page = PAGE,
): Destination {
  const name = `s3://${bucket}/${prefix}`;
  const options = (path: string) => ({
    type: headersOf(path)['Content-Type'],
    partSize: PART,
    queueSize: PARTS_AT_ONCE,
    retry: 3,
  });

  /** Returns how the storage answered. */
  const put = async (path: string, body: Blob | Uint8Array, condition: Record<string, string>) => {
    const url = new URL(client.presign(`${prefix}${path}`, { method: 'PUT' }));
    const credentials = credentialsOf(url, storageSecret());
    url.search = '';
    const request = { method: 'PUT', url, headers: { ...headersOf(path), ...condition }, content: UNSIGNED };
    const headers = credentials === null ? request.headers : signedHeaders(request, credentials, clock.now());
    const answer = await storageRequest(url.href, { method: 'PUT', body, headers });
    // It says no more than its status does, and must be read for the connection to be used again.
    await answer.arrayBuffer();
    return answer;
  };

  const write = async (path: string, body: Blob | Uint8Array) => {
    const { ok, status } = await put(path, body, {});
    if (ok) return;
    if (!REFUSED.has(status)) throw new Error(`the storage answered with status ${status}`);
    await client.write(`${prefix}${path}`, body, options(path));
  };

  const withRetries = async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
    for (let failures = 1; ; failures++) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof UpdaterError) throw error;
        const code = errorCode(error) ?? '';
        if (FINAL.has(code) || code.startsWith('ERR_S3_') || failures === ATTEMPTS) {
          throw failure(`${name}: ${what}`, error);
        }
        await clock.sleep(backoff(failures, randomFraction(random), PAUSES));
      }
    }
  };

  return {
    name,
    concurrency: CONCURRENCY,
    async list() {
      await withRetries('reaching it', () => requireTls13(client, name));
      const found = new Map<string, RemoteFile>();
      for (const place of ['metadata/', 'targets/']) {
        for (let startAfter: string | undefined; ; ) {
          const request = { prefix: `${prefix}${place}`, maxKeys: page, ...(startAfter && { startAfter }) };
          const listed = await withRetries('listing it', () => client.list(request));
          const contents = listed.contents ?? [];
          for (const { key, size = -1, eTag = '' } of contents) {
            const [, md5 = null] = /^"?([0-9a-f]{32})"?$/.exec(eTag) ?? [];
            found.set(key.slice(prefix.length), { size, md5 });
          }
          startAfter = contents.at(-1)?.key;
          if (listed.isTruncated !== true || startAfter === undefined) break;
        }
      }
      return found;
    },
    async read(path) {
      return await withRetries(`reading ${path}`, async () => {
        return await orNull(() => client.file(`${prefix}${path}`).slice(0, MAX_BYTES.targets).bytes());
      });
    },
    async size(path) {
      return await withRetries(`looking for ${path}`, async () => {
        return await orNull(async () => (await client.stat(`${prefix}${path}`)).size);
      });
    },
    async putFile(path, file) {
      await withRetries(`sending ${path}`, async () => {
        await write(path, fileBlob(file));
      });
    },
    async replace(path, bytes, before) {
      await withRetries(`sending ${path}`, async () => {
        const key = `${prefix}${path}`;
        // The ETag first: if the object changes after that, the condition does not hold.
        const etag = await orNull(async () => (await client.stat(key)).etag);
        const there = await orNull(() => client.file(key).slice(0, MAX_BYTES.targets).bytes());
        // As after an attempt whose answer was lost.
        if (isSame(there, bytes)) return;
        if (!isSame(there, before)) throw changedMeanwhile(name, path);
        const condition = etag === null ? { 'If-None-Match': '*' } : { 'If-Match': quoted(etag) };
        const { ok, status } = await put(path, bytes, condition);
        if (ok) return;
        if (status === 412 || status === 409) throw changedMeanwhile(name, path);
        if (!REFUSED.has(status)) throw new Error(`the storage answered with status ${status}`);
        await write(path, bytes);
      });
    },
    async remove(path) {
      await withRetries(`removing ${path}`, () => client.delete(`${prefix}${path}`));
    },
  };
}

/**
 * How a storage answers that knows no conditions for writing: then the look before the write has to do. Or not this way to sign
 * a request: then there is no Cache-Control.
 */
const REFUSED = new Set([400, 403, 501]);

function quoted(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`;
}

/** Null if the object does not exist. */
async function orNull<Result>(read: () => Promise<Result>): Promise<Result | null> {
  try {
    return await read();
  } catch (error) {
    if (errorCode(error) === 'NoSuchKey') return null;
    throw error;
  }
}

/**
 * Bun's client takes no least version of TLS. One that both sides speak is what they agree on: TLS 1.3 itself notices whoever
 * talks them into less (RFC 8446, section 4.1.3). So it is enough that the storage speaks it.
 */
async function requireTls13(client: ReturnType<typeof openBucket>, name: string): Promise<void> {
  const { origin, protocol, hostname } = new URL(client.presign('metadata/timestamp.json'));
  if (protocol === 'https:') {
    await storageRequest(origin, { method: 'HEAD' });
    return;
  }
  if (isLoopback(hostname)) return;
  throw new UsageError(`${name}: wanted an endpoint with https, found ${origin}`, {
    advice: 'Set S3_ENDPOINT to the https address of the storage.',
  });
}

function failure(what: string, error: unknown): Error {
  const code = errorCode(error);
  if (code === 'ERR_S3_MISSING_CREDENTIALS') {
    return new UsageError(`${what}: no credentials are set`, {
      advice: 'Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, and S3_ENDPOINT if it is not Amazon.',
      cause: error,
    });
  }
  return new NetworkError(`${what} failed: ${errorMessage(error)}${code === undefined ? '' : ` (${code})`}`, {
    advice: 'Clients see the feed as it was. Run it again: it continues where it stopped.',
    cause: error,
  });
}
