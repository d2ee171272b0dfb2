/**
 * The list of the digests of a binary's blocks of 64 KiB, so that damage is found to the block: SHA-256 of each block, 32
 * bytes, back to back. The last block may be shorter. The signed manifest has the length and the SHA-256 of the list.
 */
import { DamagedError } from '../../errors.ts';
import { CHUNK, digestBytes, type Source } from '../../platform/files.ts';
import { BLOCK_SIZE } from '../../version/binary.ts';

const DIGEST = 32;

export interface BlockList {
  /** Bytes of the binary. */
  readonly size: number;
  /** Number of blocks. */
  readonly count: number;
  /** Whether `bytes` are the block with that number, from 0. */
  matches(block: number, bytes: Uint8Array): boolean;
}

/** Makes the list of bytes that are passed in pieces of any size. */
export class BlockDigests {
  readonly #digests: Uint8Array[] = [];
  readonly #rest = new Uint8Array(BLOCK_SIZE);
  #filled = 0;

  update(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const part = bytes.subarray(at, at + BLOCK_SIZE - this.#filled);
      at += part.length;
      if (part.length === BLOCK_SIZE) {
        this.#digests.push(digestOf(part));
        continue;
      }
      this.#rest.set(part, this.#filled);
      this.#filled += part.length;
      if (this.#filled === BLOCK_SIZE) this.#endBlock();
    }
  }

  /** May be called only once, at the end. */
  list(): Uint8Array {
    if (this.#filled > 0) this.#endBlock();
    return Buffer.concat(this.#digests);
  }

  #endBlock(): void {
    this.#digests.push(digestOf(this.#rest.subarray(0, this.#filled)));
    this.#filled = 0;
  }
}

/** Bytes of the list of a binary of `size` bytes. */
export function blockListLength(size: number): number {
  return DIGEST * Math.ceil(size / BLOCK_SIZE);
}

/**
 * @param signed of the binary, from the signed manifest
 * @throws DamagedError if `bytes` are not the list that was signed
 */
export function readBlockList(
  bytes: Uint8Array,
  signed: { size: number; blocks: { length: number; sha256: string } },
): BlockList {
  const { size, blocks } = signed;
  const found = digestBytes(bytes);
  if (found.size !== blocks.length || found.sha256 !== blocks.sha256) {
    throw new DamagedError(
      `the list of blocks: wanted ${blocks.length} bytes with SHA-256 ${blocks.sha256}, found ${found.size} with ${found.sha256}`,
    );
  }
  const count = Math.ceil(size / BLOCK_SIZE);
  if (blocks.length !== blockListLength(size)) {
    throw new DamagedError(
      `the list of blocks: wanted ${count} digests for a binary of ${size} bytes, found ${blocks.length} bytes`,
    );
  }
  return {
    size,
    count,
    matches: (block, content) =>
      content.length === blockSize(size, block) &&
      Buffer.compare(digestOf(content), bytes.subarray(DIGEST * block, DIGEST * (block + 1))) === 0,
  };
}

/**
 * The numbers of the blocks that `source` has not, in order: those that differ, and those beyond its end. Bytes after the
 * end of the binary are not looked at. It costs one SHA-256 over the file.
 *
 * @param checkpoint called after each mebibyte with the number of bytes done
 */
export async function differingBlocks(
  source: Source,
  list: BlockList,
  checkpoint?: (done: number) => void | Promise<void>,
): Promise<number[]> {
  const differing: number[] = [];
  const buffer = new Uint8Array(CHUNK);
  const end = Math.min(source.size, list.size);
  for (let position = 0; position < list.size; position += CHUNK) {
    const chunk = buffer.subarray(0, Math.max(0, Math.min(CHUNK, end - position)));
    source.read(Math.min(position, end), chunk);
    for (let at = 0; at < CHUNK && position + at < list.size; at += BLOCK_SIZE) {
      const block = (position + at) / BLOCK_SIZE;
      if (!list.matches(block, chunk.subarray(at, at + BLOCK_SIZE))) differing.push(block);
    }
    await checkpoint?.(position + chunk.length);
  }
  return differing;
}

/** Bytes of that block of a binary of `size` bytes. */
export function blockSize(size: number, block: number): number {
  return Math.max(0, Math.min(BLOCK_SIZE, size - BLOCK_SIZE * block));
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return new Bun.CryptoHasher('sha256').update(bytes).digest();
}
