/** Finds the references in data: jump tables, pointers, addresses, and the offsets of Bun's table of files. */
import { State } from '../../state';
import { forget, isNoted, nextNoted, note, referenceAt } from '../found';
import {
  ABSOLUTE,
  CHAIN,
  IMAGE_RELATIVE,
  MARK,
  OFFSET,
  POINTER,
  POINTER_BIG,
  TABLE,
  TABLE_START,
} from '../kinds';
import {
  baseAt,
  CHAIN_BITS,
  CHAINED,
  CHAINED_ADDRESSES,
  chainBase,
  imageSpan,
  inCode,
  isBigEndian,
  OWN_CHAINED,
  offsetOf,
  RELATIVE,
} from '../regions';

const TABLE_ENTRIES: u32 = 256;
/** Addresses below are taken for small numbers. */
const LEAST: u32 = 0x1000;
/** In larger regions a number of four bytes counts only if it is the address of code. */
const LARGE: u32 = 1 << 24;

export function scanTables(start: u32, size: u32, address: u32): void {
  if (size < 4) return;
  const last = start + size - 4;
  let next: u32 = 0;
  for (let at = nextNoted((start + 3) & ~3, last); at <= last; at = nextNoted(next, last)) {
    next = at + 4;
    if (!isNoted(at, MARK)) continue;
    let end = at;
    for (let i: u32 = 0; i < TABLE_ENTRIES && end <= last; i++) {
      if (i > 0 && isNoted(end, MARK)) break;
      const value = load<u32>(State.old + end);
      if (value === 0 || !inCode(address + (at - start) + value)) break;
      end += 4;
    }
    const found = end - at >= 8;
    next = max(end, next);
    for (let place = at; place < next; place += 4) {
      if (found) note(place, place === at ? TABLE_START : TABLE);
      else forget(place);
    }
  }
}

export function scanPointers(start: u32, size: u32, address: u32, kind: u32): void {
  const span = imageSpan(0);
  const base = baseAt(0, start);
  const isChained = kind === CHAINED || kind === CHAINED_ADDRESSES || kind === OWN_CHAINED;
  let at: u32 = (0 - address) & 7;
  while (at + 8 <= size) {
    const field = start + at;
    if (referenceAt(field) !== 0 || referenceAt(field + 4) !== 0) {
      at += 8;
      continue;
    }
    const value = load<u64>(State.old + field);
    if (isChained) {
      const target = ((value & CHAIN_BITS) - chainBase(0, start)) & CHAIN_BITS;
      if (value >> 63 === 0 && value >> 36 !== 0 && target >= 0x4000 && target < <u64>span)
        note(field, CHAIN);
    } else if (value - base < <u64>span && value - base >= <u64>LEAST) {
      note(field, POINTER);
    } else if (kind === RELATIVE) {
      for (let half: u32 = 0; half < 8; half += 4) {
        const target = load<u32>(State.old + field + half);
        if (target >= LEAST && target < span && (size < LARGE || inCode(target)))
          note(field + half, IMAGE_RELATIVE);
      }
    }
    at += 8;
  }
}

/** Of an offset and a length the offset, if a zero follows what they describe. */
export function scanOffsets(start: u32, size: u32, origin: u32): void {
  let at: u32 = 0;
  while (at + 8 <= size) {
    const target = load<u32>(State.old + start + at);
    const length = load<u32>(State.old + start + at + 4);
    at += 4;
    if (length === 0 || length >= State.oldSize || target >= State.oldSize) continue;
    const end = offsetOf(0, origin + target + length);
    if (end === 0xffffffff || load<u8>(State.old + end) !== 0) continue;
    note(start + at - 4, OFFSET);
    at += 4;
  }
}

/** Pointers of four bytes. */
export function scanWords(start: u32, size: u32, address: u32): void {
  const span = imageSpan(0);
  for (let at: u32 = (0 - address) & 3; at + 4 <= size; at += 4) {
    const word = load<u32>(State.old + start + at);
    const target = (isBigEndian ? bswap<u32>(word) : word) - load<u32>(State.bases);
    if (target >= LEAST && target < span) note(start + at, ABSOLUTE);
  }
}

/** Pointers of eight bytes, the highest first. */
export function scanBig(start: u32, size: u32, address: u32): void {
  const span = <u64>imageSpan(0);
  for (let at: u32 = (0 - address) & 7; at + 8 <= size; at += 8) {
    const target = bswap<u64>(load<u64>(State.old + start + at)) - load<u64>(State.bases);
    if (target >= <u64>LEAST && target < span) note(start + at, POINTER_BIG);
  }
}

/** Pointers to code at any place, and what refers to another place of the region just before one. */
export function scanDebug(start: u32, size: u32): void {
  const span = <u64>imageSpan(0);
  const base = load<u64>(State.bases);
  let at: u32 = 0;
  let end: u32 = 0;
  while (at + 8 <= size) {
    const target = load<u64>(State.old + start + at) - base;
    if (target >= span || target < <u64>LEAST || !inCode(<u32>target)) {
      at++;
      continue;
    }
    note(start + at, POINTER);
    if (at >= end + 4) {
      const offset = load<u32>(State.old + start + at - 4);
      if (offset !== 0 && offset < size) note(start + at - 4, OFFSET);
    }
    at += 8;
    end = at;
  }
}
