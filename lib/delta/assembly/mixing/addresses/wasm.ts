/**
 * References of WebAssembly: in code numbers of functions and addresses of data, in a variable number of bytes; in data addresses, and
 * Go's table of functions. All that is not 0 stands in segments, each behind its address.
 */
import { take } from '../../memory';
import { State } from '../state';
import { note } from './found';
import { IMAGE_RELATIVE, POINTER, VARIED, variedSize } from './kinds';
import { addressOfFunction, functionAt, functionShift, isFunctionAddress } from './moves';
import { imageSpan } from './regions';

const LEAST: u32 = 0x1000;
const MOST_SEGMENTS: u32 = 1 << 20;
/** Instructions. */
const BRANCH_TABLE: u32 = 0x0e;
const CALL: u32 = 0x10;
const CONST_32: u32 = 0x41;
const CONST_64: u32 = 0x42;
const FUNCTION: u32 = 0xd2;

/** Where the instruction that is looked at goes on, and where the region ends. */
let at: u32 = 0;
let end: u32 = 0;

/** Of the segments: address, bytes, offset. */
const SEGMENT: usize = 12;
let segments: usize = 0;
let segmentCount: u32 = 0;
let recent: u32 = 0;
/** They are ascending from each of these on, to the next. */
const MOST_SERIES: u32 = 16;
let series: usize = 0;
let seriesCount: u32 = 0;

function isAddress(value: u32): bool {
  return (value >= LEAST && value < imageSpan(0)) || isFunctionAddress(value);
}

/** Goes on behind a number; what it is, its lower 32 bits. */
function next(): u32 {
  let value: u32 = 0;
  for (let shift: u32 = 0; at < end; shift += 7) {
    const byte: u32 = load<u8>(State.old + at++);
    if (shift < 32) value |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  return value;
}

function skip(count: u32): void {
  for (let i: u32 = 0; i < count && at < end; i++) next();
}

/** Notes an address in a number of at least two bytes; `signed`: not one below 0. */
function address(signed: bool): void {
  const place = at;
  const value = next();
  const size = at - place;
  if (size < 2 || size > 5 || !isAddress(value)) return;
  if (signed && (load<u8>(State.old + at - 1) & 64) !== 0) return;
  note(place, VARIED);
}

function callee(): void {
  const place = at;
  next();
  const size = at - place;
  if (size >= 2 && size <= 5) note(place, VARIED);
}

/** Functions: their size, their variables, their instructions. */
export function scanWasm(start: u32, size: u32): void {
  const limit = start + size;
  for (at = start; at < limit; at = end) {
    end = limit;
    const bytes = next();
    if (bytes < limit - at) end = at + bytes;
    for (let i = next(); i > 0 && at < end; i--) skip(2);
    while (at < end) instruction();
  }
}

function instruction(): void {
  const opcode: u32 = load<u8>(State.old + at++);
  if (opcode === CALL || opcode === FUNCTION) callee();
  else if (opcode === CONST_32 || opcode === CONST_64) address(true);
  else if (opcode >= 0x28 && opcode <= 0x3e) {
    next();
    address(false);
  } else if (opcode === BRANCH_TABLE) {
    for (let i = next(); i > 0 && at < end; i--) next();
    next();
  } else if (opcode === 0x1c) {
    for (let i = next(); i > 0 && at < end; i--) next();
  } else if (opcode === 0x43) at += 4;
  else if (opcode === 0x44) at += 8;
  else if (opcode === 0x11 || opcode === 0x13) skip(2);
  else if (opcode === 0xfc) many(next());
  else if (opcode === 0xfd) vector(next());
  else if (opcode === 0xfe) {
    if (next() === 3) at++;
    else skip(2);
  } else if (hasOperand(opcode)) next();
}

/** Blocks, branches, variables, tables, the size of memory. */
function hasOperand(opcode: u32): bool {
  return (
    (opcode >= 0x02 && opcode <= 0x04) ||
    (opcode >= 0x06 && opcode <= 0x09) ||
    opcode === 0x0c ||
    opcode === 0x0d ||
    opcode === 0x12 ||
    opcode === 0x18 ||
    (opcode >= 0x20 && opcode <= 0x26) ||
    opcode === 0x3f ||
    opcode === 0x40 ||
    opcode === 0xd0
  );
}

/** Of many bytes or entries. */
function many(kind: u32): void {
  if (kind === 8 || kind === 10 || kind === 12 || kind === 14) skip(2);
  else if (kind > 7 && kind < 18) next();
}

function vector(kind: u32): void {
  if (kind === 12 || kind === 13) at += 16;
  else if (kind <= 11 || kind === 92 || kind === 93) {
    next();
    address(false);
  } else if (kind >= 84 && kind <= 91) {
    next();
    address(false);
    at++;
  } else if (kind >= 21 && kind <= 34) at++;
}

/** Finds the segments, up to the first that is not as expected. False if memory ran out. */
function findSegments(start: u32, size: u32): bool {
  segmentCount = 0;
  seriesCount = 0;
  recent = 0;
  series = take((<usize>MOST_SERIES + 1) << 2);
  const room = min<u32>(MOST_SEGMENTS, size / 5 + 1);
  segments = take(<usize>room * SEGMENT);
  if (segments === 0 || series === 0) return false;
  at = start;
  end = start + size;
  let least: u32 = 0;
  while (at < end && segmentCount < room) {
    const form: u32 = load<u8>(State.old + at++);
    if (form !== 0 || at >= end || load<u8>(State.old + at) !== <u8>CONST_32) return true;
    at++;
    address(true);
    const place = segments + <usize>segmentCount * SEGMENT;
    store<u32>(place, addressBefore());
    if (at >= end || load<u8>(State.old + at++) !== 0x0b) return true;
    const bytes = next();
    const from = load<u32>(place);
    if (bytes > end - at || bytes > 0xffffffff - from) return true;
    if (from < least || segmentCount === 0) {
      if (seriesCount === MOST_SERIES) return true;
      store<u32>(series + ((<usize>seriesCount) << 2), segmentCount);
      seriesCount++;
    }
    store<u32>(place, bytes, 4);
    store<u32>(place, at, 8);
    segmentCount++;
    store<u32>(series + ((<usize>seriesCount) << 2), segmentCount);
    least = from + bytes;
    at += bytes;
  }
  return true;
}

/** The number that ends at `at`. */
function addressBefore(): u32 {
  const limit = at;
  do at--;
  while (load<u8>(State.old + at - 1) >> 7 !== 0);
  const value = next();
  at = limit;
  return value;
}

/** Segments with pointers of 8 bytes, the last one maybe without zeros at its end, where functions have such addresses; else of 4. */
export function scanWasmData(start: u32, size: u32): bool {
  if (!findSegments(start, size)) return false;
  const wide = functionShift > 0;
  const step: u32 = wide ? 8 : 4;
  for (let i: u32 = 0; i < segmentCount; i++) {
    const segment = segments + <usize>i * SEGMENT;
    const bytes = load<u32>(segment, 4);
    const first = load<u32>(segment, 8);
    for (
      let into: u32 = (0 - load<u32>(segment)) & (step - 1);
      into < bytes && bytes - into >= 4;
      into += step
    ) {
      const field = first + into;
      if (!isAddress(load<u32>(State.old + field))) continue;
      if (!wide || bytes - into < 8) note(field, IMAGE_RELATIVE);
      else if (load<u32>(State.old + field, 4) === 0) note(field, POINTER);
    }
  }
  return true;
}

/** The offset of the byte at `address`, or 0xffffffff; `left` is how many bytes of its segment there are from there on. */
let left: u32 = 0;
function offsetAt(address: u32): u32 {
  left = 0;
  if (segmentCount === 0) return 0xffffffff;
  let segment = segments + <usize>recent * SEGMENT;
  for (let i: u32 = 0; i < seriesCount; i++) {
    if (address - load<u32>(segment) < load<u32>(segment, 4)) break;
    let low = load<u32>(series + ((<usize>i) << 2));
    let high = load<u32>(series + ((<usize>i) << 2), 4);
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (load<u32>(segments + <usize>middle * SEGMENT) <= address) low = middle;
      else high = middle;
    }
    recent = low;
    segment = segments + <usize>low * SEGMENT;
  }
  const into = address - load<u32>(segment);
  if (into >= load<u32>(segment, 4)) return 0xffffffff;
  left = load<u32>(segment, 4) - into;
  return load<u32>(segment, 8) + into;
}

export function byteAt(address: u32): u32 {
  const offset = offsetAt(address);
  return offset === 0xffffffff ? 0 : load<u8>(State.old + offset);
}

export function wordAt(address: u32): u32 {
  const offset = offsetAt(address);
  if (left >= 4) return load<u32>(State.old + offset);
  let word: u32 = 0;
  for (let i: u32 = 0; i < 4; i++) word |= byteAt(address + i) << (8 * i);
  return word;
}

/** Notes a word that is in one piece. */
export function noteAt(address: u32, kind: u32): void {
  const offset = offsetAt(address);
  if (left >= 4) note(offset, kind);
}

/** The address behind the last of them. */
export function segmentsEnd(): u32 {
  let end: u32 = 0;
  for (let i: usize = 1; i <= <usize>seriesCount; i++) {
    const last = segments + <usize>(load<u32>(series + (i << 2)) - 1) * SEGMENT;
    end = max(end, load<u32>(last) + load<u32>(last, 4));
  }
  return end;
}

/** Whether the number at `place`, in memory, is that of a function. */
function isCallee(place: usize): bool {
  const before: u32 = load<u8>(place - 1);
  return before === CALL || before === FUNCTION;
}

/** The number that the bytes of a field are. */
export function variedNumber(value: u64): u32 {
  let sum: u32 = 0;
  for (let i: u64 = 0; i < 5; i++) sum |= (<u32>((value >> (8 * i)) & 127)) << (7 * <u32>i);
  return sum;
}

/** What a field of which these are the bytes refers to; `place` is that of the field of the old file. */
export function variedTarget(file: usize, place: usize, value: u64): u32 {
  return isCallee(place) ? addressOfFunction(file, variedNumber(value)) : variedNumber(value);
}

/** The field that refers to `to`, of as many bytes as that of the old file at `place`. */
export function variedField(place: usize, to: u32): u64 {
  return variedBytes(isCallee(place) ? functionAt(1, to) : to, variedSize(place));
}

/** A number in so many bytes. */
export function variedBytes(number: u32, size: u32): u64 {
  let value: u64 = 0;
  for (let i: u32 = 0; i < size; i++) {
    const part = ((<u64>number >> (7 * i)) & 127) | (i + 1 < size ? 128 : 0);
    value |= part << (8 * i);
  }
  return value;
}
