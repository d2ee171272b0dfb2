/** Runs of bytes as they are in the old file, in blocks that grow. */
import { take } from '../memory';
import { freeOfReferences } from './addresses/found';
import { sizeAt } from './addresses/kinds';
import { BLOCKS, charge, codeRaw, encoding, SUSPECTS } from './coding/coder';
import { Limits } from './coding/limits';
import { miss } from './contents/bytes';
import { fastMiss, flagOf } from './contents/fast';
import { referenceHere } from './contents/fields';
import { isWatched, wordAt } from './contents/renames';
import { codeSuspect, isSuspect, suspectsAt } from './contents/suspects';
import { identifiersAt, isIdentifier, mayBeKnown } from './contents/words';
import { counter, State } from './state';

const LARGEST_BLOCK: u32 = 15;
/** Bytes that are copied at once; among suspects. */
const LONGEST_COPY: u32 = 1 << 16;
const WATCHED_COPY: u32 = 1 << 10;

/** Bytes to the first wrong one of the block, -1 if all are right. */
let blockMiss: i32 = -1;
let blockFlags: usize = 0;
let blockPlaces: usize = 0;

export function openBlocks(): bool {
  blockFlags = take(32 * 3 * 4);
  blockPlaces = take(32 * 4096 * 4);
  return blockFlags !== 0 && blockPlaces !== 0;
}

/** A run of bytes as they are in the old file, or the wrong one at its end. */
export function codeBlock(): void {
  if (State.blockLeft < 0) {
    const growth = min(State.cleanBlocks, LARGEST_BLOCK);
    const length = min<u32>(32 << growth, min(State.stepEnd, State.kindEnd) - State.at);
    State.blockLeft = length;
    charge(BLOCKS);
    const miss: i32 = encoding ? firstMiss(length) : -1;
    blockMiss = -1;
    const row = growth + (State.resumed << 4);
    State.resumed = 0;
    if (flagOf(u32(miss >= 0), counter(blockFlags, row * 3 + State.kind), Limits.blocks)) {
      let node: u32 = 1;
      let place: u32 = 0;
      for (let bit = 31 - <i32>clz(length); bit >= 0; bit--) {
        const wanted = (<u32>miss >> bit) & 1;
        const y =
          node < 4096
            ? flagOf(wanted, counter(blockPlaces, row * 4096 + node), Limits.places)
            : codeRaw(wanted, 1);
        node = node * 2 + y;
        place = place * 2 + y;
      }
      blockMiss = <i32>min(place, length - 1);
    }
  }
  if (blockMiss === 0) {
    if (State.fast) fastMiss();
    else miss();
    return;
  }
  const watched = State.attentive && isWatched(State.at);
  const most = min<u32>(
    min<u32>(blockMiss > 0 ? blockMiss : State.blockLeft, min(State.stepEnd, State.kindEnd) - State.at),
    min<u32>(State.oldSize - State.oldAt, watched ? WATCHED_COPY : LONGEST_COPY),
  );
  const free = stopAtReference(most);
  const count = watched ? stopAtCandidate(free) : free;
  if (!encoding) memory.copy(State.fresh + State.at, State.old + State.oldAt, count);
  State.at += count;
  State.oldAt += count;
  State.blockLeft -= count;
  if (blockMiss > 0) blockMiss -= count;
  if (State.blockLeft === 0) {
    State.blockLeft = -1;
    State.cleanBlocks++;
  } else if (count < free) {
    State.blockLeft = -1;
    State.resumed = 1;
  }
}

/** How many of the next bytes, at most `most`, are coded as such: up to the next reference that is coded as one. */
function stopAtReference(most: u32): u32 {
  let count = freeOfReferences(State.oldAt, most);
  // One at the very end of the step is not coded as a reference.
  while (count < most && referenceHere(State.at + count, State.oldAt + count) === 0) {
    count++;
    count += freeOfReferences(State.oldAt + count, most - count);
  }
  return count;
}

/** Whether a word or a suspect, which are coded as such, is at a place of a block that is not its first. */
function isCandidate(place: u32, oldPlace: u32): bool {
  return isWatched(place) && (isSuspect(State.fresh + place, oldPlace) || wordAt(place, oldPlace));
}

/**
 * How many of the next bytes, at most `most`, precede a word or a suspect. Sixteen at a time: in a block both files are the same, so what
 * is around a place can be read from the old one, but for the first two bytes. What is written beyond the block is overwritten
 * before it is looked at.
 */
function stopAtCandidate(most: u32): u32 {
  const here = State.fresh + State.at;
  const there = State.old + State.oldAt;
  if (!encoding) store<u16>(here, load<u16>(there));
  let inside = u32(isIdentifier(load<u8>(there)));
  for (let i: u32 = 1; i < min<u32>(3, most); i++) {
    const isWord = u32(isIdentifier(load<u8>(there + i)));
    if (
      (isSuspect(here + i, State.oldAt + i) || isWord > inside) &&
      isCandidate(State.at + i, State.oldAt + i)
    )
      return i;
    inside = isWord;
  }
  for (let i: u32 = 3; i < most; i += 16) {
    if (!encoding) v128.store(here + i - 1, v128.load(there + i - 1));
    const words = identifiersAt(there + i);
    let candidates = words & ~((words << 1) | inside);
    inside = words >> 15;
    const suspects = suspectsAt(State.oldAt + i);
    candidates |= suspects;
    if (most - i < 16) candidates &= (1 << (most - i)) - 1;
    while (candidates !== 0) {
      const j = i + <u32>ctz(candidates);
      const isOne =
        ((suspects >> (j - i)) & 1) !== 0 ||
        (mayBeKnown(State.oldAt + j) && wordAt(State.at + j, State.oldAt + j));
      if (isOne && isWatched(State.at + j)) return j;
      candidates &= candidates - 1;
    }
  }
  return most;
}

/** For the encoder: whether the next eight bytes are as they were, and without references, words and suspects. */
function isPlain(place: u32, oldPlace: u32, most: u32): bool {
  if (State.attentive && isWatched(place)) return false;
  const room = min<u32>(most, min(min(State.stepEnd, State.kindEnd) - place, State.oldSize - oldPlace));
  return (
    room >= 8 &&
    load<u64>(State.fresh + place) === load<u64>(State.old + oldPlace) &&
    freeOfReferences(oldPlace, 8) === 8
  );
}

/**
 * For the encoder: after how many bytes outside of references the first one is wrong, among the next `length`; -1 if none is
 * before a word or a suspect.
 */
function firstMiss(length: u32): i32 {
  let place = State.at;
  let oldPlace = State.oldAt;
  let count: u32 = 0;
  while (count < length && place < min(State.stepEnd, State.kindEnd) && oldPlace < State.oldSize) {
    if (isPlain(place, oldPlace, length - count)) {
      place += 8;
      oldPlace += 8;
      count += 8;
      continue;
    }
    const reference = referenceHere(place, oldPlace);
    if (reference !== 0) {
      const size = sizeAt(State.old + oldPlace, reference);
      place += size;
      oldPlace += size;
      continue;
    }
    if (State.attentive && place > State.at && isCandidate(place, oldPlace)) return -1;
    if (load<u8>(State.fresh + place) !== load<u8>(State.old + oldPlace)) return count;
    count++;
    place++;
    oldPlace++;
  }
  return -1;
}

export function codeSuspectHere(): void {
  charge(SUSPECTS);
  const here = State.fresh + State.at;
  const was: u32 = load<u8>(State.old + State.oldAt);
  const wrong = codeSuspect(u32(load<u8>(here) !== was), here, State.oldAt, State.at - State.changedAt);
  State.blockLeft = -1;
  State.resumed = 1;
  if (wrong) {
    miss();
    return;
  }
  store<u8>(here, <u8>was);
  State.at++;
  State.oldAt++;
}
