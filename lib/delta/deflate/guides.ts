/** For streams that are nearly zlib's: which level comes nearest, and the guide that tells the rest. For the encoder only. */

/** What of `deflate.wasm` is needed. */
export interface GuideExports {
  memory: WebAssembly.Memory;
  inputPlace(): number;
  streamPlace(size: number): number;
  guidePlace(size: number): number;
  guideBytes(): number;
  beginGuide(level: number, memory: number): number;
  foundBytes(): number;
  write(size: number): void;
  finish(): void;
}

/** By these zlib comes near the stream, and by the guide it makes just that. */
export interface GuidedStream {
  level: number;
  /** As `begin` takes it, without what a guide has added. */
  memory: number;
  guide: Uint8Array;
}

const LEVELS = [6, 9, 1, 5, 7, 8, 4, 3, 2];
/** The usual memLevels of zlib, and one with what its strategy Z_FILTERED has added. */
const MEMORIES = [8, 9, 8 + 64];
/** What is tried with each level. */
const SAMPLE = 1 << 18;
const INPUT = 1 << 16;
/** What `foundBytes` is if there is no guide. */
const NONE = 0xffffffff;

/** Seeks a guide for the stream of DEFLATE `packed`, which `plain` was made into. Null if none is worth it: smaller than a fifth of the stream. */
export function seekGuide(wasm: GuideExports, packed: Uint8Array, plain: Uint8Array): GuidedStream | null {
  const place = wasm.streamPlace(packed.length) >>> 0;
  if (place === 0) return null;
  new Uint8Array(wasm.memory.buffer, place, packed.length).set(packed);
  let best: GuidedStream | null = null;
  let least = NONE;
  for (const level of LEVELS) {
    for (const memory of MEMORIES) {
      const found = compare(wasm, level, memory, plain.subarray(0, SAMPLE), plain.length <= SAMPLE);
      if (found >= least) continue;
      least = found;
      best = { level, memory, guide: new Uint8Array() };
    }
  }
  if (best === null || compare(wasm, best.level, best.memory, plain, true) === NONE) return null;
  const size = wasm.guideBytes();
  const at = wasm.guidePlace(size) >>> 0;
  return { ...best, guide: new Uint8Array(wasm.memory.buffer, at, size).slice() };
}

/** How large a guide for so much is. */
function compare(
  wasm: GuideExports,
  level: number,
  memory: number,
  plain: Uint8Array,
  isAll: boolean,
): number {
  if (wasm.beginGuide(level, memory) === 0) return NONE;
  for (let at = 0; at < plain.length; at += INPUT) {
    const piece = plain.subarray(at, at + INPUT);
    new Uint8Array(wasm.memory.buffer, wasm.inputPlace(), piece.length).set(piece);
    wasm.write(piece.length);
  }
  if (isAll) wasm.finish();
  return wasm.foundBytes() >>> 0;
}
