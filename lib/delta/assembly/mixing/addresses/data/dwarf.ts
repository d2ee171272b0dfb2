/**
 * Debug information of DWARF (`.debug_info`): entries that refer to each other, to the text of other sections, to what these say of variables
 * and ranges, and to code. Where that is in an entry the abbreviations say, which are in a section of their own; a patch has the addresses
 * of the sections.
 */
import { take } from '../../../memory';
import { State } from '../../state';
import { note, referenceAt } from '../found';
import { ABSOLUTE, isGo, OBJECT_FIELD, OFFSET, POINTER } from '../kinds';
import { LENGTHS, noteUnlessZero } from '../objects/fields';
import {
  addressOf,
  DWARF,
  dwarfSectionAt,
  hasDwarf,
  hasWasm,
  imageSpan,
  offsetOf,
  regionOf,
} from '../regions';
import { noteCodeOfWasm, noteDataOfWasm, openWasm, scanOthersOfWasm } from './wasm-dwarf';

/** Kinds of references, those of Go's table in other regions: relative to the unit, to sections, to where the function begins. */
const UNIT: u32 = 47;
const TEXT: u32 = 48;
const TEXT_OF_LINES: u32 = 49;
const VARIABLES: u32 = 50;
const RANGES: u32 = 51;
const LINES: u32 = 52;
const END: u32 = 53;

/** Names of attributes: where a function begins and ends. */
const LOW: u32 = 0x11;
const HIGH: u32 = 0x12;
/** Forms of attributes, as the standard numbers them, and those of GNU for what is in another file. */
const ADDRESS: u32 = 0x01;
const DATA_4: u32 = 0x06;
const DATA_8: u32 = 0x07;
const STRING: u32 = 0x08;
const BLOCK: u32 = 0x09;
const STRING_OFFSET: u32 = 0x0e;
const REFERENCE: u32 = 0x10;
const REFERENCE_IN_UNIT: u32 = 0x13;
const SECTION_OFFSET: u32 = 0x17;
const EXPRESSION: u32 = 0x18;
const STRING_OF_LINES: u32 = 0x1f;
const CONSTANT: u32 = 0x21;
/** The operation of an expression that an address follows. */
const OPERATION: u8 = 3;

/** Abbreviations have lower numbers. */
const MOST_CODES: u32 = 1 << 16;
/** Bytes of the least header of a unit. */
const HEADER: u32 = 12;
/** Attributes that are looked at, for each byte of the region. */
const MOST_ATTRIBUTES: u64 = 8;
/** How much further the sections of version 5 are in the list of sections. */
const LATER: u32 = 3;
const NONE: u32 = 0xffffffff;

/** Where each unit begins, in the old file. */
let units: usize = 0;
let unitCount: u32 = 0;
/** By number: where the attributes of an abbreviation are, and the unit that it was read for. */
let abbreviations: usize = 0;
let stamp: u32 = 0;
/** How many attributes may still be looked at. */
let budget: i64 = 0;
/** The place behind what was read last. */
let at: u32 = 0;

/** Of objects: where the sections begin that are not in this one (objects/debug.ts), and where the unit does that is looked through. */
let contents: usize = 0;
let unitStart: u32 = 0;

/** False if memory ran out. */
export function openAbbreviations(): bool {
  if (abbreviations === 0) abbreviations = take((<usize>MOST_CODES) << 3);
  return abbreviations !== 0;
}

/**
 * Debug information of an object, whose abbreviations are from `table` on to `end`. `starts`: by index where its sections begin. With `split`, a
 * unit's abbreviations are behind those of the one before, as all of them say that they are the first.
 */
export function scanUnits(start: u32, size: u32, table: u32, end: u32, starts: usize, split: bool): void {
  contents = starts;
  budget = <i64>(MOST_ATTRIBUTES * <u64>size);
  let known = NONE;
  let behind = table;
  for (let unit = start; ; ) {
    const next = unitAfter(unit, start + size);
    if (next === NONE) break;
    const version: u32 = load<u16>(State.old + unit + 4);
    const own = split && behind < end ? behind - table : load<u32>(State.old + unit + (version < 5 ? 6 : 8));
    if (own < end - table) {
      if (own !== known) {
        readAbbreviations(table + own);
        behind = at;
      }
      known = own;
      unitStart = unit;
      scanUnit(unit, next, version);
    }
    unit = next;
  }
  contents = 0;
}

/** False if memory ran out. */
export function scanDwarf(region: usize): bool {
  const start = load<u32>(region);
  const size = load<u32>(region, 4);
  const end = start + size;
  let count: u32 = 0;
  for (let unit = start; unit !== NONE; count++) unit = unitAfter(unit, end);
  units = take((<usize>count) << 2);
  if (units === 0 || !openAbbreviations()) return false;
  budget = <i64>(MOST_ATTRIBUTES * <u64>size);
  if (hasWasm) openWasm();
  const table = offsetOf(0, load<u32>(dwarfSectionAt(0)));
  let known = NONE;
  for (let unit = start; ; ) {
    const next = unitAfter(unit, end);
    if (next === NONE) break;
    store<u32>(units + ((<usize>unitCount) << 2), unit);
    unitCount++;
    const version: u32 = load<u16>(State.old + unit + 4);
    const own = load<u32>(State.old + unit + (version < 5 ? 6 : 8));
    if (table !== NONE && own < State.oldSize - table) {
      if (own !== known) readAbbreviations(table + own);
      known = own;
      scanUnit(unit, next, version);
    }
    unit = next;
  }
  if (hasWasm) scanOthersOfWasm(region, RANGES - UNIT, LINES - UNIT, VARIABLES - UNIT);
  return true;
}

/** Where the next unit begins, or the end; NONE if there is none here. */
function unitAfter(unit: u32, end: u32): u32 {
  if (end - unit < HEADER) return NONE;
  const length = load<u32>(State.old + unit);
  const version: u32 = load<u16>(State.old + unit + 4);
  return length >= HEADER - 4 && length <= end - unit - 4 && version - 2 < 4 ? unit + 4 + length : NONE;
}

/** The lower 32 bits of a number of at most ten bytes. */
function varied(limit: u32): u32 {
  let value: u32 = 0;
  for (let shift: u32 = 0; shift < 70 && at < limit; shift += 7) {
    const byte: u32 = load<u8>(State.old + at);
    at++;
    if (shift < 32) value |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  return value;
}

function readAbbreviations(place: u32): void {
  const limit = State.oldSize;
  stamp++;
  at = place;
  while (at < limit && budget > 0) {
    const code = varied(limit);
    if (code === 0) return;
    varied(limit);
    at++;
    if (code < MOST_CODES) {
      store<u32>(abbreviations + ((<usize>code) << 3), at);
      store<u32>(abbreviations + ((<usize>code) << 3), stamp, 4);
    }
    budget--;
    while (at < limit && budget > 0) {
      const name = varied(limit);
      const form = varied(limit);
      if (form === CONSTANT) varied(limit);
      budget--;
      if (name === 0 && form === 0) break;
    }
  }
}

function scanUnit(unit: u32, end: u32, version: u32): void {
  const wide: u32 = load<u8>(State.old + unit + (version < 5 ? 10 : 7));
  let place = unit + 11;
  if (version === 5) {
    const type: u32 = load<u8>(State.old + unit + 6);
    place = unit + HEADER + (type === 4 || type === 5 ? 8 : type === 2 || type === 6 ? 12 : 0);
  }
  while (place < end) {
    at = place;
    const code = varied(end);
    place = at;
    if (code === 0) continue;
    if (code >= MOST_CODES || load<u32>(abbreviations + ((<usize>code) << 3), 4) !== stamp) return;
    let list = load<u32>(abbreviations + ((<usize>code) << 3));
    let low = NONE;
    while (budget > 0 && list < State.oldSize) {
      at = list;
      const name = varied(State.oldSize);
      const form = varied(State.oldSize);
      if (form === CONSTANT) varied(State.oldSize);
      list = at;
      budget--;
      if (name === 0 && form === 0) break;
      const size = sizeOfForm(form, place, end, version, wide);
      if (size > end - place) return;
      if (contents !== 0) {
        if (name === LOW && form === ADDRESS) low = place;
        else if (
          name === HIGH &&
          low !== NONE &&
          low + wide === place &&
          (form === DATA_4 || form === DATA_8)
        )
          noteUnlessZero(place, OBJECT_FIELD, LENGTHS);
        else noteInObject(name, form, place, version);
      } else if (form === ADDRESS) {
        if (noteAddress(place, wide) && name === LOW) low = place;
      } else if ((form === DATA_4 || form === DATA_8) && name === HIGH) {
        if (low !== NONE && low + wide === place) note(place, END);
      } else {
        noteAttribute(name, form, place, size, version, wide);
      }
      place += size;
    }
    if (budget <= 0) return;
  }
}

/** How many bytes an attribute takes, NONE if it does not fit or the form is not known. */
function sizeOfForm(form: u32, place: u32, end: u32, version: u32, wide: u32): u32 {
  if (form === ADDRESS) return wide;
  if (form === REFERENCE) return version < 3 ? wide : 4;
  const left = end - place;
  if (form === STRING) {
    for (let size: u32 = 0; size < left; size++)
      if (load<u8>(State.old + place + size) === 0) return size + 1;
    return NONE;
  }
  if (form === BLOCK || form === EXPRESSION) {
    at = place;
    const length = varied(end);
    return length > end - at ? NONE : at - place + length;
  }
  if (form === 0x03) return left < 2 ? NONE : 2 + <u32>load<u16>(State.old + place);
  if (form === 0x04) {
    if (left < 4) return NONE;
    const length = load<u32>(State.old + place);
    return length > left ? NONE : 4 + length;
  }
  if (form === 0x0a) return left < 1 ? NONE : 1 + <u32>load<u8>(State.old + place);
  if (isVaried(form)) {
    at = place;
    varied(end);
    return at - place;
  }
  return fixedSize(form);
}

/** Whether the form is a number of a variable number of bytes. */
function isVaried(form: u32): bool {
  if (form === 0x0d || form === 0x0f || form === 0x15 || form === 0x1a || form === 0x1b) return true;
  return form === 0x22 || form === 0x23 || form === 0x1f01 || form === 0x1f02;
}

function fixedSize(form: u32): u32 {
  switch (form) {
    case 0x19:
    case CONSTANT:
      return 0;
    case 0x0b:
    case 0x0c:
    case 0x11:
    case 0x25:
    case 0x29:
      return 1;
    case 0x05:
    case 0x12:
    case 0x26:
    case 0x2a:
      return 2;
    case 0x27:
    case 0x2b:
      return 3;
    case DATA_4:
    case STRING_OFFSET:
    case REFERENCE_IN_UNIT:
    case SECTION_OFFSET:
    case 0x1c:
    case 0x1d:
    case STRING_OF_LINES:
    case 0x28:
    case 0x2c:
    case 0x1f20:
    case 0x1f21:
      return 4;
    case DATA_8:
    case 0x14:
    case 0x20:
    case 0x24:
      return 8;
    case 0x1e:
      return 16;
    default:
      return NONE;
  }
}

/** Of an object: what is not in its relocations. */
function noteInObject(name: u32, form: u32, place: u32, version: u32): void {
  let kind: u32 = 0;
  if (form === REFERENCE_IN_UNIT) noteUnlessZero(place, OBJECT_FIELD, unitStart);
  else if (form === STRING_OFFSET) kind = TEXT;
  else if (form === STRING_OF_LINES) kind = TEXT_OF_LINES;
  else if (form === SECTION_OFFSET || (form === DATA_4 && version < 4)) kind = sectionOf(name);
  if (version === 5 && (kind === VARIABLES || kind === RANGES)) kind += LATER;
  if (kind !== 0) noteUnlessZero(place, OBJECT_FIELD, load<u32>(contents + ((<usize>(kind - UNIT)) << 2)));
}

function noteAttribute(name: u32, form: u32, place: u32, size: u32, version: u32, wide: u32): void {
  if (form === REFERENCE_IN_UNIT) note(place, UNIT);
  else if (form === STRING_OFFSET) note(place, TEXT);
  else if (form === STRING_OF_LINES) note(place, TEXT_OF_LINES);
  else if (form === REFERENCE && version > 2) note(place, OFFSET);
  else if (form === SECTION_OFFSET || (form === DATA_4 && version < 4)) {
    const section = sectionOf(name);
    if (section !== 0) note(place, section);
  } else if ((form === BLOCK || form === EXPRESSION) && size > wide) {
    const operation = place + size - wide - 1;
    // Its length is in one byte.
    if (operation === place + 1 && load<u8>(State.old + operation) === OPERATION)
      noteAddressOfData(operation + 1, wide);
  }
}

/** As below; in WebAssembly data has addresses of its own. */
function noteAddressOfData(place: u32, wide: u32): void {
  if (!hasWasm) noteAddress(place, wide);
  else if (wide === 4) noteDataOfWasm(place);
}

/** Whether an address of so many bytes is in the image. */
function noteAddress(place: u32, wide: u32): bool {
  if (wide === 8) {
    const value = load<u64>(State.old + place);
    if (value === 0 || value - load<u64>(State.bases) >= <u64>imageSpan(0)) return false;
    note(place, POINTER);
    return true;
  }
  if (wide !== 4) return false;
  if (hasWasm) return noteCodeOfWasm(place);
  const value = load<u32>(State.old + place);
  if (value === 0 || value - load<u32>(State.bases) >= imageSpan(0)) return false;
  note(place, ABSOLUTE);
  return true;
}

/** The kind of what an attribute of that name has the offset of, in a section; 0 if it is none that is known. */
function sectionOf(name: u32): u32 {
  switch (name) {
    case 0x10:
      return LINES;
    case 0x2c:
    case 0x55:
      return RANGES;
    case 0x02:
    case 0x19:
    case 0x2a:
    case 0x38:
    case 0x40:
    case 0x46:
    case 0x48:
    case 0x4a:
    case 0x4d:
    case 0x2137:
      return VARIABLES;
    default:
      return 0;
  }
}

/** Whether such a reference at an offset of the old file is in an entry of debug information. */
export function isOfDwarf(offset: u32, kind: u32): bool {
  if (!hasDwarf || !isGo(kind)) return false;
  const region = regionOf(0, offset);
  return region !== 0 && load<u32>(region, 12) === DWARF;
}

/** What such a field of the old file is relative to, as an address. */
export function dwarfOrigin(offset: u32, kind: u32): u32 {
  if (kind === END) {
    const place = offset - (referenceAt(offset - 8) === POINTER ? 8 : 4);
    return load<u32>(State.old + place) - load<u32>(State.bases);
  }
  if (kind !== UNIT && kind !== VARIABLES && kind !== RANGES) return load<u32>(dwarfSectionAt(kind - UNIT));
  let from: u32 = 0;
  let to = unitCount;
  while (from + 1 < to) {
    const middle = (from + to) >> 1;
    if (load<u32>(units + ((<usize>middle) << 2)) <= offset) from = middle;
    else to = middle;
  }
  const unit = load<u32>(units + ((<usize>from) << 2));
  if (kind === UNIT) return addressOf(0, unit);
  const isLater = load<u16>(State.old + unit + 4) === 5;
  return load<u32>(dwarfSectionAt(kind - UNIT + (isLater ? LATER : 0)));
}
