/** The longest match for a place of the window, as far as zlib looks for it (see window.ts). */
import { Spent } from '../effort';
import { matchLength } from '../match-length';
import { bytes, FARTHEST, LONGEST, placeBefore, SHORTEST, Window } from './window';

/** How far is looked, by level. */
// biome-ignore lint/complexity/noStaticOnlyClass: what is exported otherwise can't be assigned to where it is imported.
export class Effort {
  /** A match that is this long is looked for a quarter as far. */
  static good: u32 = 0;
  /** None better is looked for than one of this length. */
  static lazy: u32 = 0;
  /** A match of this length is good enough. */
  static nice: u32 = 0;
  /** Places that are looked at. */
  static chain: u32 = 0;
  /** Shorter matches are none, where a match waits for a longer one. */
  static least: u32 = 0;
}

// biome-ignore lint/complexity/noStaticOnlyClass: what is exported otherwise can't be assigned to where it is imported.
export class Match {
  static length: u32 = 0;
  static distance: u32 = 0;
}

/** Finds the match at the next byte, which is indexed, that is longer than `least`; Match.length is `least` or less if there is none. */
export function findMatch(least: u32): void {
  const at = Window.at;
  Match.length = SHORTEST - 1;
  const ahead = Window.end - at;
  if (ahead < SHORTEST || at > Window.lastLook) return;
  let place = placeBefore(at);
  if (place === 0 || at - place > FARTHEST) return;
  const limit = at > FARTHEST ? at - FARTHEST : 0;
  const comparable = ahead + Window.beyond;
  const most = min(LONGEST, comparable);
  const nice = min(Effort.nice, comparable);
  const here = bytes + at;
  const chain = least >= Effort.good ? Effort.chain >> 2 : Effort.chain;
  let left = chain;
  let best = least;
  // What must be equal for a longer match: its last four bytes, or three.
  let tail: u32 = best > 2 ? best - 3 : 0;
  let mask: u32 = best > 2 ? 0xffffffff : 0xffffff;
  let wanted = load<u32>(here + tail);
  do {
    const there = bytes + place;
    if (((load<u32>(there + tail) ^ wanted) & mask) === 0) {
      const length = <u32>matchLength(here, there, 0, most);
      if (length > best) {
        best = length;
        Match.distance = at - place;
        if (length >= nice) break;
        tail = best - 3;
        mask = 0xffffffff;
        wanted = load<u32>(here + tail);
      }
    }
    place = placeBefore(place);
  } while (place > limit && --left !== 0);
  Spent.steps += chain - left;
  Match.length = min(best, ahead);
}
