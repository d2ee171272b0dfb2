/**
 * Objects that are linked no further, ELF of 64 bits (elf.h, the lowest byte first), alone or in archives: what they say of places is relative to
 * their sections, and stands in tables of sections, symbols and relocations. Addresses are offsets in the file.
 */
import { State } from '../../state';
import { forget, note } from '../found';
import {
  BACK,
  BRANCH,
  BRANCH_19,
  BRANCH_26,
  OBJECT_BIG,
  OBJECT_FIELD,
  OBJECT_SECTION,
  OBJECT_SYMBOL,
} from '../kinds';
import { ARM, OTHER_CODE, X86 } from '../regions';
import { decode, isBranch, relativeAt } from '../x86';
import { scanTypes } from './linux-types';
import { noteCode, noteRelative, noteUnlessZero, SECTION, SYMBOL } from './object-fields';

/** Bytes of a relocation, and of the header of a member of an archive. */
const RELOCATION: u32 = 24;
const MEMBER: u32 = 60;
const ELF: u32 = 0x464c457f;
/** How archives begin, in two words. */
const ARCHIVE: u32 = 0x72613c21;
const ARCHIVE_END: u32 = 0x0a3e6863;
/** Types of sections, of symbols; a flag of sections; machines. */
const SYMBOLS: u32 = 2;
const RELOCATIONS: u32 = 4;
const NO_BITS: u32 = 8;
const OF_SECTION: u32 = 3;
const INSTRUCTIONS: u32 = 4;
const X86_64: u32 = 62;
const ARM_64: u32 = 183;

/** Of the object that is looked through: where it begins, its sections, how many, and bytes of sections that may still be looked at. */
let start: u32 = 0;
let size: u32 = 0;
let headers: u32 = 0;
let count: u32 = 0;
let machine: u32 = 0;
let left: u32 = 0;

export function scanObjects(from: u32, length: u32): void {
  if (length < 64) return;
  if (load<u32>(State.old + from) !== ARCHIVE || load<u32>(State.old + from + 4) !== ARCHIVE_END) {
    scanObject(from, length);
    return;
  }
  const end = from + length;
  for (let at = from + 8; at <= end - MEMBER; ) {
    const content = at + MEMBER;
    const length = decimal(at + 48);
    if (length > end - content) break;
    if (load<u16>(State.old + at) === 0x202f) scanIndex(from, content, length);
    else scanObject(content, length);
    at = content + length + (length & 1);
  }
}

function decimal(at: u32): u32 {
  let value: u32 = 0;
  for (let i: u32 = 0; i < 9; i++) {
    const digit = <u32>load<u8>(State.old + at + i) - 48;
    if (digit > 9) break;
    value = 10 * value + digit;
  }
  return value;
}

/** Where in the archive that begins at `archive` the members are that have the symbols. */
function scanIndex(archive: u32, content: u32, length: u32): void {
  if (length < 4) return;
  const symbols = min(bswap<u32>(load<u32>(State.old + content)), length / 4 - 1);
  for (let i: u32 = 1; i <= symbols; i++) noteUnlessZero(content + 4 * i, OBJECT_BIG, archive);
}

function word(section: u32, field: u32): u32 {
  return load<u32>(State.old + headers + SECTION * section + field);
}

function contentOf(section: u32): u32 {
  return start + word(section, 24);
}

/** Whether the section is in the object. */
function isHere(section: u32): bool {
  if (section === 0 || section >= count) return false;
  const type = word(section, 4);
  return type !== 0 && type !== NO_BITS && <u64>word(section, 24) + <u64>word(section, 32) <= <u64>size;
}

function isCode(section: u32): bool {
  return (word(section, 8) & INSTRUCTIONS) !== 0;
}

function scanObject(from: u32, length: u32): void {
  if (length < 64 || load<u32>(State.old + from) !== ELF || load<u16>(State.old + from + 4) !== 0x0102)
    return;
  const old = State.old + from;
  start = from;
  size = length;
  machine = load<u16>(old, 18);
  count = load<u16>(old, 60);
  left = length;
  if (<u64>load<u32>(old, 40) + <u64>SECTION * count > <u64>length) return;
  headers = from + load<u32>(old, 40);
  noteUnlessZero(from + 40, OBJECT_FIELD, from);
  const names: u32 = load<u16>(old, 62);
  for (let section: u32 = 1; section < count; section++)
    if (isHere(section) && isCode(section)) scanCode(contentOf(section), word(section, 32));
  for (let section: u32 = 1; section < count; section++) {
    const header = headers + SECTION * section;
    if (isHere(names)) noteUnlessZero(header, OBJECT_FIELD, contentOf(names));
    noteUnlessZero(header + 24, OBJECT_FIELD, from);
    if (!isHere(section)) continue;
    noteUnlessZero(header + 32, OBJECT_FIELD, contentOf(section));
    const type = word(section, 4);
    if (type === SYMBOLS) scanSymbols(section);
    else if (type === RELOCATIONS) scanRelocations(section);
    else if (!isCode(section) && spend(word(section, 32))) scanTypes(contentOf(section), word(section, 32));
  }
}

/** Whether so many bytes of sections may still be looked at. */
function spend(bytes: u32): bool {
  if (bytes > left) return false;
  left -= bytes;
  return true;
}

function scanCode(from: u32, length: u32): void {
  if (!spend(length)) return;
  const kind = machine === X86_64 ? X86 : machine === ARM_64 ? ARM : OTHER_CODE;
  noteCode(from, length, kind);
  if (kind === ARM) {
    for (let at: u32 = 0; at + 4 <= length; at += 4) {
      const word = load<u32>(State.old + from + at);
      if ((word & 0x7c000000) === 0x14000000) note(from + at, BRANCH_26);
      else if ((word & 0xff000010) === 0x54000000 || (word & 0x7e000000) === 0x34000000)
        note(from + at, BRANCH_19);
    }
  }
  if (kind !== X86) return;
  for (let at: u32 = 0; at + 24 <= length; ) {
    const bytes = decode(State.old + from + at, false);
    if (relativeAt !== 0 && bytes !== 0 && isBranch) note(from + at + relativeAt, BRANCH);
    at += max(bytes, 1);
  }
}

function scanSymbols(section: u32): void {
  const length = word(section, 32);
  if (!spend(length)) return;
  const from = contentOf(section);
  const names = word(section, 40);
  noteUnlessZero(headers + SECTION * section + 44, OBJECT_SYMBOL, from);
  for (let at = from; at + SYMBOL <= from + length; at += SYMBOL) {
    if (isHere(names)) noteUnlessZero(at, OBJECT_FIELD, contentOf(names));
    const home: u32 = load<u16>(State.old + at, 6);
    if (home === 0 || home >= count) continue;
    noteRelative(at + 4, OBJECT_SECTION, headers);
    if (!isHere(home)) continue;
    const value = load<u32>(State.old + at, 8);
    noteUnlessZero(at + 8, OBJECT_FIELD, contentOf(home));
    noteUnlessZero(at + 16, OBJECT_FIELD, contentOf(home) + value);
  }
}

function scanRelocations(section: u32): void {
  const length = word(section, 32);
  const symbols = word(section, 40);
  const changed = word(section, 44);
  if (!isHere(symbols) || !isHere(changed) || !spend(length)) return;
  const from = contentOf(section);
  const inCode = isCode(changed);
  // An instruction counts from its end, four bytes behind the field in most.
  const ahead: u32 = inCode && machine === X86_64 ? 4 : 0;
  for (let at = from; at + RELOCATION <= from + length; at += RELOCATION) {
    const place = load<u32>(State.old + at);
    const symbol = load<u32>(State.old + at, 12);
    if (inCode && place < word(changed, 32)) forget(contentOf(changed) + place);
    noteUnlessZero(at, OBJECT_FIELD, contentOf(changed));
    noteUnlessZero(at + 12, OBJECT_SYMBOL, contentOf(symbols));
    if (<u64>SYMBOL * symbol + SYMBOL > <u64>word(symbols, 32)) continue;
    const entry = State.old + contentOf(symbols) + SYMBOL * symbol;
    const home: u32 = load<u16>(entry, 6);
    if ((load<u8>(entry, 4) & 15) === OF_SECTION && isHere(home)) {
      noteRelative(at + 16, OBJECT_FIELD, contentOf(home) + ahead);
      if (!inCode)
        noteUnwound(
          contentOf(changed),
          word(changed, 32),
          place,
          contentOf(home) + load<u32>(State.old + at, 16),
        );
    }
  }
}

/** A record of how the function at `code` is unwound (unwinding.ts): before where that stands is how far back the common record is, behind it its size. */
function noteUnwound(from: u32, length: u32, place: u32, code: u32): void {
  if (length < 16 || place < 8 || place > length - 8) return;
  const back = load<u32>(State.old + from + place - 4);
  if (back === 0 || back > place - 4 || load<u32>(State.old + from + place - back) !== 0) return;
  note(from + place - 4, BACK);
  noteUnlessZero(from + place + 4, OBJECT_FIELD, code);
}
