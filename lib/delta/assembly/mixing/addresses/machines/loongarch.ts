/**
 * References in code of LoongArch: B and BL, and addresses of two instructions. PCALAU12I (relative to the page), PCADDU12I or PCADDU18I has the
 * upper part; what adds, loads or stores, or for PCADDU18I JIRL, at most 12 words behind, has the lower 12 or 18 bits, signed. Kinds are those of
 * arm64.
 */
import { isNoted, note } from '../found';
import { ADRP, BRANCH_26, LOW_12 } from '../kinds';
import { imageSpan } from '../regions';
import { signed } from './other-code';
import { codeWord } from './words';

const NEAR: u32 = 12;

export function scanLoongArch(start: u32, size: u32, address: u32): void {
  const span = imageSpan(0);
  for (let at: u32 = (0 - address) & 3; at + 4 <= size; at += 4) {
    const field = start + at;
    const word = codeWord(field);
    if (word >> 27 === 0x0a) {
      if (loongArchTarget(field, BRANCH_26, address + at) < span) note(field, BRANCH_26);
    } else if (isUpper(word)) note(field, ADRP);
    else if (isJump(word) || word >> 22 === 0x0b || word >> 26 === 0x0a) {
      const register = (word >> 5) & 31;
      for (let back: u32 = 1; back <= NEAR && back << 2 <= at; back++) {
        const first = field - 4 * back;
        const before = codeWord(first);
        if ((before & 31) !== register) continue;
        if (
          isUpper(before) &&
          isJump(word) === (lowerBits(before) === 18) &&
          loongArchTarget(field, LOW_12 + back, address + at) < span
        ) {
          note(field, LOW_12 + back);
          if (isNoted(first, ADRP)) note(first, ADRP + back);
        }
        break;
      }
    }
  }
}

export function isOfLoongArch(kind: u32): bool {
  return kind === BRANCH_26 || (kind > LOW_12 && kind <= ADRP + NEAR);
}

function isUpper(word: u32): bool {
  return word >> 25 >= 0x0d && word >> 25 <= 0x0f;
}

/** JIRL. */
function isJump(word: u32): bool {
  return word >> 26 === 0x13;
}

/** What the upper part at `address` is added to. */
function origin(upper: u32, address: u32): u32 {
  return upper >> 25 === 0x0d ? address & ~4095 : address;
}

/** How many bits the upper part leaves to the lower one. */
function lowerBits(upper: u32): u32 {
  return upper >> 25 === 0x0f ? 18 : 12;
}

function upperPart(word: u32): u32 {
  return ((word >> 5) & 0xfffff) << lowerBits(word);
}

function lowerPart(word: u32): u32 {
  return isJump(word) ? signed(word >> 10, 16) << 2 : signed(word >> 10, 12);
}

function distance(word: u32): u32 {
  return signed(((word & 0x3ff) << 16) | ((word >> 10) & 0xffff), 26) << 2;
}

/** How many bytes before the field the upper part is. */
function behind(kind: u32): u32 {
  return kind >= ADRP ? 0 : 4 * (kind - LOW_12);
}

/** What the field at `offset` of the old file, which is at `address`, refers to. */
export function loongArchTarget(offset: u32, kind: u32, address: u32): u32 {
  const word = codeWord(offset);
  if (kind === BRANCH_26) return address + distance(word);
  const back = behind(kind);
  const upper = codeWord(offset - back);
  const whole = origin(upper, address - back) + upperPart(upper);
  if (kind === ADRP) return whole;
  return whole + lowerPart(kind > ADRP ? codeWord(offset + 4 * (kind - ADRP)) : word);
}

/** The field at `address` of the new file in the place of that at `offset` of the old one. */
export function loongArchField(offset: u32, kind: u32, address: u32, to: u32): u32 {
  const word = codeWord(offset);
  if (kind === BRANCH_26) {
    const words = (to - address) >> 2;
    return (word & 0xfc000000) | ((words & 0xffff) << 10) | ((words >> 16) & 0x3ff);
  }
  const back = behind(kind);
  const upper = codeWord(offset - back);
  const bits = lowerBits(upper);
  const whole = to - origin(upper, address - back);
  if (kind >= ADRP) {
    const part = <u32>(<i32>(whole + (1 << (bits - 1))) >> bits);
    return (word & 0xfe00001f) | ((part & 0xfffff) << 5);
  }
  if (isJump(word)) return (word & 0xfc0003ff) | (((whole >> 2) & 0xffff) << 10);
  return (word & 0xffc003ff) | ((whole & 4095) << 10);
}

/** What the field that was made refers to, the other part being that of `expected`. */
export function loongArchActual(offset: u32, kind: u32, address: u32, word: u32, expected: u32): u32 {
  if (kind === BRANCH_26) return address + distance(word);
  const back = behind(kind);
  const upper = kind >= ADRP ? word : codeWord(offset - back);
  const bits = lowerBits(upper);
  const start = origin(upper, address - back);
  const whole = expected - start;
  if (kind >= ADRP) return start + upperPart(word) + signed(whole, bits);
  return start + (((whole + (1 << (bits - 1))) >> bits) << bits) + lowerPart(word);
}
