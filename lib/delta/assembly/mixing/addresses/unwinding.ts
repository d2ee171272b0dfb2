/**
 * How functions are unwound, as ELF has it (LSB, "Exception Frames"): records of which most are for a function, and an index of them,
 * sorted by the functions. The index has the first word of its fields relative to itself, records have them relative to the field.
 */
import { State } from '../state';
import { note } from './found';
import { BACK, FORTH, OFFSET } from './kinds';
import { imageSpan } from './regions';

/** Bytes of the index before its entries. */
const HEADER: u32 = 12;
const LEAST: u32 = 12;

export function scanUnwindingIndex(start: u32, size: u32): void {
  for (let at = HEADER; at + 4 <= size; at += 4) note(start + at, OFFSET);
}

/** Records: the length of what follows, how far back the record is that says what is common, where the function begins. */
export function scanUnwinding(start: u32, size: u32, address: u32): void {
  const span = imageSpan(0);
  let at: u32 = 0;
  while (size - at >= 4) {
    const length = load<u32>(State.old + start + at);
    if (length > size - at - 4) return;
    if (length >= LEAST) scanRecord(start + at + 4, address + at + 4, start, length, span);
    at += 4 + length;
  }
}

function scanRecord(field: u32, address: u32, start: u32, length: u32, span: u32): void {
  const back = load<u32>(State.old + field);
  if (back === 0 || back > field - start) return;
  note(field, BACK);
  if (address + 4 + load<u32>(State.old + field + 4) < span) note(field + 4, FORTH);
  // What else is said of the function, often where its handlers are listed: its size is one byte, then comes the reference.
  if (length >= 17 && load<u8>(State.old + field + 12) === 4) {
    const reference = load<u32>(State.old + field + 13);
    if (reference !== 0 && address + 13 + reference < span) note(field + 13, FORTH);
  }
}
