/** The module that makes streams of DEFLATE, alone. */
import fs from 'node:fs';
import path from 'node:path';

export const ZLIB = 0;
export const GO = 1;

interface Exports {
  memory: WebAssembly.Memory;
  inputPlace(): number;
  begin(by: number, level: number, memory: number): number;
  write(size: number): void;
  finish(): void;
}

const file = path.join(import.meta.dir, '..', '..', '..', 'lib', 'delta', 'deflate.wasm');
const compiled = new WebAssembly.Module(fs.readFileSync(file));
let pieces: Uint8Array[] = [];
let wasm = instantiate();

function instantiate(): Exports {
  const { exports } = new WebAssembly.Instance(compiled, {
    output: {
      emit: (place: number, size: number) => {
        pieces.push(new Uint8Array((exports as unknown as Exports).memory.buffer, place, size).slice());
      },
    },
  });
  return exports as unknown as Exports;
}

export function beginDeflate(by: number, level: number, memory: number): boolean {
  return wasm.begin(by, level, memory) !== 0;
}

/** Compresses `input`, written in pieces of these sizes in turn. All streams are made by one instance, unless one has failed. */
export function deflate(
  by: number,
  level: number,
  memory: number,
  input: Uint8Array,
  sizes: readonly number[] = [65_536],
): Uint8Array {
  pieces = [];
  if (!beginDeflate(by, level, memory)) throw new Error(`level ${level} with memory ${memory} is refused`);
  try {
    for (let at = 0, turn = 0; at < input.length; turn++) {
      const piece = input.subarray(at, at + (sizes[turn % sizes.length] ?? 1));
      new Uint8Array(wasm.memory.buffer, wasm.inputPlace()).set(piece);
      wasm.write(piece.length);
      at += piece.length;
    }
    wasm.finish();
  } catch (error) {
    wasm = instantiate();
    throw error;
  }
  return Uint8Array.from(Buffer.concat(pieces));
}
