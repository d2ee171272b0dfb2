/**
 * Blocks of the executable out of an older one that is kept here: most of a release is what the one before had, if often at another
 * place. A block is found by the bytes beside it. Of one that has changed since, the damage is one of the places in which the two
 * differ. Whatever is found is believed for its digest in the list of blocks.
 */
import { type BlockList, blockSize } from '../../delta/index.ts';
import { CHUNK, type Source } from '../../platform/files.ts';
import { BLOCK_SIZE } from '../../version/binary.ts';

/** Bytes beside a block that have to be the same. */
const CONTEXT = 64;
/** Places that are tried for one block, at most, on each side of it. */
const MOST_PLACES = 8;
/** Blocks that are searched in all of the older one. Each costs as much as reading it twice. */
const MOST_SEARCHED = 8;
/** Differences that are tried as the damage, for one block. Each costs a SHA-256 of it. */
const MOST_VARIANTS = 4000;
/** Bytes of a difference: no more is taken for damage, or for something that only one of the two has. */
const LONGEST_DIFFERENCE = 8192;
/** Bytes in common that end a difference. */
const ANCHOR = 24;

/**
 * Those of the blocks that the older executable has.
 *
 * @param damaged the executable of which these blocks are damaged
 * @param wanted numbers of blocks, in ascending order
 */
export async function blocksOfOlder(
  older: Source,
  damaged: Source,
  list: BlockList,
  wanted: readonly number[],
  checkpoint: () => Promise<void>,
): Promise<Map<number, Uint8Array>> {
  const found = new Map<number, Uint8Array>();
  /** How much further the older one has what this one has at a place: what is true of a block often is of the next. */
  const shifts = new Set([0, older.size - list.size]);
  let searched = 0;
  for (const block of wanted) {
    await checkpoint();
    const take = (bytes: Uint8Array | null, place: number): boolean => {
      if (bytes === null || !list.matches(block, bytes)) return false;
      found.set(block, bytes);
      shifts.add(place - block * BLOCK_SIZE);
      return true;
    };
    const length = blockSize(list.size, block);
    const start = block * BLOCK_SIZE;
    if ([...shifts].some((shift) => take(partOf(older, start + shift, length), start + shift))) continue;
    if (searched++ >= MOST_SEARCHED) continue;
    const places = contextsOf(damaged, list, block, wanted, found)
      .flatMap(({ bytes, toBlock }) => occurrences(older, bytes).map((at) => at + toBlock))
      .sort((one, other) => Math.abs(one - start) - Math.abs(other - start));
    if (places.some((place) => take(partOf(older, place, length), place))) continue;
    const own = partOf(damaged, start, length);
    if (own === null) continue;
    new Set(places)
      .values()
      .flatMap((place) => variants(own, older, place).map((bytes) => ({ bytes, place })))
      .take(MOST_VARIANTS)
      .some(({ bytes, place }) => take(bytes, place));
  }
  return found;
}

/** Null if it is not inside of the source. */
function partOf(source: Source, position: number, length: number): Uint8Array | null {
  if (position < 0 || position + length > source.size) return null;
  const bytes = new Uint8Array(length);
  source.read(position, bytes);
  return bytes;
}

/** The block as it would be if one of the places in which it differs from the older one, which has it near `place`, were the damage. */
function* variants(own: Uint8Array, older: Source, place: number): Generator<Uint8Array> {
  const from = Math.max(0, place - BLOCK_SIZE);
  const part = partOf(older, from, Math.min(3 * BLOCK_SIZE, older.size - from));
  if (part === null) return;
  const theirs = Buffer.from(part.buffer);
  let shift = place - from;
  for (let at = 0; at < own.length; ) {
    if (own[at] === theirs[at + shift]) {
      at++;
      continue;
    }
    const length = lengthOfDifference(own, theirs, at, shift);
    if (length !== null) {
      const bytes = own.slice();
      bytes.set(theirs.subarray(at + shift, at + shift + length), at);
      yield bytes;
      at += length;
      continue;
    }
    const next = nextInCommon(own, theirs, at, shift);
    if (next === null) return;
    [at, shift] = next;
  }
}

/** After how many bytes the two are the same again, with nothing inserted or left out; null if they are not. */
function lengthOfDifference(own: Uint8Array, theirs: Uint8Array, at: number, shift: number): number | null {
  let same = 0;
  for (let to = at; to < own.length && to - at < LONGEST_DIFFERENCE + ANCHOR; to++) {
    same = own[to] === theirs[to + shift] ? same + 1 : 0;
    if (same === ANCHOR) return to + 1 - ANCHOR - at;
  }
  return null;
}

/** Where the two go on alike after something that only one of them has: place and shift. */
function nextInCommon(own: Uint8Array, theirs: Buffer, at: number, shift: number): [number, number] | null {
  const begin = Math.max(0, at + shift - LONGEST_DIFFERENCE);
  for (let to = at; to + ANCHOR <= own.length && to - at < LONGEST_DIFFERENCE; to += 4) {
    const found = theirs.indexOf(own.subarray(to, to + ANCHOR), begin);
    if (found >= 0) return [to, found - to];
  }
  return null;
}

interface Context {
  bytes: Uint8Array;
  /** From their first byte to the first one of the block. */
  toBlock: number;
}

/** Good bytes just before the block, and just after it. */
function contextsOf(
  damaged: Source,
  { size }: BlockList,
  block: number,
  wanted: readonly number[],
  found: ReadonlyMap<number, Uint8Array>,
): Context[] {
  const contexts: Context[] = [];
  const start = block * BLOCK_SIZE;
  const end = start + BLOCK_SIZE;
  const before =
    found.get(block - 1)?.subarray(-CONTEXT) ??
    (wanted.includes(block - 1) ? null : partOf(damaged, start - CONTEXT, CONTEXT));
  if (before !== null) contexts.push({ bytes: before, toBlock: CONTEXT });
  const after = wanted.includes(block + 1) || end + CONTEXT > size ? null : partOf(damaged, end, CONTEXT);
  if (after !== null) contexts.push({ bytes: after, toBlock: -BLOCK_SIZE });
  return contexts;
}

/** The first places that have the bytes, in ascending order. */
function occurrences(source: Source, bytes: Uint8Array): number[] {
  const places: number[] = [];
  const buffer = Buffer.alloc(CHUNK);
  const step = CHUNK - bytes.length + 1;
  for (let position = 0; position < source.size; position += step) {
    const piece = buffer.subarray(0, Math.min(CHUNK, source.size - position));
    source.read(position, piece);
    for (let at = piece.indexOf(bytes); at >= 0; at = piece.indexOf(bytes, at + 1)) {
      places.push(position + at);
      if (places.length === MOST_PLACES) return places;
    }
  }
  return places;
}
