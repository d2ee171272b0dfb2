/**
 * References in code of MIPS with the lowest byte first: jumps within 256 MiB, and addresses that Go makes of two halves: LUI of the
 * upper one, DADDU of the register that holds 0 there, and what adds the lower one.
 */
import { State } from '../../state';
import { note } from '../found';
import { HALF_MIPS, JUMP_MIPS } from '../kinds';
import { imageSpan } from '../regions';
import { signed } from './other-code';
import { codeWord } from './words';

const LUI: u32 = 15;
/** Bytes from the upper half to the lower one. */
const APART: u32 = 8;

function low(file: usize): u32 {
  return load<u32>(State.bases + (file << 3));
}

export function scanMips(start: u32, size: u32, address: u32): void {
  const span = imageSpan(0);
  for (let at: u32 = (0 - address) & 3; at + 4 <= size; at += 4) {
    const field = start + at;
    const word = codeWord(field);
    if (word >> 27 === 1) {
      if (jumpTarget(0, address + at, word) < span) note(field, JUMP_MIPS);
    } else if (isUpper(word) && at + 12 <= size && isPair(word, field)) {
      const target = halfTarget(field);
      if (target >= span) continue;
      note(field, HALF_MIPS);
      note(field + APART, HALF_MIPS);
    }
  }
}

/** LUI. */
function isUpper(word: u32): bool {
  return word >> 21 === LUI << 5;
}

/** Whether the two words behind LUI make an address with it: DADDU with $28, then ADDIU, DADDIU, a load or a store. */
function isPair(word: u32, field: u32): bool {
  const sum = codeWord(field + 4);
  const last = codeWord(field + APART);
  const opcode = last >> 26;
  return (
    (sum & 0xfc1f07ff) === 0x001c002d &&
    ((sum >> 21) & 31) === ((word >> 16) & 31) &&
    ((last >> 21) & 31) === ((sum >> 11) & 31) &&
    (opcode === 9 || opcode === 25 || opcode >= 32)
  );
}

export function jumpTarget(file: usize, address: u32, word: u32): u32 {
  const base = low(file);
  return (((address + base + 4) & 0xf0000000) | ((word & 0x3ffffff) << 2)) - base;
}

export function jumpField(word: u32, to: u32): u32 {
  return (word & 0xfc000000) | (((to + low(1)) >> 2) & 0x3ffffff);
}

/** What the half at `offset` of the old file is half of. */
export function halfTarget(offset: u32): u32 {
  const upper = isUpper(codeWord(offset)) ? offset : offset - APART;
  const high = codeWord(upper) << 16;
  return high + signed(codeWord(upper + APART), 16) - low(0);
}

export function halfField(word: u32, to: u32): u32 {
  const whole = to + low(1);
  return (word & 0xffff0000) | (isUpper(word) ? (whole + 0x8000) >> 16 : whole & 0xffff);
}

/** The address of which `word` is the half, the other one being that of `expected`. */
export function halfOf(word: u32, expected: u32): u32 {
  const whole = expected + low(1);
  if (isUpper(word)) return (word << 16) + signed(whole, 16) - low(1);
  return ((whole + 0x8000) & 0xffff0000) + signed(word, 16) - low(1);
}
