/**
 * References in code of arm, POWER, RISC-V and s390x: their branches, and what else is relative to the instruction in a simple
 * way. Fields are words with the lowest byte first, those of s390x with the highest.
 */
import { State } from '../../state';
import { note } from '../found';
import { ABSOLUTE, AUIPC, BRANCH_24, BRANCH_POWER, HALFWORDS, IMAGE_RELATIVE, JAL } from '../kinds';
import { target } from '../references';
import { imageSpan, wordsAt } from '../regions';
import { forgetPools, isInPool, learnPool } from './pools';
import { codeWord } from './words';

const LEAST: u32 = 0x1000;

export function signed(value: u32, bits: u32): u32 {
  return <u32>(<i32>(value << (32 - bits)) >> (32 - bits));
}

/** B and BL, and the words between functions that are addresses, if the image has a fixed one, or if they have become so (pools.ts). */
export function scanArm32(start: u32, size: u32, address: u32): void {
  const span = imageSpan(0);
  const base = load<u32>(State.bases);
  const hasPools = wordsAt(start) !== 0;
  if (hasPools) forgetPools();
  for (let at: u32 = (0 - address) & 3; at + 4 <= size; at += 4) {
    const word = codeWord(start + at);
    if (hasPools) {
      if (isInPool(at)) {
        if (bswap<u32>(load<u32>(State.old + start + at)) < span) note(start + at, IMAGE_RELATIVE);
        continue;
      }
      learnPool(at, word);
    }
    if ((word & 0x0e000000) === 0x0a000000 && word >> 28 !== 15) {
      if (armTarget(address + at, word) < span) note(start + at, BRANCH_24);
    } else if (base >= LEAST && word - base < span && word - base >= LEAST) {
      note(start + at, ABSOLUTE);
    }
  }
}

export function scanPower(start: u32, size: u32, address: u32): void {
  const span = imageSpan(0);
  for (let at: u32 = (0 - address) & 3; at + 4 <= size; at += 4) {
    const word = codeWord(start + at);
    if ((word & 0xfc000002) === 0x48000000 && powerTarget(address + at, word) < span)
      note(start + at, BRANCH_POWER);
  }
}

/** Instructions have four bytes if their lowest two bits are set, else two. */
export function scanRiscV(start: u32, size: u32, address: u32): void {
  const span = imageSpan(0);
  for (let at: u32 = address & 1; at + 4 <= size; ) {
    const field = start + at;
    const word = load<u32>(State.old + field);
    if ((word & 3) !== 3) {
      at += 2;
      continue;
    }
    if ((word & 0x7f) === 0x6f) {
      if (target(field, JAL) < span) note(field, JAL);
    } else if ((word & 0x7f) === 0x17 && at + 8 <= size) {
      const pair = load<u64>(State.old + field);
      if (isPair(pair) && target(field, AUIPC) < span) {
        note(field, AUIPC);
        at += 4;
      }
    }
    at += 4;
  }
}

/** The first byte's highest bits tell the size. */
export function scanS390(start: u32, size: u32, address: u32): void {
  const span = imageSpan(0);
  for (let at: u32 = address & 1; at + 6 <= size; ) {
    const field = start + at;
    const opcode: u32 = load<u8>(State.old + field);
    if (opcode < 0x40) {
      at += 2;
      continue;
    }
    if (opcode < 0xc0) {
      at += 4;
      continue;
    }
    const kind: u32 = load<u8>(State.old + field, 1) & 15;
    // LARL, BRCL, BRASL; loads and stores; EXRL and comparisons.
    const relative =
      opcode === 0xc0 ? kind === 0 || kind === 4 || kind === 5 : opcode === 0xc4 || opcode === 0xc6;
    if (relative && target(field + 2, HALFWORDS) < span) {
      note(field + 2, HALFWORDS);
    }
    at += 6;
  }
}

export function armTarget(address: u32, word: u32): u32 {
  return address + 8 + (signed(word, 24) << 2);
}

export function armField(word: u32, address: u32, to: u32): u32 {
  return (word & 0xff000000) | (((to - address - 8) >> 2) & 0xffffff);
}

export function powerTarget(address: u32, word: u32): u32 {
  return address + (signed(word, 26) & ~3);
}

export function powerField(word: u32, address: u32, to: u32): u32 {
  return (word & 0xfc000003) | ((to - address) & 0x3fffffc);
}

export function jalTarget(address: u32, word: u32): u32 {
  const value = ((word >> 11) & 0x100000) | (word & 0xff000) | ((word >> 9) & 0x800) | ((word >> 20) & 0x7fe);
  return address + signed(value, 21);
}

export function jalField(word: u32, address: u32, to: u32): u32 {
  const value = to - address;
  return (
    (word & 0xfff) |
    ((value & 0x100000) << 11) |
    (value & 0xff000) |
    ((value & 0x800) << 9) |
    ((value & 0x7fe) << 20)
  );
}

/** Whether the first of two words is AUIPC, and the second takes what that made: a load, a store, ADDI, JALR. */
export function isPair(pair: u64): bool {
  const second = <u32>(pair >> 32);
  const opcode = second & 0x7f;
  return (
    (<u32>pair & 0x7f) === 0x17 &&
    ((second >> 15) & 31) === ((<u32>pair >> 7) & 31) &&
    (opcode === 0x03 || opcode === 0x07 || opcode === 0x13 || opcode === 0x67 || isStore(second))
  );
}

function isStore(word: u32): bool {
  return (word & 0x7f) === 0x23 || (word & 0x7f) === 0x27;
}

export function pairTarget(address: u32, pair: u64): u32 {
  const second = <u32>(pair >> 32);
  const low = isStore(second) ? ((second >> 20) & 0xfe0) | ((second >> 7) & 31) : second >> 20;
  return address + (<u32>pair & 0xfffff000) + signed(low, 12);
}

export function pairField(pair: u64, address: u32, to: u32): u64 {
  const distance = to - address;
  const first = (<u32>pair & 0xfff) | ((distance + 0x800) & 0xfffff000);
  let second = <u32>(pair >> 32);
  if (isStore(second)) second = (second & 0x1fff07f) | ((distance & 0xfe0) << 20) | ((distance & 31) << 7);
  else second = (second & 0xfffff) | (distance << 20);
  return ((<u64>second) << 32) | <u64>first;
}

export function halfwordsTarget(address: u32, value: u32): u32 {
  return address - 2 + (value << 1);
}

export function halfwordsField(address: u32, to: u32): u32 {
  return <u32>(<i32>(to - address + 2) >> 1);
}
