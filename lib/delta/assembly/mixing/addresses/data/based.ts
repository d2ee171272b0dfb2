/**
 * Regions with two bases of their own, which the patch carries: tables of symbols, whose names are offsets in a table of strings, pairs of
 * offsets, numbers of instances, and what is said elsewhere of Go and of Mach-O.
 */
import { State } from '../../state';
import { note, noteNumbers, noteRows } from '../found';
import { OFFSET } from '../kinds';
import {
  BYTECODE,
  COMPACT_UNWINDING,
  MANAGED,
  NUMBERS,
  PAIRS,
  REBASES,
  ROWS,
  SYMBOLS,
  SYMBOLS_SHORT,
  WIDE_UNWINDING,
} from '../regions';
import { scanBytecode } from './bytecode';
import { scanCompactUnwinding, scanRebases } from './mach-o';
import { findTokens } from './managed';
import { scanUnwinding } from './unwinding';

/** Bytes of a symbol of ELF (of 64 bits), and of Mach-O. */
const SYMBOL: u32 = 24;
const SYMBOL_SHORT: u32 = 16;

export function scanBased(region: usize): void {
  const start = load<u32>(region);
  const size = load<u32>(region, 4);
  const address = load<u32>(region, 8);
  const kind = load<u32>(region, 12);
  if (kind === SYMBOLS) {
    for (let at: u32 = 0; at + SYMBOL <= size; at += SYMBOL) {
      noteUnlessZero(start + at);
      noteUnlessZero(start + at + 8);
      if (load<u32>(State.old + start + at + 8) !== 0) noteUnlessZero(start + at + 16);
    }
  } else if (kind === SYMBOLS_SHORT) {
    for (let at: u32 = 0; at + SYMBOL_SHORT <= size; at += SYMBOL_SHORT) {
      if (load<u32>(State.old + start + at) > 1) note(start + at, OFFSET);
      noteUnlessZero(start + at + 8);
    }
  } else if (kind === NUMBERS) {
    noteNumbers(start, size);
  } else if (kind === REBASES) {
    scanRebases(start, size);
  } else if (kind === COMPACT_UNWINDING) {
    scanCompactUnwinding(start, size);
  } else if (kind === WIDE_UNWINDING) {
    scanUnwinding(start, size, address, true);
  } else if (kind === MANAGED) {
    findTokens(start, size);
  } else if (kind === ROWS) {
    noteRows(start, size);
  } else if (kind === BYTECODE) {
    scanBytecode(region);
  } else if (kind === PAIRS) {
    for (let at: u32 = 0; at + 4 <= size; at += 4) note(start + at, OFFSET);
  }
}

function noteUnlessZero(offset: u32): void {
  if (load<u32>(State.old + offset) !== 0) note(offset, OFFSET);
}

/** What the offset at a place of such a region is relative to. */
export function basedOrigin(file: usize, region: usize, offset: u32): u32 {
  const kind = load<u32>(region, 12);
  const into = offset - load<u32>(region);
  const first = load<u32>(region, 16);
  const second = load<u32>(region, 20);
  if (kind === SYMBOLS) {
    const place = into % SYMBOL;
    if (place < 8) return first;
    // Where something ends is where it begins and its size.
    return place < 16 ? second : second + load<u32>((file === 0 ? State.old : State.fresh) + offset - 8);
  }
  if (kind === SYMBOLS_SHORT) return into % SYMBOL_SHORT < 8 ? first : second;
  if (kind === REBASES && into > 0) {
    const opcode: u32 = load<u8>((file === 0 ? State.old : State.fresh) + offset - 1);
    return (opcode & 1) === 0 ? first : second;
  }
  return kind !== PAIRS || (into & 4) === 0 ? first : second;
}
