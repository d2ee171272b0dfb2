/**
 * Adding to the store. What was added is on the drive once `finish` has returned. An interrupted writer leaves temporary
 * files, which the next one removes, and complete packs, trees and clones that nothing refers to, which pruning removes.
 */
import { errorCode } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import { digestBytes, flushFile, removeIfThere } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { keepBinary } from './binaries.ts';
import { Blocks } from './blocks.ts';
import { clonePath, holdsClone } from './clones.ts';
import { type StoreLayout, TEMPORARY } from './layout.ts';
import {
  compressBlock,
  compressBlockInParallel,
  looksCompressible,
  PACK_BUFFER,
  PACK_SIZE,
  PackWriter,
} from './pack.ts';
import { BLOCK, type Tree } from './tree.ts';
import { writeTree } from './trees.ts';
import { ZERO_BLOCK, ZEROS } from './zeros.ts';

/** The filesystem can't share blocks between files. */
const NO_REFLINKS = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOTTY']);
/** It can't share those of this file: the file is on another filesystem, of a special kind, or can't be opened. */
const NOT_THIS_ONE = new Set([
  ...['EXDEV', 'EINVAL', 'EPERM', 'ETXTBSY', 'EACCES'],
  ...['ENOENT', 'ENOTDIR', 'ESTALE', 'ELOOP', 'EISDIR', 'ENXIO'],
]);

/** Bytes of the smallest block that is worth handing to another core. */
const PARALLEL_FROM = 16 << 10;
/** Blocks that are compressed at the same time: enough to keep the cores busy, few enough to hold in memory. */
const MOST_COMPRESSING = 8;

export class StoreWriter {
  readonly blocks: Blocks;
  readonly layout: StoreLayout;
  readonly #host: Host;
  readonly #disk: Disk;
  #pack: PackWriter | null = null;
  #flushing: { writer: PackWriter; entries: PackWriter['entries']; flushed: Promise<unknown> }[] = [];
  /** Each resolves to the failure, or to null. */
  readonly #binaries: Promise<unknown>[] = [];
  /** The blocks that are being compressed, in the order in which they were added. */
  readonly #compressing = new Map<
    string,
    { raw: Uint8Array; buffer: Uint8Array; frame: Promise<Uint8Array | null> }
  >();
  /** Buffers of the size of a block, to be used again. */
  readonly #freeBuffers: Uint8Array[] = [];
  /** Blocks that were written again. */
  readonly #written = new Set<string>();
  #sharing = true;
  /** Made for the first pack: most writers store nothing. */
  #buffer: Uint8Array | null = null;
  #changedFolders = new Set<string>();

  constructor(host: Host, layout: StoreLayout) {
    this.#host = host;
    this.#disk = host.disk;
    this.layout = layout;
    this.blocks = new Blocks(host.disk, layout);
  }

  /** Bytes of the blocks that were added, as they are stored. */
  added = 0;

  /**
   * Adds a block unless the store has it, and returns its SHA-256. The bytes may be overwritten once this resolves, which
   * takes until few enough blocks are being compressed.
   */
  async addBlock(raw: Uint8Array, sha256 = digestBytes(raw).sha256): Promise<string> {
    if (!this.#has(sha256)) await this.#append(sha256, raw);
    return sha256;
  }

  /** Adds a whole block of zeros. */
  addZeros(): Promise<string> {
    return this.addBlock(ZEROS, ZERO_BLOCK);
  }

  /**
   * Large blocks are compressed on other cores while the next ones are read. All are stored in the order they were
   * added.
   */
  async #append(sha256: string, raw: Uint8Array): Promise<void> {
    const worth = looksCompressible(raw);
    const large = worth && raw.length >= PARALLEL_FROM;
    if (!large && this.#compressing.size === 0) {
      this.#put(sha256, raw, worth ? compressBlock(raw) : null);
      return;
    }
    // Allocating memory for each would take longer than the compression.
    const buffer = this.#freeBuffers.pop() ?? new Uint8Array(BLOCK);
    const own = buffer.subarray(0, raw.length);
    own.set(raw);
    const frame = large ? compressBlockInParallel(own) : Promise.resolve(worth ? compressBlock(own) : null);
    // A failure is thrown when its turn comes.
    frame.catch(() => undefined);
    this.#compressing.set(sha256, { raw: own, buffer, frame });
    await this.#storeCompressed(MOST_COMPRESSING);
  }

  /** Stores blocks until no more than `most` are being compressed. */
  async #storeCompressed(most: number): Promise<void> {
    for (const [sha256, { raw, buffer, frame }] of this.#compressing) {
      if (this.#compressing.size <= most) return;
      this.#put(sha256, raw, await frame);
      this.#compressing.delete(sha256);
      this.#freeBuffers.push(buffer);
    }
  }

  #put(sha256: string, raw: Uint8Array, frame: Uint8Array | null): void {
    if (this.#pack === null) {
      const path = this.layout.join(this.layout.packs, `${this.#newName(this.layout.packs)}${TEMPORARY}`);
      this.#buffer ??= new Uint8Array(PACK_BUFFER);
      this.#pack = new PackWriter(this.#disk, path, this.#buffer);
    }
    this.added += this.#pack.add(sha256, raw, frame).stored;
    if (this.#pack.size >= PACK_SIZE) this.#endPack();
  }

  /** Blocks that are not on the drive yet count as well. */
  #has(block: string): boolean {
    return (
      this.blocks.has(block) ||
      this.#compressing.has(block) ||
      this.#pack?.entries.has(block) === true ||
      this.#flushing.some(({ entries }) => entries.has(block))
    );
  }

  /** Copies a block from its pack to a new one. Throws DamagedError if it is damaged. */
  async rewriteBlock(sha256: string): Promise<void> {
    const raw = this.blocks.read(sha256);
    if (this.#written.has(sha256)) return;
    this.#written.add(sha256);
    await this.#append(sha256, raw);
  }

  /** Whether the store has all of these blocks. */
  holds(blocks: readonly string[]): boolean {
    return blocks.every((block) => this.#has(block));
  }

  holdsClone(name: string, size: number): boolean {
    return holdsClone(this.#disk, this.layout, name, size);
  }

  clonePath(name: string): string {
    return clonePath(this.layout, name);
  }

  /** Makes a file that shares its blocks with the one at `path`, and returns its name; null if the filesystem can't. */
  addClone(path: string): string | null {
    if (!this.#sharing) return null;
    const name = this.#newName(this.layout.clones);
    const clone = this.clonePath(name);
    try {
      this.#disk.reflink(path, clone);
    } catch (error) {
      const code = errorCode(error) ?? '';
      if (!NO_REFLINKS.has(code) && !NOT_THIS_ONE.has(code)) throw error;
      if (NO_REFLINKS.has(code)) this.#sharing = false;
      removeIfThere(this.#disk, clone);
      return null;
    }
    this.#disk.setMode(clone, 0o600);
    flushFile(this.#disk, clone);
    this.#changedFolders.add(this.layout.clones);
    return name;
  }

  dropClone(name: string): void {
    removeIfThere(this.#disk, this.clonePath(name));
  }

  /** As `keepBinary`, in the background: `finish` throws the failure. */
  addBinary(path: string, sha256: string, onCopied?: (path: string) => void): void {
    const name = `${this.#newName(this.layout.binaries)}${TEMPORARY}`;
    const temporary = this.layout.join(this.layout.binaries, name);
    const now = this.#host.clock.now();
    const kept = keepBinary(this.#disk, this.layout, { path, sha256, temporary, now, onCopied });
    this.#binaries.push(
      kept.then(
        (fresh) => {
          if (fresh) this.#changedFolders.add(this.layout.binaries);
          return null;
        },
        (error: unknown) => error,
      ),
    );
  }

  /** Returns the digest of the tree, which is its name. */
  async addTree(tree: Tree): Promise<string> {
    const { digest, isNew } = await writeTree(this.#disk, this.layout, tree);
    if (isNew) this.#changedFolders.add(this.layout.trees);
    return digest;
  }

  /** Resolves once everything that was added is on the drive. */
  async finish(): Promise<void> {
    await this.#storeCompressed(0);
    this.#endPack();
    for (const binary of this.#binaries) {
      const failure = await binary;
      if (failure !== null) throw failure;
    }
    for (const pack of this.#flushing) {
      const failure = await pack.flushed;
      if (failure !== null) throw failure;
      const name = this.#newName(this.layout.packs);
      this.#disk.rename(pack.writer.path, this.blocks.pathOf(name));
      this.blocks.addPack(name, pack.entries);
      this.#changedFolders.add(this.layout.packs);
    }
    this.#flushing = [];
    for (const folder of this.#changedFolders) this.#disk.flushDirectory(folder);
    this.#changedFolders.clear();
  }

  /** Removes what was not finished. */
  async close(): Promise<void> {
    this.blocks.close();
    await Promise.all(this.#binaries);
    await Promise.allSettled([...this.#compressing.values()].map(({ frame }) => frame));
    this.#compressing.clear();
    await Promise.all(this.#flushing.map(({ flushed }) => flushed));
    const begun = [
      ...this.#flushing.map(({ writer }) => writer),
      ...(this.#pack === null ? [] : [this.#pack]),
    ];
    this.#flushing = [];
    this.#pack = null;
    for (const writer of begun) {
      try {
        writer.close();
        removeIfThere(this.#disk, writer.path);
      } catch (error) {
        // The next writer removes the file.
        if (errorCode(error) === undefined) throw error;
      }
    }
  }

  /** Flushes the pack in the background, while the next blocks are read and compressed. */
  #endPack(): void {
    if (this.#pack === null) return;
    const writer = this.#pack;
    this.#pack = null;
    this.#flushing.push({
      writer,
      entries: writer.entries,
      flushed: writer.finish().then(
        () => null,
        (error: unknown) => error,
      ),
    });
  }

  /** A random name that is free in the folder. */
  #newName(folder: string): string {
    for (;;) {
      const name = Buffer.from(this.#host.random.bytes(16)).toString('hex');
      const path = this.layout.join(folder, name);
      if (this.#disk.status(path) === null && this.#disk.status(`${path}${TEMPORARY}`) === null) return name;
    }
  }
}
