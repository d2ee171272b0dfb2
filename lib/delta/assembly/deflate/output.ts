/** Bits of a stream of DEFLATE (RFC 1951), lowest first, which are passed on in pieces. */

/** Bytes of a piece, at most. */
const PIECE: u32 = 1 << 13;
const piece: usize = memory.data(1 << 13);
let filled: u32 = 0;
/** Bits that have not been put into the piece: 31 at most, and whole bytes only if the stream is at the end of a byte. */
let waiting: u64 = 0;
let waitingBits: u32 = 0;

/** Receives `size` bytes at `place`, which are valid until it returns. */
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
  if (waitingBits >= 32) putWord();
}

/** Zero bits up to the next byte. */
export function fillByte(): void {
  putBits(0, (0 - waitingBits) & 7);
}

/** Bytes as they are, at the end of a byte. */
export function putBytes(place: usize, size: u32): void {
  putWhole();
  while (size > 0) {
    if (filled === PIECE) pass();
    const part = min(size, PIECE - filled);
    memory.copy(piece + filled, place, part);
    filled += part;
    place += part;
    size -= part;
  }
}

/** Passes on what there is, at the end of a byte. */
export function flushOutput(): void {
  putWhole();
  pass();
}

function putWord(): void {
  if (filled > PIECE - 4) pass();
  store<u32>(piece + filled, <u32>waiting);
  filled += 4;
  waiting >>= 32;
  waitingBits -= 32;
}

/** Puts the whole bytes that wait into the piece. */
function putWhole(): void {
  for (; waitingBits >= 8; waitingBits -= 8, waiting >>= 8) {
    if (filled === PIECE) pass();
    store<u8>(piece + filled++, <u8>waiting);
  }
}

function pass(): void {
  if (filled > 0) emit(piece, filled);
  filled = 0;
}
