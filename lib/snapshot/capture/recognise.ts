/**
 * Recognising files that have not changed. For each folder that was captured, the cache holds the digest of its tree and the
 * fingerprints of its files. It may be lost or damaged: then every file is read.
 */
import { DamagedError, UpdaterError } from '../../errors.ts';
import type { Disk, FileStatus } from '../../platform/disk.ts';
import { digestBytes, readCacheFile, removeIfThere, writeNew } from '../../platform/files.ts';
import { type StoreLayout, TEMPORARY } from '../store/layout.ts';
import type { FileEntry, Tree } from '../store/tree.ts';
import { readTree } from '../store/trees.ts';

/** 64 bits: enough not to miss that a file has changed. */
export function fingerprintOf(status: FileStatus): bigint {
  return Bun.hash.xxHash64(status.fingerprint);
}

export class KnownFiles {
  readonly digest: string | null;
  readonly #tree: Tree;
  readonly #files = new Map<string, { entry: FileEntry; fingerprint: bigint }>();

  /** @param fingerprints one for each entry of the tree, 0 for none */
  constructor(
    digest: string | null = null,
    tree: Tree = { mode: 0, entries: [] },
    fingerprints: readonly bigint[] = [],
  ) {
    this.digest = digest;
    this.#tree = tree;
    for (const [index, entry] of tree.entries.entries()) {
      const fingerprint = fingerprints[index] ?? 0n;
      if (entry.kind === 'file' && fingerprint !== 0n) this.#files.set(entry.path, { entry, fingerprint });
    }
  }

  entryOf(path: string, fingerprint: bigint): FileEntry | null {
    const file = this.#files.get(path);
    return file?.fingerprint === fingerprint ? file.entry : null;
  }

  /** Whether it is the tree of the last time. Files are the same if their entry was taken from it. */
  isSame({ mode, entries }: Tree): boolean {
    if (this.digest === null || mode !== this.#tree.mode || entries.length !== this.#tree.entries.length)
      return false;
    return entries.every((entry, index) => {
      const last = this.#tree.entries[index];
      if (last === undefined || entry.kind === 'file' || last.kind === 'file') return entry === last;
      return Bun.deepEquals(entry, last);
    });
  }
}

const LIMIT = 1 << 28;

function cachePath(layout: StoreLayout, root: string): string {
  const { sha256 } = digestBytes(new TextEncoder().encode(root));
  return layout.join(layout.cache, sha256.slice(0, 32));
}

export function loadKnownFiles(
  disk: Disk,
  layout: StoreLayout,
  root: string,
  read: (digest: string) => Tree = (digest) => readTree(disk, layout, digest),
): KnownFiles {
  try {
    const bytes = readCacheFile(disk, cachePath(layout, root), LIMIT);
    if (bytes === null) return new KnownFiles();
    const { digest, fingerprints } = decode(bytes);
    const tree = read(digest);
    if (tree.entries.length !== fingerprints.length) return new KnownFiles();
    return new KnownFiles(digest, tree, fingerprints);
  } catch (error) {
    if (error instanceof UpdaterError) return new KnownFiles();
    throw error;
  }
}

/** The format: SHA-256 of the rest (32 bytes), SHA-256 of the tree (32), then 8 bytes for each entry, 0 for none. */
export function saveKnownFiles(
  disk: Disk,
  layout: StoreLayout,
  root: string,
  digest: string,
  tree: Tree,
  fingerprints: ReadonlyMap<string, bigint>,
): void {
  const bytes = new Uint8Array(64 + 8 * tree.entries.length);
  bytes.set(Buffer.from(digest, 'hex'), 32);
  const view = new DataView(bytes.buffer);
  tree.entries.forEach(({ path }, index) => {
    view.setBigUint64(64 + 8 * index, fingerprints.get(path) ?? 0n, true);
  });
  bytes.set(Buffer.from(digestBytes(bytes.subarray(32)).sha256, 'hex'));
  const path = cachePath(layout, root);
  removeIfThere(disk, `${path}${TEMPORARY}`);
  writeNew(disk, `${path}${TEMPORARY}`, 0o600, (write) => write(bytes));
  disk.rename(`${path}${TEMPORARY}`, path);
}

function decode(bytes: Uint8Array): { digest: string; fingerprints: bigint[] } {
  const hex = (from: number) => Buffer.from(bytes.subarray(from, from + 32)).toString('hex');
  if (bytes.length < 64 || bytes.length % 8 !== 0 || digestBytes(bytes.subarray(32)).sha256 !== hex(0))
    throw new DamagedError('the cache of fingerprints is damaged');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fingerprints: bigint[] = [];
  for (let at = 64; at < bytes.length; at += 8) fingerprints.push(view.getBigUint64(at, true));
  return { digest: hex(32), fingerprints };
}
