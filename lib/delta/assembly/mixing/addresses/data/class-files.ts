/**
 * Class files of Java (The Java Virtual Machine Specification, chapter 4) of the old file: where in them numbers of constants are. All other numbers are passed
 * over. An attribute is read as far as it is as it should be.
 */
import { State } from '../../state';

export const MAGIC: u32 = 0xbebafeca;
/** Bytes before the constants. */
export const HEADER: u32 = 10;
/** Of constants: those with two numbers; those of the tables of constants that have another size. */
const TEXT: u32 = 1;
const LONG: u32 = 5;
const DOUBLE: u32 = 6;
/** Bytes of each, by its tag; 0 if there is none. Those of text are without it. */
const SIZES = memory.data<u8>([0, 3, 0, 5, 5, 9, 9, 3, 3, 5, 5, 5, 5, 0, 0, 4, 3, 5, 5, 3, 3]);
const TAGS: u32 = 21;

/** Annotations within each other, and attributes, that are read. */
const DEEPEST: u32 = 8;

/** What is known of a number there: one byte; two in code; two elsewhere. */
export const SHORT: u32 = 1;
export const IN_CODE: u32 = 2;
export const ELSEWHERE: u32 = 3;

/** Where constants are, by number; how many numbers there are; where the last one ends. */
let places: usize = 0;
let count: u32 = 0;
export let constantsEnd: u32 = 0;
/** What is read next, and where what contains it ends. */
let at: u32 = 0;
let limit: u32 = 0;
/** A byte for each four bytes of the old file, with two bits for each; 0: nothing is noted. */
let notes: usize = 0;

/** Bytes of a constant of that tag, those of text without it; 0 if there is none. */
export function sizeOfConstant(tag: u32): u32 {
  return tag < TAGS ? load<u8>(SIZES + tag) : 0;
}

/** Whether it has two numbers. */
export function isTwice(tag: u32): bool {
  return tag === LONG || tag === DOUBLE;
}

export function halfAt(place: usize): u32 {
  return <u32>bswap<u16>(load<u16>(place));
}

function half(offset: u32): u32 {
  return halfAt(State.old + offset);
}

function word(offset: u32): u32 {
  return bswap<u32>(load<u32>(State.old + offset));
}

function byte(offset: u32): u32 {
  return load<u8>(State.old + offset);
}

function has(bytes: u32): bool {
  return limit - at >= bytes;
}

/** Finds the constants of the class file that begins at `start` and where each is, as words at `to`. False if they do not end before `end`. */
export function readConstants(start: u32, end: u32, to: usize): bool {
  places = to;
  at = start + HEADER;
  limit = end;
  count = half(start + 8);
  store<u32>(places, 0);
  for (let number: u32 = 1; number < count; number++) {
    if (!has(3)) return false;
    const tag = byte(at);
    let size = sizeOfConstant(tag);
    if (tag === TEXT) size += half(at + 1);
    if (size === 0 || !has(size)) return false;
    store<u32>(places + ((<usize>number) << 2), at);
    if (isTwice(tag)) {
      number++;
      store<u32>(places + ((<usize>number) << 2), at);
    }
    at += size;
  }
  constantsEnd = at;
  return true;
}

/** How many numbers there are. */
export function constantCount(): u32 {
  return count;
}

/** What follows the constants: where it ends, or 0 if that is not before `end`. If `to` is not 0, numbers in it, and in constants, are noted there. */
export function readRest(end: u32, to: usize): u32 {
  notes = to;
  at = constantsEnd;
  limit = end;
  if (notes !== 0) noteConstants();
  if (!has(8)) return 0;
  note(at + 2, ELSEWHERE);
  note(at + 4, ELSEWHERE);
  at += 6;
  if (!readList(2, 2, 1) || !readMembers() || !readMembers() || !readAttributes(0)) return 0;
  return at;
}

function note(offset: u32, what: u32): void {
  if (notes === 0) return;
  const place = notes + (offset >> 2);
  store<u8>(place, load<u8>(place) | (what << ((offset & 3) << 1)));
}

function noteConstants(): void {
  for (let number: u32 = 1; number < count; number++) {
    const place = load<u32>(places + ((<usize>number) << 2));
    const tag = byte(place);
    if (isTwice(tag)) number++;
    const size = sizeOfConstant(tag);
    if (tag === 15) note(place + 2, ELSEWHERE);
    else if (tag > DOUBLE) note(place + size - 2, ELSEWHERE);
    if (tag >= 9 && tag <= 12) note(place + 1, ELSEWHERE);
  }
}

/** Records of `size` bytes; bit i of `fields` says whether their bytes from 2 * i on are a number. How many there are is in `counted` bytes before them: without such it is one. */
function readList(counted: u32, size: u32, fields: u32): bool {
  if (!has(counted)) return false;
  let left: u32 = counted === 2 ? half(at) : counted === 1 ? byte(at) : 1;
  at += counted;
  for (; left > 0; left--) {
    if (!has(size)) return false;
    for (let i: u32 = 0; fields >> i !== 0; i++) if (((fields >> i) & 1) !== 0) note(at + 2 * i, ELSEWHERE);
    at += size;
  }
  return true;
}

function readMembers(): bool {
  if (!has(2)) return false;
  let left = half(at);
  at += 2;
  for (; left > 0; left--) {
    if (!has(6)) return false;
    note(at + 2, ELSEWHERE);
    note(at + 4, ELSEWHERE);
    at += 6;
    if (!readAttributes(0)) return false;
  }
  return true;
}

function readAttributes(depth: u32): bool {
  if (!has(2)) return false;
  let left = half(at);
  at += 2;
  for (; left > 0; left--) {
    if (!has(6)) return false;
    note(at, ELSEWHERE);
    const name = half(at);
    const length = word(at + 2);
    at += 6;
    if (!has(length)) return false;
    const end = at + length;
    if (notes !== 0 && depth < DEEPEST) {
      const outer = limit;
      limit = end;
      readAttribute(name, depth);
      limit = outer;
    }
    at = end;
  }
  return true;
}

/** Whether the constant of that number is this text. */
function isNamed(number: u32, text: string): bool {
  if (number === 0 || number >= count) return false;
  const place = load<u32>(places + ((<usize>number) << 2));
  const length = <u32>text.length;
  if (byte(place) !== TEXT || half(place + 1) !== length) return false;
  for (let i: u32 = 0; i < length; i++) if (byte(place + 3 + i) !== <u32>text.charCodeAt(i)) return false;
  return true;
}

/** False if it is not as it should be. */
function readAttribute(name: u32, depth: u32): bool {
  if (isNamed(name, 'Code')) return readCode(depth);
  if (isNamed(name, 'StackMapTable')) return readFrames();
  if (isNamed(name, 'LocalVariableTable') || isNamed(name, 'LocalVariableTypeTable'))
    return readList(2, 10, 0b1100);
  if (
    isNamed(name, 'Signature') ||
    isNamed(name, 'SourceFile') ||
    isNamed(name, 'ConstantValue') ||
    isNamed(name, 'NestHost')
  )
    return readList(0, 2, 1);
  if (
    isNamed(name, 'Exceptions') ||
    isNamed(name, 'NestMembers') ||
    isNamed(name, 'PermittedSubclasses') ||
    isNamed(name, 'ModulePackages')
  )
    return readList(2, 2, 1);
  if (isNamed(name, 'InnerClasses')) return readList(2, 8, 0b111);
  if (isNamed(name, 'EnclosingMethod')) return readList(0, 4, 0b11);
  if (isNamed(name, 'MethodParameters')) return readList(1, 4, 1);
  if (isNamed(name, 'BootstrapMethods')) return readMethods();
  if (isNamed(name, 'RuntimeVisibleAnnotations') || isNamed(name, 'RuntimeInvisibleAnnotations'))
    return readAnnotations(0);
  if (
    isNamed(name, 'RuntimeVisibleParameterAnnotations') ||
    isNamed(name, 'RuntimeInvisibleParameterAnnotations')
  )
    return readParameters();
  if (isNamed(name, 'AnnotationDefault')) return readValue(0);
  return isNamed(name, 'Record') ? readRecord(depth) : false;
}

function readCode(depth: u32): bool {
  if (!has(8)) return false;
  const length = word(at + 4);
  at += 8;
  if (!has(length)) return false;
  const start = at;
  while (at - start < length) {
    const size = readInstruction(start, start + length);
    if (size === 0 || size > start + length - at) break;
    at += size;
  }
  at = start + length;
  return readList(2, 8, 0b1000) && readAttributes(depth + 1);
}

/** Bytes of the instruction, 0 if it is none. Its number, if it has one, is noted. */
function readInstruction(start: u32, end: u32): u32 {
  const code = byte(at);
  const left = end - at;
  if (code === 18) {
    if (left >= 2) note(at + 1, SHORT);
    return 2;
  }
  if (
    code === 19 ||
    code === 20 ||
    (code >= 178 && code <= 187) ||
    code === 189 ||
    code === 192 ||
    code === 193 ||
    code === 197
  ) {
    if (left >= 3) note(at + 1, IN_CODE);
    return code === 185 || code === 186 ? 5 : code === 197 ? 4 : 3;
  }
  if (code === 170 || code === 171) {
    const padded: u32 = 4 - ((at - start) & 3);
    if (left < padded + 12) return 0;
    if (code === 171) return sizeOfSwitch(padded + 8, word(at + padded + 4), 8);
    return sizeOfSwitch(padded + 12, word(at + padded + 8) - word(at + padded + 4) + 1, 4);
  }
  if (code === 196) return left >= 2 && byte(at + 1) === 132 ? 6 : 4;
  if (code === 200 || code === 201) return 5;
  if (code > 201) return 0;
  if (code === 17 || code === 132 || (code >= 153 && code <= 168) || code === 198 || code === 199) return 3;
  if (code === 16 || (code >= 21 && code <= 25) || (code >= 54 && code <= 58) || code === 169 || code === 188)
    return 2;
  return 1;
}

/** 0 if there are more than can be in a method. */
function sizeOfSwitch(before: u32, entries: u32, size: u32): u32 {
  return entries >> 16 !== 0 ? 0 : before + size * entries;
}

function readFrames(): bool {
  if (!has(2)) return false;
  let left = half(at);
  at += 2;
  for (; left > 0; left--) {
    if (!has(1)) return false;
    const kind = byte(at);
    at++;
    if (kind < 64) continue;
    if (kind < 128) {
      if (!readTypes(1)) return false;
      continue;
    }
    if (kind < 247 || !has(2)) return false;
    at += 2;
    if (kind === 255) {
      for (let i = 0; i < 2; i++) {
        if (!has(2)) return false;
        const types = half(at);
        at += 2;
        if (!readTypes(types)) return false;
      }
    } else if (!readTypes(kind === 247 ? 1 : kind > 251 ? kind - 251 : 0)) return false;
  }
  return true;
}

function readTypes(types: u32): bool {
  for (; types > 0; types--) {
    if (!has(1)) return false;
    const type = byte(at);
    const size: u32 = type === 7 || type === 8 ? 3 : 1;
    if (!has(size)) return false;
    if (type === 7) note(at + 1, ELSEWHERE);
    at += size;
  }
  return true;
}

function readMethods(): bool {
  if (!has(2)) return false;
  let left = half(at);
  at += 2;
  for (; left > 0; left--) {
    if (!has(4)) return false;
    note(at, ELSEWHERE);
    at += 2;
    if (!readList(2, 2, 1)) return false;
  }
  return true;
}

function readParameters(): bool {
  if (!has(1)) return false;
  let left = byte(at);
  at++;
  for (; left > 0; left--) if (!readAnnotations(0)) return false;
  return true;
}

function readAnnotations(depth: u32): bool {
  if (!has(2)) return false;
  let left = half(at);
  at += 2;
  for (; left > 0; left--) if (!readAnnotation(depth)) return false;
  return true;
}

function readAnnotation(depth: u32): bool {
  if (!has(4)) return false;
  note(at, ELSEWHERE);
  let left = half(at + 2);
  at += 4;
  for (; left > 0; left--) {
    if (!has(2)) return false;
    note(at, ELSEWHERE);
    at += 2;
    if (!readValue(depth)) return false;
  }
  return true;
}

function readValue(depth: u32): bool {
  if (!has(1) || depth === DEEPEST) return false;
  const tag = byte(at);
  at++;
  if (tag === 64) return readAnnotation(depth + 1);
  if (tag === 91) {
    if (!has(2)) return false;
    let left = half(at);
    at += 2;
    for (; left > 0; left--) if (!readValue(depth + 1)) return false;
    return true;
  }
  return readList(0, tag === 101 ? 4 : 2, tag === 101 ? 0b11 : 1);
}

function readRecord(depth: u32): bool {
  if (!has(2)) return false;
  let left = half(at);
  at += 2;
  for (; left > 0; left--) {
    if (!has(4)) return false;
    note(at, ELSEWHERE);
    note(at + 2, ELSEWHERE);
    at += 4;
    if (!readAttributes(depth + 1)) return false;
  }
  return true;
}
