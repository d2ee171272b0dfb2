/**
 * A bucket of S3-compatible storage, through Bun's client. Address, region and keys come from the environment, as Bun
 * documents it (S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, S3_SESSION_TOKEN, or AWS_...). The
 * storage makes an object appear whole or not at all, even if it is sent in parts.
 *
 * Bun sends a content type but no Cache-Control: how long a CDN in front of the bucket keeps what has to be configured
 * there (release/README.md).
 */
import { errorCode, errorMessage, NetworkError, UsageError } from '../../lib/errors.ts';
import type { Clock, Random } from '../../lib/platform/host.ts';
import { MAX_BYTES } from '../../lib/trust/feed/limits.ts';
import { backoff, randomFraction } from '../../lib/update/download/backoff.ts';
import { fileBlob, openBucket } from '../platform/storage.ts';
import type { Destination, RemoteFile } from './destination.ts';

const ATTEMPTS = 5;
const PAUSES = { firstPause: 500, longestPause: 8000 };
const CONCURRENCY = 4;
/** Bytes. Larger files are sent in parts, PARTS_AT_ONCE at the same time. */
const PART = 8 << 20;
const PARTS_AT_ONCE = 2;
const PAGE = 1000;

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
    type: path.endsWith('.json') ? 'application/json' : 'application/octet-stream',
    partSize: PART,
    queueSize: PARTS_AT_ONCE,
    retry: 3,
  });

  const withRetries = async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
    for (let failures = 1; ; failures++) {
      try {
        return await work();
      } catch (error) {
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
        try {
          return await client.file(`${prefix}${path}`).slice(0, MAX_BYTES.targets).bytes();
        } catch (error) {
          if (errorCode(error) === 'NoSuchKey') return null;
          throw error;
        }
      });
    },
    async putFile(path, file) {
      await withRetries(`sending ${path}`, () =>
        client.write(`${prefix}${path}`, fileBlob(file), options(path)),
      );
    },
    async putBytes(path, bytes) {
      await withRetries(`sending ${path}`, () => client.write(`${prefix}${path}`, bytes, options(path)));
    },
    async remove(path) {
      await withRetries(`removing ${path}`, () => client.delete(`${prefix}${path}`));
    },
  };
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
