/**
 * Code in converted words, as mixing/conversions/words.ts makes them: the highest byte first, and where calls and what takes the address of a page
 * go is absolute.
 */
import { State } from '../state';
import {
  ARM_32,
  ARM_WORDS,
  addressOf,
  LOONG_ARCH,
  MIPS,
  MIPS_BASED,
  POWER_BASED,
  POWER_BIG,
  wordsAt,
} from './regions';

/** Whether code of that kind of region can be in such words. */
export function haveWords(kind: u32): bool {
  return (
    kind === ARM_32 ||
    kind === MIPS ||
    kind === LOONG_ARCH ||
    kind === POWER_BASED ||
    kind === POWER_BIG ||
    kind === MIPS_BASED
  );
}

/** The instruction at `address` as a converted word, in a region of that kind. */
export function toWord(kind: u32, instruction: u32, address: u32): u32 {
  return moved(kind, instruction, address >> 2, address >> 12);
}

/** The instruction at `address` that the converted word is. */
export function fromWord(kind: u32, word: u32, address: u32): u32 {
  return moved(kind, word, 0 - (address >> 2), 0 - (address >> 12));
}

/** The instruction at an offset of the old file, whose highest byte is first if it `isBig`, or in converted words. */
export function codeWord(offset: u32, isBig: bool = false): u32 {
  const word = load<u32>(State.old + offset);
  const kind = wordsAt(offset);
  if (kind !== 0) return fromWord(kind, bswap<u32>(word), addressOf(0, offset));
  return isBig ? bswap<u32>(word) : word;
}

/** The instruction, if it has a distance with that further by so many words or pages. */
function moved(kind: u32, word: u32, words: u32, pages: u32): u32 {
  if (kind === ARM_WORDS) return movedArm(word, words, pages);
  if (kind === ARM_32) return word >> 24 === 0xeb ? 0xeb000000 | ((word + words) & 0xffffff) : word;
  if (kind === POWER_BASED || kind === POWER_BIG) {
    if ((word & 0xfc000003) !== 0x48000001) return word;
    return 0x48000001 | ((word + (words << 2)) & 0x3fffffc);
  }
  return kind === LOONG_ARCH ? movedLoongArch(word, words, pages) : word;
}

/** BL, ADRP. */
function movedArm(word: u32, words: u32, pages: u32): u32 {
  if (word >> 26 === 0x25) return 0x94000000 | ((word + words) & 0x3ffffff);
  if ((word & 0x9f000000) !== 0x90000000) return word;
  const page = (((word >> 3) & 0x1ffffc) | ((word >> 29) & 3)) + pages;
  return (word & 0x9f00001f) | ((page & 3) << 29) | (((page >> 2) & 0x7ffff) << 5);
}

/** BL, PCALAU12I. */
function movedLoongArch(word: u32, words: u32, pages: u32): u32 {
  if (word >> 26 === 0x15) {
    const to = (((word & 0x3ff) << 16) | ((word >> 10) & 0xffff)) + words;
    return 0x54000000 | ((to & 0xffff) << 10) | ((to >> 16) & 0x3ff);
  }
  if (word >> 25 !== 0x0d) return word;
  return (word & 0xfe00001f) | ((((word >> 5) + pages) & 0xfffff) << 5);
}
