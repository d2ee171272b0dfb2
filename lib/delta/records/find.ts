/** Finds runs of records in a file: for the encoder only. */
import { RECORD_MAKERS, type RecordMaker } from './format.ts';
import { FORMATS } from './formats.ts';
import { type Run, readRun } from './read.ts';
import { GRAIN } from './table.ts';

export interface FoundRun {
  maker: RecordMaker;
  memory: number;
  start: number;
  packedSize: number;
  plain: Uint8Array;
  /** Ascending and disjoint: where in `plain` the parts of the image are, and at which addresses they are loaded. */
  segments: readonly Segment[];
}

export interface Segment {
  offset: number;
  size: number;
  address: number;
}

/** Bytes of a run, below: to name it takes as much as it may save. */
const LEAST = 1024;
/** Runs that were shorter: after so many, no more are looked for. */
const MOST_SHORT = 1 << 16;
/** An image has at least so many times the bytes of its table, but for the zeros in the end of that. */
const LEAST_IMAGE = 2;
/** Types of Intel HEX whose data is the base of the addresses that follow, in units of so many bytes. */
const BASES: Readonly<Record<number, number>> = { 2: 1 << 4, 4: 1 << 16 };

/** Ascending of each maker. It takes as long as reading the file, whatever is in it: what is no record is left at its next byte that could begin one. */
export function* findRuns(file: Buffer): Generator<FoundRun> {
  for (const maker of RECORD_MAKERS) {
    const magic = Buffer.from(FORMATS[maker].magic);
    let short = 0;
    for (let at = file.indexOf(magic); at >= 0 && short < MOST_SHORT; ) {
      const run = readRun(file, at, maker);
      if (run !== null) {
        const { memory, packedSize, plain, imageStart, entries } = run;
        if (packedSize < LEAST) short++;
        const image = plain.length - imageStart;
        if (packedSize >= LEAST && imageStart * LEAST_IMAGE <= image + 2 * GRAIN) {
          const segments = segmentsOf(maker, entries, imageStart);
          yield { maker, memory, start: at, packedSize, plain, segments };
        }
      }
      at = file.indexOf(magic, run === null ? at + 1 : at + run.packedSize);
    }
  }
}

function segmentsOf(maker: RecordMaker, entries: Run['entries'], imageStart: number): Segment[] {
  const segments: Segment[] = [];
  let [base, offset] = [0, imageStart];
  for (const { group, data } of entries) {
    const scale = maker === 'Intel HEX' ? BASES[group.type] : undefined;
    if (data !== null && scale !== undefined) base = scale * (256 * (data[0] ?? 0) + (data[1] ?? 0));
    if (data !== null || group.total === 0) continue;
    const address = base + group.address;
    const last = segments.at(-1);
    if (last !== undefined && address === last.address + last.size) last.size += group.total;
    else segments.push({ offset, size: group.total, address });
    offset += group.total;
  }
  return segments;
}
