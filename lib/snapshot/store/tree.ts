/**
 * A tree: the list of what a folder contained. It is a JSON document with an array for each entry,
 *
 *     ["d", path, mode, modified]                          a folder
 *     ["l", path, target]                                  a symlink
 *     ["f", path, mode, modified, size, holes, content]    a file; content: [block, block, ...] or "clone"
 *     ["s", path, reason]                                  something that could not be captured: a restore leaves it alone
 *
 * sorted by path, compressed with zstd, and named by the SHA-256 of the document. Paths have slashes on every system;
 * the root itself is not an entry. `modified` is in microseconds, a block the SHA-256 of at most BLOCK bytes.
 */
import { DamagedError, errorMessage } from '../../errors.ts';

/** 512 KiB: what a changed page in the middle of a database costs, instead of the whole database. */
export const BLOCK = 1 << 19;

/** Bytes of the document, before it is compressed: some millions of files. */
export const MAX_TREE = 1 << 29;

export type Content =
  /** SHA-256 of each block; all but the last have BLOCK bytes. */
  | { blocks: string[] }
  /** The name of a clone. */
  | { clone: string };

export interface FileEntry {
  kind: 'file';
  path: string;
  mode: number;
  /** Microseconds since the epoch. */
  modified: number;
  /** Bytes. */
  size: number;
  /** It took less space on the drive than its size. */
  holes: boolean;
  content: Content;
}

export type Entry =
  | { kind: 'folder'; path: string; mode: number; modified: number }
  | { kind: 'link'; path: string; target: string }
  | FileEntry
  | { kind: 'skipped'; path: string; reason: string };

export interface Tree {
  /** Mode of the root folder. */
  mode: number;
  entries: Entry[];
}

export function encodeTree({ mode, entries }: Tree): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ schema: 1, mode, entries: entries.map(rowOf) }));
}

function rowOf(entry: Entry): unknown[] {
  switch (entry.kind) {
    case 'folder':
      return ['d', entry.path, entry.mode, entry.modified];
    case 'link':
      return ['l', entry.path, entry.target];
    case 'skipped':
      return ['s', entry.path, entry.reason];
    case 'file': {
      const { path, modified, size, holes, content } = entry;
      const where = 'clone' in content ? content.clone : content.blocks;
      return ['f', path, entry.mode, modified, size, holes ? 1 : 0, where];
    }
  }
}

/** Throws DamagedError, which names the entry that is wrong. */
export function decodeTree(bytes: Uint8Array, name: string): Tree {
  const wrong = (what: string) => new DamagedError(`the tree ${name} is damaged: ${what}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw wrong(`it is not JSON (${errorMessage(error)})`);
  }
  if (typeof value !== 'object' || value === null || !('schema' in value) || !('entries' in value))
    throw wrong('wanted an object with schema and entries');
  if (value.schema !== 1) throw newer(`the tree ${name}`, value.schema, 1);
  if (!Array.isArray(value.entries) || !('mode' in value) || !isMode(value.mode))
    throw wrong('wanted a mode and a list of entries');
  let last = '';
  const folders = new Set(['']);
  const entries = value.entries.map((row: unknown, index: number) => {
    const entry = decodeRow(row);
    if (entry === null)
      throw wrong(`entry ${index} is not a folder, link or file: ${JSON.stringify(row)?.slice(0, 200)}`);
    const { path } = entry;
    if (path <= last || !isInside(path, folders))
      throw wrong(
        `entry ${index}: wanted a path in a folder of the tree, after ${JSON.stringify(last)}, found ${JSON.stringify(path)}`,
      );
    last = path;
    if (entry.kind === 'folder') folders.add(path);
    return entry;
  });
  return { mode: value.mode, entries };
}

/** For a document of a newer updater: it is not damaged, but can't be read here either. */
export function newer(what: string, schema: unknown, newest: number): NewerSchemaError {
  const reads = newest === 1 ? 'schema 1' : `schemas 1 to ${newest}`;
  return new NewerSchemaError(`${what} has schema ${String(schema)}, this updater reads ${reads}`, {
    advice: 'Use the newer updater that wrote it.',
  });
}

export class NewerSchemaError extends DamagedError {}

/**
 * Whether the path is one name inside a folder of the tree: no path leads out of the component, whoever wrote the tree.
 */
function isInside(path: string, folders: ReadonlySet<string>): boolean {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  if (name === '' || name === '.' || name === '..' || name.includes('\0')) return false;
  return slash === -1 || (slash > 0 && folders.has(path.slice(0, slash)));
}

function decodeRow(row: unknown): Entry | null {
  if (!Array.isArray(row) || typeof row[1] !== 'string') return null;
  const [kind, path, third, modified] = row;
  switch (kind) {
    case 'd':
      return isMode(third) && isTime(modified) ? { kind: 'folder', path, mode: third, modified } : null;
    case 'l':
      return typeof third === 'string' ? { kind: 'link', path, target: third } : null;
    case 's':
      return typeof third === 'string' ? { kind: 'skipped', path, reason: third } : null;
    case 'f': {
      const [, , , , size, holes, where] = row;
      const content = decodeContent(where, size);
      if (content === null || !isMode(third) || !isTime(modified)) return null;
      return { kind: 'file', path, mode: third, modified, size, holes: holes === 1, content };
    }
    default:
      return null;
  }
}

const DIGEST = /^[0-9a-f]{64}$/;

function decodeContent(where: unknown, size: unknown): Content | null {
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return null;
  if (typeof where === 'string') return isCloneName(where) ? { clone: where } : null;
  if (!Array.isArray(where) || where.length !== Math.ceil(size / BLOCK)) return null;
  return where.every((block) => typeof block === 'string' && DIGEST.test(block)) ? { blocks: where } : null;
}

export function isCloneName(name: string): boolean {
  return /^[0-9a-f]{32}$/.test(name);
}

function isMode(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0o7777;
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** Whether two files have the same content, as far as that is known without reading them. */
export function sameContent(a: Content, b: Content): boolean {
  if ('clone' in a || 'clone' in b) return 'clone' in a && 'clone' in b && a.clone === b.clone;
  return a.blocks.length === b.blocks.length && a.blocks.every((block, index) => block === b.blocks[index]);
}
