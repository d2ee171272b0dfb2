/**
 * How functions are unwound, as ELF has it (LSB, "Exception Frames"): records of which most are for a function, and an index of them,
 * sorted by the functions. The index has the first word of its fields relative to itself, records have them relative to the field.
 */
import { State } from '../../state';
import { note } from '../found';
import { BACK, FORTH, OFFSET } from '../kinds';
import { imageSpan } from '../regions';

/** Bytes of the index before its entries. */
const HEADER: u32 = 12;
const LEAST: u32 = 12;

export function scanUnwindingIndex(start: u32, size: u32): void {
  for (let at = HEADER; at + 4 <= size; at += 4) note(start + at, OFFSET);
}

/** Records: the length of what follows, how far back the record is that says what is common, where the function begins. `wide`: addresses have 8 bytes. */
export function scanUnwinding(start: u32, size: u32, address: u32, wide: bool): void {
  const span = imageSpan(0);
  let at: u32 = 0;
  while (size - at >= 4) {
    const length = load<u32>(State.old + start + at);
    if (length > size - at - 4) return;
    if (length >= LEAST) scanRecord(start + at + 4, address + at + 4, start, length, span, wide ? 8 : 4);
    at += 4 + length;
  }
}

function scanRecord(field: u32, address: u32, start: u32, length: u32, span: u32, bytes: u32): void {
  const back = load<u32>(State.old + field);
  if (back === 0 || back > field - start) return;
  note(field, BACK);
  if (address + 4 + load<u32>(State.old + field + 4) < span) note(field + 4, FORTH);
  // What else is said of the function, often where its handlers are listed: its size is one byte, then comes the reference.
  const more: u32 = 4 + 2 * bytes;
  if (length >= more + 1 + bytes && <u32>load<u8>(State.old + field + more) === bytes) {
    const reference = load<u32>(State.old + field + more + 1);
    if (reference !== 0 && address + more + 1 + reference < span) note(field + more + 1, FORTH);
  }
}
