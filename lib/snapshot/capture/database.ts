/**
 * Capturing a SQLite database that is in use. It consists of the file and, while it is open, of a write-ahead log (`-wal`)
 * or a rollback journal (`-journal`) beside it; `-shm` is only an index of the log, which SQLite makes again.
 *
 * While we hold a read transaction, the file and its log match at every instant: a checkpoint moves no more of the log into
 * the file than we have seen, and the log is not restarted. What a writer appends meanwhile is a complete transaction, or is
 * ignored, since every frame has a checksum. One case is left: if the whole log had been moved into the file before we
 * began, a writer may restart the log. Its header shows that, and both are read again.
 * (https://www.sqlite.org/walformat.html, https://www.sqlite.org/fileformat2.html#walformat)
 */
import type { Disk } from '../../platform/disk.ts';
import { type CaptureContext, discard, type Result, readOnce, statusInside } from './read-file.ts';
import type { Found } from './walk.ts';

const MAGIC = new TextEncoder().encode('SQLite format 3\0');
const LOG = '-wal';
const JOURNAL = '-journal';
/** SQLite makes it again; without the files that it is an index of, it means nothing. */
export const INDEX = '-shm';
const LOG_HEADER = 32;
const HEADER = 100;
/** The byte of the header that tells whether the database has a log. */
const READ_VERSION = 19;
const WITH_LOG = 2;
const MOST_TRIES = 6;

type File = Extract<Found, { kind: 'file' }>;

/** The files of each database that has a log or a journal, by the path of the database. */
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

/** Whether it is the index of a log, which snapshots leave out. */
export function isIndex(path: string, files: ReadonlyMap<string, unknown>): boolean {
  return path.endsWith(INDEX) && files.has(path.slice(0, -INDEX.length));
}

export function looksLikeDatabase(disk: Disk, full: string): boolean {
  return Buffer.compare(head(disk, full, MAGIC.length), MAGIC) === 0;
}

/** The first bytes; fewer if the file is shorter, none if it can't be read. */
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

/** Captures the database at `path` with its log or journal, as they were at one moment. */
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
        `${full} is a database that kept changing while it was read: it is stored as it was read, and may need repair`,
      );
      return results;
    }
    for (const [, taken] of results) if (!('reason' in taken)) discard(context, taken);
    await context.checkpoint();
  }
}

/**
 * Whether to open the database to hold it. If it has a log but no index, nobody has it open, and opening it would create
 * both files in a folder that is not ours.
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

/** The log is read first: it is small, so there is little time in which it could be restarted. */
async function takeHeld(context: CaptureContext, full: string, path: string): Promise<Attempt> {
  const { disk } = context.host;
  const before = head(disk, `${full}${LOG}`, LOG_HEADER);
  const log = await take(context, `${full}${LOG}`, `${path}${LOG}`);
  const after = head(disk, `${full}${LOG}`, LOG_HEADER);
  const file = await take(context, full, path);
  return { results: [...file, ...log], consistent: Buffer.compare(before, after) === 0 };
}

/**
 * Without a read transaction: it is not a database, nobody has it open, or it has a journal that only a writer may roll
 * back. It is consistent if nothing changed while it was read.
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
  const matchesStatus = disk.status(full)?.fingerprint === status.fingerprint;
  return [[path, { ...taken, matchesStatus }]];
}
