/**
 * Taking a SQLite database that is in use. It consists of the file and, while somebody has it open, of a write-ahead log
 * (`-wal`) or a rollback journal (`-journal`) beside it; `-shm` is only an index into the log and is made again.
 *
 * Under a read transaction of ours the two files belong together at every instant: a checkpoint moves no more than we
 * have seen from the log into the file, and the log is not begun anew; what a writer appends meanwhile is a whole
 * transaction or is ignored, since SQLite holds a checksum of every frame. One case is left: where the log had been moved
 * into the file completely before we began, a writer may begin the log anew. Its header tells, and it is read again.
 * (https://www.sqlite.org/walformat.html, https://www.sqlite.org/fileformat2.html#walformat)
 */
import type { Disk } from '../../platform/disk.ts';
import { type CaptureContext, drop, type Result, readOnce, statusInside, type Taken } from './read-file.ts';
import type { Found } from './walk.ts';

const MAGIC = new TextEncoder().encode('SQLite format 3\0');
const LOG = '-wal';
const JOURNAL = '-journal';
/** Made again by SQLite, and of no meaning without the very files that it is an index of. */
export const INDEX = '-shm';
const LOG_HEADER = 32;
const HEADER = 100;
/** Where the header tells whether there is a log. */
const READ_VERSION = 19;
const WITH_LOG = 2;
const MOST_TRIES = 6;

type File = Extract<Found, { kind: 'file' }>;

/** The files that are one database, by the path of the database: of each that has a log or a journal. */
export function databaseGroups(files: ReadonlyMap<string, File>): Map<string, File[]> {
  const groups = new Map<string, File[]>();
  for (const path of files.keys()) {
    const suffix = path.endsWith(LOG) ? LOG : path.endsWith(JOURNAL) ? JOURNAL : null;
    if (suffix === null) continue;
    const base = path.slice(0, -suffix.length);
    if (!files.has(base) || groups.has(base)) continue;
    groups.set(
      base,
      [base, `${base}${LOG}`, `${base}${JOURNAL}`].flatMap((name) => files.get(name) ?? []),
    );
  }
  return groups;
}

/** The index of a log, which is no part of a snapshot. */
export function isIndex(path: string, files: ReadonlyMap<string, unknown>): boolean {
  return path.endsWith(INDEX) && files.has(path.slice(0, -INDEX.length));
}

export function looksLikeDatabase(disk: Disk, full: string): boolean {
  return Buffer.compare(head(disk, full, MAGIC.length), MAGIC) === 0;
}

/** The first bytes; fewer where there are fewer, none where the file can't be read. */
function head(disk: Disk, full: string, length: number): Uint8Array {
  try {
    const handle = disk.open(full, 'read itself');
    try {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, disk.read(handle, bytes, 0));
    } finally {
      disk.close(handle);
    }
  } catch {
    return new Uint8Array(0);
  }
}

/** The database at `path` with its log or journal, as they were at one moment. */
export async function captureDatabase(
  context: CaptureContext,
  root: string,
  path: string,
): Promise<Result[]> {
  const full = context.join(root, path);
  for (let tries = 1; ; tries++) {
    const hold = mayHold(context.host.disk, full) ? context.host.databases.hold(full) : null;
    let results: Result[];
    let consistent: boolean;
    try {
      ({ results, consistent } =
        hold === null ? await takeUnheld(context, full, path) : await takeHeld(context, full, path));
    } finally {
      hold?.release();
    }
    if (consistent) return results;
    if (tries >= MOST_TRIES) {
      context.warn(
        `${full} is a database that kept changing while it was read: it is held as it was read, and may need repair`,
      );
      return results;
    }
    for (const [, taken] of results) if (!('reason' in taken)) drop(context, taken);
    await context.breathe();
  }
}

/**
 * Where a log is kept and there is no index, nobody has the database open; opening it would make both files anew in a
 * folder that is not ours.
 */
function mayHold(disk: Disk, full: string): boolean {
  const bytes = head(disk, full, HEADER);
  if (Buffer.compare(bytes.subarray(0, MAGIC.length), MAGIC) !== 0) return false;
  return bytes[READ_VERSION] !== WITH_LOG || disk.status(`${full}${INDEX}`) !== null;
}

interface Attempt {
  results: Result[];
  consistent: boolean;
}

/** The log first: it is small, and so is the time in which it could be begun anew. */
async function takeHeld(context: CaptureContext, full: string, path: string): Promise<Attempt> {
  const { disk } = context.host;
  const before = head(disk, `${full}${LOG}`, LOG_HEADER);
  const log = await take(context, `${full}${LOG}`, `${path}${LOG}`);
  const after = head(disk, `${full}${LOG}`, LOG_HEADER);
  const file = await take(context, full, path);
  return { results: [...file, ...log], consistent: Buffer.compare(before, after) === 0 };
}

/**
 * Nobody could be kept from writing, or nobody is there who would: it is no database, it is not open, or a journal lies
 * beside it that only a writer may roll back. Then it is whole where nothing changed while it was read.
 */
async function takeUnheld(context: CaptureContext, full: string, path: string): Promise<Attempt> {
  const { disk } = context.host;
  const names = ['', LOG, JOURNAL];
  const look = () => names.map((name) => disk.status(`${full}${name}`)?.fingerprint ?? null);
  const before = look();
  const results: Result[] = [];
  for (const name of names) results.push(...(await take(context, `${full}${name}`, `${path}${name}`)));
  const after = look();
  return { results, consistent: before.every((fingerprint, index) => fingerprint === after[index]) };
}

async function take(context: CaptureContext, full: string, path: string): Promise<Result[]> {
  const { disk } = context.host;
  const status = statusInside(context, full);
  if (status === null || status.kind !== 'file') return [];
  const taken = await readOnce(context, full, status);
  if (taken === null) return [];
  if ('reason' in taken) return [[path, taken]];
  const settled: Taken = { ...taken, settled: disk.status(full)?.fingerprint === status.fingerprint };
  return [[path, settled]];
}
