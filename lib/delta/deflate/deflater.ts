/** Makes streams of DEFLATE again as somebody else's compressor made them, bit for bit (../assembly/deflate). */
import { readEmbedded } from '../../platform/embedded.ts';
import wasmPath from '../deflate.wasm' with { type: 'file' };

/** Whose compressor: the number is the one of FORMAT.md. */
export const MAKERS = ['zlib', 'Go'] as const;
export type Maker = (typeof MAKERS)[number];

/** How a stream was made. */
export interface Making {
  maker: Maker;
  /** 1 to 9; of Go 0 to 9, and of Go since 1.27 98 and 100 to 109. */
  level: number;
  /** How much it remembers: of zlib memLevel, 1 to 9, and 16 more if it is in shards, 64 by the strategy Z_FILTERED; 10 as gzip, 11 as zip; else 0. */
  memory: number;
}

/** Bytes that are written at once, INPUT of assembly/deflate/index.ts. */
const INPUT = 1 << 16;

interface Exports {
  memory: WebAssembly.Memory;
  inputPlace(): number;
  begin(maker: number, level: number, memory: number): number;
  write(size: number): void;
  finish(): void;
  effort(): number;
}

let module: WebAssembly.Module | undefined;

/** One stream after the other. */
export class Deflater {
  readonly #exports: Exports;
  /** Receives what is made; valid until it returns. */
  #emit: (piece: Uint8Array) => void = () => undefined;

  constructor() {
    module ??= new WebAssembly.Module(readEmbedded(wasmPath));
    const emit = (place: number, size: number) =>
      this.#emit(new Uint8Array(this.#exports.memory.buffer, place >>> 0, size));
    this.#exports = new WebAssembly.Instance(module, { output: { emit } }).exports as unknown as Exports;
  }

  /** Begins a stream. False if there is no such compressor. */
  begin({ maker, level, memory }: Making, emit: (piece: Uint8Array) => void): boolean {
    this.#emit = emit;
    return this.#exports.begin(MAKERS.indexOf(maker), level, memory) !== 0;
  }

  write(bytes: Uint8Array): void {
    const { memory, inputPlace, write } = this.#exports;
    for (let from = 0; from < bytes.length; from += INPUT) {
      const piece = bytes.subarray(from, from + INPUT);
      new Uint8Array(memory.buffer, inputPlace() >>> 0, piece.length).set(piece);
      write(piece.length);
    }
  }

  /** What looking for matches has taken since the stream was begun, in steps of assembly/deflate/effort.ts. */
  get effort(): number {
    return this.#exports.effort();
  }

  finish(): void {
    this.#exports.finish();
  }
}
