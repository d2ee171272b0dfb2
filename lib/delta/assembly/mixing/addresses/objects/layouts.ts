/**
 * How the layouts of objects (objects/objects.ts) differ: ELF of 64 or 32 bits, with the lowest or the highest byte first, COFF, and Mach-O of 64 bits. All
 * of them have headers of sections, and records of symbols and of relocations; where in these a field is, and what it counts, is told here.
 */
import { State } from '../../state';

/** Layouts, as FORMAT.md numbers them. Of those of ELF, bit 0 says that it has 32 bits, bit 1 that the highest byte is first. */
export const ELF_64: u32 = 0;
export const COFF: u32 = 4;
export const MACH_O: u32 = 5;
/** Of WebAssembly, which has none of these records. */
export const WASM: u32 = 6;
const LAYOUTS: u32 = 6;
/** The same once more, with what came later, and twice more, with debug information. */
const LATER: u32 = 8;
const DEBUG: u32 = 16;

/** That of all objects of the old file. */
export let layout: u32 = ELF_64;
/** Whether fields are looked for in the headers of an archive's members as well, and less where they were wrong. */
export let isLaterLayout: bool = false;
/** Whether debug information is looked through. */
export let withDebug: bool = false;
/** Whether their highest byte is first. */
export let isBigLayout: bool = false;

/** Of each layout: bytes of the header of a section, of a symbol, of a relocation; by how much the number of a section is shifted, and what there is of it; the same of a symbol's in a relocation. */
const SIZES = memory.data<u32>([
  64, 24, 24, 16, 0xffff, 0, 0xffffffff, 40, 16, 12, 16, 0xffff, 8, 0xffffff, 64, 24, 24, 0, 0xffff, 0,
  0xffffffff, 40, 16, 12, 0, 0xffff, 8, 0xffffff, 40, 18, 10, 0, 0xffff, 0, 0xffffffff, 80, 16, 8, 8, 0xff, 0,
  0xffffff,
]);
/** Where in the header of a section its flags, its offset and its size are, in that of a symbol its section's number, its value and its size (0: none), in a relocation the place, the symbol and what is added (0: none). */
const PLACES = memory.data<u8>([
  8, 24, 32, 4, 8, 16, 0, 12, 16, 8, 16, 20, 12, 4, 8, 0, 4, 8, 12, 28, 36, 4, 12, 20, 4, 8, 20, 8, 16, 20,
  12, 4, 8, 0, 4, 8, 36, 20, 16, 12, 8, 0, 0, 4, 0, 64, 48, 40, 4, 8, 0, 0, 4, 0,
]);

/** False if there is none of that number. */
export function setLayout(number: u32): bool {
  if (number >= DEBUG + 2 * LATER) return false;
  if ((number & (LATER - 1)) >= LAYOUTS && number !== DEBUG + LATER + WASM) return false;
  if (number >= 2 * LATER && number < DEBUG + LATER) return false;
  layout = number & (LATER - 1);
  isLaterLayout = number >= LATER;
  withDebug = number >= DEBUG;
  isBigLayout = layout === 2 || layout === 3;
  return true;
}

function sizeAt(index: u32): u32 {
  return load<u32>(SIZES + 4 * (7 * layout + index));
}

function placeAt(index: u32): u32 {
  return load<u8>(PLACES + 9 * layout + index);
}

export function sectionBytes(): u32 {
  return sizeAt(0);
}
export function symbolBytes(): u32 {
  return sizeAt(1);
}
export function relocationBytes(): u32 {
  return sizeAt(2);
}
export function flagsAt(): u32 {
  return placeAt(0);
}
export function offsetAt(): u32 {
  return placeAt(1);
}
export function lengthAt(): u32 {
  return placeAt(2);
}
export function homeAt(): u32 {
  return placeAt(3);
}
export function valueAt(): u32 {
  return placeAt(4);
}
export function extentAt(): u32 {
  return placeAt(5);
}
export function changedAt(): u32 {
  return placeAt(6);
}
export function symbolAt(): u32 {
  return placeAt(7);
}
export function addendAt(): u32 {
  return placeAt(8);
}

/** The number of the first section with a header. */
export function firstSection(): u32 {
  return layout < COFF ? 0 : 1;
}

/** The number of a section, or of a symbol, that such a word says. */
export function sectionIn(word: u32): u32 {
  return (word >> sizeAt(3)) & sizeAt(4);
}
export function symbolIn(word: u32): u32 {
  return (word >> sizeAt(5)) & sizeAt(6);
}

/** `word` with another number of a section, or of a symbol. */
export function withSection(word: u32, index: u32): u32 {
  return (word & ~(sizeAt(4) << sizeAt(3))) | ((index & sizeAt(4)) << sizeAt(3));
}
export function withSymbol(word: u32, index: u32): u32 {
  return (word & ~(sizeAt(6) << sizeAt(5))) | ((index & sizeAt(6)) << sizeAt(5));
}

/** The word, or half of it, at a place of the old file, as the layout has its bytes. */
export function wordAt(at: u32): u32 {
  const word = load<u32>(State.old + at);
  return isBigLayout ? bswap<u32>(word) : word;
}
export function halfAt(at: u32): u32 {
  const half = load<u16>(State.old + at);
  return isBigLayout ? <u32>bswap<u16>(half) : <u32>half;
}
