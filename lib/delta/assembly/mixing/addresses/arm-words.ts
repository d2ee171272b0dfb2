/**
 * Code of arm64 in converted words, as mixing/conversions/words.ts makes them: the highest byte first, and where calls and ADRP go is absolute.
 */

const CALL: u32 = 0x25;
const DISTANCE: u32 = 0x3ffffff;

/** The instruction at `address` as a converted word. */
export function toWord(instruction: u32, address: u32): u32 {
  return moved(instruction, address >> 2, address >> 12);
}

/** The instruction at `address` that the converted word is. */
export function fromWord(word: u32, address: u32): u32 {
  return moved(word, 0 - (address >> 2), 0 - (address >> 12));
}

function moved(word: u32, words: u32, pages: u32): u32 {
  if (word >> 26 === CALL) return (CALL << 26) | ((word + words) & DISTANCE);
  if ((word & 0x9f000000) !== 0x90000000) return word;
  const page = (((word >> 3) & 0x1ffffc) | ((word >> 29) & 3)) + pages;
  return (word & 0x9f00001f) | ((page & 3) << 29) | (((page >> 2) & 0x7ffff) << 5);
}
