/** Which tokens zlib makes of the bytes: after zlib 1.3.1 (deflate.c), see window.ts. */
import { addLiteral, addMatch, isFull, writeBlock } from './blocks';
import { Effort, findMatch, Match } from './matches';
import { bytes, indexTo, isReady, SHORTEST, Window } from './window';

/** A match of three bytes is none if it is farther. */
const FAR: u32 = 4096;

/** Whether the byte before is in no token yet; then the match that begins with it, if that has three bytes or more. */
let held: bool = false;
let heldLength: u32 = 0;
let heldDistance: u32 = 0;

export function openParser(): void {
  holdNothing();
}

function holdNothing(): void {
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
    if (Match.length < SHORTEST) {
      addLiteral(load<u8>(bytes + at));
      Window.at = at + 1;
    } else {
      addMatch(Match.length, Match.distance);
      Window.at = at + Match.length;
      if (Match.length <= Effort.lazy) indexTo(Window.at);
      else Window.indexed = Window.at;
    }
    if (isFull(at)) writeBlock(false);
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
    if (heldLength >= SHORTEST && Match.length <= heldLength) {
      addMatch(heldLength, heldDistance);
      Window.at = at - 1 + heldLength;
      indexTo(Window.at);
      holdNothing();
      if (isFull(at)) writeBlock(false);
      continue;
    }
    if (held) {
      addLiteral(load<u8>(bytes + at - 1));
      if (isFull(at)) writeBlock(false);
    }
    held = true;
    heldLength = Match.length;
    heldDistance = Match.distance;
    Window.at = at + 1;
  }
}

/** The byte before the end, if it is in no token yet. */
export function addHeld(): void {
  if (held) addLiteral(load<u8>(bytes + Window.at - 1));
  holdNothing();
}
