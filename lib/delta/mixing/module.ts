/**
 * The WebAssembly that encodes and decodes `mixing` (../assembly/mixing): both files are in its memory, the new one whole
 * for the encoder, as a window for the decoder.
 */
import { MachineError } from '../../errors.ts';
import { readEmbedded } from '../../platform/embedded.ts';
import wasmPath from '../mixing.wasm' with { type: 'file' };

/** What `run` returns: why it stopped. */
export const DONE = 0;
export const BUFFER_DUE = 1;
export const WINDOW_FULL = 2;
export const BULK_DUE = 3;
const NO_MEMORY = -2;

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
  regionCount(file: number): number;
  setRegionCount(file: number, count: number): void;
  setImageSpan(file: number, span: number): void;
  takeSteps(count: number): number;
  takeMoves(
    first: number,
    shift: number,
    functions: number,
    before: number,
    after: number,
    runs: number,
  ): number;
  choose(bucketBits: number): void;
  costOf(part: number): number;
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
}

/** Of an instance that codes a stream of bulk (light.ts). */
export interface LightExports extends Buffered {
  openLight(encode: boolean, size: number): number;
  lightBulk(): number;
  lightMade(): number;
  lightStretches(count: number): number;
  runLight(last: boolean): number;
}

export class MixingModule {
  readonly exports: Exports;

  constructor(encode: boolean, oldSize: number, newSize: number) {
    this.exports = instantiate();
    if (this.exports.open(encode, oldSize, newSize) === 0) throw noMemory();
  }

  /** `size` bytes at an address. Invalid once the memory grows, which `run` may do. */
  bytes(address: number, size: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, address >>> 0, size);
  }

  words(address: number, size: number): Uint32Array {
    return new Uint32Array(this.exports.memory.buffer, address >>> 0, size);
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

/** For another thread to compile. */
export function moduleBytes(): Uint8Array {
  return readEmbedded(wasmPath);
}

/** A fresh instance each time: its memory goes with it. */
export function instantiate<T>(): T {
  module ??= new WebAssembly.Module(readEmbedded(wasmPath));
  return new WebAssembly.Instance(module).exports as unknown as T;
}
