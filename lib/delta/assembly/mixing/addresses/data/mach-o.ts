/** What Mach-O files say of themselves: where pointers are that depend on where the file is loaded, and how functions are unwound. */
import { State } from '../../state';
import { note } from '../found';
import { FORTH, OFFSET, VARIED, variedSize } from '../kinds';
import { COMPACT_UNWINDING, regionOf } from '../regions';

/** Opcodes (mach-o/loader.h): a segment and an offset in it; what has one number behind it; what has two. */
const PLACE: u32 = 0x20;
const ADD: u32 = 0x30;
const TIMES: u32 = 0x60;
const TIMES_AND_ADD: u32 = 0x70;
const TIMES_SKIPPING: u32 = 0x80;

/** Numbers that are offsets in a segment. */
export function scanRebases(start: u32, size: u32): void {
  const end = start + size;
  for (let at = start; at < end; ) {
    const opcode: u32 = <u32>load<u8>(State.old + at) & 0xf0;
    at++;
    let numbers: u32 = u32(opcode === ADD || opcode === TIMES || opcode === TIMES_AND_ADD);
    if (opcode === TIMES_SKIPPING) numbers = 2;
    if (opcode === PLACE) {
      const bytes = variedSize(State.old + at);
      if (bytes > 1 && bytes <= end - at) note(at, VARIED);
      numbers = 1;
    }
    for (; numbers > 0; numbers--) {
      while (at < end && load<u8>(State.old + at) >> 7 !== 0) at++;
      at++;
    }
  }
}

/** Of the index, pages of the first form (compact_unwind_encoding.h), of which each entry is for a function and says how it is unwound. */
const REGULAR: u32 = 2;
const HEADER: u32 = 28;
const ENTRY: u32 = 12;
/** What says it is in records as ELF has them, where the low 24 bits say (arm64, x86-64). */
const RECORDED_ARM: u32 = 3;
const RECORDED: u32 = 4;

export function scanCompactUnwinding(start: u32, size: u32): void {
  if (size < HEADER) return;
  const index = load<u32>(State.old + start + 20);
  const count = load<u32>(State.old + start + 24);
  if (index > size || count > (size - index) / ENTRY || count === 0) return;
  let limit: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const entry = start + index + ENTRY * i;
    note(entry, OFFSET);
    const page = load<u32>(State.old + entry + 4);
    // Pages ascend and are disjoint, so that none is looked through twice.
    if (page !== 0 && page >= limit && page < size && size - page >= 8) limit = scanPage(start, page, size);
  }
  const last = start + index + ENTRY * (count - 1);
  const end = min(load<u32>(State.old + last + 8), size);
  for (let at = load<u32>(State.old + start + index + 8); at < end && end - at >= 4; at += 4)
    note(start + at, OFFSET);
}

/** Returns where its entries end. */
function scanPage(start: u32, page: u32, size: u32): u32 {
  if (load<u32>(State.old + start + page) !== REGULAR) return page;
  const first = page + <u32>load<u16>(State.old + start + page + 4);
  const count: u32 = load<u16>(State.old + start + page + 6);
  let at = first;
  for (let i: u32 = 0; i < count && at < size && size - at >= 8; i++, at += 8) {
    note(start + at, OFFSET);
    const form = <u32>load<u8>(State.old + start + at + 7) & 15;
    if (form === RECORDED || form === RECORDED_ARM) note(start + at + 4, FORTH);
  }
  return at;
}

/** Whether a FORTH at `offset` of the old file has 24 bits, relative to the second base of its region. */
export function isShortField(offset: u32): bool {
  const region = regionOf(0, offset);
  return region !== 0 && load<u32>(region, 12) === COMPACT_UNWINDING;
}

export function shortBase(file: usize, offset: u32): u32 {
  const region = regionOf(file, offset);
  return region === 0 ? 0 : load<u32>(region, 20);
}
