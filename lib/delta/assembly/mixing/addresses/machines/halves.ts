/**
 * References in code of POWER and of MIPS that finds data by a register, $2 or $28, which points to the same place in all of the image. ADDIS
 * or LUI has the upper half of how far something is from there, what adds, loads or stores behind it the lower one, signed. Kinds are those
 * of arm64, and that of halves of MIPS.
 */
import { State } from '../../state';
import { note, referenceAt } from '../found';
import { ADRP, BRANCH_POWER, HALF_MIPS, LOW_12 } from '../kinds';
import { imageSpan, isBigEndian, MIPS_BASED, offsetOf, pointerKind, pointerOf } from '../regions';
import { powerTarget, signed } from './other-code';
import { codeWord } from './words';

const LEAST: u32 = 0x1000;
/** Images at lower addresses may be loaded anywhere. */
const FIXED: u32 = 0x10000;
const NEAR: u32 = 12;

/** What halves make: how far something is from where the register points, how far back, its address, or how far from the page that an entry has. */
const FORTH: u32 = 1;
const BACK: u32 = 2;
const WHOLE: u32 = 3;
const PAGE: u32 = 4;

export function scanHalves(start: u32, size: u32, address: u32): void {
  const span = imageSpan(0);
  for (let at: u32 = (0 - address) & 3; at + 4 <= size; at += 4) {
    const field = start + at;
    const word = wordAt(field);
    if (!isMips() && (word & 0xfc000002) === 0x48000000) {
      if (powerTarget(address + at, word) < span) note(field, BRANCH_POWER);
    } else if (isLower(word) && baseOf(word) !== 0) {
      const back = upperBefore(field, word, at);
      if (back === 0) {
        if (baseOf(word) === pointer() && halvesTarget(field, HALF_MIPS) < span) note(field, HALF_MIPS);
        continue;
      }
      const target = halvesTarget(field, LOW_12 + back);
      const first = field - 4 * back;
      if (target >= span || (target < LEAST && makes(first) === WHOLE)) continue;
      note(field, LOW_12 + back);
      if (referenceAt(first) === 0) note(first, ADRP + back);
    }
  }
}

export function isOfHalves(kind: u32): bool {
  return pointerKind !== 0 && (kind === HALF_MIPS || (kind > LOW_12 && kind <= ADRP + NEAR));
}

function isMips(): bool {
  return pointerKind === MIPS_BASED;
}

function wordAt(offset: u32): u32 {
  return codeWord(offset, isBigEndian);
}

/** The register that points. */
function pointer(): u32 {
  return isMips() ? 28 : 2;
}

/** Whether it adds its lower half to a register, or loads or stores what is there. */
function isLower(word: u32): bool {
  const opcode = word >> 26;
  if (isMips()) return opcode === 9 || opcode === 25 || opcode >= 32;
  return opcode === 14 || (opcode >= 32 && opcode < 56) || opcode === 58 || opcode === 62;
}

/** The register to which the lower half is added. */
function baseOf(word: u32): u32 {
  return (isMips() ? word >> 21 : word >> 16) & 31;
}

/** The register that is changed, as far as that is known. */
function changedBy(word: u32): u32 {
  const opcode = word >> 26;
  if (!isMips()) return (word >> 21) & 31;
  if (opcode === 0) return (word >> 11) & 31;
  const isImmediate = (opcode >= 8 && opcode < 16) || opcode === 24 || opcode === 25;
  return isImmediate || (opcode >= 32 && opcode < 40) || opcode === 55 ? (word >> 16) & 31 : 0;
}

/** MIPS: whether the address of the function, $25, is added to the register. */
function isSum(word: u32, register: u32): bool {
  if (!isMips() || word >> 26 !== 0 || ((word & 63) !== 0x2d && (word & 63) !== 0x21)) return false;
  return ((word >> 11) & 31) === register && word >> 16 === ((register << 5) | 25);
}

/** How many words before the lower half the upper one is; 0 if there is none. */
function upperBefore(field: u32, word: u32, at: u32): u32 {
  const register = baseOf(word);
  for (let back: u32 = 1; back <= NEAR && back << 2 <= at; back++) {
    const first = field - 4 * back;
    const before = wordAt(first);
    if (changedBy(before) !== register || isSum(before, register)) continue;
    return makes(first) !== 0 ? back : 0;
  }
  return 0;
}

/** What the upper half at a place of the old file makes; 0 if that is none. */
function makes(offset: u32): u32 {
  const word = wordAt(offset);
  const whole = load<u32>(State.bases) >= FIXED ? WHOLE : 0;
  if (!isMips()) {
    if (word >> 26 !== 15) return 0;
    const base = baseOf(word);
    if (base === 2) return FORTH;
    if (base === 12) return changedBy(word) === 2 ? BACK : 0;
    return base === 0 ? whole : 0;
  }
  if (word >> 21 === 15 << 5) {
    const register = changedBy(word);
    return register === 28 || isSum(wordAt(offset + 4), register) ? BACK : whole;
  }
  if ((word >> 26 !== 55 && word >> 26 !== 35) || baseOf(word) !== 28) return 0;
  const entry = entryOf(word);
  return entry !== NONE && (entry & 0xffff) === 0 ? PAGE : 0;
}

const NONE: u32 = 0xffffffff;

/** What the entry of the old file has that is loaded, or NONE. */
function entryOf(word: u32): u32 {
  const offset = offsetOf(0, pointerOf(0) + lowerPart(word));
  return offset < State.oldSize && State.oldSize - offset >= 4 ? wordAt(offset) : NONE;
}

/** Those two bits that are no part of it are left out. */
function lowerPart(word: u32): u32 {
  return signed(word & lowerBits(word), 16);
}

function lowerBits(word: u32): u32 {
  return !isMips() && (word >> 26 === 58 || word >> 26 === 62) ? 0xfffc : 0xffff;
}

function upperAt(offset: u32, kind: u32): u32 {
  return kind >= ADRP ? offset : offset - 4 * (kind - LOW_12);
}

export function halvesTarget(offset: u32, kind: u32): u32 {
  const word = wordAt(offset);
  if (kind === HALF_MIPS) return pointerOf(0) + lowerPart(word);
  const first = upperAt(offset, kind);
  const lower = lowerPart(kind >= ADRP ? wordAt(offset + 4 * (kind - ADRP)) : word);
  const upper = wordAt(first);
  const made = makes(first);
  if (made === PAGE) return entryOf(upper) + lower - load<u32>(State.bases);
  return fromSum(0, made, (upper << 16) + lower);
}

/** What the sum of both halves refers to. */
function fromSum(file: usize, made: u32, sum: u32): u32 {
  if (made === FORTH) return pointerOf(file) + sum;
  if (made === BACK) return pointerOf(file) - sum;
  return sum - load<u32>(State.bases + (file << 3));
}

function sumOf(made: u32, to: u32): u32 {
  if (made === FORTH) return to - pointerOf(1);
  if (made === BACK) return pointerOf(1) - to;
  return to + load<u32>(State.bases, 8);
}

/** The new field in the place of that at `offset` of the old file. */
export function halvesField(offset: u32, kind: u32, to: u32): u32 {
  const word = wordAt(offset);
  const made = kind === HALF_MIPS ? FORTH : makes(upperAt(offset, kind));
  const sum = sumOf(made, to);
  if (kind >= ADRP && kind !== HALF_MIPS) return (word & 0xffff0000) | ((sum + 0x8000) >> 16);
  const bits = lowerBits(word);
  return (word & ~bits) | (sum & bits);
}

/** What the field that was made refers to, the other half being that of `expected`. */
export function halvesActual(offset: u32, kind: u32, word: u32, expected: u32): u32 {
  if (kind === HALF_MIPS) return pointerOf(1) + lowerPart(word);
  const made = makes(upperAt(offset, kind));
  const sum = sumOf(made, expected);
  if (kind >= ADRP) return fromSum(1, made, (word << 16) + signed(sum, 16));
  return fromSum(1, made, ((sum + 0x8000) & 0xffff0000) + lowerPart(word));
}
