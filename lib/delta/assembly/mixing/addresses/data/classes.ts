/**
 * Classes of Java, any number of them in one region, as in an archive that is not compressed. All that is named in one is a number of its constants, so that a
 * constant more moves all behind it. A constant is known by its content: all that it says, and what those say that it names. What of it is in the new class, in
 * constants.ts, is what a number becomes.
 */
import { take } from '../../../memory';
import { hash } from '../../coding/tables';
import { State } from '../../state';
import { noteFields } from '../found';
import { mapped, mappedLeft } from '../steps';
import {
  constantCount,
  constantsEnd,
  ELSEWHERE,
  HEADER,
  halfAt,
  MAGIC,
  readConstants,
  readRest,
  SHORT,
  sizeOfConstant,
} from './class-files';

/** Classes and constants that are told of, at most; classes whose rest is malformed that are looked at. */
const MOST_CLASSES: u32 = 1 << 16;
const MOST_CONSTANTS: u32 = 1 << 22;
const MOST_MALFORMED: u32 = 64;

/** Of a class, in words: where it begins, where its constants end, where it ends; how many numbers there are; where what is known of each is; how many precede it in all. */
const CLASS: usize = 24;
/** Of a constant: where it is, and its content, 0 if that is not known. */
export const CONSTANT: usize = 8;
/** What numbers stand for is no place of the file. */
const NUMBERS: u32 = 0xc0000000;

/** Kinds of their references: in constants, in code, of one byte, elsewhere. */
const CONSTANT_NUMBER: u32 = 47;
const CODE_NUMBER: u32 = 48;
const SHORT_NUMBER: u32 = 49;
const OTHER_NUMBER: u32 = 50;

let classes: usize = 0;
let classCount: u32 = 0;
let constantTotal: u32 = 0;
let places: usize = 0;
let notes: usize = 0;
let malformed: u32 = 0;
/** The class that was asked for last. */
let recent: u32 = 0;
export let hasClasses: bool = false;
/** For the encoder: classes that have not changed are told of as well, and no references are. */
let areAll: bool = false;

/** Finds the classes of a region that have changed. False if memory ran out. */
export function scanClasses(from: u32, size: u32): bool {
  if (notes === 0) {
    classes = take(<usize>MOST_CLASSES * CLASS);
    places = take((1 << 16) * 4 + 16);
    notes = take((<usize>State.oldSize >> 2) + 64);
    if (classes === 0 || places === 0 || notes === 0) return false;
  }
  const last = from + size;
  for (let at = from; last - at >= HEADER; ) {
    if (load<u32>(State.old + at) !== MAGIC) {
      at++;
      continue;
    }
    if (!readConstants(at, last, places)) {
      at += HEADER;
      continue;
    }
    const end: u32 = malformed === MOST_MALFORMED ? 0 : readRest(last, 0);
    if (end === 0) {
      if (malformed < MOST_MALFORMED) malformed++;
      at = constantsEnd;
      continue;
    }
    if (isChanged(at, end) && !addClass(at, end)) return false;
    at = end;
  }
  hasClasses = classCount > 0;
  return true;
}

function isChanged(start: u32, end: u32): bool {
  if (areAll) return true;
  mapped(start);
  return mappedLeft < end - start;
}

/** For the encoder: writes what constants say in the place of their numbers, in a region of the old file. */
export function nameConstants(from: u32, size: u32): void {
  areAll = true;
  const first = classCount;
  if (!scanClasses(from, size)) return;
  for (let index = first; index < classCount; index++) {
    const entry = classes + <usize>index * CLASS;
    const end = load<u32>(entry, 8);
    for (let at = load<u32>(entry); at < end; at++) {
      const what = noteAt(at);
      if (what === 0) continue;
      const place = State.old + at;
      const constant = constantAt(at, what === SHORT ? <u32>load<u8>(place) : halfAt(place));
      const content = constant === 0 ? 0 : load<u32>(constant, 4);
      if (what === SHORT) store<u8>(place, <u8>content);
      else store<u16>(place, <u16>content);
    }
  }
}

/** False if memory ran out. */
function addClass(start: u32, end: u32): bool {
  const count = constantCount();
  if (classCount === MOST_CLASSES || constantTotal + count > MOST_CONSTANTS) return true;
  const constants = take(<usize>count * CONSTANT);
  if (constants === 0) return false;
  for (let number: u32 = 0; number < count; number++) {
    const constant = constants + <usize>number * CONSTANT;
    store<u32>(constant, load<u32>(places + ((<usize>number) << 2)));
    store<u32>(constant, 0, 4);
  }
  for (let pass = 0; pass < PASSES; pass++) learnContents(State.old, constants, count);
  const entry = classes + <usize>classCount * CLASS;
  store<u32>(entry, start);
  store<u32>(entry, constantsEnd, 4);
  store<u32>(entry, end, 8);
  store<u32>(entry, count, 12);
  store<u32>(entry, <u32>constants, 16);
  store<u32>(entry, constantTotal, 20);
  classCount++;
  constantTotal += count;
  readRest(end, notes);
  if (!areAll) noteFields(start, end - start);
  return true;
}

/** As deep as constants name each other: handles of methods, methods, their names and types, text. */
export const PASSES: i32 = 4;

/** Once more, by ascending numbers, what was not known. */
export function learnContents(file: usize, constants: usize, count: u32): void {
  let last: u32 = 0;
  for (let number: u32 = 1; number < count; number++) {
    const constant = constants + <usize>number * CONSTANT;
    const offset = load<u32>(constant);
    // The second number of a constant is none that may be named.
    if (load<u32>(constant, 4) === 0 && offset !== last)
      store<u32>(constant, contentOf(file, offset, constants, count), 4);
    last = offset;
  }
}

/** What a constant says, 0 if not all of that is known. */
export function contentOf(file: usize, offset: u32, constants: usize, count: u32): u32 {
  const place = file + offset;
  const tag = <u32>load<u8>(place);
  const size = sizeOfConstant(tag);
  let content = hash(0, tag);
  if (tag <= 6) {
    const end = place + size + (tag === 1 ? <usize>halfAt(place + 1) : 0);
    for (let at = place + 1; at < end; at++) content = hash(content, load<u8>(at));
    return max(1, content);
  }
  if (tag === 15) content = hash(content, load<u8>(place + 1));
  else if (tag === 17 || tag === 18) content = hash(content, halfAt(place + 1));
  else if (size === 5) {
    const first = namedBy(place + 1, constants, count);
    if (first === 0) return 0;
    content = hash(content, first);
  }
  const last = namedBy(place + size - 2, constants, count);
  return last === 0 ? 0 : max(1, hash(content, last));
}

function namedBy(place: usize, constants: usize, count: u32): u32 {
  const number = halfAt(place);
  return number === 0 || number >= count ? 0 : load<u32>(constants + <usize>number * CONSTANT, 4);
}

function noteAt(offset: u32): u32 {
  return (<u32>load<u8>(notes + (offset >> 2)) >> ((offset & 3) << 1)) & 3;
}

/** The class that contains an offset of the old file at which a number is. */
function classAt(offset: u32): usize {
  const entry = classes + <usize>recent * CLASS;
  if (offset >= load<u32>(entry) && offset < load<u32>(entry, 8)) return entry;
  let low: u32 = 0;
  let high = classCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(classes + <usize>middle * CLASS) <= offset) low = middle + 1;
    else high = middle;
  }
  recent = low - 1;
  return classes + <usize>recent * CLASS;
}

/** The kind of the number at an offset of a class, 0 if there is none. */
export function classFieldAt(offset: u32): u32 {
  const what = noteAt(offset);
  if (what === 0) return 0;
  if (what === SHORT) return SHORT_NUMBER;
  if (what !== ELSEWHERE) return CODE_NUMBER;
  return isInConstants(offset) ? CONSTANT_NUMBER : OTHER_NUMBER;
}

/** Whether such a reference at an offset of the old file is a number of a class. */
export function isOfClass(offset: u32, kind: u32): bool {
  return hasClasses && isClassKind(kind) && noteAt(offset) !== 0;
}

export function isClassKind(kind: u32): bool {
  return kind - CONSTANT_NUMBER <= OTHER_NUMBER - CONSTANT_NUMBER;
}

/** Bytes of it. */
export function classFieldSize(offset: u32): u32 {
  return noteAt(offset) === SHORT ? 1 : 2;
}

export function isInConstants(offset: u32): bool {
  return offset < load<u32>(classAt(offset), 4);
}

/** What number 0 of the class stands for. */
export function numberOrigin(offset: u32): u32 {
  return NUMBERS + load<u32>(classAt(offset), 20);
}

/** How many numbers the class around the offset has. */
export function numbersAround(offset: u32): u32 {
  return load<u32>(classAt(offset), 12);
}

/** What is known of the constant of that number in the class around the offset, or 0. */
export function constantAt(offset: u32, number: u32): usize {
  const entry = classAt(offset);
  return number === 0 || number >= load<u32>(entry, 12)
    ? 0
    : <usize>load<u32>(entry, 16) + <usize>number * CONSTANT;
}

/** The number of the constant that contains the offset. */
export function numberAround(offset: u32): u32 {
  const entry = classAt(offset);
  return firstFrom(offset + 1, <usize>load<u32>(entry, 16), load<u32>(entry, 12)) - 1;
}

/** The number of the first of `count` constants, but for number 0, that does not begin before the offset; `count` if all do. */
export function firstFrom(offset: u32, constants: usize, count: u32): u32 {
  let low: u32 = 1;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(constants + <usize>middle * CONSTANT) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
