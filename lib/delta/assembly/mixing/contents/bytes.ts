/** Byte by byte: whether each is as predicted, what it is if not, and what follows from it. */
import { take } from '../../memory';
import { charge, encoding, HITS } from '../coding/coder';
import { Limits } from '../coding/limits';
import { codeMixed, codeMixedTwice, counterOfFlag } from '../coding/mixer';
import { hash } from '../coding/tables';
import { CODE, State, TEXT_CLASS } from '../state';
import { isJump, judgeJump } from './jumps';
import { literal, matchByte, matchContext } from './literal';
import {
  findLocal,
  findMatch,
  HISTORY,
  indexFresh,
  indexLocal,
  leastPlace,
  matchAt,
  matchIsFresh,
  matchLength,
} from './matches';
import { expectWord } from './renames';
import { suspect } from './suspects';
import { isIdentifier, learnWord } from './words';

/** So many bytes in a row as predicted end the coding byte by byte. */
export const CALM: u32 = 16;
/** New bytes before a wrong one that are indexed. */
const RETROSPECT: u32 = 256;

let hits: usize = 0;
/** In the first two models: the match that was lost last, which goes on behind what differed. */
let lostAt: u32 = 0;
let lostFresh: bool = false;
let lostMisses: u32 = 0;

export function openBytes(): bool {
  hits = take(4 << 20);
  return hits !== 0;
}

/** The byte is known not to be the aligned one. */
export function miss(): void {
  let last: u32 = 0;
  if (State.kind !== CODE) last = suspect(State.fresh + State.at, State.oldAt, State.at);
  State.changedAt = State.at;
  State.wary = true;
  State.calm = 0;
  State.misses = 0;
  State.blockLeft = -1;
  State.cleanBlocks = 0;
  State.history = 255;
  indexLocal(State.oldAt);
  for (
    let place = max<u32>(
      max<u32>(State.start + 8, State.indexedTo),
      State.at > RETROSPECT ? State.at - RETROSPECT : 0,
    );
    place < State.at;
    place++
  ) {
    indexFresh(State.fresh, place);
  }
  State.wordHash = 0;
  for (let back: u32 = 16; back > 0; back--) {
    if (back <= State.at - State.start)
      State.wordHash = isIdentifier(load<u8>(State.fresh + State.at - back))
        ? hash(State.wordHash, load<u8>(State.fresh + State.at - back))
        : 0;
  }
  State.matched = 0;
  findMatch(State.fresh, State.at);
  takeMatch();
  if (State.matched < 16 && last !== 0 && State.at - last < HISTORY - 64) {
    State.matched = 3;
    State.matchedAt = last;
    State.matchedFresh = true;
  }
  expectWord(State.oldAt);
  const byte = literal(State.oldAt, true, false);
  store<u8>(State.fresh + State.at, <u8>byte);
  after(byte, true, load<u8>(State.old + State.oldAt));
}

function takeMatch(): void {
  State.matched = matchLength;
  State.matchedAt = matchAt;
  State.matchedFresh = matchIsFresh;
}

/** Byte by byte: whether it is as predicted, by the aligned place or by a match; if not, what it is. */
export function codeByte(): void {
  if (State.matched === 0 || State.matchedAt >= (State.matchedFresh ? State.at : State.oldSize)) {
    findMatch(State.fresh, State.at);
    takeMatch();
    if (!Limits.third && State.matched === 0 && lostAt !== 0 && lostMisses < 8) {
      const least = leastPlace();
      if (lostFresh ? lostAt >= least && lostAt < State.at : lostAt < State.oldSize) {
        State.matched = 1;
        State.matchedAt = lostAt;
        State.matchedFresh = lostFresh;
      }
    }
  }
  const hasAligned = State.oldAt < State.oldSize;
  const aligned: i32 = hasAligned ? load<u8>(State.old + State.oldAt) : -1;
  const match = matchByte();
  const byMatch =
    match >= 0 &&
    (!hasAligned || (State.matched >= 12 && (State.history & 3) !== 3) || (State.history & 7) === 0);
  const prediction = byMatch ? match : aligned;
  let byte: u32 = 0;
  let hit: u32 = 0;
  if (prediction >= 0) {
    const agree: u32 = match >= 0 && hasAligned ? (match === aligned ? 2 : 1) : 0;
    const base = (u32(byMatch) * 3 + agree) * 4 + State.kind;
    const length = byMatch ? matchContext() : 0;
    const last = load<u32>(State.fresh + State.at - 4);
    counterOfFlag(0, hitCounter(hash((base << 13) | (length << 8) | State.history, 1)));
    counterOfFlag(1, hitCounter(hash(hash(base, <u32>prediction), last >> 24)));
    counterOfFlag(2, hitCounter(hash(hash(base + 99, <u32>prediction), last >> 8)));
    counterOfFlag(
      3,
      hitCounter(hash(hash(base + 7, length), (min<u32>(State.calm, 31) << 8) | min<u32>(State.misses, 15))),
    );
    counterOfFlag(4, hitCounter(hash(hash(base + 3, State.wordHash), <u32>prediction)));
    let around: u32 = 0;
    if (hasAligned)
      around = load<u16>(State.old + State.oldAt - 2) | ((<u32>load<u8>(State.old + State.oldAt + 1)) << 16);
    counterOfFlag(5, hitCounter(hash(hash(base + 55, <u32>prediction), around)));
    const set = base * 16 + (byMatch ? min<u32>(length, 15) : State.history & 15);
    charge(HITS + State.kind);
    const right = u32(encoding && <i32>load<u8>(State.fresh + State.at) === prediction);
    if (Limits.third) {
      const apart = min<u32>(15, State.oldAt - State.lastMiss);
      const both = <u32>(aligned + 1) | (apart << 9) | ((State.history & 7) << 13);
      counterOfFlag(6, hitCounter(hash(hash(base + 31, <u32>(match + 1)), both)));
      hit = codeMixedTwice(right, 7, set, State.kind * 256 + (last >> 24), Limits.bytes);
    } else {
      hit = codeMixed(right, 6, set, Limits.bytes);
    }
  }
  if (hit) byte = <u32>prediction;
  else byte = literal(State.oldAt, !byMatch && prediction >= 0, byMatch);
  store<u8>(State.fresh + State.at, <u8>byte);
  after(byte, hasAligned, <u32>aligned & 255);
}

function hitCounter(key: u32): usize {
  return hits + ((<usize>(key >> 12)) << 2);
}

/** What a byte changes, `aligned` being the old one. */
function after(byte: u32, hasAligned: bool, aligned: u32): void {
  if (State.kind !== CODE) {
    if (State.pendingAt === 0 && hasAligned && aligned !== byte && State.misses <= 2) expectWord(State.oldAt);
    if (State.pendingAt !== 0 && !isIdentifier(byte)) {
      if (State.at > State.pendingAt) {
        learnWord(
          State.pendingOld,
          State.fresh + State.pendingAt,
          State.at - State.pendingAt,
          State.pendingAt,
        );
        State.changedAt = State.at;
      }
      State.pendingAt = 0;
    }
  }
  if (State.matched > 0) {
    if (matchByte() === <i32>byte) {
      State.matched = min<u32>(State.matched + 1, 1000);
      State.matchedAt++;
      if (State.matched > 8) lostMisses = 0;
    } else {
      lostMisses = State.matched > 1 ? 1 : lostMisses + 1;
      State.matched = 0;
      lostAt = State.matchedAt + 1;
      lostFresh = State.matchedFresh;
    }
  }
  const hit = hasAligned && aligned === byte;
  State.history = ((State.history << 1) | u32(hit)) & 255;
  if (hit) {
    State.oldAt++;
    State.misses = 0;
  } else {
    State.calm = 0;
    if (hasAligned) stepOver(byte, aligned);
    else State.misses++;
    State.lastMiss = State.oldAt;
  }
  State.wordHash = isIdentifier(byte) ? hash(State.wordHash, byte) : 0;
  State.at++;
  if (State.at - State.start >= 8) indexFresh(State.fresh, State.at);
  State.indexedTo = State.at + 1;
  if (Limits.third) judgeJump();
  if (!hit && State.matched === 0) {
    const place = findLocal(State.fresh, State.at);
    if (place !== 0 && place !== State.oldAt && place < State.oldSize && (!Limits.third || isJump(place))) {
      State.oldAt = place;
      State.history = 15;
      State.misses = 0;
    }
  }
  if (
    !State.matchedFresh &&
    State.matched >= 16 &&
    State.history !== 255 &&
    State.matchedAt < State.oldSize &&
    State.matchedAt !== State.oldAt &&
    (State.history & 7) !== 7
  ) {
    State.oldAt = State.matchedAt;
    State.history = 255;
    State.calm = CALM / 2;
    State.misses = 0;
  }
  if (hit) advanceCalm(1);
}

/** Where the aligned place goes after a byte that was not the aligned one. */
function stepOver(byte: u32, aligned: u32): void {
  State.misses++;
  if (State.kind !== TEXT_CLASS) {
    if (State.misses <= 64) State.oldAt++;
    return;
  }
  if (State.misses > 24) return;
  const isWord = isIdentifier(byte);
  const wasWord = isIdentifier(aligned);
  if (isWord && !wasWord) return;
  if (isWord || !wasWord) {
    State.oldAt++;
    return;
  }
  let place = State.oldAt;
  for (let i = 0; i < 40 && place < State.oldSize && isIdentifier(load<u8>(State.old + place)); i++) place++;
  if (place < State.oldSize && <u32>load<u8>(State.old + place) === byte) {
    State.oldAt = place + 1;
    State.misses = 0;
  } else {
    State.oldAt++;
  }
}

export function advanceCalm(by: u32): void {
  State.calm += by;
  if (State.calm >= CALM) {
    State.wary = false;
    State.blockLeft = -1;
    State.cleanBlocks = 0;
  }
}
