/**
 * Objects of WebAssembly that are linked no further ("WebAssembly Object File Linking"): sizes of sections and functions, and for the content of each section
 * where in it something is relocated, in numbers of a variable number of bytes. Other tables have numbers alone.
 */
import { State } from '../../state';
import { referenceAt } from '../found';
import { OBJECT_FIELD, OBJECT_VARIED, variedSize } from '../kinds';
import { beginDebug, isInformation, nameSection, scanInformation } from './debug';
import { NOWHERE, noteLength, noteRelative, noteUnlessZero, objectBase } from './fields';

const MAGIC: u32 = 0x6d736100;
const CUSTOM: u32 = 0;
const CODE: u32 = 10;
const RELOCATIONS: u32 = 0x6f6c6572;
/** Bytes of that name, before the name of the section that is changed. */
const RELOCATIONS_NAME: u32 = 6;
/** Later sections are not looked at. */
const MOST_SECTIONS: i32 = 256;
/** Types of relocations: a place in code, a place in a section, in words; those that add something; how many there are. */
const FUNCTION_OFFSET: u32 = 8;
const SECTION_OFFSET: u32 = 9;
const ADDING: u32 = 0x02e3cb38;
const TYPES: u32 = 27;

/** Of each section: where what can be relocated begins, and where that ends. */
const sections = memory.data(8 * MOST_SECTIONS, 8);
/** Where relocations are, as bits of the sections' numbers. */
const relocating = memory.data(MOST_SECTIONS / 8, 8);
let code: u32 = NOWHERE;
/** The place behind what was read last. */
let at: u32 = 0;

function startOf(section: u32): u32 {
  return load<u32>(sections + ((<usize>section) << 3));
}

function endOf(section: u32): u32 {
  return load<u32>(sections + ((<usize>section) << 3), 4);
}

/** A number of at most five bytes, of which `end` ends the last. */
function next(end: u32): u32 {
  let value: u32 = 0;
  for (let shift: u32 = 0; shift < 35 && at < end; shift += 7) {
    const byte: u32 = load<u8>(State.old + at++);
    value |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  return value;
}

/** A number at `field`, if it has two bytes at least. */
function noteVaried(field: u32, base: u32): void {
  if (variedSize(State.old + field) >= 2) noteRelative(field, OBJECT_VARIED, base);
}

export function scanModule(from: u32, length: u32): void {
  if (length < 8 || load<u32>(State.old + from) !== MAGIC) return;
  beginDebug();
  code = NOWHERE;
  memory.fill(relocating, 0, <usize>MOST_SECTIONS >> 3);
  let count: u32 = 0;
  const limit = from + length;
  for (at = from + 8; at < limit && count < <u32>MOST_SECTIONS; count++) {
    const kind: u32 = load<u8>(State.old + at);
    const field = ++at;
    const size = next(limit);
    if (size > limit - at) break;
    noteVaried(field, at);
    const end = at + size;
    openSection(count, kind, end);
    at = end;
  }
  for (let i: u32 = 0; i < count; i++)
    if (isInformation(i + 1)) scanInformation(startOf(i), endOf(i) - startOf(i));
  for (let i: u32 = 0; i < count; i++)
    if (((load<u32>(relocating + ((i >> 5) << 2)) >> (i & 31)) & 1) !== 0) scanRelocations(i, count);
}

/** That begins at `at`. */
function openSection(section: u32, kind: u32, end: u32): void {
  const begin = at;
  let start = begin;
  if (kind === CODE) {
    code = begin;
    scanFunctions(end);
  } else if (kind === CUSTOM) {
    const size = next(end);
    if (size > end - at) at = end;
    else {
      const name = at;
      at += size;
      if (size > RELOCATIONS_NAME && load<u32>(State.old + name) === RELOCATIONS) {
        const bits = relocating + ((section >> 5) << 2);
        store<u32>(bits, load<u32>(bits) | (1 << (section & 31)));
      } else if (size > 0) nameSection(section + 1, name + 1, at, at, end - at);
    }
    start = at;
  }
  store<u32>(sections + ((<usize>section) << 3), start);
  store<u32>(sections + ((<usize>section) << 3), end, 4);
}

/** How long they are. */
function scanFunctions(end: u32): void {
  for (let i = next(end); i > 0 && at < end; i--) {
    const field = at;
    const size = next(end);
    if (size > end - at) return;
    noteVaried(field, at);
    at += size;
  }
}

/** Of one section, which is one of `count`. */
function scanRelocations(section: u32, count: u32): void {
  at = startOf(section);
  const end = endOf(section);
  const changed = next(end);
  if (changed >= count) return;
  const start = startOf(changed);
  const length = endOf(changed) - start;
  const isDebug = isInformation(changed + 1);
  for (let i = next(end); i > 0 && at < end; i--) {
    const type: u32 = load<u8>(State.old + at++);
    const field = at;
    const place = next(end);
    next(end);
    if (type >= TYPES) return;
    if (((ADDING >> type) & 1) !== 0) {
      const added = at;
      const value = next(end);
      if (length >= 4 && place <= length - 4) noteAdded(type, start + place, added, value, isDebug);
    }
    noteVaried(field, start);
  }
}

/** What the relocation at `place` adds: a number at `added`, which is `value`. */
function noteAdded(type: u32, place: u32, added: u32, value: u32, isDebug: bool): void {
  if (type === FUNCTION_OFFSET && code !== NOWHERE) {
    const to = code + load<u32>(State.old + place);
    noteUnlessZero(place, OBJECT_FIELD, code);
    if (isDebug) noteLength(place + 4, to);
    noteVaried(added, to - value);
  } else if (type === SECTION_OFFSET && referenceAt(place) === OBJECT_FIELD) {
    noteVaried(added, objectBase(place));
  }
}
