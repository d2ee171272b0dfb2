/**
 * Kinds of references, as FORMAT.md numbers them: how large their field is, and in which order its bytes are. Kinds fit into six
 * bits.
 */
import { State } from '../state';
import { assemblyFieldSize, isOfAssembly } from './data/assemblies';
import { classFieldSize, isOfClass } from './data/classes';
import { rowFieldSize, rowsAt } from './data/managed';

/** A branch of x86; an operand relative to the next instruction, + the bytes (0 to 8) between field and instruction's end. */
export const BRANCH: u32 = 1;
export const OPERAND: u32 = 2;
export const ABSOLUTE: u32 = 11;
export const POINTER: u32 = 12;
export const IMAGE_RELATIVE: u32 = 13;
export const CHAIN: u32 = 14;
/** Entries of jump tables, relative to the table's start: the others, and the first. */
export const TABLE: u32 = 15;
export const BRANCH_26: u32 = 16;
export const BRANCH_19: u32 = 17;
/** Low 12 bits, + the words (1 to 12) back to their ADRP; ADRP, + the words to its first low 12 bits, 0 if none are near. */
export const LOW_12: u32 = 18;
export const ADRP: u32 = 31;
/** In a table of unwinding: relative to the field, backwards. (No low 12 bits are 0 words behind their ADRP.) */
export const BACK: u32 = LOW_12;
export const TABLE_START: u32 = 44;
/** A place that code takes the address of. Not a reference: that of the same number is one of `numbers.ts`. */
export const MARK: u32 = 45;
export const NUMBER: u32 = MARK;
/** In a region of kind OFFSETS. */
export const OFFSET: u32 = 46;
/** In Go's table of functions: + the base (0 to 6, go.ts) that the field is relative to. */
export const GO_FIELD: u32 = 47;
export const GO_BASES: u32 = 7;
/** In a region of objects (objects/objects.ts): relative to a place, in bytes, in symbols, with the highest byte first, in sections; a number of a type; in symbols, as all of the word; a number in the lower half. */
export const OBJECT_FIELD: u32 = GO_FIELD;
export const OBJECT_SYMBOL: u32 = 48;
export const OBJECT_BIG: u32 = 49;
export const OBJECT_SECTION: u32 = 50;
export const OBJECT_NUMBER: u32 = 51;
export const OBJECT_INDEX: u32 = 52;
export const OBJECT_HALF: u32 = 53;
/** Branches of arm, of POWER and of RISC-V; AUIPC of RISC-V with the instruction behind it; s390x: relative, in halfwords. */
export const BRANCH_24: u32 = 54;
export const BRANCH_POWER: u32 = 55;
export const JAL: u32 = 56;
export const AUIPC: u32 = 57;
export const HALFWORDS: u32 = 58;
/** Highest byte first. */
export const POINTER_BIG: u32 = 59;
/** In regions of objects: a number in decimal digits, of a member of an archive. */
export const DECIMAL: u32 = POINTER_BIG;
/** Of MIPS: J and JAL; either half of an address (mips.ts). */
export const JUMP_MIPS: u32 = 60;
export const HALF_MIPS: u32 = 61;
/** In a table of unwinding: relative to the field. */
export const FORTH: u32 = 62;
/** Of WebAssembly: a number of 2 to 5 bytes, that of a function or an address (wasm.ts). */
export const VARIED: u32 = 63;
/** In regions of objects of WebAssembly: such a number, relative to a place, in bytes. */
export const OBJECT_VARIED: u32 = VARIED;

/** Bytes of the field at `place`, in memory. */
export function sizeAt(place: usize, kind: u32): u32 {
  if (isGo(kind)) {
    const offset = <u32>(place - State.old);
    if (rowsAt(offset) !== 0) return rowFieldSize(offset);
    if (isOfAssembly(offset, kind)) return assemblyFieldSize(offset);
    if (isOfClass(offset, kind)) return classFieldSize(offset);
  }
  if (kind === NUMBER) return numberSize(place);
  return kind === VARIED ? variedSize(place) : sizeOf(kind);
}

/** Bytes of a number that goes on while the highest bit is set; those after the fifth are not looked at. */
export function variedSize(place: usize): u32 {
  let size: u32 = 1;
  while (size < 5 && load<u8>(place + size - 1) >> 7 !== 0) size++;
  return size;
}

/** Bytes of a number whose last byte has the highest bit; those after the fifth are not looked at. */
function numberSize(place: usize): u32 {
  let size: u32 = 1;
  while (size < 5 && load<u8>(place + size - 1) >> 7 === 0) size++;
  return size;
}

function sizeOf(kind: u32): u32 {
  return kind === POINTER || kind === CHAIN || kind === AUIPC || kind === POINTER_BIG ? 8 : 4;
}

export function isTable(kind: u32): bool {
  return kind === TABLE || kind === TABLE_START;
}

/** Whether it is a field of an object in a region of these. */
export function isOfObjects(kind: u32): bool {
  return (kind >= OBJECT_FIELD && kind <= OBJECT_HALF) || kind === DECIMAL || kind === OBJECT_VARIED;
}

/** Whether it is a number, and no place of the file. */
export function isObjectNumber(kind: u32): bool {
  return kind === OBJECT_NUMBER || kind === OBJECT_HALF || kind === DECIMAL;
}

/** Whether it is a field of Go's table of functions. */
export function isGo(kind: u32): bool {
  return kind - GO_FIELD < GO_BASES;
}
