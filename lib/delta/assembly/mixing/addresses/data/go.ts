/**
 * The table of functions of a Go program (`runtime.pclntab`, as since Go 1.20): where each begins, and what is known of it, as
 * offsets of four bytes relative to seven bases, which the patch carries.
 */
import { take } from '../../../memory';
import { State } from '../../state';
import { note } from '../found';
import { GO_BASES, GO_FIELD } from '../kinds';
import { functionShift } from '../moves';
import { byteAt, noteAt, segmentsEnd, wordAt } from '../wasm';

/** The bases, in the order of FORMAT.md: code, names, units, files, values by address, functions, data of functions. */
const CODE: u32 = 0;
const NAMES: u32 = 1;
const UNITS: u32 = 2;
const FILES: u32 = 3;
const VALUES: u32 = 4;
const FUNCTIONS: u32 = 5;
const DATA: u32 = 6;

/** Bytes of what is known of a function, before what it has a variable number of. */
const RECORD: u32 = 44;
const MOST_VALUES: u32 = 64;
/** Bytes of the table before its names, with numbers of 8 bytes. */
const HEADER: u32 = 72;
const NONE: u32 = 0xffffffff;

/** Words by file and base. */
let bases: usize = 0;
/** Whether numbers have the highest byte first. */
export let isGoBig: bool = false;
/** Bytes of a pointer of Go; 0 if there is no table. */
export let goPointer: u32 = 0;

export function openGo(): bool {
  bases = take(2 * <usize>GO_BASES * 4);
  return bases !== 0;
}

export function goBaseAt(file: usize, index: u32): usize {
  return bases + ((file * <usize>GO_BASES + <usize>index) << 2);
}

function base(file: usize, index: u32): u32 {
  return load<u32>(goBaseAt(file, index));
}

/** Where the table begins: an offset, or an address of the data of WebAssembly. */
let origin: u32 = 0;
let inSegments: bool = false;

/** The word of the table at `at`. */
function word(at: u32): u32 {
  if (inSegments) return wordAt(origin + at);
  const value = load<u32>(State.old + origin + at);
  return isGoBig ? bswap<u32>(value) : value;
}

function byte(at: u32): u32 {
  return inSegments ? byteAt(origin + at) : load<u8>(State.old + origin + at);
}

function noteField(at: u32, index: u32): void {
  if (inSegments) noteAt(origin + at, GO_FIELD + index);
  else note(origin + at, GO_FIELD + index);
}

function noteIf(at: u32, without: u32, index: u32): void {
  if (word(at) !== without) noteField(at, index);
}

export function scanGo(start: u32, size: u32, address: u32): void {
  if (size < 8 + 8) return;
  origin = start;
  inSegments = false;
  isGoBig = byte(0) === 0xff;
  goPointer = byte(7);
  scanTable(size, address);
}

/** In data of WebAssembly, before whose end it ends; no larger than the file; none if there are no bases. */
export function scanGoOfWasm(): void {
  const address = base(0, NAMES) - HEADER;
  const end = segmentsEnd();
  if (base(0, NAMES) < HEADER || address >= end || end - address < HEADER) return;
  origin = address;
  inSegments = true;
  isGoBig = false;
  scanTable(min(end - address, State.oldSize), address);
}

function scanTable(size: u32, address: u32): void {
  const count = word(8 + (isGoBig && byte(7) === 8 ? 4 : 0));
  const first = base(0, FUNCTIONS) - address;
  if (first >= size) return;
  for (let i: u32 = 0, at = first; i < count && size - at >= 8; i++, at += 8) {
    noteField(at, CODE);
    noteField(at + 4, FUNCTIONS);
    const record = word(at + 4);
    if (record < size - first && size - first - record >= RECORD) scanRecord(first + record, size);
  }
  const end = min(base(0, FILES) - address, size);
  for (let at = base(0, UNITS) - address; at < end && end - at >= 4; at += 4) noteIf(at, NONE, FILES);
}

function scanRecord(record: u32, end: u32): void {
  noteField(record, CODE);
  noteField(record + 4, NAMES);
  for (let field: u32 = 16; field <= 24; field += 4) noteIf(record + field, 0, VALUES);
  noteField(record + 32, UNITS);
  const values = word(record + 28);
  const data = byte(record + 43);
  if (values > MOST_VALUES) return;
  let at = record + RECORD;
  for (let i: u32 = 0; i < values + data && end - at >= 4; i++, at += 4) {
    if (i < values) noteIf(at, 0, VALUES);
    else noteIf(at, NONE, DATA);
  }
}

/** Offsets of units count words; those of code, in WebAssembly, functions if they have no base. */
function shift(file: usize, index: u32): u32 {
  if (index === CODE) return base(file, CODE) === 0 ? functionShift : 0;
  return index === UNITS ? 2 : 0;
}

export function goTarget(file: usize, kind: u32, value: u32): u32 {
  return base(file, kind - GO_FIELD) + (value << shift(file, kind - GO_FIELD));
}

export function goField(kind: u32, to: u32): u32 {
  return (to - base(1, kind - GO_FIELD)) >> shift(1, kind - GO_FIELD);
}
