/**
 * Spare blocks of a binary: from them, and from the blocks that are intact, a damaged block is made again with no other copy of the
 * binary. Block b belongs to group b mod N, and the spare block of a group is the exclusive or of its blocks. So one damaged block of
 * each group can be made again, and a stretch of up to N damaged blocks, since neighbours belong to different groups.
 *
 *     offset   size   what
 *     0        8      magic, "DGMOSPR1"
 *     8        4      S, bytes of the binary, unsigned, little endian as all numbers: 1 to 1,073,741,824
 *     12       4      N, number of groups, 1 to that of the blocks of 64 KiB
 *     16       L      for each group, its spare block: L is 65,536, or S if that is less. A shorter block counts as if zeros followed
 *
 * Nothing vouches for them: what comes of them is believed for its digest in the list of blocks (block-list.ts).
 */
import { DamagedError } from '../../errors.ts';
import type { Source } from '../../platform/files.ts';
import { BLOCK_SIZE, MAX_BINARY_SIZE } from '../../version/binary.ts';
import { type BlockList, blockSize } from './block-list.ts';

const MAGIC = new TextEncoder().encode('DGMOSPR1');
const SIZE_AT = MAGIC.length;
const COUNT_AT = SIZE_AT + 4;
const BLOCKS_AT = COUNT_AT + 4;
/** Blocks of a group: the spare blocks take less than a hundredth of what the binary takes. */
const GROUP = 128;
/** Bytes of the largest spare blocks that are written. */
export const MAX_SPARE = BLOCKS_AT + MAX_BINARY_SIZE / GROUP;

/** Makes the spare blocks of a binary of which the bytes are passed in order, in pieces of any size. What follows them is left out. */
export class SpareBlocksMaker {
  readonly #bytes: Uint8Array;
  readonly #groups: number;
  readonly #size: number;
  #position = 0;

  /** @param size of the binary, in bytes */
  constructor(size: number) {
    this.#size = size;
    this.#groups = Math.ceil(size / BLOCK_SIZE / GROUP);
    this.#bytes = new Uint8Array(BLOCKS_AT + this.#groups * Math.min(BLOCK_SIZE, size));
    this.#bytes.set(MAGIC);
    const view = new DataView(this.#bytes.buffer);
    view.setUint32(SIZE_AT, size, true);
    view.setUint32(COUNT_AT, this.#groups, true);
  }

  update(piece: Uint8Array): void {
    const bytes = piece.subarray(0, this.#size - this.#position);
    for (let at = 0; at < bytes.length; ) {
      const within = this.#position % BLOCK_SIZE;
      const part = bytes.subarray(at, at + BLOCK_SIZE - within);
      const group = Math.floor(this.#position / BLOCK_SIZE) % this.#groups;
      combine(this.#bytes.subarray(BLOCKS_AT + group * BLOCK_SIZE + within), part);
      at += part.length;
      this.#position += part.length;
    }
  }

  /** Throws RangeError if fewer than the stated number of bytes were passed. */
  encode(): Uint8Array {
    if (this.#position !== this.#size)
      throw new RangeError(`wanted ${this.#size} bytes of the binary, got ${this.#position}`);
    return this.#bytes;
  }
}

export interface SpareBlocks {
  readonly groups: number;
  /** A copy of the spare block of that group. */
  of(group: number): Uint8Array;
}

/**
 * @param size bytes of the binary
 * @throws DamagedError if they are not spare blocks of a binary of that size
 */
export function decodeSpareBlocks(bytes: Uint8Array, size: number): SpareBlocks {
  if (bytes.length < BLOCKS_AT || Buffer.compare(bytes.subarray(0, SIZE_AT), MAGIC) !== 0)
    throw damaged('DGMOSPR1 in their first 8 bytes', 'something else');
  const view = new DataView(bytes.buffer, bytes.byteOffset, BLOCKS_AT);
  const found = view.getUint32(SIZE_AT, true);
  if (found !== size || size > MAX_BINARY_SIZE) throw damaged(`a binary of ${size} bytes`, `${found}`);
  const groups = view.getUint32(COUNT_AT, true);
  const most = Math.ceil(size / BLOCK_SIZE);
  if (groups < 1 || groups > most) throw damaged(`1 to ${most} groups`, `${groups}`);
  const length = Math.min(BLOCK_SIZE, size);
  const wanted = BLOCKS_AT + groups * length;
  if (bytes.length !== wanted) throw damaged(`${wanted} bytes`, `${bytes.length}`);
  return { groups, of: (group) => bytes.slice(BLOCKS_AT + group * length, BLOCKS_AT + (group + 1) * length) };
}

function damaged(wanted: string, found: string): DamagedError {
  return new DamagedError(`the spare blocks: wanted ${wanted}, found ${found}`);
}

/**
 * Those of the damaged blocks that can be made from the spare ones.
 *
 * @param source the binary of which these blocks are damaged
 * @param wanted numbers of the damaged blocks
 * @param known those of them that were found elsewhere
 */
export async function blocksFromSpare(
  spare: SpareBlocks,
  source: Source,
  list: BlockList,
  wanted: readonly number[],
  known: ReadonlyMap<number, Uint8Array>,
  checkpoint: () => void | Promise<void>,
): Promise<Map<number, Uint8Array>> {
  const made = new Map<number, Uint8Array>();
  const missing = Map.groupBy(
    wanted.filter((block) => !known.has(block)),
    (block) => block % spare.groups,
  );
  const lost = new Set(wanted);
  const content = new Uint8Array(BLOCK_SIZE);
  for (const [group, [block = 0, ...others]] of missing) {
    if (others.length > 0) continue;
    await checkpoint();
    const bytes = spare.of(group);
    for (let other = group; other < list.count; other += spare.groups) {
      if (other === block) continue;
      const piece = content.subarray(0, blockSize(list.size, other));
      if (!lost.has(other)) source.read(other * BLOCK_SIZE, piece);
      combine(bytes, known.get(other) ?? piece);
    }
    const result = bytes.subarray(0, blockSize(list.size, block));
    if (list.matches(block, result)) made.set(block, result);
  }
  return made;
}

/** The exclusive or of both, into the first one, which is at least as long. */
function combine(into: Uint8Array, bytes: Uint8Array): void {
  let at = 0;
  if (into.byteOffset % 4 === 0 && bytes.byteOffset % 4 === 0) {
    const words = bytes.length >> 2;
    const target = new Uint32Array(into.buffer, into.byteOffset, words);
    const source = new Uint32Array(bytes.buffer, bytes.byteOffset, words);
    for (let word = 0; word < words; word++) target[word] = (target[word] ?? 0) ^ (source[word] ?? 0);
    at = words * 4;
  }
  for (; at < bytes.length; at++) into[at] = (into[at] ?? 0) ^ (bytes[at] ?? 0);
}
