/** What a byte is that is not as predicted. */

import { addressOf } from '../addresses/regions';
import { charge, encoding, LITERALS } from '../coding/coder';
import { codeInLayers } from '../coding/layers';
import { Limits } from '../coding/limits';
import { codeLiteral, contexts } from '../coding/literals';
import { hash } from '../coding/tables';
import { CODE, State, TEXT_CLASS } from '../state';
import { BULK_PIECE } from './bulk';
import {
  into,
  lastWord,
  locateInstruction,
  opcodeBefore,
  secondBefore,
  soFar,
  thirdBefore,
  wordBefore,
} from './instruction';
import { isIdentifier } from './words';

/** Where bytes began to be wrong, and by how much the last two words were that were. */
let wrongAt: u32 = 0;
let wrongOld: u32 = 0;
let shift0: u32 = 0;
let shift1: u32 = 0;

/** Codes a byte. `notAligned`, `notMatched`: it is known not to be that one. */
export function literal(place: u32, notAligned: bool, notMatched: bool): u32 {
  const hasAligned = place < State.oldSize;
  charge(LITERALS + State.kind);
  const was: u32 = hasAligned ? load<u8>(State.old + place) : 256;
  const match = matchByte();
  const length = matchContext();
  if (State.at >= wrongAt + 4 || State.at < wrongAt) {
    if (wrongAt !== 0 && State.at - wrongAt <= BULK_PIECE && wrongOld + 4 <= State.oldSize) {
      const by = load<u32>(State.fresh + wrongAt) - load<u32>(State.old + wrongOld);
      if (by !== shift0) {
        shift1 = shift0;
        shift0 = by;
      }
    }
    wrongAt = State.at;
    wrongOld = place;
  }
  const end = State.fresh + State.at;
  const last1: u32 = load<u8>(end - 1);
  const next: u32 = hasAligned ? load<u16>(State.old + place) : 0x10000;
  context(2, hash(hash(next, last1), 0x300));
  context(3, hash(hash(((<u32>(match + 1)) << 8) | length, was), 0x400));
  if (State.kind === TEXT_CLASS) {
    context(8, hash(hash(hasAligned ? oldWord(place) : 0, State.wordHash), 0x900));
    context(9, hash(hash((State.kind << 4) | (hasAligned ? State.history & 7 : 8), was), 0xa00));
  } else {
    const wrong = State.at - wrongAt;
    let first: u32 = 0x100;
    let second: u32 = 0x100;
    if (hasAligned && wrongOld + 4 <= State.oldSize && place - wrongOld === wrong) {
      first = ((load<u32>(State.old + wrongOld) + shift0) >> (wrong << 3)) & 255;
      second = ((load<u32>(State.old + wrongOld) + shift1) >> (wrong << 3)) & 255;
    }
    context(4, hash(hash(first | (wrong << 9), was), 0xb00));
    if (!Limits.second)
      context(5, hash(hash(first | (second << 9), was | ((State.history & 15) << 9)), 0xc00));
    else if (State.kind !== CODE) context(7, hash(hash(was, State.at & 7), 0x1800));
  }
  const count = describeMade(addressOf(1, State.at));
  const set = (State.kind * 4 + (State.history & 3)) * 8 + (match < 0 ? 0 : min<u32>(7, 1 + (length >> 2)));
  if (Limits.fourth) {
    return codeInLayers(
      encoding ? load<u8>(end) : 0,
      count,
      hasAligned && !notAligned ? <i32>was : -1,
      State.history & 31,
      notMatched ? -1 : match,
      length,
      set,
      State.kind * 256 + last1,
      State.kind * 256 +
        (State.kind === CODE
          ? min<u32>(15, into) * 16 + min<u32>(15, length)
          : (load<u8>(end - 2) & 240) + (State.at & 15)),
    );
  }
  return codeLiteral(
    encoding ? load<u8>(end) : 0,
    count,
    hasAligned && !notAligned ? <i32>was : -1,
    State.history & 31,
    notMatched ? -1 : match,
    length,
    set,
  );
}

/**
 * Sets the contexts that are made of the bytes before State.at, whose address is given. Returns how many contexts there are, with those
 * that the old file makes, which others set.
 */
export function describeMade(address: u32): usize {
  const end = State.fresh + State.at;
  const last = load<u32>(end - 4);
  const last1 = last >> 24;
  context(0, hash((last1 << 8) | State.kind, 0x100));
  context(1, hash(last >> 16, 0x200));
  if (State.kind === TEXT_CLASS) {
    context(4, hash(last >> 8, 0x500));
    context(5, hash(last, 0x600));
    context(6, hash(hash(last, load<u16>(end - 6)), 0x700));
    context(7, hash(hash(State.wordHash, last1), 0x800));
    return Limits.fourth ? describeSparse(10, end, last) : 10;
  }
  const spaced = hash(
    hash(load<u8>(end - 8) | ((<u32>load<u8>(end - 4)) << 8), (State.at & 3) | (State.kind << 2)),
    0xd00,
  );
  const isCode = State.kind === CODE;
  if (!Limits.second) {
    context(6, spaced);
    context(7, hash(last >> 8, 0xe00));
    if (isCode) context(8, branchContext(address, last));
    return isCode ? 9 : 8;
  }
  context(5, spaced);
  if (!isCode) {
    context(6, hash(hash(load<u8>(end - 8), load<u8>(end - 16)), 0x1700 + (State.at & 7)));
    return Limits.fourth ? describeSparse(8, end, last) : 8;
  }
  locateInstruction(address);
  if (State.inWords) return describeWords(end, last);
  context(6, branchContext(address, last));
  context(7, hash(soFar, 0x1100));
  context(8, hash(hash(soFar, opcodeBefore), 0x1200));
  if (!Limits.fourth) return 9;
  const two = hash(opcodeBefore, secondBefore);
  context(9, hash(hash(soFar, two), 0x2300));
  context(10, hash(hash(into, opcodeBefore), 0x2400));
  context(11, hash(hash(soFar, hash(two, thirdBefore)), 0x2500));
  return describeSparse(12, end, last);
}

/** For a field that is an instruction of arm64: four contexts from `first` on. Returns how many there are with them. */
export function describeInstruction(first: usize, address: u32): usize {
  locateInstruction(address);
  context(first, hash(hash(soFar, lastWord), 0x2a00));
  context(first + 1, hash(soFar, 0x1100));
  context(first + 2, hash(hash(soFar, opcodeBefore), 0x1200));
  context(first + 3, hash(hash(soFar, hash(opcodeBefore, secondBefore)), 0x2300));
  if (!Limits.fourth) return first + 4;
  context(first + 4, hash(hash(soFar, wordBefore), 0x2900));
  return first + 5;
}

/** Those of code of arm64 in converted words. */
function describeWords(end: usize, last: u32): usize {
  const two = hash(opcodeBefore, secondBefore);
  context(5, hash(hash(soFar, wordBefore), 0x2900));
  context(6, hash(hash(soFar, lastWord), 0x2a00));
  context(7, hash(soFar, 0x1100));
  context(8, hash(hash(soFar, opcodeBefore), 0x1200));
  context(9, hash(hash(soFar, two), 0x2300));
  if (!Limits.fourth) return 10;
  context(10, hash(hash(soFar, hash(two, thirdBefore)), 0x2500));
  return describeSparse(11, end, last);
}

/** Contexts of the fourth model out of some of the bytes before `end`, of which `last` are the last four. Returns how many there are with them. */
function describeSparse(count: usize, end: usize, last: u32): usize {
  context(count, hash(hash(last & 0xffff00, State.kind), 0x2600));
  context(count + 1, hash(hash(last & 0xff00ff00, load<u16>(end - 6)), 0x2700));
  context(count + 2, hash(hash(last & 0xf0f0f0f0, load<u32>(end - 8) & 0xf0f0f0f0), 0x2800));
  return count + 3;
}

/**
 * In code: the byte before and where among 16 it is, as functions begin at multiples of 16; behind what may be the opcode of a
 * call or a jump, what is known of the target, and what the next byte is to be added to.
 */
function branchContext(address: u32, last: u32): u32 {
  for (let known: u32 = 0; known < 4; known++) {
    const opcode = (last >> (24 - 8 * known)) & 255;
    if (opcode !== 0xe8 && opcode !== 0xe9) continue;
    const mask: u32 = (1 << (8 * known)) - 1;
    const made: u32 = known === 0 ? 0 : last >> (32 - 8 * known);
    const sum = made + address + 4 - known;
    const next = (sum >> (8 * known)) & (known === 0 ? 15 : 255);
    return hash(hash(sum & mask, (next << 2) | known), 0xf00);
  }
  return hash(((last >> 24) << 4) | (address & 15), 0x1000);
}

/** The word of the old text around `place`. */
function oldWord(place: u32): u32 {
  let from = place;
  for (let i = 0; i < 16 && from > 0 && isIdentifier(load<u8>(State.old + from - 1)); i++) from--;
  let key: u32 = 0;
  for (let i = 0; i < 20 && from < State.oldSize && isIdentifier(load<u8>(State.old + from)); i++)
    key = hash(key, load<u8>(State.old + from++));
  return key;
}

export function matchByte(): i32 {
  return State.matched === 0
    ? -1
    : <i32>load<u8>((State.matchedFresh ? State.fresh : State.old) + State.matchedAt);
}

export function matchContext(): u32 {
  const length = min<u32>(State.matched, 31);
  return length < 16 ? length : 16 + ((length - 16) >> 2);
}

export function context(index: usize, value: u32): void {
  store<u32>(contexts + (index << 2), value);
}
