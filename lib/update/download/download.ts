/**
 * Downloads a file of known length and digest into the cache.
 *
 * - A file has its final name only when it is whole and checked: it is renamed after its digest was read back.
 * - The bytes received stay, whatever stops the process, and the next run asks for the rest.
 * - Never more bytes are written than the signed length.
 * - If several processes want the same file, one downloads it and the others wait.
 */
import path from 'node:path';
import { BusyError, errorCode } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { createDirectories, digestFile, removeIfThere } from '../../platform/files.ts';
import type { Clock, Locks, Random } from '../../platform/host.ts';
import { lockWithPatience } from '../../platform/lock-with-patience.ts';
import type { Network } from '../../platform/network/network.ts';
import { type CachePaths, cachePaths, DIGEST } from '../cache/layout.ts';
import { throwIfInterrupted } from './backoff.ts';
import { completePartial } from './completion.ts';
import { DEFAULT_LIMITS, type DownloadLimits } from './limits.ts';
import { PartialFile } from './partial-file.ts';
import { type DownloadProgress, Meter } from './progress.ts';

export interface DownloadRequest {
  network: Network;
  disk: Disk;
  clock: Clock;
  locks: Locks;
  random: Random;
  /** Addresses of the file, tried in turn. */
  urls: readonly string[];
  /** Bytes. */
  length: number;
  /** 64 lower-case hex digits. */
  sha256: string;
  /** Created if it is missing. */
  cacheFolder: string;
  headers?: Readonly<Record<string, string>>;
  limits?: Partial<DownloadLimits>;
  onProgress?: (progress: DownloadProgress) => void;
  signal?: AbortSignal;
}

/** Milliseconds between two tries for the lock of a file that another process downloads. */
const LOCK_PAUSE = 200;

/**
 * Returns the path of the file in the cache.
 *
 * @throws NetworkError 13, DamagedError 11 (the server's file is not the signed one), MachineError 12, BusyError 14
 * (another process took longer than `totalTime`), InterruptedError 130 or the reason of the signal
 */
export async function download(request: DownloadRequest): Promise<string> {
  const { sha256, length, cacheFolder, disk, clock, locks, signal } = request;
  if (!DIGEST.test(sha256)) throw new RangeError(`sha256 is not 64 lower-case hex digits: ${sha256}`);
  if (!Number.isSafeInteger(length) || length < 0)
    throw new RangeError(`length is not a number of bytes: ${length}`);
  const limits = { ...DEFAULT_LIMITS, ...request.limits };
  const paths = cachePaths(cacheFolder, sha256);
  const meter = new Meter(clock, length, request.onProgress);
  const deadline = clock.monotonic() + limits.totalTime;
  try {
    createDirectories(disk, cacheFolder, path.dirname);
    const lock = await lockWithPatience({ locks, clock }, paths.lock, {
      limit: limits.totalTime,
      pause: LOCK_PAUSE,
      onWait() {
        meter.report('waiting', disk.status(paths.partial)?.size ?? 0);
        throwIfInterrupted(signal);
      },
    });
    if (lock === null) {
      throw new BusyError('another process is still downloading this file', {
        advice: 'Wait until it is done, then try again.',
      });
    }
    try {
      if (!isCached(disk, paths, request)) await complete(request, paths, meter, limits, deadline);
    } finally {
      lock.release();
    }
    meter.report('done', length);
    return paths.file;
  } catch (error) {
    throw asUpdaterError(error, cacheFolder);
  }
}

/** Whether the cache has the file. Removes a damaged one, and the record of a download that was killed at its end. */
function isCached(disk: Disk, { file, record }: CachePaths, { length, sha256 }: DownloadRequest): boolean {
  if (disk.status(file) === null) return false;
  const digest = digestFile(disk, file, length);
  if (digest?.sha256 === sha256) {
    removeIfThere(disk, record);
    return true;
  }
  removeIfThere(disk, file);
  return false;
}

async function complete(
  request: DownloadRequest,
  paths: CachePaths,
  meter: Meter,
  limits: DownloadLimits,
  deadline: number,
): Promise<void> {
  const { disk, cacheFolder } = request;
  const partial = new PartialFile(disk, paths, cacheFolder, request.length);
  meter.resumed = partial.received;
  try {
    await completePartial({
      ...request,
      partial,
      path: paths.partial,
      meter,
      limits,
      deadline,
      headers: request.headers ?? {},
      signal: request.signal,
    });
    partial.close();
    disk.replace(paths.partial, paths.file);
    disk.flushDirectory(cacheFolder);
    removeIfThere(disk, paths.record);
  } catch (error) {
    partial.close();
    // Delete the partial file to free the space.
    if (isFull(error)) partial.discard();
    throw error;
  }
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '');
}
