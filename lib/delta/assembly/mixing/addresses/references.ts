/**
 * References of the old file: where its code and its data hold the address of something else, what that is, and how the
 * field looks when both have moved. Addresses are u32, relative to the base of the image, and wrap.
 */
import { take } from '../../memory';
import {
  ARM,
  addressOf,
  CHAINED,
  holdsReferences,
  imageSpan,
  OFFSETS,
  offsetOf,
  POINTERS,
  RELATIVE,
  regionAt,
  regionCount,
  regionOf,
  X86,
} from './regions';
import { absoluteAt, decode, isBranch, relativeAt } from './x86';

/** A branch of x86-64; an operand relative to the next instruction, + the bytes (0 to 8) between field and instruction's end. */
const BRANCH: u32 = 1;
const OPERAND: u32 = 2;
const ABSOLUTE: u32 = 11;
const POINTER: u32 = 12;
const IMAGE_RELATIVE: u32 = 13;
const CHAIN: u32 = 14;
/** Entries of jump tables, relative to the table's start: the others, and the first. */
const TABLE: u32 = 15;
const BRANCH_26: u32 = 16;
const BRANCH_19: u32 = 17;
/** Low 12 bits, + the words (1 to 12) back to their ADRP; ADRP, + the words to its first low 12 bits, 0 if none are near. */
const LOW_12: u32 = 18;
const ADRP: u32 = 31;
const TABLE_START: u32 = 44;
/** A place that code takes the address of. Not a reference. */
const MARK: u32 = 45;
/** In a region of kind OFFSETS. */
export const OFFSET: u32 = 46;
const NEAR: u32 = 12;
const TABLE_ENTRIES: u32 = 256;
/** Addresses below are taken for small numbers. */
const LEAST: u32 = 0x1000;
/** In larger regions a number of four bytes counts only if it is the address of code. */
const LARGE: u32 = 1 << 24;

let old: usize = 0;
let oldSize: u32 = 0;
let bases: usize = 0;
/** A byte for each four bytes of the old file: kind * 4 + where among the four the reference begins; 0 if none does. */
let map: usize = 0;

/** Sets the base addresses of both images (two words each). */
export function openReferences(oldAt: usize, size: u32, basesAt: usize): void {
  old = oldAt;
  oldSize = size;
  bases = basesAt;
}

function note(offset: u32, kind: u32): void {
  store<u8>(map + (offset >> 2), <u8>((kind << 2) | (offset & 3)));
}

/** The kind of the reference that begins at `offset` of the old file, or 0. */
export function referenceAt(offset: u32): u32 {
  if (map === 0) return 0;
  const entry: u32 = load<u8>(map + (offset >> 2));
  return entry !== 0 && (entry & 3) === (offset & 3) && entry >> 2 !== MARK ? entry >> 2 : 0;
}

/** How many bytes from `offset` on, at most `most`, no reference begins at. */
export function freeOfReferences(offset: u32, most: u32): u32 {
  if (map === 0) return most;
  const end = offset + most;
  for (let quad = offset >> 2; quad << 2 < end; ) {
    const entry: u32 = load<u8>(map + quad);
    if (entry === 0) {
      quad += load<u64>(map + quad) === 0 ? 8 : 1;
      continue;
    }
    const place = (quad << 2) | (entry & 3);
    if (entry >> 2 !== MARK && place >= offset && place < end) return place - offset;
    quad++;
  }
  return most;
}

export function sizeOf(kind: u32): u32 {
  return kind === POINTER || kind === CHAIN ? 8 : 4;
}

function inCode(address: u32): bool {
  for (let i: u32 = 0; i < regionCount(0); i++) {
    const region = regionAt(0, i);
    const kind = load<u32>(region, 12);
    if ((kind === X86 || kind === ARM) && address - load<u32>(region, 8) < load<u32>(region, 4)) return true;
  }
  return false;
}

/** Finds the references of the old file, by its regions. False if memory ran out. */
export function scan(): bool {
  let any = false;
  for (let i: u32 = 0; i < regionCount(0); i++) any = any || holdsReferences(load<u32>(regionAt(0, i), 12));
  if (!any) return true;
  map = take((<usize>oldSize >> 2) + 64);
  if (map === 0) return false;
  const count = regionCount(0);
  for (let i: u32 = 0; i < count; i++) {
    const region = regionAt(0, i);
    const kind = load<u32>(region, 12);
    if (kind === X86) scanX86(load<u32>(region), load<u32>(region, 4), load<u32>(region, 8));
    else if (kind === ARM) scanArm(load<u32>(region), load<u32>(region, 4), load<u32>(region, 8));
  }
  for (let i: u32 = 0; i < count; i++) {
    const region = regionAt(0, i);
    const kind = load<u32>(region, 12);
    if (kind === X86 || kind === ARM) continue;
    const start = load<u32>(region);
    const size = load<u32>(region, 4);
    const address = load<u32>(region, 8);
    if (kind === OFFSETS) {
      scanOffsets(start, size, address);
      continue;
    }
    scanTables(start, size, address);
    if (kind === POINTERS || kind === CHAINED || kind === RELATIVE) scanPointers(start, size, address, kind);
  }
  return true;
}

function scanX86(start: u32, size: u32, address: u32): void {
  const span = imageSpan(0);
  const base = load<u64>(bases);
  const fixed = base >= 0x10000 && base + <u64>span <= 0xffffffff;
  let at: u32 = 0;
  while (at + 24 <= size) {
    const length = decode(old + start + at);
    if (length === 0) {
      at++;
      continue;
    }
    if (relativeAt !== 0) {
      const field = start + at + relativeAt;
      const target = address + at + length + load<u32>(old + field);
      if (target < span) {
        if (isBranch) note(field, BRANCH);
        else if (length - relativeAt - 4 <= 8) {
          note(field, OPERAND + length - relativeAt - 4);
          if (load<u8>(old + field - 2) === 0x8d) mark(target);
        }
      }
    }
    if (fixed && absoluteAt !== 0) {
      const field = start + at + absoluteAt;
      const target = load<u32>(old + field) - <u32>base;
      if (target < span) {
        note(field, ABSOLUTE);
        mark(target);
      }
    }
    at += length;
  }
}

function scanArm(start: u32, size: u32, address: u32): void {
  for (let at: u32 = (0 - address) & 3; at + 4 <= size; at += 4) {
    const field = start + at;
    const word = load<u32>(old + field);
    if ((word & 0x7c000000) === 0x14000000) note(field, BRANCH_26);
    else if ((word & 0x9f000000) === 0x90000000) note(field, ADRP);
    else if ((word & 0xff000010) === 0x54000000 || (word & 0x7e000000) === 0x34000000) note(field, BRANCH_19);
    else if ((word & 0xff800000) === 0x91000000 || (word & 0x3b000000) === 0x39000000) {
      const register = (word >> 5) & 31;
      for (let back: u32 = 1; back <= NEAR && back << 2 <= at; back++) {
        const before = load<u32>(old + field - 4 * back);
        if ((before & 0x9f00001f) === (0x90000000 | register)) {
          note(field, LOW_12 + back);
          const first = field - 4 * back;
          if (load<u8>(map + (first >> 2)) === ((ADRP << 2) | (first & 3))) note(first, ADRP + back);
          if ((word & 0xff800000) === 0x91000000) mark(target(field, LOW_12 + back));
          break;
        }
        if ((before & 31) === register && ((before >> 24) & 31) !== 0x14) break;
      }
    }
  }
}

function mark(target: u32): void {
  if ((target & 3) !== 0) return;
  const offset = offsetOf(0, target);
  if (offset === 0xffffffff || (offset & 3) !== 0 || inCode(target)) return;
  note(offset, MARK);
}

function scanTables(start: u32, size: u32, address: u32): void {
  const marked = <u8>(MARK << 2);
  for (let at: u32 = (0 - start) & 3; at + 4 <= size; ) {
    if (load<u8>(map + ((start + at) >> 2)) !== marked) {
      at += 4;
      continue;
    }
    let end = at;
    for (let i: u32 = 0; i < TABLE_ENTRIES && end + 4 <= size; i++) {
      if (i > 0 && load<u8>(map + ((start + end) >> 2)) === marked) break;
      const value = load<u32>(old + start + end);
      if (value === 0 || !inCode(address + at + value)) break;
      end += 4;
    }
    const found = end - at >= 8;
    if (end === at) end += 4;
    for (let i = at; i < end; i += 4) {
      if (found) note(start + i, i === at ? TABLE_START : TABLE);
      else store<u8>(map + ((start + i) >> 2), 0);
    }
    at = end;
  }
}

function scanPointers(start: u32, size: u32, address: u32, kind: u32): void {
  const span = imageSpan(0);
  const base = load<u64>(bases);
  let at: u32 = (0 - address) & 7;
  while (at + 8 <= size) {
    const field = start + at;
    if (referenceAt(field) !== 0 || referenceAt(field + 4) !== 0) {
      at += 8;
      continue;
    }
    const value = load<u64>(old + field);
    if (kind === CHAINED) {
      const target = value & 0xfffffffff;
      if (value >> 63 === 0 && value >> 36 !== 0 && target >= 0x4000 && target < <u64>span)
        note(field, CHAIN);
    } else if (value - base < <u64>span && value - base >= <u64>LEAST) {
      note(field, POINTER);
    } else if (kind === RELATIVE) {
      for (let half: u32 = 0; half < 8; half += 4) {
        const target = load<u32>(old + field + half);
        if (target >= LEAST && target < span && (size < LARGE || inCode(target)))
          note(field + half, IMAGE_RELATIVE);
      }
    }
    at += 8;
  }
}

/** Of an offset and a length the offset, if a zero follows what they describe. */
function scanOffsets(start: u32, size: u32, origin: u32): void {
  let at: u32 = 0;
  while (at + 8 <= size) {
    const target = load<u32>(old + start + at);
    const length = load<u32>(old + start + at + 4);
    at += 4;
    if (length === 0 || length >= oldSize || target >= oldSize) continue;
    const end = offsetOf(0, origin + target + length);
    if (end === 0xffffffff || load<u8>(old + end) !== 0) continue;
    note(start + at - 4, OFFSET);
    at += 4;
  }
}

/** Where the region of kind OFFSETS that contains the offset says that its offsets begin. */
export function origin(file: usize, offset: u32): u32 {
  const region = regionOf(file, offset);
  return region === 0 ? 0 : load<u32>(region, 8);
}

/** Where the jump table begins whose entry is at `offset`. */
export function tableStart(offset: u32): u32 {
  while (referenceAt(offset) === TABLE && offset >= 4) offset -= 4;
  return offset;
}

export function isTable(kind: u32): bool {
  return kind === TABLE || kind === TABLE_START;
}

function signed(value: u32, bits: u32): u32 {
  return <u32>(<i32>(value << (32 - bits)) >> (32 - bits));
}

function pages(word: u32): u32 {
  return signed(((word >> 3) & 0x1ffffc) | ((word >> 29) & 3), 21) << 12;
}

/** By how much the low 12 bits of a load or a store are shifted. */
function scale(word: u32): u32 {
  if ((word & 0xff800000) === 0x91000000) return 0;
  const size = word >> 30;
  return (word & 0x04800000) === 0x04800000 && size === 0 ? 4 : size;
}

function low12(word: u32): u32 {
  return ((word >> 10) & 4095) << scale(word);
}

/** What the reference at `offset` of the old file refers to. */
export function target(offset: u32, kind: u32): u32 {
  const word = load<u32>(old + offset);
  if (kind === ABSOLUTE) return word - load<u32>(bases);
  if (kind === POINTER) return word - load<u32>(bases);
  if (kind === IMAGE_RELATIVE || kind === CHAIN) return word;
  if (isTable(kind)) return addressOf(0, tableStart(offset)) + word;
  if (kind === OFFSET) return origin(0, offset) + word;
  const address = addressOf(0, offset);
  if (kind === BRANCH) return address + 4 + word;
  if (kind < ABSOLUTE) return address + 4 + (kind - OPERAND) + word;
  if (kind === BRANCH_26) return address + (signed(word, 26) << 2);
  if (kind === BRANCH_19) return address + (signed(word >> 5, 19) << 2);
  if (kind >= ADRP) {
    const page = (address & ~4095) + pages(word);
    return kind === ADRP ? page : page + low12(load<u32>(old + offset + 4 * (kind - ADRP)));
  }
  const back = 4 * (kind - LOW_12);
  return ((address - back) & ~4095) + pages(load<u32>(old + offset - back)) + low12(word);
}

/**
 * The field of the new file at `address` that refers to `to` if it is of the same kind as the one at `offset` of the old
 * file; `table` is the address of its jump table.
 */
export function field(offset: u32, kind: u32, address: u32, to: u32, table: u32): u64 {
  const word = load<u32>(old + offset);
  if (kind === ABSOLUTE) return <u64>(to + load<u32>(bases, 8));
  if (kind === POINTER) return <u64>to + load<u64>(bases, 8);
  if (kind === IMAGE_RELATIVE) return <u64>to;
  if (kind === CHAIN) return (load<u64>(old + offset) & ~(<u64>0xfffffffff)) | <u64>to;
  if (isTable(kind)) return <u64>(to - table);
  if (kind === OFFSET) return <u64>(to - table);
  if (kind === BRANCH) return <u64>(to - address - 4);
  if (kind < ABSOLUTE) return <u64>(to - address - 4 - (kind - OPERAND));
  if (kind === BRANCH_26) return <u64>((word & 0xfc000000) | (((to - address) >> 2) & 0x3ffffff));
  if (kind === BRANCH_19) return <u64>((word & 0xff00001f) | ((((to - address) >> 2) & 0x7ffff) << 5));
  if (kind >= ADRP) {
    const distance = (to >> 12) - (address >> 12);
    return <u64>((word & 0x9f00001f) | ((distance & 3) << 29) | (((distance >> 2) & 0x7ffff) << 5));
  }
  return <u64>((word & 0xffc003ff) | ((((to & 4095) >> scale(word)) & 4095) << 10));
}

/** What the field refers to that was made in the new file, where `expected` had been predicted. */
export function actual(kind: u32, address: u32, made: u64, expected: u32, table: u32): u32 {
  const word = <u32>made;
  if (kind === ABSOLUTE || kind === POINTER) return word - load<u32>(bases, 8);
  if (kind === IMAGE_RELATIVE || kind === CHAIN) return word;
  if (isTable(kind)) return table + word;
  if (kind === OFFSET) return table + word;
  if (kind === BRANCH) return address + 4 + word;
  if (kind < ABSOLUTE) return address + 4 + (kind - OPERAND) + word;
  if (kind === BRANCH_26) return address + (signed(word, 26) << 2);
  if (kind === BRANCH_19) return address + (signed(word >> 5, 19) << 2);
  if (kind >= ADRP) return (address & ~4095) + pages(word) + (expected & 4095);
  return (expected & ~4095) + low12(word);
}
