/** Stored blocks. */
import { fillByte, putBits, putBytes } from '../output';

/** Bytes of a stored block, at most. */
export const STORED: u32 = 65535;

/** A block of the bytes as they are. */
export function storeBlock(place: usize, size: u32): void {
  writeStoredHeader(size, false);
  putBytes(place, size);
}

/** An empty block that is the last. */
export function storeEnd(): void {
  writeStoredHeader(0, true);
}

/** Bits of a stored block, the rest of the byte before it as one of its bytes. */
export function storedBits(size: u32): u32 {
  return (size + 5) << 3;
}

function writeStoredHeader(size: u32, last: bool): void {
  putBits(u32(last), 3);
  fillByte();
  putBits(size | ((size ^ 0xffff) << 16), 32);
}
