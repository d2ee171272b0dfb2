/**
 * The WebAssembly that encodes and decodes `mixing` (../assembly/mixing): both files are in its memory, the new one whole
 * for the encoder, as a window for the decoder.
 */
import { MachineError } from '../../errors.ts';
import { readEmbedded } from '../../platform/embedded.ts';
import { preferHugePages } from '../../platform/posix/memory-advice.ts';
import wasmPath from '../mixing.wasm' with { type: 'file' };

/** What `run` returns: why it stopped. */
export const DONE = 0;
export const BUFFER_DUE = 1;
export const WINDOW_FULL = 2;
export const BULK_DUE = 3;
export const SECOND_DUE = 4;
export const IMAGES_DUE = 5;
const NO_MEMORY = -2;
/**
 * Bytes that the tables of the first lane and the index of the old file take, at most. The map of references comes behind them: it is
 * mostly empty, and read from its beginning to its end.
 */
const LANE_AND_INDEX = 62 << 20;

/** Bytes of the buffer, BUFFER of coder.ts. */
export const BUFFER = 1 << 16;

/** Addresses and sizes are u32, which JavaScript sees as signed: `>>> 0` them. */
interface Buffered {
  memory: WebAssembly.Memory;
  bufferAddress(): number;
  bufferFilled(): number;
  refill(size: number): void;
}

interface Exports extends Buffered {
  open(encode: boolean, oldSize: number, newSize: number): number;
  oldFile(): number;
  newFile(): number;
  baseAddresses(): number;
  regionAt(file: number, index: number): number;
  goBaseAt(file: number, index: number): number;
  dwarfSectionAt(index: number): number;
  regionCount(file: number): number;
  setRegionCount(file: number, count: number): void;
  setImageSpan(file: number, span: number): void;
  takeSteps(count: number): number;
  measureSteps(): number;
  nameConstants(offset: number, size: number): void;
  takeMoves(
    first: number,
    shift: number,
    functions: number,
    before: number,
    after: number,
    runs: number,
  ): number;
  choose(bucketBits: number, lessons: number): void;
  lessonBytes(): number;
  costOf(part: number): number;
  countCosts(): void;
  run(last: boolean): number;
  made(): number;
  freshAt(place: number): number;
  slide(): void;
  careful(): void;
  bulkSize(): number;
  bulkClass(): number;
  bulkHashes(): number;
  hashedPages(index: number): number;
  bulkPlaced(): void;
  bulkTaken(): number;
  work(): number;
  spent(): number;
  splitAt(step: number): void;
  useSecondModel(): void;
  useThirdModel(): void;
  useFourthModel(): void;
  useFastSteps(): void;
  takeSecond(size: number): number;
  secondStream(address: number): number;
  secondStart(): number;
  secondWindow(address: number, size: number): number;
  secondBulk(): number;
  beginSecond(address: number, size: number): number;
  saveVariables(address: number): void;
  loadVariables(address: number): void;
}

/** Of an instance that codes a stream of bulk (light.ts). */
export interface LightExports extends Buffered {
  lightVariables(): number;
  saveVariables(address: number): void;
  openLight(encode: boolean, size: number): number;
  lightBulk(): number;
  lightMade(): number;
  lightStretches(count: number): number;
  runLight(last: boolean): number;
}

/** Where the second lane lies in the memory of the first one. */
export interface Second {
  address: number;
  /** Bytes of its stream. */
  size: number;
}

export class MixingModule {
  readonly exports: Exports;
  readonly memory: WebAssembly.Memory;

  private constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.exports = instantiate(memory);
  }

  static open(encode: boolean, oldSize: number, newSize: number): MixingModule {
    const module = new MixingModule(newMemory());
    if (module.exports.open(encode, oldSize, newSize) === 0) throw noMemory();
    // The files are there now. What follows are tables.
    const { buffer } = module.memory;
    preferHugePages(buffer, buffer.byteLength, buffer.byteLength + LANE_AND_INDEX);
    return module;
  }

  /**
   * When `run` has returned SECOND_DUE: takes memory for a second lane whose stream is this one. Returns what `beginSecond` needs in a
   * module on the same memory.
   */
  takeSecond(stream: Uint8Array): Second {
    const { exports } = this;
    const address = exports.takeSecond(stream.length) >>> 0;
    if (address === 0) throw noMemory();
    exports.saveVariables(address);
    preferHugePages(this.memory.buffer, address, this.memory.buffer.byteLength);
    this.bytes(exports.secondStream(address), stream.length).set(stream);
    return { address, size: stream.length };
  }

  /** The same once more, for a lane that was begun and not finished. */
  repeatSecond({ address, size }: Second): Second {
    const again = this.exports.takeSecond(size) >>> 0;
    if (again === 0) throw noMemory();
    const end = this.exports.secondStream(address) - address + size;
    this.bytes(again, end).set(this.bytes(address, end));
    return { address: again, size };
  }

  /** A copy of this module on the same memory, that is about to make the second lane. */
  beginSecond({ address, size }: Second): MixingModule {
    const copy = new MixingModule(this.memory);
    copy.exports.loadVariables(address);
    if (copy.exports.beginSecond(address, size) === 0) throw noMemory();
    return copy;
  }

  /** `size` bytes at an address. Invalid once the memory grows, which `run` may do. */
  bytes(address: number, size: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address >>> 0, size);
  }

  words(address: number, size: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, address >>> 0, size);
  }

  /** Why it stopped; null if what it was given is malformed. `last`: no more will be given. */
  run(last: boolean): number | null {
    return runModule(() => this.exports.run(last));
  }
}

/** What `run` returns, or null if what it was given is malformed. */
export function runModule(run: () => number): number | null {
  let result: number;
  try {
    result = run();
  } catch (error) {
    // A trap: every bound is checked before, so this is a second line of defence.
    if (error instanceof WebAssembly.RuntimeError) return null;
    throw error;
  }
  if (result === NO_MEMORY) throw noMemory();
  return result < 0 ? null : result;
}

export function noMemory(): MachineError {
  return new MachineError('there is not enough memory to compare the binaries in', {
    advice: 'Close other programs, and try again.',
  });
}

let module: WebAssembly.Module | undefined;

/** Another thread may use it as well: what the engine has compiled of it is shared. */
export function compiled(): WebAssembly.Module {
  module ??= new WebAssembly.Module(readEmbedded(wasmPath));
  return module;
}

/** Pages of 64 KiB that a memory may grow to. Where there are fewer addresses (`ulimit -v`), fewer may do. */
const MOST_PAGES = [65536, 32768, 16384, 8192];

/** Of 64 KiB, and up to 4 GiB, whose addresses are reserved. Threads may share it. Throws MachineError if there is none. */
function newMemory(): WebAssembly.Memory {
  for (const maximum of MOST_PAGES) {
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared: true });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw noMemory();
}

/** A fresh instance each time. */
function instantiate<T>(memory: WebAssembly.Memory = newMemory()): T {
  return new WebAssembly.Instance(compiled(), { env: { memory } }).exports as unknown as T;
}

/** An instance that codes a stream of `size` bytes of bulk. */
export function openLight(encode: boolean, size: number): LightExports {
  const exports: LightExports = instantiate();
  if (exports.openLight(encode, size) === 0) throw noMemory();
  return exports;
}
