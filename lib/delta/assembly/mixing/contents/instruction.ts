/** Where in an instruction the new place is, in machine code: what is known of it, and of the one before. */
import { take } from '../../memory';
import { areOfSizes } from '../addresses/machines/words';
import { decode } from '../addresses/machines/x86';
import {
  ARM,
  ARM_32,
  ARM_WORDS,
  isBased,
  LOONG_ARCH,
  MIPS,
  POWER,
  POWER_BASED,
  POWER_BIG,
  RISC_V,
  THUMB,
  X86,
  X86_32,
} from '../addresses/regions';
import { hash } from '../coding/tables';
import { State } from '../state';

/** Bytes of an instruction that are looked at; as many as it may be decoded by. */
const LOOKED_AT: u32 = 16;
const SCRATCH: usize = 64;
/** If the last one that is known began further back, instructions are found anew from so far back. */
const FURTHEST: u32 = 48;
const BACK: u32 = 32;

let scratch: usize = 0;
let begin: u32 = 0;
/** A hash of the bytes of the instruction that precede the place, and of how many there are; 0 if there are none. */
export let soFar: u32 = 0;
/** The first two bytes of the instruction before. */
export let opcodeBefore: u32 = 0;
/** For the fourth model: how many bytes of the instruction precede the place; what is known of the two instructions before that one. */
export let into: u32 = 0;
export let secondBefore: u32 = 0;
export let thirdBefore: u32 = 0;

/** Of converted words: the last two. Of instructions of several sizes what tells of them. */
export let lastWord: u32 = 0;
export let wordBefore: u32 = 0;

export function openInstructions(): bool {
  scratch = take(SCRATCH);
  if (scratch === 0) return false;
  memory.fill(scratch, 0, SCRATCH);
  return true;
}

/** Nothing is known any more. */
export function forgetInstructions(): void {
  begin = 0;
  opcodeBefore = 0;
  secondBefore = 0;
  thirdBefore = 0;
  lastWord = 0;
  wordBefore = 0;
}

/** Sets what is exported, for State.at, whose address is given. */
export function locateInstruction(address: u32): void {
  const code = State.code;
  if (code === X86 || code === X86_32) {
    if (begin > State.at || State.at - begin > FURTHEST) begin = max<u32>(State.at, BACK) - BACK;
    while (begin < State.at) {
      copyKnown(begin);
      const end = begin + max<u32>(1, decode(scratch, code === X86_32));
      if (end > State.at) break;
      thirdBefore = secondBefore;
      secondBefore = opcodeBefore;
      opcodeBefore = opcode();
      begin = end;
    }
  } else if (State.inWords && (areOfSizes(code) || code === THUMB)) {
    if (begin > State.at || State.at - begin > FURTHEST) {
      begin = max<u32>(State.at, BACK) - BACK;
      if (begin < State.at) begin += (address - (State.at - begin)) & 1;
    }
    while (begin < State.at) {
      const end = begin + sizeOfInstruction(State.fresh + begin);
      if (end > State.at) break;
      learnInstruction(State.fresh + begin, end - begin);
      begin = end;
    }
  } else if (State.inWords) {
    begin = State.at - (address & 3);
    locateWords();
  } else if (code === ARM || code === ARM_32 || code === MIPS || code === POWER || isBased(code)) {
    begin = State.at & ~3;
    locateBefore();
  } else {
    begin = max<u32>(State.at, 2) - 2;
    locateBefore();
  }
  into = State.at - begin;
  soFar = 0;
  if (into > 0) {
    const bytes = load<u64>(State.fresh + State.at - 8) >> (64 - 8 * <u64>min<u32>(into, 8));
    soFar = hash(hash(<u32>bytes, <u32>(bytes >> 32)), into);
  }
}

/** Bytes of an instruction of RISC-V, Thumb or s390x. */
function sizeOfInstruction(place: usize): u32 {
  const first: u32 = load<u8>(place);
  if (State.code === RISC_V) return (first & 3) === 3 ? 4 : 2;
  if (State.code === THUMB) return first < 0xe8 ? 2 : 4;
  return first < 0x40 ? 2 : first < 0xc0 ? 4 : 6;
}

/** The next one of these. */
function learnInstruction(place: usize, size: u32): void {
  wordBefore = lastWord;
  thirdBefore = secondBefore;
  secondBefore = opcodeBefore;
  lastWord = size === 2 ? <u32>load<u16>(place) : load<u32>(place);
  if (State.code === RISC_V) {
    opcodeBefore = lastWord & (size === 2 ? 0xe003 : 0x707f);
    return;
  }
  if (State.code === THUMB) {
    opcodeBefore = lastWord & (size === 2 ? 0xff : 0xf0ff);
    return;
  }
  const first = lastWord & 255;
  const hasMore = size === 6 || first === 0xa5 || first === 0xa7;
  opcodeBefore = first | (hasMore ? lastWord & 0xf00 : 0);
  if (size < 6) return;
  if (first >= 0xe0) opcodeBefore = first | ((<u32>load<u8>(place, 5)) << 8);
  lastWord = hash(lastWord, load<u16>(place, 4));
}

/** Of converted words that begin at `begin` and end there: their opcodes, and the last two whole. */
function locateWords(): void {
  const place = State.fresh + begin;
  lastWord = load<u32>(place - 4);
  wordBefore = load<u32>(place - 8);
  opcodeBefore = opcodeOf(lastWord);
  secondBefore = opcodeOf(wordBefore);
  thirdBefore = opcodeOf(load<u32>(place - 12));
}

/** What a word as it is in memory, the highest byte first, does, as far as few bits say it. */
function opcodeOf(word: u32): u32 {
  const code = State.code;
  if (code === ARM_WORDS) return word & 0xe0ff;
  if (code === ARM_32) return word & 0xf0ff;
  if (code === LOONG_ARCH) return word & 0xc0ff;
  if (code === POWER_BASED || code === POWER_BIG) {
    const first = word & 0xfc;
    const isExtended = first === 0x4c || first === 0x7c || first === 0xec || first === 0xfc;
    return word & (isExtended ? 0xfe0700fc : 0xfc);
  }
  return word & ((word & 0xfc) === 0 ? 0x3f0000fc : 0xfc);
}

/** Of instructions that begin at `begin` and end there. */
function locateBefore(): void {
  const place = State.fresh + begin;
  opcodeBefore = load<u8>(place - 1);
  secondBefore = load<u32>(place - 4);
  thirdBefore = load<u32>(place - 8);
}

/** The encoder has what follows State.at, the decoder has not: it is 0. */
function copyKnown(place: u32): void {
  const count = State.at - place;
  v128.store(scratch, v128.load(State.fresh + place));
  if (count < LOOKED_AT) memory.fill(scratch + count, 0, LOOKED_AT - count);
}

/** Of what was decoded last; REX is left out. */
function opcode(): u32 {
  const word = load<u32>(scratch);
  return (word & 0xf0) === 0x40 && State.code === X86 ? (word >> 8) & 0xffff : word & 0xffff;
}
