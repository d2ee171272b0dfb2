/**
 * The table of functions of a Go program (`runtime.pclntab`, as since Go 1.20): where each begins, and what is known of it, as
 * offsets of four bytes relative to seven bases, which the patch carries.
 */
import { take } from '../../memory';
import { State } from '../state';
import { note } from './found';
import { GO_BASES, GO_FIELD } from './kinds';

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
const NONE: u32 = 0xffffffff;

/** Words by file and base. */
let bases: usize = 0;
/** Whether numbers have the highest byte first. */
export let isGoBig: bool = false;

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

function word(offset: u32): u32 {
  const value = load<u32>(State.old + offset);
  return isGoBig ? bswap<u32>(value) : value;
}

function noteIf(offset: u32, without: u32, index: u32): void {
  if (word(offset) !== without) note(offset, GO_FIELD + index);
}

export function scanGo(start: u32, size: u32, address: u32): void {
  if (size < 8 + 8) return;
  isGoBig = load<u8>(State.old + start) === 0xff;
  const wide = load<u8>(State.old + start, 7) === 8;
  const count = word(start + 8 + (wide && isGoBig ? 4 : 0));
  const first = base(0, FUNCTIONS) - address;
  if (first >= size) return;
  for (let i: u32 = 0, at = first; i < count && size - at >= 8; i++, at += 8) {
    note(start + at, GO_FIELD + CODE);
    note(start + at + 4, GO_FIELD + FUNCTIONS);
    const record = word(start + at + 4);
    if (record < size - first && size - first - record >= RECORD)
      scanRecord(start + first + record, start + size);
  }
  const end = min(base(0, FILES) - address, size);
  for (let at = base(0, UNITS) - address; at < end && end - at >= 4; at += 4) noteIf(start + at, NONE, FILES);
}

function scanRecord(record: u32, end: u32): void {
  note(record, GO_FIELD + CODE);
  note(record + 4, GO_FIELD + NAMES);
  for (let field: u32 = 16; field <= 24; field += 4) noteIf(record + field, 0, VALUES);
  note(record + 32, GO_FIELD + UNITS);
  const values = word(record + 28);
  const data: u32 = load<u8>(State.old + record, 43);
  if (values > MOST_VALUES) return;
  let at = record + RECORD;
  for (let i: u32 = 0; i < values + data && end - at >= 4; i++, at += 4) {
    if (i < values) noteIf(at, 0, VALUES);
    else noteIf(at, NONE, DATA);
  }
}

/** Offsets of units count words. */
function shift(index: u32): u32 {
  return index === UNITS ? 2 : 0;
}

export function goTarget(file: usize, kind: u32, value: u32): u32 {
  return base(file, kind - GO_FIELD) + (value << shift(kind - GO_FIELD));
}

export function goField(kind: u32, to: u32): u32 {
  return (to - base(1, kind - GO_FIELD)) >> shift(kind - GO_FIELD);
}
