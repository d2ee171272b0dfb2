/**
 * Capturing a file. It is read again if it changed meanwhile, and with its log if it turns out to be a database in use.
 */
import type { FileStatus } from '../../platform/disk.ts';
import { isOld } from '../store/reliable-status.ts';
import { captureDatabase, looksLikeDatabase } from './database.ts';
import { type CaptureContext, discard, REPLACED, type Result, readOnce, statusInside } from './read-file.ts';

/** Reads of a file that keeps changing. */
const MOST_READS = 4;

/**
 * @param first its status when it was found
 * @returns nothing if the file is gone
 */
export async function captureFile(
  context: CaptureContext,
  root: string,
  path: string,
  first: FileStatus,
): Promise<Result[]> {
  const { host, join } = context;
  const full = join(root, path);
  if (!isOld(host.clock.now(), first) && looksLikeDatabase(host.disk, full))
    return captureDatabase(context, root, path);
  let before = first;
  for (let reads = 1; ; reads++) {
    const taken = await readOnce(context, full, before);
    if (taken === null) return [];
    if ('reason' in taken) return [[path, taken]];
    const unchanged = host.disk.status(full)?.fingerprint === before.fingerprint;
    if (unchanged) return [[path, { ...taken, matchesStatus: true }]];
    if (looksLikeDatabase(host.disk, full)) {
      discard(context, taken);
      return captureDatabase(context, root, path);
    }
    const after = statusInside(context, full);
    if (after?.kind === 'file' && reads === MOST_READS) {
      context.warn(`${full} kept changing while it was read: it is stored as it was read`);
      return [[path, taken]];
    }
    discard(context, taken);
    if (after === null) return [];
    if (after.kind !== 'file') return [[path, { reason: REPLACED }]];
    before = after;
  }
}
