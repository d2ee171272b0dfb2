/**
 * What a block of Go's streams is made of: bytes, and copies of what was before. A token is a byte, or
 * distance << 16 | length of a copy.
 */

/** Tokens of a block, at most. */
export const TOKENS: u32 = 65535;
export const tokens: usize = memory.data(65536 * 4);
export let tokenCount: u32 = 0;

export function dropTokens(): void {
  tokenCount = 0;
}

export function addByte(byte: u8): void {
  store<u32>(tokens + ((<usize>tokenCount) << 2), byte);
  tokenCount++;
}

/** The bytes from `place` to `end`. */
export function addBytes(place: usize, end: usize): void {
  let token = tokens + ((<usize>tokenCount) << 2);
  tokenCount += <u32>(end - place);
  for (; place < end; place++, token += 4) store<u32>(token, load<u8>(place));
}

export function addCopy(length: u32, distance: u32): void {
  store<u32>(tokens + ((<usize>tokenCount) << 2), (distance << 16) | length);
  tokenCount++;
}
