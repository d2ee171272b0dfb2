/**
 * Alignments of bytecode (assembly/mixing/addresses/data/bytecode.ts). Where a string or a function was added, nearly all words of it that refer to something change, so that byte by
 * byte it resembles too little. It is aligned once more with the numbers of strings as they are now, as far as the first alignments tell, and without what is relative.
 * For the encoder only.
 */
import type { Alignment } from '../../matcher.ts';
import { type Image, REGION_KINDS, type Region } from '../containers/image.ts';
import { cut } from './functions.ts';

/** As in the decoder: what tells that a word names a string; other words that are nearer to 0; what precedes a word that is how far something is; numbers behind it, and bytes of a large one. */
const STRING = 2;
const NEAR = 256;
const [SMALL, NONE] = [1 << 21, 0x7fffffff];
const MOST = 24;
const [LEAST_BYTES, MOST_BYTES] = [3, 4];
/** What takes the place of what is relative. */
const RELATIVE = 0x80808080;

interface Files {
  old: Uint8Array;
  fresh: Uint8Array;
  images: { old: Image; fresh: Image };
}

type Align = (old: Uint8Array, fresh: Uint8Array) => Promise<readonly Alignment[]>;

/** `alignments`, ascending in the new file; those within bytecode are replaced if both files have such a region. `align` aligns two files. */
export async function alignBytecode(
  { old, fresh, images }: Files,
  alignments: readonly Alignment[],
  align: Align,
): Promise<readonly Alignment[]> {
  const [from, to] = [largest(images.old), largest(images.fresh)];
  if (from === undefined || to === undefined) return alignments;
  const now = numbersNow(old, fresh, from, to, alignments);
  const before = withoutRelative(old, from, now);
  const after = withoutRelative(fresh, to, undefined);
  const [start, end] = [to.offset, to.offset + to.size];
  const moved = (await align(before, after)).map(({ newStart, oldStart, length }) => ({
    newStart: newStart + to.offset,
    oldStart: oldStart + from.offset,
    length,
  }));
  return [...cut(alignments, 0, start), ...moved, ...cut(alignments, end, Number.POSITIVE_INFINITY)];
}

function largest({ regions }: Image): Region | undefined {
  return regions.filter(({ kind }) => kind === REGION_KINDS.bytecode).sort((a, b) => b.size - a.size)[0];
}

function wordsOf(bytes: Uint8Array, { offset, size }: Region): Int32Array {
  return new Int32Array(copyOf(bytes.subarray(offset, offset + size - (size & 3))).buffer);
}

/** What is called slice shares memory if it is a Buffer's. */
function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function isString(word: number, { bases }: Region): boolean {
  return (word & 3) === STRING && word >>> 0 < STRING + (bases?.[1] ?? 0);
}

/** By the number of each string in the old file, what names it in the new one: what most words across from each other say, else as far as the string before has moved. */
function numbersNow(
  old: Uint8Array,
  fresh: Uint8Array,
  from: Region,
  to: Region,
  alignments: readonly Alignment[],
): Int32Array {
  const now = new Int32Array((from.bases?.[1] ?? 0) / 4);
  const votes = new Int32Array(now.length);
  const before = new DataView(old.buffer, old.byteOffset, old.length);
  const after = new DataView(fresh.buffer, fresh.byteOffset, fresh.length);
  for (const { newStart, oldStart, length } of cut(alignments, to.offset, to.offset + to.size)) {
    if (oldStart < from.offset || oldStart + length > from.offset + from.size) continue;
    const distance = newStart - oldStart;
    if ((distance & 3) !== ((to.offset - from.offset) & 3)) continue;
    const first = oldStart + (-(oldStart - from.offset) & 3);
    for (let at = first; at + 4 <= oldStart + length; at += 4) {
      const was = before.getInt32(at, true);
      const is = after.getInt32(at + distance, true);
      if (!isString(was, from) || !isString(is, to)) continue;
      const index = was >>> 2;
      const vote = votes[index] ?? 0;
      if (vote === 0) now[index] = is;
      votes[index] = vote + (vote === 0 || now[index] === is ? 1 : -1);
    }
  }
  let move = 0;
  for (let index = 0; index < now.length; index++) {
    if ((votes[index] ?? 0) > 0) move = (now[index] ?? 0) - 4 * index - STRING;
    else now[index] = 4 * index + STRING + move;
  }
  return now;
}

/** The region with a constant in the place of all that is relative, and, if `now` is given, with the numbers of strings that it says. */
function withoutRelative(bytes: Uint8Array, region: Region, now: Int32Array | undefined): Uint8Array {
  const words = wordsOf(bytes, region);
  const made = copyOf(bytes.subarray(region.offset, region.offset + region.size));
  const { length } = words;
  const result = new Int32Array(made.buffer, 0, length);
  const references = new Uint8Array(length);
  for (let index = 0; index < length; index++) {
    const word = words[index] ?? 0;
    if (isString(word, region)) {
      references[index] = 1;
      if (now !== undefined) result[index] = now[word >>> 2] ?? word;
    } else if ((word & 3) === 0 && Math.abs(word) > NEAR && index > 0) {
      const target = 4 * index + word;
      const last = words[index - 1] ?? 0;
      if (target < 0 || target >= region.size) continue;
      if (last >>> 0 >= SMALL && last !== NONE && references[index - 1] === 0) continue;
      references[index] = 2;
      result[index] = RELATIVE;
    }
  }
  const place = Buffer.from(made.buffer);
  for (let index = 0; index < length; index++)
    if (references[index] === 2) withoutNumbers(place, 4 * index + 4, references);
  return made;
}

function withoutNumbers(bytes: Buffer, start: number, references: Uint8Array): void {
  let at = start;
  for (let count = 0; count < MOST && at + 8 <= bytes.length && references[at >> 2] === 0; count++) {
    let size = 1;
    while (size < 5 && (bytes[at + size - 1] ?? 0) >= 128) size++;
    if (size >= LEAST_BYTES && size <= MOST_BYTES) bytes.fill(128, at, at + size - 1);
    at += size;
  }
}
