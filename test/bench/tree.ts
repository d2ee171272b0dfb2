/** A folder as an agent fills it: many files of all sizes, half of them text that compresses, half of them not. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const AVERAGE = 110_000;
const PER_FOLDER = 100;

/** The same for the same numbers. Returns the bytes written. */
export function makeTree(folder: string, files: number): number {
  const random = new Uint8Array(4 * AVERAGE);
  let state = 1;
  for (let at = 0; at < random.length; at++) random[at] = next();
  /** Mulberry32: a simpler one repeats itself soon enough for a compressor to notice. */
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) & 255;
  }
  const words = Buffer.from(
    Array.from(
      { length: (4 * AVERAGE) / 8 },
      (_, at) => `word${(random[at] ?? 0).toString().padStart(3, '0')} `,
    ).join(''),
  );
  let total = 0;
  for (let at = 0; at < files; at++) {
    if (at % PER_FOLDER === 0) mkdirSync(path.join(folder, `d${at / PER_FOLDER}`), { recursive: true });
    // From 0 to twice the average, evenly.
    const size = Math.floor((2 * AVERAGE * (at % 211)) / 210);
    const source = at % 2 === 0 ? words : random;
    const start = (at * 7919) % (2 * AVERAGE);
    writeFileSync(
      fileOf(folder, at),
      Buffer.concat([Buffer.from(`${at} `), source.subarray(start, start + size)]),
    );
    total += size + String(at).length + 1;
  }
  return total;
}

function fileOf(folder: string, at: number): string {
  return path.join(folder, `d${Math.floor(at / PER_FOLDER)}`, `f${at}`);
}

/** One file in a hundred. */
export function changeTree(folder: string, files: number, mark: string): void {
  for (let at = 0; at < files; at += 100) appendFileSync(fileOf(folder, at), mark);
}
