/**
 * Code in converted words, as mixing/conversions/words.ts makes them: the highest byte first, and where calls and what takes the address of a page
 * go is absolute. Of Thumb each half of an instruction has its highest byte first (thumb.ts there).
 */
import { State } from '../../state';
import { ABSOLUTE, AUIPC, FORTH, IMAGE_RELATIVE, OFFSET } from '../kinds';
import {
  ARM_32,
  ARM_WORDS,
  addressOf,
  LOONG_ARCH,
  MIPS,
  MIPS_BASED,
  POWER_BASED,
  POWER_BIG,
  RISC_V,
  S390,
  THUMB,
  wordsAt,
} from '../regions';
import { isPair, jalField, jalTarget, pairField, pairTarget } from './other-code';
import { thumbField, thumbTarget } from './thumb';

/** Whether code of that kind of region can be in such words. */
export function haveWords(kind: u32): bool {
  return (
    kind === ARM_32 ||
    kind === MIPS ||
    kind === LOONG_ARCH ||
    kind === POWER_BASED ||
    kind === POWER_BIG ||
    kind === MIPS_BASED ||
    kind === THUMB ||
    areOfSizes(kind)
  );
}

/** Whether its instructions have 2 bytes, 4, or 6: then bytes keep their order (mixing/conversions/instructions.ts). */
export function areOfSizes(kind: u32): bool {
  return kind === RISC_V || kind === S390;
}

/** The field of a reference of that kind, at an offset of the old file in a region of kind `words`, as it is converted at `address`. */
export function toField(words: u32, offset: u32, kind: u32, value: u64, address: u32): u64 {
  if (isPlainWord(words, kind)) return value;
  if (words === RISC_V) {
    if (kind === AUIPC) return isPair(value) ? pairField(value, 0, pairTarget(address, value)) : value;
    return isCall(<u32>value) ? <u64>jalField(<u32>value, 0, jalTarget(address, <u32>value)) : value;
  }
  if (words === S390) return isAbsolute(offset) ? <u64>(<u32>value + ((address - 2) >> 1)) : value;
  return <u64>toWord(words, <u32>value, address);
}

/** The field that the converted one is. */
export function fromField(words: u32, offset: u32, kind: u32, value: u64, address: u32): u64 {
  if (isPlainWord(words, kind)) return value;
  if (words === RISC_V) {
    if (kind === AUIPC) return isPair(value) ? pairField(value, address, pairTarget(0, value)) : value;
    return isCall(<u32>value) ? <u64>jalField(<u32>value, address, jalTarget(0, <u32>value)) : value;
  }
  if (words === S390) return isAbsolute(offset) ? <u64>(<u32>value - ((address - 2) >> 1)) : value;
  return <u64>fromWord(words, <u32>value, address);
}

/** JAL that links. */
function isCall(word: u32): bool {
  return (word & 0xfff) === 0xef;
}

/** Whether the field at an offset of the old file is that of LARL, BRASL, a load or a store. */
function isAbsolute(offset: u32): bool {
  const opcode: u32 = load<u8>(State.old + offset - 2);
  const kind: u32 = load<u8>(State.old + offset - 1) & 15;
  return opcode === 0xc4 || (opcode === 0xc0 && (kind === 0 || kind === 5));
}

/** Whether such a reference there is a word between functions, and no instruction: it is as it is, or has become so. */
export function isPlainWord(words: u32, kind: u32): bool {
  if (kind === IMAGE_RELATIVE) return true;
  return words === THUMB && (kind === ABSOLUTE || kind === OFFSET || kind === FORTH);
}

/** The instruction at `address` as a converted word, in a region of that kind. */
export function toWord(kind: u32, instruction: u32, address: u32): u32 {
  if (kind === THUMB) return rotl<u32>(movedThumb(instruction, address, NOWHERE), 16);
  return moved(kind, instruction, address >> 2, address >> 12);
}

/** The instruction at `address` that the converted word is. */
export function fromWord(kind: u32, word: u32, address: u32): u32 {
  if (kind === THUMB) return movedThumb(rotl<u32>(word, 16), NOWHERE, address);
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

/** Of Thumb, the address at which a distance is what it is relative to 0. */
const NOWHERE: u32 = 0xfffffffc;

/** BL and BLX, the first half lowest, moved from one address to another. */
function movedThumb(word: u32, from: u32, to: u32): u32 {
  const second = word >> 16;
  const isCall = (word & 0xf800) === 0xf000 && ((second & 0xd000) === 0xd000 || (second & 0xd001) === 0xc000);
  return isCall ? thumbField(word, to, thumbTarget(from, word)) : word;
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
