/** Sections of the object that is looked through, its symbols, its relocations and its code, as the layout has them (objects/layouts.ts). */
import { State } from '../../state';
import { forget, note } from '../found';
import { BACK, BRANCH, BRANCH_19, BRANCH_26, OBJECT_FIELD, OBJECT_SECTION, OBJECT_SYMBOL } from '../kinds';
import { scanS390 } from '../machines/other-code';
import { decode, isBranch, relativeAt } from '../machines/x86';
import { ARM, S390, X86, X86_32 } from '../regions';
import { isInformation } from './debug';
import { noteCode, noteLength, noteRelative, noteUnlessZero, noteWithin } from './fields';
import {
  addendAt,
  COFF,
  changedAt,
  extentAt,
  firstSection,
  homeAt,
  layout,
  lengthAt,
  MACH_O,
  offsetAt,
  sectionBytes,
  sectionIn,
  symbolAt,
  symbolBytes,
  symbolIn,
  valueAt,
  wordAt,
} from './layouts';

/** Where it begins, its bytes, where the header of section 0 is (of COFF and Mach-O, which have none, would be), how many sections, its kind of code. */
let start: u32 = 0;
let size: u32 = 0;
let headers: u32 = 0;
let count: u32 = 0;
let codeKind: u32 = 0;
/** By how much an instruction counts from behind the field; which relocations, by a bit for their type, say that a word is added to in the section. */
let ahead: u32 = 0;
let words: u64 = 0;
/** Bytes of its sections that may still be looked at. */
let left: u32 = 0;

/** Relocations of Mach-O: by a symbol; of 4 or 8 bytes, an address. One of x86 of 32 bits that is relative. How a name of a section begins. */
const BY_SYMBOL: u32 = 0x08000000;
const ADDRESS: u32 = 0xfd000000;
const ADDRESS_LEAST: u32 = 0x04000000;
const RELATIVE: u32 = 2;
const COMPACT: u64 = ((<u64>0x6361706d) << 32) | 0x6f635f5f;

/** False if not all headers of sections are in the object. */
export function openSections(from: u32, length: u32, at: u32, sections: u32): bool {
  start = from;
  size = length;
  headers = from + at - sectionBytes() * firstSection();
  count = sections + firstSection();
  left = length;
  return <u64>at + <u64>sectionBytes() * sections <= <u64>length;
}

/** `kind`: of its code. */
export function setMachine(kind: u32, before: u32, inPlace: u64): void {
  codeKind = kind;
  ahead = before;
  words = inPlace;
}

export function headerOf(section: u32): u32 {
  return headers + sectionBytes() * section;
}

export function contentOf(section: u32): u32 {
  return start + wordAt(headerOf(section) + offsetAt());
}

export function lengthOf(section: u32): u32 {
  return wordAt(headerOf(section) + lengthAt());
}

/** Whether the content of the section is in the object; of ELF if it is of no type without one. */
export function isHere(section: u32): bool {
  if (section === 0 || section >= count) return false;
  const offset = wordAt(headerOf(section) + offsetAt());
  if (layout < COFF) {
    const type = wordAt(headerOf(section) + 4);
    if (type === 0 || type === 8) return false;
  } else if (offset === 0) return false;
  return <u64>offset + <u64>lengthOf(section) <= <u64>size;
}

/** Whether so many bytes of sections may still be looked at. */
export function spend(bytes: u32): bool {
  if (bytes > left) return false;
  left -= bytes;
  return true;
}

/** What a header of a section says of where it is. */
export function noteSection(section: u32): void {
  noteUnlessZero(headerOf(section) + offsetAt(), OBJECT_FIELD, start);
  if (isHere(section)) noteUnlessZero(headerOf(section) + lengthAt(), OBJECT_FIELD, contentOf(section));
}

export function scanCode(section: u32): void {
  const from = contentOf(section);
  const length = lengthOf(section);
  if (!spend(length)) return;
  noteCode(from, length, codeKind);
  if (codeKind === ARM) {
    for (let at: u32 = 0; at + 4 <= length; at += 4) {
      const word = load<u32>(State.old + from + at);
      if ((word & 0x7c000000) === 0x14000000) note(from + at, BRANCH_26);
      else if ((word & 0xff000010) === 0x54000000 || (word & 0x7e000000) === 0x34000000)
        note(from + at, BRANCH_19);
    }
  }
  if (codeKind === S390) scanS390(from, length, from);
  if (codeKind !== X86 && codeKind !== X86_32) return;
  for (let at: u32 = 0; at + 24 <= length; ) {
    const bytes = decode(State.old + from + at, codeKind === X86_32);
    if (relativeAt !== 0 && bytes !== 0 && isBranch) note(from + at + relativeAt, BRANCH);
    at += max(bytes, 1);
  }
}

/** What addresses of Mach-O, which are those of all sections, are relative to; else where the section begins. */
function originOf(section: u32): u32 {
  return contentOf(section) - (layout === MACH_O ? wordAt(headerOf(section) + 32) : 0);
}

/** `names`: where these begin, or NOWHERE. */
export function scanSymbols(from: u32, length: u32, names: u32): void {
  for (let at = from; at + symbolBytes() <= from + length; at += symbolBytes()) {
    if (layout !== COFF) {
      noteUnlessZero(at, OBJECT_FIELD, names);
    } else if (load<u32>(State.old + at) === 0) noteUnlessZero(at + 4, OBJECT_FIELD, names);
    const home = homeOf(at);
    const more: u32 = layout === COFF ? symbolBytes() * <u32>load<u8>(State.old + at + 17) : 0;
    if (home !== 0 && home < count) {
      noteRelative(at + homeAt(), OBJECT_SECTION, headerOf(firstSection()));
      if (isHere(home)) {
        const value = wordAt(at + valueAt());
        noteUnlessZero(at + valueAt(), OBJECT_FIELD, originOf(home));
        if (extentAt() !== 0) noteUnlessZero(at + extentAt(), OBJECT_FIELD, contentOf(home) + value);
        // Behind the name of a section of COFF is how long it is.
        if (more !== 0 && isOfSection(at) && at + 2 * symbolBytes() <= from + length)
          noteUnlessZero(at + symbolBytes(), OBJECT_FIELD, contentOf(home));
      }
    }
    at += more;
  }
}

function homeOf(symbol: u32): u32 {
  return sectionIn(wordAt(symbol + homeAt()));
}

/** Whether the symbol stands for a section. */
function isOfSection(symbol: u32): bool {
  if (layout === COFF)
    return load<u8>(State.old + symbol + 16) === 3 && load<u32>(State.old + symbol + 8) === 0;
  // The type is in the lowest byte of what precedes the section's number; of ELF of 32 bits that is the same word.
  return (load<u8>(State.old + symbol + ((layout & 1) === 0 ? 4 : 12)) & 15) === 3;
}

/** Relocations of `bytes` each, in the section `changed`, by the symbols from `symbols` on, of which there are `length` bytes. */
export function scanRelocations(
  from: u32,
  end: u32,
  bytes: u32,
  changed: u32,
  symbols: u32,
  length: u32,
  inCode: bool,
): void {
  const isExplicit = addendAt() !== 0 && addendAt() < bytes;
  for (let at = from; at + bytes <= end; at += bytes) {
    const place = wordAt(at + changedAt());
    if (inCode && place < lengthOf(changed)) forget(contentOf(changed) + place);
    noteUnlessZero(at + changedAt(), OBJECT_FIELD, contentOf(changed));
    const word = wordAt(at + symbolAt());
    if (layout === MACH_O && (word & BY_SYMBOL) === 0) {
      if ((word & ADDRESS) === ADDRESS_LEAST) noteInPlace(changed, place, originOf(changed), inCode);
      continue;
    }
    noteUnlessZero(at + symbolAt(), OBJECT_SYMBOL, symbols);
    const index = symbolIn(word);
    if (layout === MACH_O || <u64>symbolBytes() * index + symbolBytes() > <u64>length) continue;
    const symbol = symbols + symbolBytes() * index;
    const home = homeOf(symbol);
    if (!isHere(home) || (layout !== COFF && !isOfSection(symbol))) continue;
    if (isExplicit) {
      noteRelative(at + addendAt(), OBJECT_FIELD, contentOf(home) + (inCode ? ahead : 0));
      if (!inCode) noteFunction(changed, place, contentOf(home) + wordAt(at + addendAt()));
      continue;
    }
    const type: u32 = layout === COFF ? load<u16>(State.old + at + 8) : word & 255;
    if (type > 63 || ((words >> type) & 1) === 0) continue;
    let base = contentOf(home);
    if (layout === COFF) base += wordAt(symbol + valueAt());
    else if (inCode && codeKind === X86_32 && type === RELATIVE) base += 4;
    noteInPlace(changed, place, base, inCode);
  }
}

/** What is added to a base is in the section itself. */
function noteInPlace(changed: u32, place: u32, base: u32, inCode: bool): void {
  const length = lengthOf(changed);
  if (length < 4 || place > length - 4) return;
  const field = contentOf(changed) + place;
  const word = wordAt(field);
  if (word !== 0) noteWithin(field, OBJECT_FIELD, base);
  if (!inCode) noteFunction(changed, place, base + word);
}

/** What is said of the function at `code` where a place refers to that. */
function noteFunction(changed: u32, place: u32, code: u32): void {
  if (!isInformation(changed)) {
    noteUnwound(changed, place, code);
    return;
  }
  const length = lengthOf(changed);
  if (length < 12 || place > length - 12) return;
  if (!noteLength(contentOf(changed) + place + 8, code)) noteLength(contentOf(changed) + place + 4, code);
}

/**
 * Of Mach-O the length of a function follows where it begins. Else a record of how the function at `code` is unwound (unwinding.ts): before where
 * that stands is how far back the common record is, behind it its size.
 */
function noteUnwound(changed: u32, place: u32, code: u32): void {
  const from = contentOf(changed);
  const length = lengthOf(changed);
  if (layout === MACH_O) {
    if (load<u64>(State.old + headerOf(changed)) === COMPACT && length >= 12 && place <= length - 12)
      noteUnlessZero(from + place + 8, OBJECT_FIELD, code);
    return;
  }
  if (length < 16 || place < 8 || place > length - 8) return;
  const back = wordAt(from + place - 4);
  if (back === 0 || back > place - 4 || load<u32>(State.old + from + place - back) !== 0) return;
  note(from + place - 4, BACK);
  noteUnlessZero(from + place + 4, OBJECT_FIELD, code);
}
