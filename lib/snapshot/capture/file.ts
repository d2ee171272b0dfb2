/**
 * Taking one file: read again where it changed meanwhile, and with its log where it turns out to be a database that is in
 * use.
 */
import type { FileStatus } from '../../platform/disk.ts';
import { isOld } from '../store/reliable-status.ts';
import { captureDatabase, looksLikeDatabase } from './database.ts';
import { type CaptureContext, drop, REPLACED, type Result, readOnce, statusInside } from './read-file.ts';

/** How often a file that keeps changing is read. */
const MOST_READS = 4;
/** @param first its status when it was found; nothing comes back where it is gone */
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
    const now = host.disk.status(full);
    const still = now?.fingerprint === before.fingerprint;
    if (still) return [[path, { ...taken, settled: true }]];
    if (looksLikeDatabase(host.disk, full)) {
      drop(context, taken);
      return captureDatabase(context, root, path);
    }
    const after = statusInside(context, full);
    if (after?.kind === 'file' && reads === MOST_READS) {
      context.warn(`${full} kept changing while it was read: it is held as it was read`);
      return [[path, taken]];
    }
    drop(context, taken);
    if (after === null) return [];
    if (after.kind !== 'file') return [[path, { reason: REPLACED }]];
    before = after;
  }
}
