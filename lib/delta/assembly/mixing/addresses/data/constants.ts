/** The constants of the class of Java that is made now, as far as they are made, and what a number of the old class (classes.ts) becomes in it. */
import { take } from '../../../memory';
import { State } from '../../state';
import { mapped } from '../steps';
import { isLearned, learnedTarget, neighbours, setConfidence } from '../targets';
import { HEADER, halfAt, isTwice, MAGIC, sizeOfConstant } from './class-files';
import {
  CONSTANT,
  constantAt,
  contentOf,
  firstFrom,
  isInConstants,
  learnContents,
  numberAround,
  numberOrigin,
  numbersAround,
  PASSES,
} from './classes';

/** What is farther back than that is not looked at: it may not be in memory any more. */
const FAR: u32 = 1 << 22;
const NUMBERS: usize = 1 << 16;
/** Numbers by what their constants say: u16 each. */
const SLOTS: usize = 1 << 17;

/** What is known of how a number was predicted: by what the constant says, by the steps, by neither. */
const BY_CONTENT: u32 = 2;
const BY_STEPS: u32 = 1;

/** Numbers that are looked at for one that is known. */
const NEAR: u32 = 32;

let constants: usize = 0;
let slots: usize = 0;
let mask: u32 = 0;
/** Of the class: how many numbers there are, 0 if no class is known, and the first one that is not known yet; where that begins, or where the next class is looked for. */
let count: u32 = 0;
let next: u32 = 0;
let place: u32 = 0;

/** Bytes that `openConstants` takes. */
export function sizeOfConstants(): usize {
  return (NUMBERS + 1) * CONSTANT + SLOTS * 2 + 64;
}

/** What is known of the new file; for each lane anew. False if memory ran out. */
export function openConstants(): bool {
  constants = take((NUMBERS + 1) * CONSTANT);
  slots = take(SLOTS * 2);
  count = 0;
  next = 0;
  place = State.start;
  return constants !== 0 && slots !== 0;
}

/** Reads what has been made since. */
function readOn(): void {
  const end = State.at;
  if (end - place > FAR) {
    place = end - FAR;
    count = 0;
  }
  let goesOn = true;
  while (goesOn) goesOn = next < count ? readConstant(end) : findClass(end);
}

/** False if there is none before `end`. */
function findClass(end: u32): bool {
  while (end - place >= HEADER) {
    if (load<u32>(State.fresh + place) === MAGIC) {
      count = halfAt(State.fresh + place + 8);
      next = 1;
      mask = 1;
      while (mask < 2 * count) mask <<= 1;
      mask--;
      memory.fill(slots, 0, (<usize>mask + 1) << 1);
      place += HEADER;
      return true;
    }
    place++;
  }
  return false;
}

/** False if it is not all made. */
function readConstant(end: u32): bool {
  const left = end - place;
  if (left < 3) return false;
  const tag = <u32>load<u8>(State.fresh + place);
  let size = sizeOfConstant(tag);
  if (size === 0) {
    count = 0;
    return true;
  }
  if (tag === 1) size += halfAt(State.fresh + place + 1);
  if (size > left) return false;
  const constant = constants + <usize>next * CONSTANT;
  store<u32>(constant, place);
  store<u32>(constant, contentOf(State.fresh, place, constants, next), 4);
  learn(next);
  next++;
  if (isTwice(tag)) {
    store<u32>(constant, place, CONSTANT);
    store<u32>(constant, 0, CONSTANT + 4);
    next++;
  }
  place += size;
  if (next < count) return true;
  for (let pass = 1; pass < PASSES; pass++) learnContents(State.fresh, constants, count);
  for (let number: u32 = 1; number < count; number++) learn(number);
  return true;
}

/** The least number of what a constant says is kept. */
function learn(number: u32): void {
  const content = contentAt(number);
  if (content === 0) return;
  const slot = slotOf(content);
  const known: u32 = load<u16>(slot);
  if (known === 0 || known > number) store<u16>(slot, <u16>number);
}

/** The number of the constant that says that, or 0. */
function find(content: u32): u32 {
  if (count === 0 || content === 0) return 0;
  return load<u16>(slotOf(content));
}

/** Where its number is, or would be. */
function slotOf(content: u32): usize {
  let slot = content & mask;
  let known: u32 = load<u16>(slots + ((<usize>slot) << 1));
  while (known !== 0 && contentAt(known) !== content) {
    slot = (slot + 1) & mask;
    known = load<u16>(slots + ((<usize>slot) << 1));
  }
  return slots + ((<usize>slot) << 1);
}

function contentAt(number: u32): u32 {
  return load<u32>(constants + <usize>number * CONSTANT, 4);
}

/** The number of the constant that begins at a new place, or 0. */
function numberAt(offset: u32): u32 {
  const last = min(next, count);
  const number = firstFrom(offset, constants, last);
  return number < last && load<u32>(constants + <usize>number * CONSTANT) === offset ? number : 0;
}

/** What the number stands for that is known and nearest to the given one, of so many; 0 if none near is known. */
function nearest(number: u32, numbers: u32, origin: u32): u32 {
  for (let apart: u32 = 1; apart <= NEAR; apart++) {
    if (apart < number && isLearned(origin + number - apart)) return origin + number - apart;
    if (number + apart < numbers && isLearned(origin + number + apart)) return origin + number + apart;
  }
  return 0;
}

/** What becomes of the number at an offset of the old file, which stands for `refersTo`: what that then stands for. */
export function predictNumber(offset: u32, refersTo: u32): u32 {
  readOn();
  const origin = numberOrigin(offset);
  const constant = constantAt(offset, refersTo - origin);
  if (constant !== 0) {
    const number = find(load<u32>(constant, 4));
    if (number !== 0) {
      setConfidence(BY_CONTENT);
      return origin + number;
    }
  }
  if (isLearned(refersTo)) return learnedTarget(refersTo);
  if (constant !== 0 && count !== 0) {
    const number = numberAt(mapped(load<u32>(constant)));
    if (number !== 0) {
      setConfidence(BY_STEPS);
      return origin + number;
    }
  }
  const near = nearest(refersTo - origin, numbersAround(offset), origin);
  if (near !== 0) {
    const became = learnedTarget(near);
    setConfidence(BY_STEPS);
    return became + refersTo - near;
  }
  setConfidence(0);
  // What has not been made yet has probably moved as far as the constant that names it.
  if (next < count && isInConstants(offset)) return refersTo + next - numberAround(offset);
  return refersTo + neighbours(refersTo);
}
