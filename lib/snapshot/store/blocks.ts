/** The blocks of the store: where each of them is, and reading them. */
import { DamagedError, errorCode } from '../../errors.ts';
import type { Disk, Handle } from '../../platform/disk.ts';
import { expectingFile, readFile, removeIfThere, replaceDurably } from '../../platform/files.ts';
import { type StoreLayout, TEMPORARY } from './layout.ts';
import { readBlock, readEntries, type Stored } from './pack.ts';

export interface Place extends Stored {
  pack: string;
}

/** Suffix of a file beside a pack that lists its damaged blocks, so that the next snapshot stores them again. */
const LOST = '.lost';
const LOST_LIMIT = 1 << 26;

export class Blocks {
  readonly #disk: Disk;
  readonly #layout: StoreLayout;
  readonly #places = new Map<string, Place>();
  /** Further places of a block: in a second pack, or where it was found damaged once. */
  readonly #others = new Map<string, Place[]>();
  readonly #handles = new Map<string, Handle>();
  /** Packs whose list of blocks can't be read, and why. */
  readonly damaged = new Map<string, DamagedError>();
  readonly packs: string[] = [];
  /** By pack: the blocks that were found damaged, now or earlier. */
  readonly #lost = new Map<string, Set<string>>();

  constructor(disk: Disk, layout: StoreLayout) {
    this.#disk = disk;
    this.#layout = layout;
    const names = disk.status(layout.packs) === null ? [] : disk.list(layout.packs);
    for (const name of names) {
      if (name.endsWith(TEMPORARY) || name.endsWith(LOST)) continue;
      // What is no file is none of ours: it holds nothing, and is not removed.
      if (disk.status(this.pathOf(name))?.kind !== 'directory') this.packs.push(name);
      try {
        if (names.includes(`${name}${LOST}`)) this.#lost.set(name, this.#readLost(name));
        const path = this.pathOf(name);
        this.addPack(
          name,
          expectingFile(path, () => readEntries(disk, path)),
        );
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        this.damaged.set(name, error);
      }
    }
  }

  pathOf(pack: string): string {
    return this.#layout.join(this.#layout.packs, pack);
  }

  addPack(pack: string, entries: ReadonlyMap<string, Stored>): void {
    const lost = this.#lost.get(pack);
    for (const [sha256, entry] of entries) {
      const place = { ...entry, pack };
      if (lost?.has(sha256) !== true && !this.#places.has(sha256)) this.#places.set(sha256, place);
      else (this.#others.get(sha256) ?? this.#others.set(sha256, []).get(sha256))?.push(place);
    }
  }

  /** False if the only copy is known to be damaged. */
  has(sha256: string): boolean {
    return this.#places.has(sha256);
  }

  place(sha256: string): Place | undefined {
    return this.#places.get(sha256);
  }

  all(): IterableIterator<[string, Place]> {
    return this.#places.entries();
  }

  /** Throws DamagedError, which names the pack, if no copy of the block is intact. */
  read(sha256: string): Uint8Array {
    const place = this.#places.get(sha256);
    const places = [...(place === undefined ? [] : [place]), ...(this.#others.get(sha256) ?? [])];
    let failure: unknown = null;
    for (const { pack, ...entry } of places) {
      try {
        const raw = readBlock(this.#disk, this.#handleOf(pack), this.pathOf(pack), sha256, entry);
        this.#lost.get(pack)?.delete(sha256);
        return raw;
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        failure ??= error;
        (this.#lost.get(pack) ?? this.#lost.set(pack, new Set()).get(pack))?.add(sha256);
      }
    }
    throw failure ?? this.#missing(sha256);
  }

  #handleOf(pack: string): Handle {
    const path = this.pathOf(pack);
    const opened = this.#handles.get(path);
    if (opened !== undefined) return opened;
    try {
      const handle = this.#disk.open(path, 'read');
      this.#handles.set(path, handle);
      return handle;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') throw new DamagedError(`the pack ${path} is missing`);
      throw error;
    }
  }

  #missing(sha256: string): DamagedError {
    const [first] = this.damaged.values();
    if (first !== undefined) return first;
    return new DamagedError(
      `the block ${sha256.slice(0, 16)}... is in none of the packs in ${this.#layout.packs}: one of them is missing`,
    );
  }

  /** Whether the pack may be the only one that holds one of these blocks, if somebody repairs its list or the block. */
  mayHold(pack: string, needed: ReadonlySet<string>): boolean {
    const candidates = this.damaged.has(pack) ? needed : (this.#lost.get(pack) ?? new Set());
    return [...candidates].some((block) => needed.has(block) && !this.has(block));
  }

  /** Records which blocks were found damaged. The caller holds the lock of the store. */
  recordLost(): void {
    for (const [pack, lost] of this.#lost) {
      const path = `${this.pathOf(pack)}${LOST}`;
      const text = `${[...lost].join('\n')}\n`;
      if (lost.size === 0) removeIfThere(this.#disk, path);
      else replaceDurably(this.#disk, path, this.#layout.packs, new TextEncoder().encode(text));
    }
  }

  #readLost(pack: string): Set<string> {
    const path = `${this.pathOf(pack)}${LOST}`;
    const bytes = expectingFile(path, () => readFile(this.#disk, path, LOST_LIMIT));
    return new Set(
      new TextDecoder()
        .decode(bytes ?? new Uint8Array(0))
        .split('\n')
        .filter(Boolean),
    );
  }

  /** Removes a pack and the list of its damaged blocks. */
  remove(pack: string): void {
    removeIfThere(this.#disk, `${this.pathOf(pack)}${LOST}`);
    this.#disk.remove(this.pathOf(pack));
  }

  close(): void {
    for (const handle of this.#handles.values()) {
      try {
        this.#disk.close(handle);
      } catch (error) {
        // Every block was checked against its digest when it was read.
        if (errorCode(error) === undefined) throw error;
      }
    }
    this.#handles.clear();
  }
}
