/** The trees of the store: each is a file named by the SHA-256 of the document in it (tree.ts), one zstd frame. */
import { decompressFrame, zstdFrame, zstdFrameSync } from '../../delta/index.ts';
import { DamagedError, MachineError } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import { digestBytes, expectingFile, readFile, removeIfThere, writeNew } from '../../platform/files.ts';
import { inThread } from '../../platform/threads/thread-pool.ts';
import { type StoreLayout, TEMPORARY } from './layout.ts';
import { decodeTree, encodeTree, MAX_TREE, type Tree } from './tree.ts';

/** A decoder must remember 2^23 bytes. */
const WINDOW_LOG = 23;

export function treePath(layout: StoreLayout, sha256: string): string {
  return layout.join(layout.trees, sha256);
}

/** Throws DamagedError, which names the file, if it is missing or its content is not what its name says. */
export function readTree(disk: Disk, layout: StoreLayout, sha256: string): Tree {
  const path = treePath(layout, sha256);
  const frame = expectingFile(path, () => readFile(disk, path, MAX_TREE));
  if (frame === null) throw new DamagedError(`the tree ${path} is missing`);
  const document = decompressFrame(frame, MAX_TREE, WINDOW_LOG, `the tree ${path} is damaged: it`);
  const found = digestBytes(document).sha256;
  if (found !== sha256) throw new DamagedError(`the tree ${path} is damaged: it has SHA-256 ${found}`);
  return decodeTree(document, path);
}

/**
 * Adds a tree unless the store has it, intact. The file is on the drive; flushing its folder is left to the caller. Throws
 * MachineError if the list of files is too long.
 */
export async function writeTree(
  disk: Disk,
  layout: StoreLayout,
  tree: Tree,
): Promise<{ digest: string; isNew: boolean }> {
  const document = encodeTree(tree);
  if (document.length > MAX_TREE) throw tooManyFiles(document.length, tree);
  const { sha256: digest } = digestBytes(document);
  if (isIntact(disk, layout, digest)) return { digest, isNew: false };
  const settings = { level: 3, windowLog: WINDOW_LOG };
  const frame = await inThread(
    () => zstdFrame(document, settings),
    () => zstdFrameSync(document, settings),
  );
  const path = treePath(layout, digest);
  const temporary = `${path}${TEMPORARY}`;
  removeIfThere(disk, temporary);
  writeNew(disk, temporary, 0o600, (write) => write(frame));
  disk.rename(temporary, path);
  return { digest, isNew: true };
}

function isIntact(disk: Disk, layout: StoreLayout, sha256: string): boolean {
  if (disk.status(treePath(layout, sha256)) === null) return false;
  try {
    readTree(disk, layout, sha256);
    return true;
  } catch (error) {
    if (error instanceof DamagedError) return false;
    throw error;
  }
}

function tooManyFiles(bytes: number, { entries }: Tree): MachineError {
  return new MachineError(
    `a folder with ${entries.length} files is too large for a snapshot: its list has ${bytes} bytes, at most ${MAX_TREE} are possible`,
    { advice: 'Leave a part of it out with `dgmo-updater config set snapshotExclude`.' },
  );
}
