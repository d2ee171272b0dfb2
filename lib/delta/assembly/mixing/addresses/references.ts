/**
 * References of the old file: where its code and its data hold the address of something else, what that is, and how the
 * field looks when both have moved. Addresses are u32, relative to the base of the image, and wrap.
 */
import { State } from '../state';
import {
  assemblyDistance,
  assemblyField,
  assemblyOrigin,
  isOfAssembly,
  scanAssemblies,
} from './data/assemblies';
import { basedOrigin, scanBased } from './data/based';
import { sourceOrigin } from './data/bytecode';
import { hasClasses, isClassKind, isOfClass, numberOrigin, scanClasses } from './data/classes';
import { openConstants } from './data/constants';
import { dwarfOrigin, isOfDwarf, scanDwarf } from './data/dwarf';
import { goField, goTarget, isGoBig, scanGo, scanGoOfWasm } from './data/go';
import { scanGoTypes } from './data/go-types';
import { isShortField, shortBase } from './data/mach-o';
import { rowField, rowsAt, rowTarget } from './data/managed';
import { numberField, numberTarget } from './data/numbers';
import { scanBig, scanDebug, scanOffsets, scanPointers, scanTables, scanWords } from './data/tables';
import { scanUnwinding, scanUnwindingIndex } from './data/unwinding';
import { openFound, tableStart } from './found';
import {
  ABSOLUTE,
  ADRP,
  AUIPC,
  BACK,
  BRANCH,
  BRANCH_19,
  BRANCH_24,
  BRANCH_26,
  BRANCH_POWER,
  CHAIN,
  FORTH,
  GO_FIELD,
  HALF_MIPS,
  HALFWORDS,
  IMAGE_RELATIVE,
  isGo,
  isObjectNumber,
  isOfObjects,
  isTable,
  JAL,
  JUMP_MIPS,
  LOW_12,
  NUMBER,
  OFFSET,
  OPERAND,
  POINTER,
  POINTER_BIG,
  sizeAt,
  TABLE_START,
  VARIED,
  variedSize,
} from './kinds';
import { scanArm, scanX86 } from './machines/code';
import { halvesActual, halvesField, halvesTarget, isOfHalves, scanHalves } from './machines/halves';
import {
  isOfLoongArch,
  loongArchActual,
  loongArchField,
  loongArchTarget,
  scanLoongArch,
} from './machines/loongarch';
import { halfField, halfOf, halfTarget, jumpField, jumpTarget, scanMips } from './machines/mips';
import {
  armField,
  armTarget,
  halfwordsField,
  halfwordsTarget,
  jalField,
  jalTarget,
  pairField,
  pairTarget,
  powerField,
  powerTarget,
  scanArm32,
  scanPower,
  scanRiscV,
  scanS390,
  signed,
} from './machines/other-code';
import { openPools } from './machines/pools';
import { isThumb, scanThumb, thumbField, thumbTarget } from './machines/thumb';
import { areOfSizes, codeWord, fromField, fromWord, isPlainWord, toField } from './machines/words';
import { openDebug } from './objects/debug';
import { newObjectBase, objectBase, objectField, objectTarget, openObjects } from './objects/fields';
import { isBigLayout } from './objects/layouts';
import { scanObjects } from './objects/objects';
import {
  ARM,
  ARM_32,
  ARM_WORDS,
  ASSEMBLIES,
  addressOf,
  areObjects,
  BYTECODE,
  baseAt,
  CHAIN_BITS,
  CHAINED,
  CHAINED_ADDRESSES,
  CLASSES,
  chainBase,
  DEBUG,
  DWARF,
  GO,
  GO_TYPES,
  hasArmWords,
  hasBases,
  hasLoongArch,
  hasObjects,
  holdsReferences,
  isBigEndian,
  isCode,
  LOONG_ARCH,
  MIPS,
  MIPS_BASED,
  OFFSETS,
  OWN_CHAINED,
  OWN_POINTERS,
  POINTERS,
  POINTERS_BIG,
  POWER,
  POWER_BASED,
  POWER_BIG,
  RELATIVE,
  RISC_V,
  regionAt,
  regionCount,
  regionOf,
  S390,
  THUMB,
  UNWINDING,
  UNWINDING_INDEX,
  WASM,
  WASM_DATA,
  WORDS,
  WORDS_BIG,
  wordsAt,
  X86,
  X86_32,
} from './regions';
import { scanWasm, scanWasmData, variedBytes, variedField, variedNumber, variedTarget } from './wasm';

/** Finds the references of the old file, by its regions. False if memory ran out. */
export function scan(): bool {
  let any = false;
  for (let i: u32 = 0; i < regionCount(0); i++) any = any || holdsReferences(load<u32>(regionAt(0, i), 12));
  if (!any) return true;
  if (!openFound(State.oldSize) || !openPools()) return false;
  const count = regionCount(0);
  for (let i: u32 = 0; i < count; i++) scanCode(regionAt(0, i));
  for (let i: u32 = 0; i < count; i++) if (!scanData(regionAt(0, i))) return false;
  for (let i: u32 = 0; i < count; i++)
    if (load<u32>(regionAt(0, i), 12) === GO_TYPES) scanGoTypes(regionAt(0, i));
  return true;
}

/** What depends on the steps, once they are known. False if memory ran out. */
export function scanBySteps(): bool {
  for (let i: u32 = 0; i < regionCount(0); i++) {
    const region = regionAt(0, i);
    const kind = load<u32>(region, 12);
    if (kind === ASSEMBLIES && !scanAssemblies(load<u32>(region), load<u32>(region, 4))) return false;
    if (kind === CLASSES && !scanClasses(load<u32>(region), load<u32>(region, 4))) return false;
  }
  return !hasClasses || openConstants();
}

function scanCode(region: usize): void {
  const kind = load<u32>(region, 12);
  const start = load<u32>(region);
  const size = load<u32>(region, 4);
  const address = load<u32>(region, 8);
  if (kind === X86) scanX86(start, size, address, false);
  else if (kind === ARM) scanArm(start, size, address, false);
  else if (kind === ARM_WORDS) scanArm(start, size, address, true);
  else if (kind === X86_32) scanX86(start, size, address, true);
  else if (kind === ARM_32) scanArm32(start, size, address);
  else if (kind === POWER) scanPower(start, size, address);
  else if (kind === RISC_V) scanRiscV(start, size, address);
  else if (kind === S390) scanS390(start, size, address);
  else if (kind === MIPS) scanMips(start, size, address);
  else if (kind === WASM) scanWasm(start, size);
  else if (kind === THUMB) scanThumb(region);
  else if (kind === LOONG_ARCH) scanLoongArch(start, size, address);
  else if (kind === POWER_BASED || kind === POWER_BIG || kind === MIPS_BASED)
    scanHalves(start, size, address);
}

/** False if memory ran out. */
function scanData(region: usize): bool {
  const kind = load<u32>(region, 12);
  if (isCode(kind)) return true;
  const start = load<u32>(region);
  const size = load<u32>(region, 4);
  const address = load<u32>(region, 8);
  if (kind === OFFSETS) {
    scanOffsets(start, size, address);
    return true;
  }
  if (kind === DEBUG) {
    scanDebug(start, size);
    return true;
  }
  if (kind === DWARF) return scanDwarf(region);
  if (kind === GO) {
    scanGo(start, size, address);
    return true;
  }
  if (kind === UNWINDING_INDEX) {
    scanUnwindingIndex(start, size);
    return true;
  }
  if (kind === UNWINDING) {
    scanUnwinding(start, size, address, false);
    return true;
  }
  if (kind === WORDS_BIG) {
    scanWords(start, size, address);
    return true;
  }
  if (areObjects(kind)) {
    if (!openObjects() || !openDebug()) return false;
    scanObjects(start, size);
    return true;
  }
  if (kind === ASSEMBLIES || kind === CLASSES) return true;
  if (hasBases(kind)) {
    scanBased(region);
    return true;
  }
  if (kind === WASM_DATA) {
    if (!scanWasmData(start, size)) return false;
    scanGoOfWasm();
    return true;
  }
  scanTables(start, size, address);
  if (holdsPointers(kind)) scanPointers(start, size, address, kind);
  else if (kind === WORDS) scanWords(start, size, address);
  else if (kind === POINTERS_BIG) scanBig(start, size, address);
  return true;
}

/** Pointers of eight bytes, the lowest first. */
function holdsPointers(kind: u32): bool {
  return (
    kind === POINTERS ||
    kind === CHAINED ||
    kind === CHAINED_ADDRESSES ||
    kind === RELATIVE ||
    kind === OWN_POINTERS ||
    kind === OWN_CHAINED
  );
}

/** Whether such a field of code, of data or of objects whose highest byte is first has that first. */
function isBigWord(kind: u32): bool {
  if (isBigLayout && (kind === BACK || isOfObjects(kind))) return true;
  if (hasClasses && isClassKind(kind)) return true;
  return isBigEndian && (kind === ABSOLUTE || kind === BRANCH_POWER || isOfHalves(kind));
}

/** Of a reference at an offset of the old file, whose field is a converted word: the kind of the region that says how it is so; else 0. */
function wordsOf(offset: u32, kind: u32): u32 {
  if (isArmWord(kind)) return ARM_WORDS;
  return isInCode(kind) ? wordsAt(offset) : 0;
}

/** Whether the field of such a reference there is a word, with its highest byte first. */
export function isWordAt(offset: u32, kind: u32): bool {
  const words = wordsOf(offset, kind);
  return words !== 0 && !areOfSizes(words);
}

/** Whether the field of such a reference is a converted word of arm64. */
function isArmWord(kind: u32): bool {
  return hasArmWords && isOfHalvesOrArm(kind);
}

/** Whether code that can be in converted words has such references. */
function isInCode(kind: u32): bool {
  return (
    kind === ABSOLUTE ||
    kind === IMAGE_RELATIVE ||
    kind === OFFSET ||
    kind === FORTH ||
    isOfHalvesOrArm(kind) ||
    kind === BRANCH_24 ||
    kind === BRANCH_POWER ||
    kind === JUMP_MIPS ||
    kind === HALF_MIPS ||
    kind === JAL ||
    kind === AUIPC ||
    kind === HALFWORDS
  );
}

function isOfHalvesOrArm(kind: u32): bool {
  return kind >= BRANCH_26 && kind < TABLE_START && kind !== BACK;
}

/** The instruction at an offset of the old file, which is in converted words of arm64. */
function instructionAt(offset: u32): u32 {
  return fromWord(ARM_WORDS, bswap<u32>(load<u32>(State.old + offset)), addressOf(0, offset));
}

/** The four bytes at an offset of the old file, for a reference that is there. */
function oldWord(offset: u32, kind: u32): u32 {
  const words = wordsOf(offset, kind);
  if (words === 0) return load<u32>(State.old + offset);
  if (words === ARM_WORDS) return instructionAt(offset);
  if (areOfSizes(words)) return load<u32>(State.old + offset);
  return isPlainWord(words, kind) ? bswap<u32>(load<u32>(State.old + offset)) : codeWord(offset);
}

/** Four bytes near such a reference. */
function wordNear(offset: u32): u32 {
  return hasArmWords ? instructionAt(offset) : load<u32>(State.old + offset);
}

/** A field at `address` of the new image, whose value is given, as it is in memory. */
export function held(offset: u32, kind: u32, value: u64, address: u32): u64 {
  const words = wordsOf(offset, kind);
  return words !== 0 ? toField(words, offset, kind, value, address) : value;
}

/** What the field at `address` of the new image would be in memory if what it refers to had moved as far as itself. */
export function unmoved(offset: u32, kind: u32, size: u32, address: u32): u64 {
  const words = wordsOf(offset, kind);
  if (words === 0) return read(State.old + offset, kind, size, false);
  return held(offset, kind, oldField(offset, kind), address);
}

/** Whether the field of such a reference has its highest byte first. */
function isBig(kind: u32): bool {
  return (
    kind === NUMBER ||
    kind === HALFWORDS ||
    kind === POINTER_BIG ||
    isBigWord(kind) ||
    ((kind === OFFSET || isGo(kind)) && isGoBig)
  );
}

function oldField(offset: u32, kind: u32): u64 {
  const words = wordsOf(offset, kind);
  if (areOfSizes(words)) {
    const value = read(State.old + offset, kind, sizeAt(State.old + offset, kind), false);
    return fromField(words, offset, kind, value, addressOf(0, offset));
  }
  if (words !== 0) return <u64>oldWord(offset, kind);
  return read(State.old + offset, kind, sizeAt(State.old + offset, kind), false);
}

/** The number that the field of `size` bytes at a place in memory holds; `inWords`: it is a converted word. */
export function read(place: usize, kind: u32, size: u32, inWords: bool): u64 {
  if (inWords) return <u64>bswap<u32>(load<u32>(place));
  if (kind === VARIED) return load<u64>(place) & (((<u64>1) << (8 * size)) - 1);
  if (kind === NUMBER) return bswap<u64>(load<u64>(place)) >> (8 * (8 - size));
  if (size === 8) return isBig(kind) ? bswap<u64>(load<u64>(place)) : load<u64>(place);
  if (size === 2) return <u64>(isBig(kind) ? bswap<u16>(load<u16>(place)) : load<u16>(place));
  if (size === 1) return <u64>load<u8>(place);
  return <u64>(isBig(kind) ? bswap<u32>(load<u32>(place)) : load<u32>(place));
}

export function write(place: usize, kind: u32, size: u32, value: u64, inWords: bool): void {
  if (inWords) {
    store<u32>(place, bswap<u32>(<u32>value));
    return;
  }
  if (kind === VARIED || kind === NUMBER) {
    const bytes = kind === VARIED ? value : bswap<u64>(value) >> (8 * (8 - size));
    for (let i: u32 = 0; i < size; i++) store<u8>(place + i, <u8>(bytes >> (8 * i)));
    return;
  }
  if (size === 8) store<u64>(place, isBig(kind) ? bswap<u64>(value) : value);
  else if (size === 2) store<u16>(place, isBig(kind) ? bswap<u16>(<u16>value) : <u16>value);
  else if (size === 1) store<u8>(place, <u8>value);
  else store<u32>(place, isBig(kind) ? bswap<u32>(<u32>value) : <u32>value);
}

/** Whether such a reference at an offset of the old file is a field of an object. */
function isOfObject(offset: u32, kind: u32): bool {
  if (!hasObjects || !isOfObjects(kind)) return false;
  const region = regionOf(0, offset);
  return region !== 0 && areObjects(load<u32>(region, 12));
}

/** Whether such a reference at an offset of the old file is a field of a record whose layout its region tells. */
function isOfRows(offset: u32, kind: u32): bool {
  return isGo(kind) && rowsAt(offset) !== 0;
}

/** Whether the region around an offset of the old file has bases of its own. */
function isBased(offset: u32): bool {
  const region = regionOf(0, offset);
  return region !== 0 && hasBases(load<u32>(region, 12));
}

/** The address that the field at `offset` of the old file is relative to if where that is now is to be predicted; else 0xffffffff. */
export function oldOrigin(offset: u32, kind: u32): u32 {
  if (isTable(kind)) return addressOf(0, tableStart(offset));
  if (isOfAssembly(offset, kind)) return assemblyOrigin(offset, kind);
  if (isOfDwarf(offset, kind)) return dwarfOrigin(offset, kind);
  return !isObjectNumber(kind) && isOfObject(offset, kind) ? objectBase(offset) : 0xffffffff;
}

/** What the new field is relative to that is of the same kind as the one at `offset` of the old file. */
export function newOrigin(offset: u32, kind: u32, place: u32): u32 {
  if (isOfObject(offset, kind)) return newObjectBase(offset, kind, place);
  if (kind === FORTH) return isShortField(offset) ? shortBase(1, place) : 0;
  return kind === OFFSET || kind === NUMBER || kind === VARIED ? originOf(1, place, kind) : 0;
}

/** What such a field at a place is relative to, as the region says that contains it. */
function originOf(file: usize, offset: u32, kind: u32): u32 {
  const region = regionOf(file, offset);
  if (region === 0) return 0;
  if (kind === VARIED && load<u32>(region, 12) === BYTECODE) return sourceOrigin(file);
  return hasBases(load<u32>(region, 12)) ? basedOrigin(file, region, offset) : load<u32>(region, 8);
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
  if (isOfObject(offset, kind)) return objectTarget(objectBase(offset), kind, oldField(offset, kind));
  if (isOfDwarf(offset, kind)) return dwarfOrigin(offset, kind) + <u32>oldField(offset, kind);
  if (isOfHalves(kind)) return halvesTarget(offset, kind);
  if (isOfRows(offset, kind)) return rowTarget(0, offset, kind, <u32>oldField(offset, kind));
  if (isOfClass(offset, kind)) return numberOrigin(offset) + <u32>oldField(offset, kind);
  if (isOfAssembly(offset, kind))
    return assemblyOrigin(offset, kind) + assemblyDistance(offset, kind, <u32>oldField(offset, kind));
  const word = isBigWord(kind) ? <u32>oldField(offset, kind) : oldWord(offset, kind);
  if (kind === ABSOLUTE) return word - load<u32>(State.bases);
  if (kind === POINTER) return word - <u32>baseAt(0, offset);
  if (kind === IMAGE_RELATIVE) return word;
  if (kind === CHAIN) return word - <u32>chainBase(0, offset);
  if (isTable(kind)) return addressOf(0, tableStart(offset)) + word;
  if (kind === OFFSET) return originOf(0, offset, kind) + <u32>oldField(offset, kind);
  if (kind === NUMBER) return numberTarget(originOf(0, offset, kind), oldField(offset, kind));
  const address = addressOf(0, offset);
  if (kind === HALF_MIPS) return halfTarget(offset);
  if (kind === BACK) return address - word;
  if (kind === VARIED) {
    const value = oldField(offset, kind);
    return isBased(offset)
      ? originOf(0, offset, kind) + variedNumber(value)
      : variedTarget(0, State.old + offset, value);
  }
  if (kind === FORTH && isShortField(offset)) return shortBase(0, offset) + (word & 0xffffff);
  if (hasLoongArch && isOfLoongArch(kind)) return loongArchTarget(offset, kind, address);
  if (kind === BRANCH_24 && isThumb(offset)) return thumbTarget(address, word);
  if (kind >= GO_FIELD) return targetOfOther(0, kind, address, oldField(offset, kind));
  if (kind === BRANCH) return address + 4 + word;
  if (kind < ABSOLUTE) return address + 4 + (kind - OPERAND) + word;
  if (kind === BRANCH_26) return address + (signed(word, 26) << 2);
  if (kind === BRANCH_19) return address + (signed(word >> 5, 19) << 2);
  if (kind >= ADRP) {
    const page = (address & ~4095) + pages(word);
    return kind === ADRP ? page : page + low12(wordNear(offset + 4 * (kind - ADRP)));
  }
  const back = 4 * (kind - LOW_12);
  return ((address - back) & ~4095) + pages(wordNear(offset - back)) + low12(word);
}

/**
 * The field of the new file at `address` that refers to `to` if it is of the same kind as the one at `offset` of the old
 * file; `table` is the address of its jump table.
 */
export function field(offset: u32, kind: u32, address: u32, to: u32, table: u32): u64 {
  const word = oldWord(offset, kind);
  if (isOfObject(offset, kind)) return objectField(offset, kind, to - table, <u32>oldField(offset, kind));
  if (isOfDwarf(offset, kind)) return <u64>(to - table);
  if (isOfHalves(kind)) return <u64>halvesField(offset, kind, to);
  if (isOfRows(offset, kind)) return rowField(offset, kind, to);
  if (isOfClass(offset, kind))
    return <u64>((to - numberOrigin(offset)) & (sizeAt(State.old + offset, kind) === 1 ? 255 : 0xffff));
  if (isOfAssembly(offset, kind)) return <u64>assemblyField(offset, kind, to - table);
  if (kind === BACK) return <u64>(address - to);
  if (kind === VARIED)
    return isBased(offset)
      ? variedBytes(to - table, variedSize(State.old + offset))
      : variedField(State.old + offset, to);
  if (kind === FORTH && isShortField(offset)) return <u64>((word & 0xff000000) | ((to - table) & 0xffffff));
  if (hasLoongArch && isOfLoongArch(kind)) return <u64>loongArchField(offset, kind, address, to);
  if (kind === BRANCH_24 && isThumb(offset)) return <u64>thumbField(word, address, to);
  if (kind >= GO_FIELD) return fieldOfOther(kind, address, to, oldField(offset, kind));
  if (kind === ABSOLUTE) return <u64>(to + load<u32>(State.bases, 8));
  if (kind === POINTER) return <u64>to + baseAt(1, State.at);
  if (kind === IMAGE_RELATIVE) return <u64>to;
  if (kind === CHAIN) {
    const chained = (<u64>to + chainBase(1, State.at)) & CHAIN_BITS;
    return (load<u64>(State.old + offset) & ~CHAIN_BITS) | chained;
  }
  if (isTable(kind)) return <u64>(to - table);
  if (kind === OFFSET) return <u64>(to - table);
  if (kind === NUMBER) return numberField(to - table, sizeAt(State.old + offset, kind));
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

/** What the field refers to that was made in the new file for that at `offset` of the old one, where `expected` had been predicted. */
export function actual(offset: u32, kind: u32, address: u32, made: u64, expected: u32, table: u32): u32 {
  const words = wordsOf(offset, kind);
  const plain = words !== 0 ? fromField(words, offset, kind, made, address) : made;
  const word = <u32>plain;
  if (isOfObject(offset, kind)) return objectTarget(table, kind, made);
  if (kind === VARIED)
    return isBased(offset) ? table + variedNumber(made) : variedTarget(1, State.old + offset, made);
  if (kind === FORTH && isShortField(offset)) return table + (word & 0xffffff);
  if (isOfDwarf(offset, kind)) return table + word;
  if (isOfHalves(kind)) return halvesActual(offset, kind, word, expected);
  if (isOfRows(offset, kind)) return rowTarget(1, offset, kind, word);
  if (isOfClass(offset, kind)) return numberOrigin(offset) + word;
  if (isOfAssembly(offset, kind)) return table + assemblyDistance(offset, kind, word);
  if (kind === HALF_MIPS) return halfOf(word, expected);
  if (kind === BACK) return address - word;
  if (hasLoongArch && isOfLoongArch(kind)) return loongArchActual(offset, kind, address, word, expected);
  if (kind === BRANCH_24 && isThumb(offset)) return thumbTarget(address, word);
  if (kind >= GO_FIELD) return targetOfOther(1, kind, address, plain);
  if (kind === ABSOLUTE) return word - load<u32>(State.bases, 8);
  if (kind === POINTER) return word - <u32>baseAt(1, State.at);
  if (kind === IMAGE_RELATIVE) return word;
  if (kind === CHAIN) return word - <u32>chainBase(1, State.at);
  if (isTable(kind)) return table + word;
  if (kind === OFFSET) return table + word;
  if (kind === NUMBER) return numberTarget(table, made);
  if (kind === BRANCH) return address + 4 + word;
  if (kind < ABSOLUTE) return address + 4 + (kind - OPERAND) + word;
  if (kind === BRANCH_26) return address + (signed(word, 26) << 2);
  if (kind === BRANCH_19) return address + (signed(word >> 5, 19) << 2);
  if (kind >= ADRP) return (address & ~4095) + pages(word) + (expected & 4095);
  return (expected & ~4095) + low12(word);
}

function targetOfOther(file: usize, kind: u32, address: u32, value: u64): u32 {
  if (isGo(kind)) return goTarget(file, kind, <u32>value);
  if (kind === BRANCH_24) return armTarget(address, <u32>value);
  if (kind === BRANCH_POWER) return powerTarget(address, <u32>value);
  if (kind === JAL) return jalTarget(address, <u32>value);
  if (kind === AUIPC) return pairTarget(address, value);
  if (kind === HALFWORDS) return halfwordsTarget(address, <u32>value);
  if (kind === JUMP_MIPS) return jumpTarget(file, address, <u32>value);
  if (kind === FORTH) return address + <u32>value;
  return <u32>value - load<u32>(State.bases + (file << 3));
}

function fieldOfOther(kind: u32, address: u32, to: u32, value: u64): u64 {
  if (isGo(kind)) return <u64>goField(kind, to);
  if (kind === BRANCH_24) return <u64>armField(<u32>value, address, to);
  if (kind === BRANCH_POWER) return <u64>powerField(<u32>value, address, to);
  if (kind === JAL) return <u64>jalField(<u32>value, address, to);
  if (kind === AUIPC) return pairField(value, address, to);
  if (kind === HALFWORDS) return <u64>halfwordsField(address, to);
  if (kind === JUMP_MIPS) return <u64>jumpField(<u32>value, to);
  if (kind === HALF_MIPS) return <u64>halfField(<u32>value, to);
  if (kind === FORTH) return <u64>(to - address);
  return <u64>to + load<u64>(State.bases, 8);
}
