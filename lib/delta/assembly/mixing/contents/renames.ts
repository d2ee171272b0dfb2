/** Where words of text are coded as such: those of which it is known what they became. */

import { charge, encoding, WORDS } from '../coding/coder';
import { hash } from '../coding/tables';
import { State, TEXT_CLASS } from '../state';
import { advanceCalm } from './bytes';
import { indexFresh } from './matches';
import { codeWord, findWord, isIdentifier, wordLength } from './words';

/** Bytes after a change in which words and suspects are looked for. */
const ACTIVE: u32 = 1 << 18;
/** Outside of text, shorter words are likely to be none. */
const LONG: u32 = 6;

/** Whether words and suspects are looked for. */
export function isWatched(place: u32): bool {
  return place - State.changedAt < ACTIVE;
}

/** Whether a word begins here in both files, of which it is known what it became. */
export function wordHere(place: u32, oldPlace: u32): bool {
  if (!isWatched(place) || State.deniedAt === place) return false;
  if (State.wary && (State.history & 1) === 0) return false;
  return wordAt(place, oldPlace);
}

/** As `wordHere`, for any place of a block. */
export function wordAt(place: u32, oldPlace: u32): bool {
  if (!findWord(oldPlace, place) || (State.kind !== TEXT_CLASS && wordLength < LONG)) return false;
  return place === State.start || !isIdentifier(load<u8>(State.fresh + place - 1));
}

export function codeWordHere(): void {
  charge(WORDS);
  State.resumed = 1;
  const length = codeWord(State.oldAt, State.fresh + State.at, State.at, State.stepEnd - State.at, encoding);
  State.blockLeft = -1;
  if (length === 0) {
    State.deniedAt = State.at;
    State.wary = true;
    State.calm = 0;
    State.matched = 0;
    return;
  }
  State.changedAt = State.at;
  State.oldAt += wordLength;
  State.matched = 0;
  State.pendingAt = 0;
  if (!State.wary) {
    State.at += length;
    return;
  }
  for (let i: u32 = 0; i < length; i++) {
    State.wordHash = hash(State.wordHash, load<u8>(State.fresh + State.at));
    State.at++;
    if (State.at - State.start >= 8) indexFresh(State.fresh, State.at);
  }
  State.indexedTo = State.at + 1;
  State.history = ((State.history << 1) | 1) & 255;
  advanceCalm(length);
}

/** A byte is wrong: remembers where its word began, if it began in both files. */
export function expectWord(oldPlace: u32): void {
  let a = State.at;
  let b = oldPlace;
  for (let i: u32 = 0; i < 16 && a > State.start && b > 0; i++) {
    const byte = load<u8>(State.fresh + a - 1);
    if (byte !== load<u8>(State.old + b - 1) || !isIdentifier(byte)) break;
    a--;
    b--;
  }
  State.pendingAt = 0;
  if (a > State.start && isIdentifier(load<u8>(State.fresh + a - 1))) return;
  if (b > 0 && isIdentifier(load<u8>(State.old + b - 1))) return;
  if (b >= State.oldSize || !isIdentifier(load<u8>(State.old + b))) return;
  State.pendingAt = a;
  State.pendingOld = b;
}
