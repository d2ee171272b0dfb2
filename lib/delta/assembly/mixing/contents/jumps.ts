/**
 * Whether the aligned place goes to where the last four bytes were found again nearby, in the third model. Each time either place is
 * tried against what comes next, whichever was chosen: in minified text the one that was found is the wrong one more often than not.
 */
import { take } from '../../memory';
import { chance, learn } from '../coding/coder';
import { counter, State } from '../state';
import { commonBefore } from './matches';

/** Bytes that decide a trial, which ends without a decision if they are known too late (they may have left the window). */
const TRIAL: u32 = 16;
const LATE: u32 = 1 << 16;
const LIMIT: u32 = 30;
/** Bytes before both places that are compared. */
const COMPARED: u32 = 15;
/** Counters: by class, bytes that are equal, and wrong bytes in a row; behind these by where the place is as well. */
const SIDES: u32 = 3 << 6;

let outcomes: usize = 0;
/** The trial: where it began in the new file (0: there is none), the two old places, and which counters learn of it. */
let trialAt: u32 = 0;
let stayAt: u32 = 0;
let jumpTo: u32 = 0;
let byMisses: usize = 0;
let bySide: usize = 0;

export function openJumps(): bool {
  outcomes = take(5 * <usize>SIDES * 4);
  return outcomes !== 0;
}

/** Whether to go on at `place`; begins a trial of it if none is going on. */
export function isJump(place: u32): bool {
  const distance = place - State.oldAt;
  const row = (State.kind * 16 + commonBefore(place, COMPARED)) * 4 + min<u32>(3, State.misses);
  const side = u32(place < State.oldAt) * 2 + u32(distance + 16 < 32);
  const first = counter(outcomes, row);
  const second = counter(outcomes, SIDES + row * 4 + side);
  if (trialAt === 0) {
    trialAt = State.at;
    stayAt = State.oldAt;
    jumpTo = place;
    byMisses = first;
    bySide = second;
  }
  return chance(first) + chance(second) >= 65536;
}

/** Ends the trial if what decides it is known. */
export function judgeJump(): void {
  const made = State.at - trialAt;
  if (trialAt === 0 || made < TRIAL) return;
  if (made < LATE) {
    const jumped = rightFrom(jumpTo);
    const stayed = rightFrom(stayAt);
    if (jumped !== stayed) {
      learn(byMisses, u32(jumped > stayed), LIMIT);
      learn(bySide, u32(jumped > stayed), LIMIT);
    }
  }
  trialAt = 0;
}

/** How many of the bytes that decide it are the old ones from `place` on. */
function rightFrom(place: u32): u32 {
  const most = min(TRIAL, State.oldSize - min(State.oldSize, place));
  let count: u32 = 0;
  for (let i: u32 = 0; i < most; i++)
    count += u32(load<u8>(State.old + place + i) === load<u8>(State.fresh + trialAt + i));
  return count;
}
