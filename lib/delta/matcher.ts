/**
 * Finds which parts of the new file come from where in the old one. WebAssembly (`assembly/`) does the work; this file
 * lays out its memory and calls it in steps, so that the caller can show progress.
 */
import { readEmbedded } from '../platform/embedded.ts';
import { CHUNK, type Source } from '../platform/files.ts';
import { preferHugePages } from '../platform/posix/memory-advice.ts';
import wasmPath from './delta.wasm' with { type: 'file' };
import { noMemory } from './mixing/module.ts';

interface Exports {
  memory: WebAssembly.Memory;
  take(bytes: number): number;
  mark(): number;
  release(mark: number): void;
  commonPrefix(a: number, aSize: number, b: number, bSize: number): number;
  findRuns(
    old: number,
    oldSize: number,
    fresh: number,
    newSize: number,
    minimum: number,
    out: number,
  ): number;
  prepareSearch(old: number, oldSize: number, covered: number): number;
  findSeeds(
    old: number,
    oldSize: number,
    fresh: number,
    from: number,
    to: number,
    offset: number,
    out: number,
    room: number,
  ): number;
  extendForward(a: number, b: number, limit: number): number;
  extendBackward(a: number, b: number, limit: number): number;
  splitOverlap(left: number, right: number, b: number, size: number): number;
}

/** `length` bytes from `newStart` of the new file correspond to those from `oldStart` of the old file; some may differ. */
export interface Alignment {
  newStart: number;
  oldStart: number;
  length: number;
}

/** Identical runs of at least this length are used as they are, before anything is sorted. */
const RUN = 384;
/** The old file is left out of the sorting in blocks of this size; BLOCK of assembly/search.ts. */
const BLOCK = 64;
/** Seeds per call into the module. */
const ROOM = 4096;
/** What the module can address, less some room for its small tables. */
const ADDRESSABLE = 2 ** 32 - 2 ** 27;

export class Matcher {
  readonly #wasm: Exports;
  readonly #old: number;
  readonly #oldSize: number;
  readonly #fresh: number;
  readonly #newSize: number;

  /** Both files are copied into the module's memory. Throws MachineError if that has no room for them. */
  constructor(old: Source, fresh: Source) {
    // A fresh instance each time: its memory, up to 4 GB, goes with it.
    this.#wasm = instantiate();
    this.#oldSize = old.size;
    this.#newSize = fresh.size;
    this.#old = this.#take(old.size);
    this.#fresh = this.#take(fresh.size);
    this.#load(old, this.#old);
    this.#load(fresh, this.#fresh);
    // What follows are tables.
    const { buffer } = this.#wasm.memory;
    preferHugePages(buffer, buffer.byteLength, 2 ** 32);
  }

  /** The two files in the module's memory. Views become invalid when it grows: take them after `seeds` is done. */
  get files(): { old: Uint8Array; fresh: Uint8Array } {
    return {
      old: this.#view(this.#old, this.#oldSize),
      fresh: this.#view(this.#fresh, this.#newSize),
    };
  }

  /** How many bytes are equal from two positions on, at most `limit`. */
  equal(oldAt: number, newAt: number, limit: number): number {
    return this.#wasm.commonPrefix(this.#old + oldAt, limit, this.#fresh + newAt, limit) >>> 0;
  }

  /**
   * Exact matches, ascending and disjoint in the new file, each the core of an alignment, in batches; `passed` is how much
   * of the new file has been searched.
   */
  *seeds(): Generator<{ seeds: Alignment[]; passed: number }> {
    const runs = this.runs();
    this.#prepare(runs);
    const out = this.#take(ROOM * 12);
    let at = 0;
    let offset = 0;
    for (const run of runs) {
      for (;;) {
        const count =
          run.newStart === at
            ? 0
            : this.#wasm.findSeeds(
                this.#old,
                this.#oldSize,
                this.#fresh,
                at,
                run.newStart,
                offset,
                out,
                ROOM,
              ) >>> 0;
        const seeds = this.#triples(out, count);
        const last = seeds.at(-1);
        if (last !== undefined) {
          at = last.newStart + last.length;
          offset = last.newStart - last.oldStart;
          yield { seeds, passed: at };
        }
        if (count < ROOM) break;
      }
      if (run.length > 0) yield { seeds: [run], passed: run.newStart + run.length };
      at = run.newStart + run.length;
      offset = run.newStart - run.oldStart;
    }
  }

  /**
   * Extends neighbouring alignments `left` and `right` towards each other as far as that makes the patch smaller. `right`
   * may have length 0, for the end of the file. Returns how many bytes `left` grows at its end and `right` at its start;
   * together they fit between the two.
   */
  extend(left: Alignment, right: Alignment): { up: number; down: number } {
    const leftNew = left.newStart + left.length;
    const leftOld = left.oldStart + left.length;
    const gap = right.newStart - leftNew;
    const fresh = this.#fresh;
    let up =
      this.#wasm.extendForward(
        this.#old + leftOld,
        fresh + leftNew,
        Math.min(gap, this.#oldSize - leftOld),
      ) >>> 0;
    let down = 0;
    if (right.length > 0) {
      down =
        this.#wasm.extendBackward(
          this.#old + right.oldStart,
          fresh + right.newStart,
          Math.min(gap, right.oldStart),
        ) >>> 0;
    }
    const overlap = up + down - gap;
    if (overlap > 0) {
      const begin = up - overlap;
      const split = this.#wasm.splitOverlap(
        this.#old + leftOld + begin,
        this.#old + right.oldStart - down,
        fresh + leftNew + begin,
        overlap,
      );
      up = begin + (split >>> 0);
      down = gap - up;
    }
    return { up, down };
  }

  /** The long identical runs, ascending and disjoint in the new file, then an empty one at its end. */
  runs(): Alignment[] {
    const before = this.#wasm.mark();
    const out = this.#take((Math.floor(this.#newSize / RUN) + 1) * 12);
    const count = this.#wasm.findRuns(this.#old, this.#oldSize, this.#fresh, this.#newSize, RUN, out);
    const runs = this.#triples(out, Math.max(count, 0));
    this.#wasm.release(before);
    runs.push({ newStart: this.#newSize, oldStart: 0, length: 0 });
    return runs;
  }

  /** Sorts the old file without the runs, as much of it as fits into memory: the rest can only be matched by runs. */
  #prepare(runs: Alignment[]): void {
    const blocks = Math.ceil(this.#oldSize / BLOCK);
    const map = this.#take(blocks);
    const covered = this.#view(map, blocks).fill(0);
    for (const { oldStart, length } of runs) {
      const first = Math.ceil(oldStart / BLOCK);
      covered.fill(1, first, Math.max(first, Math.floor((oldStart + length) / BLOCK)));
    }
    // The text, its ranks, the suffix array and the buckets of the sorting: four bytes for each byte.
    let room = Math.floor((ADDRESSABLE - (this.#wasm.mark() >>> 0)) / 4 / BLOCK);
    for (let block = 0; block < blocks; block++) {
      if (covered[block] === 0 && room-- <= 0) covered[block] = 1;
    }
    this.#wasm.prepareSearch(this.#old, this.#oldSize, map);
  }

  #triples(address: number, count: number): Alignment[] {
    const words = new Uint32Array(this.#wasm.memory.buffer, address, count * 3);
    const all: Alignment[] = [];
    for (let i = 0; i < words.length; i += 3) {
      all.push({ newStart: words[i] ?? 0, oldStart: words[i + 1] ?? 0, length: words[i + 2] ?? 0 });
    }
    return all;
  }

  /** In order, each byte once. */
  #load(source: Source, address: number): void {
    for (let at = 0; at < source.size; at += CHUNK)
      source.read(at, this.#view(address + at, Math.min(CHUNK, source.size - at)));
  }

  #take(bytes: number): number {
    const address = this.#wasm.take(bytes) >>> 0;
    if (address === 0) throw noMemory();
    return address;
  }

  #view(address: number, size: number): Uint8Array {
    return new Uint8Array(this.#wasm.memory.buffer, address, size);
  }
}

let module: WebAssembly.Module | undefined;

function compiled(): WebAssembly.Module {
  module ??= new WebAssembly.Module(readEmbedded(wasmPath));
  return module;
}

function instantiate(): Exports {
  try {
    return new WebAssembly.Instance(compiled()).exports as unknown as Exports;
  } catch (error) {
    throw error instanceof RangeError ? noMemory() : error;
  }
}
