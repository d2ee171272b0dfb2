/** Bits of a stream of DEFLATE (RFC 1951), lowest first, which are passed on in pieces. */

/** Bytes of a piece, at most. */
const PIECE: u32 = 1 << 16;
const piece: usize = memory.data(1 << 16);
let filled: u32 = 0;
/** Bits that are no whole byte yet. */
let waiting: u64 = 0;
let waitingBits: u32 = 0;

/** Receives `size` bytes at `place`, which are valid until it returns. */
@external("host", "emit")
declare function emit(place: usize, size: u32): void;

export function openOutput(): void {
  filled = 0;
  waiting = 0;
  waitingBits = 0;
}

/** The lowest `count` bits of `value`, which has no others: 32 at most. */
export function putBits(value: u32, count: u32): void {
  waiting |= (<u64>value) << waitingBits;
  waitingBits += count;
  while (waitingBits >= 8) {
    putByte(<u8>waiting);
    waiting >>= 8;
    waitingBits -= 8;
  }
}

/** Zero bits up to the next byte. */
export function fillByte(): void {
  if (waitingBits > 0) putBits(0, 8 - waitingBits);
}

/** Bytes as they are, when no bits wait. */
export function putBytes(place: usize, size: u32): void {
  for (let i: u32 = 0; i < size; i++) putByte(load<u8>(place + i));
}

/** Passes on what there is, when no bits wait. */
export function flushOutput(): void {
  if (filled > 0) emit(piece, filled);
  filled = 0;
}

// @ts-expect-error: decorator
@inline
function putByte(byte: u8): void {
  if (filled === PIECE) flushOutput();
  store<u8>(piece + filled++, byte);
}
