/**
 * Types of a Go program (internal/abi/type.go): they refer to names and to each other by offsets from where the types begin, methods to code by
 * offsets from where that begins. They are recognized by what a type begins with.
 */
import { State } from '../../state';
import { note } from '../found';
import { ABSOLUTE, GO_FIELD, OFFSET, POINTER, POINTER_BIG } from '../kinds';
import { imageSpan } from '../regions';
import { goPointer, isGoBig } from './go';

const LEAST: u64 = 0x1000;
/** Kinds of types. */
const ARRAY: u32 = 17;
const CHANNEL: u32 = 18;
const FUNCTION: u32 = 19;
const INTERFACE: u32 = 20;
const MAP: u32 = 21;
const ADDRESS: u32 = 22;
const SLICE: u32 = 23;
const STRUCT: u32 = 25;
const LAST: u32 = 26;
/** Of the flags: the type has a name, a package, or methods, which are behind it. */
const NAMED: u32 = 1;
const MOST_METHODS: u32 = 4096;
/** Methods that are looked at, as a share of the region's bytes: no list is looked at again and again. */
const BYTES_PER_METHOD: u32 = 4;
const METHOD: u32 = 16;

/** The region, and where types begin. */
let begin: u32 = 0;
let end: u32 = 0;
let address: u32 = 0;
let types: u32 = 0;
let methodsLeft: u32 = 0;

export function scanGoTypes(region: usize): void {
  if (goPointer !== 4 && goPointer !== 8) return;
  begin = load<u32>(region);
  end = begin + load<u32>(region, 4);
  address = load<u32>(region, 8);
  types = load<u32>(region, 16);
  methodsLeft = (end - begin) / BYTES_PER_METHOD;
  for (let at = begin + ((0 - address) & (goPointer - 1)); end - at >= goPointer; at += goPointer)
    scanPointer(at);
  for (let at = begin + ((0 - address) & (goPointer - 1)); end - at >= 4 * goPointer + 16; at += goPointer)
    scanType(at);
}

function word(at: u32): u32 {
  const value = load<u32>(State.old + at);
  return isGoBig ? bswap<u32>(value) : value;
}

function half(at: u32): u32 {
  const value = load<u16>(State.old + at);
  return <u32>(isGoBig ? bswap<u16>(value) : value);
}

/** A number as large as a pointer. */
function long(at: u32): u64 {
  if (goPointer === 4) return <u64>word(at);
  const value = load<u64>(State.old + at);
  return isGoBig ? bswap<u64>(value) : value;
}

function scanPointer(at: u32): void {
  const base = load<u64>(State.bases);
  const target = goPointer === 4 ? <u64>(<u32>long(at) - <u32>base) : long(at) - base;
  if (target < LEAST || target >= <u64>imageSpan(0)) return;
  if (goPointer === 8) note(at, isGoBig ? POINTER_BIG : POINTER);
  else if (!isGoBig) note(at, ABSOLUTE);
}

/** Whether an offset from where types begin may be one. */
function isOffset(value: u32): bool {
  return types + value - address < end - begin;
}

function noteOffset(at: u32): void {
  const value = word(at);
  if (value !== 0 && isOffset(value)) note(at, OFFSET);
}

function noteCode(at: u32): void {
  const value = word(at);
  if (value !== 0 && value !== 0xffffffff) note(at, GO_FIELD);
}

function scanType(at: u32): void {
  const size = long(at);
  const pointers = long(at + goPointer);
  const about = at + 2 * goPointer + 4;
  const align: u32 = load<u8>(State.old + about + 1);
  const fieldAlign: u32 = load<u8>(State.old + about + 2);
  const kind = <u32>load<u8>(State.old + about + 3) & 31;
  if (pointers > size || size >> 31 !== 0 || kind === 0 || kind > LAST) return;
  if (align === 0 || align > 8 || popcnt(align) !== 1 || popcnt(fieldAlign) !== 1 || fieldAlign > 8) return;
  const names = about + 4 + 2 * goPointer;
  const name = word(names);
  const pointer = word(names + 4);
  if (name === 0 || !isOffset(name) || (pointer !== 0 && !isOffset(pointer))) return;
  note(names, OFFSET);
  noteOffset(names + 4);
  const more = names + 8;
  if (kind === INTERFACE) scanInterface(more);
  if (kind !== MAP && (<u32>load<u8>(State.old + about) & NAMED) !== 0) scanMethods(more + bytesOf(kind));
}

/** What a type of the kind has behind what all have. */
function bytesOf(kind: u32): u32 {
  if (kind === ARRAY) return 3 * goPointer;
  if (kind === CHANNEL) return 2 * goPointer;
  if (kind === FUNCTION || kind === ADDRESS || kind === SLICE) return goPointer;
  return kind === INTERFACE || kind === STRUCT ? 4 * goPointer : 0;
}

/** Whether so many methods may be looked at. */
function mayLook(count: u64): bool {
  if (count > <u64>min(MOST_METHODS, methodsLeft)) return false;
  methodsLeft -= <u32>count;
  return true;
}

/** A pointer, then where the names and types of its methods are, and how many. */
function scanInterface(at: u32): void {
  if (at + 3 * goPointer > end) return;
  const place = <u32>(long(at + goPointer) - load<u64>(State.bases)) - address;
  const count = long(at + 2 * goPointer);
  if (!mayLook(count) || place > end - begin || <u64>(end - begin - place) < 8 * count) return;
  for (let i: u32 = 0; i < 2 * <u32>count; i++) noteOffset(begin + place + 4 * i);
}

function scanMethods(at: u32): void {
  if (at + 12 > end) return;
  const count = half(at + 4);
  const first = word(at + 8);
  if (!mayLook(count) || first > end - at || end - at - first < METHOD * count) return;
  noteOffset(at);
  for (let method = at + first; method < at + first + METHOD * count; method += METHOD) {
    noteOffset(method);
    noteOffset(method + 4);
    noteCode(method + 8);
    noteCode(method + 12);
  }
}
