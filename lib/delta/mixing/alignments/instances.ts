/**
 * Alignments of two sequences of numbers (assembly/mixing/addresses/data/numbers.ts) that name instances, or of records that begin with such: if one is added, all numbers
 * behind it change, and byte by byte the sequences hardly resemble each other. Aligned number by number, at the least cost, by what each number has become
 * before. For the encoder only.
 */
import type { Alignment } from '../../matcher.ts';
import { type Image, REGION_KINDS, type Records } from '../containers/image.ts';
import { cut } from './functions.ts';

/** Numbers that are aligned at once, and how many of them are kept. */
const BLOCK = 600;
const KEPT = 400;
/**
 * Pairs of numbers that are looked at, at most: 7 s. A forged file may have 50 million numbers, which would take minutes. The most that is known,
 * 630,000 in the three sequences of claude 2.1.332, takes half of it.
 */
const MOST_PAIRS = 1_200_000_000;
/** Numbers that there is time for, of each file. */
const MOST_NUMBERS = Math.ceil(MOST_PAIRS / BLOCK / (BLOCK / KEPT));
/** What a number costs that is as expected, near what is expected, of the same length, of another, or only in one of both. */
const KNOWN = 0;
const NEAR = 2;
const SAME_LENGTH = 5;
const OTHER = 8;
const GAP = 4;
const NEARBY = 64;
/** Numbers whose moves are alike, as a shift. */
const ALIKE = 7;

interface Numbers {
  values: Int32Array;
  /** Where each begins, and where the last one ends. */
  starts: Int32Array;
}

interface Files {
  old: Uint8Array;
  fresh: Uint8Array;
  images: { old: Image; fresh: Image };
}

/**
 * `alignments`, ascending in the new file; those within regions of numbers, or records, that both files have are replaced, as far as there
 * is time.
 */
export function alignInstances(
  { old, fresh, images }: Files,
  alignments: readonly Alignment[],
  mostPairs = MOST_PAIRS,
): readonly Alignment[] {
  const [before, after] = [sequencesIn(old, images.old), sequencesIn(fresh, images.fresh)];
  if (before.length !== after.length) return alignments;
  let all = alignments;
  const time = { pairs: mostPairs };
  for (const [index, to] of after.entries()) {
    const from = before[index];
    if (from === undefined) continue;
    const [start, aligned] = [to.starts[0] ?? 0, alignNumbers(from, to, time)];
    all = [...cut(all, 0, start), ...aligned.alignments, ...cut(all, aligned.end, Number.POSITIVE_INFINITY)];
  }
  return all;
}

function sequencesIn(bytes: Uint8Array, { regions, sequences = [] }: Image): Numbers[] {
  const numbers = regions.filter(({ kind }) => kind === REGION_KINDS.numbers);
  return [
    ...numbers.map(({ offset, size }) => numbersIn(bytes, offset, offset + size)),
    ...sequences.map((records) => keysOf(bytes, records)),
  ];
}

/** The alignments of the numbers in the new file, and where those end that there was time for. */
function alignNumbers(
  before: Numbers,
  after: Numbers,
  time: { pairs: number },
): { alignments: Alignment[]; end: number } {
  const alignments: Alignment[] = [];
  const add = (i: number, j: number) => {
    const [oldStart, newStart] = [before.starts[i] ?? 0, after.starts[j] ?? 0];
    const length = Math.min((before.starts[i + 1] ?? 0) - oldStart, (after.starts[j + 1] ?? 0) - newStart);
    const last = alignments.at(-1);
    const size = last?.length ?? 0;
    if (last?.newStart === newStart - size && last.oldStart === oldStart - size) last.length += length;
    else alignments.push({ newStart, oldStart, length });
  };
  const aligner = new Aligner(before.values, after.values);
  for (let i = 0, j = 0; i < before.values.length && j < after.values.length; ) {
    if (time.pairs <= 0) return { alignments, end: after.starts[j] ?? 0 };
    time.pairs -= Math.min(BLOCK, before.values.length - i) * Math.min(BLOCK, after.values.length - j);
    const pairs = aligner.align(i, j);
    for (const [a, b] of pairs) add(a, b);
    const last = pairs.at(-1);
    if (last === undefined) {
      i += KEPT;
      j += KEPT;
    } else {
      i = last[0] + 1;
      j = last[1] + 1;
    }
  }
  return { alignments, end: after.starts.at(-1) ?? 0 };
}

function numbersIn(bytes: Uint8Array, start: number, end: number): Numbers {
  const values: number[] = [];
  const starts = [start];
  let value = 0;
  for (let at = start; at < end && values.length < MOST_NUMBERS; at++) {
    const byte = bytes[at] ?? 0;
    value = (value << 7) | (byte & 127);
    if (byte < 128) continue;
    values.push(value);
    starts.push(at + 1);
    value = 0;
  }
  return { values: Int32Array.from(values), starts: Int32Array.from(starts) };
}

function keysOf(bytes: Uint8Array, { offset, record, count: records, key }: Records): Numbers {
  const count = Math.min(records, MOST_NUMBERS);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    values: Int32Array.from({ length: count }, (_, index) =>
      view.getInt32(offset + record * index + key, true),
    ),
    starts: Int32Array.from({ length: count + 1 }, (_, index) => offset + record * index),
  };
}

class Aligner {
  readonly #before: Int32Array;
  readonly #after: Int32Array;
  readonly #became = new Map<number, number>();
  /** By how much the numbers near one have moved. */
  readonly #moves = new Map<number, number>();
  readonly #costs = [new Int32Array(BLOCK + 1), new Int32Array(BLOCK + 1)];
  readonly #ways = new Uint8Array((BLOCK + 1) * (BLOCK + 1));

  constructor(before: Int32Array, after: Int32Array) {
    this.#before = before;
    this.#after = after;
  }

  /** Pairs from these two on, ascending: those of the best way through a block that are not at its end. */
  align(i: number, j: number): [number, number][] {
    const rows = Math.min(BLOCK, this.#before.length - i);
    const columns = Math.min(BLOCK, this.#after.length - j);
    const pairs: [number, number][] = [];
    for (let [row, column] = this.#fill(i, j, rows, columns); row > 0 || column > 0; ) {
      const way = this.#ways[row * (BLOCK + 1) + column];
      if (way === 0) pairs.push([i + --row, j + --column]);
      else if (way === 1) row--;
      else column--;
    }
    pairs.reverse();
    const isLast = rows < BLOCK && columns < BLOCK;
    const kept = isLast ? pairs : pairs.filter(([a, b]) => a < i + KEPT && b < j + KEPT);
    for (const [a, b] of kept) {
      const [was, is] = [this.#before[a] ?? 0, this.#after[b] ?? 0];
      this.#became.set(was, is);
      this.#moves.set(was >> ALIKE, is - was);
    }
    return kept;
  }

  /** Fills the block with the best ways; where they end. */
  #fill(i: number, j: number, rows: number, columns: number): [number, number] {
    const width = BLOCK + 1;
    let [above, here] = this.#costs as [Int32Array, Int32Array];
    for (let column = 0; column <= columns; column++) {
      above[column] = column * GAP;
      this.#ways[column] = 2;
    }
    for (let row = 1; row <= rows; row++) {
      const was = this.#before[i + row - 1] ?? 0;
      const expected = this.#became.get(was) ?? was + (this.#moves.get(was >> ALIKE) ?? 0);
      here[0] = row * GAP;
      this.#ways[row * width] = 1;
      for (let column = 1; column <= columns; column++) {
        let cost = (above[column - 1] ?? 0) + costOf(was, expected, this.#after[j + column - 1] ?? 0);
        let way = 0;
        const without = (above[column] ?? 0) + GAP;
        if (without < cost) {
          cost = without;
          way = 1;
        }
        const added = (here[column - 1] ?? 0) + GAP;
        if (added < cost) {
          cost = added;
          way = 2;
        }
        here[column] = cost;
        this.#ways[row * width + column] = way;
      }
      [above, here] = [here, above];
    }
    return [rows, columns];
  }
}

function costOf(was: number, expected: number, is: number): number {
  if (is === expected) return KNOWN;
  if (was < 128 || is < 128) return is === was ? KNOWN : OTHER;
  if (Math.abs(is - expected) < NEARBY) return NEAR;
  return is < 16384 === was < 16384 ? SAME_LENGTH : OTHER;
}
