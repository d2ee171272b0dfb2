/**
 * Adding to the store. Nothing that was added counts until `finish` has brought it to the drive; what an interrupted
 * writer leaves is temporary files, which the next one removes, and whole packs, trees and clones that nothing refers to,
 * which pruning removes.
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
  compressBlockMeanwhile,
  looksCompressible,
  PACK_BUFFER,
  PACK_SIZE,
  PackWriter,
} from './pack.ts';
import { BLOCK, type Tree } from './tree.ts';
import { writeTree } from './trees.ts';
import { ZERO_BLOCK, ZEROS } from './zeros.ts';

/** The filesystem can't share blocks. */
const NO_REFLINKS = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOTTY']);
/** It can't share those of this file: it is on another one, or of a kind that is not shared. */
const NOT_THIS_ONE = new Set(['EXDEV', 'EINVAL', 'EPERM', 'ETXTBSY']);

/** Bytes from which on it pays to hand a block to another core. */
const MEANWHILE = 16 << 10;
/** Blocks that may be waiting: enough to keep the cores busy, few enough to hold them all. */
const MOST_WAITING = 8;

export class StoreWriter {
  readonly blocks: Blocks;
  readonly layout: StoreLayout;
  readonly #host: Host;
  readonly #disk: Disk;
  #pack: PackWriter | null = null;
  #ending: { writer: PackWriter; entries: PackWriter['entries']; flushed: Promise<unknown> }[] = [];
  /** Resolve to what went wrong, else to null. */
  readonly #binaries: Promise<unknown>[] = [];
  /** What is being compressed, in the order in which it came. */
  readonly #waiting = new Map<
    string,
    { raw: Uint8Array; room: Uint8Array; frame: Promise<Uint8Array | null> }
  >();
  /** Room for a block each, free to be used again. */
  readonly #rooms: Uint8Array[] = [];
  /** The blocks that were rewritten. */
  readonly #written = new Set<string>();
  #sharing = true;
  readonly #buffer = new Uint8Array(PACK_BUFFER);
  #named = new Set<string>();

  constructor(host: Host, layout: StoreLayout) {
    this.#host = host;
    this.#disk = host.disk;
    this.layout = layout;
    this.blocks = new Blocks(host.disk, layout);
  }

  /** Bytes that were added as blocks, as they are stored. */
  added = 0;

  /**
   * Adds the block where the store has none like it; its SHA-256. The bytes may be overwritten as soon as this returns,
   * which it does when few enough blocks are waiting to be compressed.
   */
  async addBlock(raw: Uint8Array, sha256 = digestBytes(raw).sha256): Promise<string> {
    if (!this.#has(sha256)) await this.#append(sha256, raw);
    return sha256;
  }

  /** A block of zeros, which need not be read to be known. */
  addZeros(): Promise<string> {
    return this.addBlock(ZEROS, ZERO_BLOCK);
  }

  /** Large blocks are compressed on other cores while the next ones are read; all are stored in the order they came in. */
  async #append(sha256: string, raw: Uint8Array): Promise<void> {
    const worth = looksCompressible(raw);
    const large = worth && raw.length >= MEANWHILE;
    if (!large && this.#waiting.size === 0) {
      this.#put(sha256, raw, worth ? compressBlock(raw) : null);
      return;
    }
    // Fresh memory for each would cost more than the compression.
    const room = this.#rooms.pop() ?? new Uint8Array(BLOCK);
    const own = room.subarray(0, raw.length);
    own.set(raw);
    const frame = large ? compressBlockMeanwhile(own) : Promise.resolve(worth ? compressBlock(own) : null);
    // Told when its turn comes.
    frame.catch(() => undefined);
    this.#waiting.set(sha256, { raw: own, room, frame });
    await this.#store(MOST_WAITING);
  }

  /** Until no more than `most` are waiting. */
  async #store(most: number): Promise<void> {
    for (const [sha256, { raw, room, frame }] of this.#waiting) {
      if (this.#waiting.size <= most) return;
      this.#put(sha256, raw, await frame);
      this.#waiting.delete(sha256);
      this.#rooms.push(room);
    }
  }

  #put(sha256: string, raw: Uint8Array, frame: Uint8Array | null): void {
    if (this.#pack === null) {
      const path = this.layout.join(this.layout.packs, `${this.#newName(this.layout.packs)}${TEMPORARY}`);
      this.#pack = new PackWriter(this.#disk, path, this.#buffer);
    }
    this.added += this.#pack.add(sha256, raw, frame).stored;
    if (this.#pack.size >= PACK_SIZE) this.#endPack();
  }

  /** The pack that is written and the ones on their way to the drive: what is in them counts as there. */
  #has(block: string): boolean {
    return (
      this.blocks.has(block) ||
      this.#waiting.has(block) ||
      this.#pack?.entries.has(block) === true ||
      this.#ending.some(({ entries }) => entries.has(block))
    );
  }

  /** Into another pack, from where it is. DamagedError where it is not what it was. */
  async rewriteBlock(sha256: string): Promise<void> {
    const raw = this.blocks.read(sha256);
    if (this.#written.has(sha256)) return;
    this.#written.add(sha256);
    await this.#append(sha256, raw);
  }

  /** Whether the store still has what an unchanged file is made of. */
  holds(blocks: readonly string[]): boolean {
    return blocks.every((block) => this.#has(block));
  }

  holdsClone(name: string, size: number): boolean {
    return holdsClone(this.#disk, this.layout, name, size);
  }

  clonePath(name: string): string {
    return clonePath(this.layout, name);
  }

  /** A file that shares its blocks with the one at `path`; null where the filesystem has no such thing. */
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
    this.#named.add(this.layout.clones);
    return name;
  }

  dropClone(name: string): void {
    removeIfThere(this.#disk, this.clonePath(name));
  }

  /** As `keepBinary`; `finish` tells what came of it. */
  addBinary(path: string, sha256: string, replaced: boolean): void {
    const name = `${this.#newName(this.layout.binaries)}${TEMPORARY}`;
    const temporary = this.layout.join(this.layout.binaries, name);
    const now = this.#host.clock.now();
    const kept = keepBinary(this.#disk, this.layout, { path, sha256, replaced, temporary, now });
    this.#binaries.push(
      kept.then(
        (fresh) => {
          if (fresh) this.#named.add(this.layout.binaries);
          return null;
        },
        (error: unknown) => error,
      ),
    );
  }

  /** Returns the digest of the tree, which is its name. */
  async addTree(tree: Tree): Promise<string> {
    const { digest, isNew } = await writeTree(this.#disk, this.layout, tree);
    if (isNew) this.#named.add(this.layout.trees);
    return digest;
  }

  /** Everything that was added is on the drive afterwards. */
  async finish(): Promise<void> {
    await this.#store(0);
    this.#endPack();
    for (const binary of this.#binaries) {
      const failure = await binary;
      if (failure !== null) throw failure;
    }
    for (const pack of this.#ending) {
      const failure = await pack.flushed;
      if (failure !== null) throw failure;
      const name = this.#newName(this.layout.packs);
      this.#disk.rename(pack.writer.path, this.blocks.pathOf(name));
      this.blocks.learn(name, pack.entries);
      this.#named.add(this.layout.packs);
    }
    this.#ending = [];
    for (const folder of this.#named) this.#disk.flushDirectory(folder);
    this.#named.clear();
  }

  /** What did not get its name is removed. */
  async close(): Promise<void> {
    this.blocks.close();
    await Promise.all(this.#binaries);
    await Promise.allSettled([...this.#waiting.values()].map(({ frame }) => frame));
    this.#waiting.clear();
    await Promise.all(this.#ending.map(({ flushed }) => flushed));
    const begun = [...this.#ending.map(({ writer }) => writer), ...(this.#pack === null ? [] : [this.#pack])];
    this.#ending = [];
    this.#pack = null;
    for (const writer of begun) {
      try {
        writer.close();
        removeIfThere(this.#disk, writer.path);
      } catch (error) {
        // The next writer removes it.
        if (errorCode(error) === undefined) throw error;
      }
    }
  }

  /** The next blocks are read and compressed while the drive is at work on this pack. */
  #endPack(): void {
    if (this.#pack === null) return;
    const writer = this.#pack;
    this.#pack = null;
    this.#ending.push({
      writer,
      entries: writer.entries,
      flushed: writer.finish().then(
        () => null,
        (error: unknown) => error,
      ),
    });
  }

  /** Taken by nothing in the folder. */
  #newName(folder: string): string {
    for (;;) {
      const name = Buffer.from(this.#host.random.bytes(16)).toString('hex');
      const path = this.layout.join(folder, name);
      if (this.#disk.status(path) === null && this.#disk.status(`${path}${TEMPORARY}`) === null) return name;
    }
  }
}
