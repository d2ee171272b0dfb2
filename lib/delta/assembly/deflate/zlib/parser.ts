/** Which tokens zlib makes of the bytes: after zlib 1.3.1 (deflate.c), see window.ts. */
import { addLiteral, addMatch, isFull, writeBlock } from './blocks';
import { addGuided, guideToken, Token } from './guide';
import { Effort, findMatch, Match } from './matches';
import { addSought, seekToken } from './search';
import { bytes, indexTo, isReady, SHORTEST, Window } from './window';

/** A match of three bytes is none if it is farther. */
const FAR: u32 = 4096;

/** Whether the tokens are zlib's, or others by a guide, or whether such a guide is sought. */
export const OWN: u32 = 0;
export const GUIDED: u32 = 1;
export const SOUGHT: u32 = 2;
let way: u32 = OWN;

/** Whether the byte before is not yet told: then a match that begins with it, if this is no shorter than three. */
let held: bool = false;
let heldLength: u32 = 0;
let heldDistance: u32 = 0;

export function openParser(by: u32): void {
  way = by;
  letGo();
}

function letGo(): void {
  held = false;
  heldLength = SHORTEST - 1;
  heldDistance = 0;
}

/** Takes what is found, at once. Of a long match nothing but its first place is indexed. Until more is needed, or to the end. */
export function parseQuickly(): void {
  while (isReady() && Window.at < Window.end) {
    const at = Window.at;
    indexTo(at + 1);
    findMatch(SHORTEST - 1);
    tell(at, Match.length, Match.distance);
    Window.at = at + Token.length;
    if (Token.length <= Effort.lazy) indexTo(Window.at);
    else Window.indexed = Window.at;
    endIfFull(at);
  }
}

/** Takes a match only if there is no longer one at the next byte. Until more is needed, or to the end. */
export function parseLazily(): void {
  while (isReady() && Window.at < Window.end) {
    const at = Window.at;
    indexTo(at + 1);
    Match.length = SHORTEST - 1;
    if (heldLength < Effort.lazy) {
      findMatch(heldLength);
      const isFar = Match.length === SHORTEST && Match.distance > FAR;
      if (isFar || Match.length < Effort.least) Match.length = SHORTEST - 1;
    }
    const isMatch = heldLength >= SHORTEST && Match.length <= heldLength;
    if (held) {
      const isOther = tell(at - 1, isMatch ? heldLength : 1, heldDistance);
      if (isMatch || isOther) {
        Window.at = at - 1 + Token.length;
        indexTo(Window.at);
        letGo();
        endIfFull(Window.at + 1 - Token.length);
        continue;
      }
      endIfFull(at);
    }
    held = true;
    heldLength = Match.length;
    heldDistance = Match.distance;
    Window.at = at + 1;
  }
}

/** The byte before the end, if it is not yet told. */
export function tellHeld(): void {
  if (held) tell(Window.at - 1, 1, 0);
  letGo();
}

/** Tells the token that is expected at the place, a byte if it is no match, or another one. Returns whether it is another one. */
function tell(place: u32, length: u32, distance: u32): bool {
  const isMatch = length >= SHORTEST;
  Token.length = isMatch ? length : 1;
  if (way === OWN) {
    if (isMatch) addMatch(length, distance);
    else addLiteral(load<u8>(bytes + place));
    return false;
  }
  Token.distance = isMatch ? distance : 0;
  if (way === GUIDED) guideToken(Window.end - place);
  else seekToken(place, Window.end - place);
  const isOther = Token.length !== (isMatch ? length : 1) || Token.distance !== (isMatch ? distance : 0);
  if (way === GUIDED) addGuided(place);
  else addSought(place);
  return isOther;
}

/** Ends a block, if it is full: that was asked at the place. */
function endIfFull(place: u32): void {
  if (way === OWN && isFull(place)) writeBlock(false);
}
