/** Where the functions and the data of a WebAssembly module have moved, from the alignments of its file: for the encoder only. */
import type { Alignment } from '../matcher.ts';
import type { Image, WasmModule } from './containers/image.ts';

/** Old addresses from `start` on are `by` further on now, until the next run. */
export interface Moves {
  first: number;
  shift: number;
  functions: number;
  imports: [number, number];
  /** Start and by how much, ascending. */
  runs: [number, number][];
}

/** Bytes of data that a run is worth, which takes about three bytes. */
const WORTH = 24;

/** MOST of assembly/mixing/addresses/moves.ts. */
const MOST_RUNS = 1 << 16;

interface Interval {
  start: number;
  end: number;
  by: number;
  /** Bytes of the alignment: of several that have an address the longest is right. */
  weight: number;
}

/** Undefined if one of them is no WebAssembly. */
export function movesOf(old: Image, fresh: Image, alignments: readonly Alignment[]): Moves | undefined {
  const [from, to] = [old.wasm, fresh.wasm];
  if (from === undefined) return undefined;
  const { first, shift } = from;
  const functions = Math.max(0, from.functions.length - 1);
  const imports: Moves['imports'] = [from.imports, to?.imports ?? 0];
  if (to === undefined || to.first !== first) return { first, shift, functions, imports, runs: [] };
  const runs = [...dataRuns(from, to, alignments), ...functionRuns(from, to, alignments)];
  return { first, shift, functions, imports, runs: runs.length > MOST_RUNS ? [] : runs };
}

/** Of each new function the old one that most of it is aligned to, as far as both are in the same order. */
function functionRuns(
  from: WasmModule,
  to: WasmModule,
  alignments: readonly Alignment[],
): [number, number][] {
  const { first, shift } = from;
  const runs: [number, number][] = [];
  let next = 0;
  let last = -1;
  let by = 0;
  for (let j = 0; j + 1 < to.functions.length; j++) {
    const [start = 0, end = 0] = to.functions.slice(j, j + 2);
    while (next < alignments.length && endOf(alignments[next]) <= start) next++;
    let most = 0;
    let place = -1;
    for (let i = next; i < alignments.length; i++) {
      const { newStart, oldStart, length } = alignments[i] as Alignment;
      if (newStart >= end) break;
      const begin = Math.max(start, newStart);
      const common = Math.min(end, newStart + length) - begin;
      if (common > most) [most, place] = [common, oldStart + begin - newStart + (common >> 1)];
    }
    if (2 * most < end - start) continue;
    const index = indexOf(from.functions, place);
    if (index <= last || index + 1 >= from.functions.length) continue;
    last = index;
    if (j - index === by && runs.length > 0) continue;
    by = j - index;
    runs.push([first + index * 2 ** shift, (by * 2 ** shift) >>> 0]);
  }
  return runs;
}

const endOf = (alignment: Alignment | undefined) =>
  alignment === undefined ? Number.POSITIVE_INFINITY : alignment.newStart + alignment.length;

/** The last of the ascending numbers that is not larger. */
function indexOf(ascending: readonly number[], value: number): number {
  let [low, high] = [-1, ascending.length];
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  return low;
}

function dataRuns(from: WasmModule, to: WasmModule, alignments: readonly Alignment[]): [number, number][] {
  const intervals: Interval[] = [];
  const starts = from.segments.map(({ offset }) => offset);
  const ends = to.segments.map(({ offset }) => offset);
  for (const { newStart, oldStart, length } of alignments) {
    for (let i = Math.max(0, indexOf(starts, oldStart)); i < from.segments.length; i++) {
      const segment = from.segments[i] as WasmModule['segments'][0];
      if (segment.offset >= oldStart + length) break;
      const begin = Math.max(oldStart, segment.offset);
      const size = Math.min(oldStart + length, segment.offset + segment.size) - begin;
      if (size <= 0) continue;
      const place = newStart + begin - oldStart;
      const target = to.segments[indexOf(ends, place)];
      if (target === undefined || place >= target.offset + target.size) continue;
      const start = segment.address + begin - segment.offset;
      const by = target.address + place - target.offset - start;
      const common = Math.min(size, target.offset + target.size - place);
      intervals.push({ start, end: start + common, by: by >>> 0, weight: length });
    }
  }
  return runsOf(intervals.sort((a, b) => a.start - b.start || b.weight - a.weight));
}

/** Of those that overlap the one of the longest alignment; short ones between others are left out. */
function runsOf(intervals: readonly Interval[]): [number, number][] {
  const clear: Interval[] = [];
  for (const interval of intervals) {
    const last = clear.at(-1);
    if (last !== undefined && interval.start < last.end) {
      if (interval.weight <= last.weight) {
        if (interval.end > last.end) clear.push({ ...interval, start: last.end });
        continue;
      }
      last.end = interval.start;
    }
    clear.push({ ...interval });
  }
  const merged: Interval[] = [];
  const add = (interval: Interval) => {
    const last = merged.at(-1);
    if (last?.by === interval.by) last.end = interval.end;
    else merged.push({ ...interval });
  };
  for (const interval of clear) add(interval);
  const worth = merged.filter(({ start, end }) => end - start >= WORTH);
  merged.length = 0;
  for (const interval of worth) add(interval);
  return merged.map(({ start, by }) => [start, by]);
}
