/**
 * What differs in debug information of DWARF (dwarf.ts) of a WebAssembly module: addresses of code count from the content of its section,
 * those of data are others (wasm.ts), and wherever else there are addresses of code, a linker has written all of them anew.
 */
import { State } from '../../state';
import { note } from '../found';
import { ABSOLUTE, IMAGE_RELATIVE } from '../kinds';
import {
  dwarfSectionAt,
  imageSpan,
  offsetOf,
  regionAt,
  regionCount,
  regionEnd,
  regionOf,
  WASM,
} from '../regions';

/** In lines: an extended operation of five bytes that sets the address. */
const SET_ADDRESS: u32 = 0x020500;
/** In variables: what an address follows that those behind it are relative to. */
const BEGINS: u32 = 0xffffffff;
/** Addresses of data below are taken for small numbers. */
const LEAST: u32 = 0x1000;
const NOWHERE: u32 = 0xffffffff;

/** The address of the first region with functions, and its bytes. */
let functions: u32 = 0;
let functionBytes: u32 = 0;
/** Where the section begins that is looked through, and where its region ends. */
let start: u32 = 0;
let limit: u32 = 0;

export function openWasm(): void {
  for (let i: u32 = 0; i < regionCount(0); i++) {
    const region = regionAt(0, i);
    if (load<u32>(region, 12) !== WASM) continue;
    functions = load<u32>(region, 8);
    functionBytes = load<u32>(region, 4);
    return;
  }
}

/** The word at a place, if it is the address of code. */
export function noteCodeOfWasm(place: u32): bool {
  if (load<u32>(State.old + place) - load<u32>(State.bases) - functions >= functionBytes) return false;
  note(place, ABSOLUTE);
  return true;
}

/** The word at a place, if it is the address of data. */
export function noteDataOfWasm(place: u32): void {
  const value = load<u32>(State.old + place);
  if (value >= LEAST && value < imageSpan(0)) note(place, IMAGE_RELATIVE);
}

/** The sections of ranges, of lines and of variables, by their indexes, if they are not in the region of the entries. */
export function scanOthersOfWasm(region: usize, ranges: u32, lines: u32, variables: u32): void {
  if (openSection(region, ranges)) for (let at = start; at + 4 <= limit; at += 4) noteCodeOfWasm(at);
  // Binaryen sets the address for each row.
  if (openSection(region, lines)) scanBehind(0xffffff, SET_ADDRESS, 3);
  if (openSection(region, variables)) scanBehind(0xffffffff, BEGINS, 4);
}

function openSection(region: usize, index: u32): bool {
  start = offsetOf(0, load<u32>(dwarfSectionAt(index)));
  if (start === NOWHERE || regionOf(0, start) === region) return false;
  limit = regionEnd(0, start, State.oldSize);
  return true;
}

/** Addresses of code behind bytes that, under a mask, are `before`. */
function scanBehind(mask: u32, before: u32, bytes: u32): void {
  for (let at = start; at + bytes + 4 <= limit; at++) {
    if ((load<u32>(State.old + at) & mask) === before && noteCodeOfWasm(at + bytes)) at += bytes + 3;
  }
}
