/**
 * Regions: which part of a file is loaded where, and what it holds. The encoder finds them in the headers of the
 * executable; the decoder knows no executables and takes them from the patch. Addresses are relative to the image's base.
 */
import { take } from '../../memory';
import { codeDifference, codeNumber, NUMBER } from '../coding/coder';
import { State } from '../state';
import { goBaseAt, openGo } from './data/go';
import { GO_BASES } from './kinds';
import { haveWords } from './machines/words';
import { codeMoves, openMoves } from './moves';
import { ELF_64, setLayout } from './objects/layouts';

export const DATA: u32 = 0;
export const X86: u32 = 1;
export const ARM: u32 = 2;
export const TEXT: u32 = 3;
/** Data with pointers of 8 bytes, of 4 bytes relative to the base, or chained as in Mach-O. */
export const POINTERS: u32 = 4;
export const RELATIVE: u32 = 5;
export const CHAINED: u32 = 6;
/**
 * The SHA-256 of each page (of 4096 bytes, of 16384) before `address`, which is an offset here: of as many as there is room for. Pages
 * begin at multiples of their size.
 */
const HASHES: u32 = 7;
const HASHES_OF_LARGE: u32 = 8;
/** Offsets of 4 bytes, each before a length, relative to `address`, which is that of another place. */
export const OFFSETS: u32 = 9;
/** Go's table of functions: at most one in a file (go.ts). */
export const GO: u32 = 10;
/** Data with pointers of 4 bytes. */
export const WORDS: u32 = 11;
/** Code of x86 (32 bits), arm (32 bits), POWER, RISC-V, s390x, and of machines that are not known here. */
export const X86_32: u32 = 12;
export const ARM_32: u32 = 13;
export const POWER: u32 = 14;
export const RISC_V: u32 = 15;
export const S390: u32 = 16;
export const OTHER_CODE: u32 = 17;
/** Data with pointers of 8 bytes, the highest first. */
export const POINTERS_BIG: u32 = 18;
/** Debug information: pointers of 8 bytes at any place, offsets within the region of 4 bytes before them. */
export const DEBUG: u32 = 19;
/** Code of MIPS, the lowest byte first. */
export const MIPS: u32 = 20;
/** How functions are unwound: where each begins and what is said of it, sorted; what is said (unwinding.ts). */
export const UNWINDING_INDEX: u32 = 21;
export const UNWINDING: u32 = 22;
/** Functions of WebAssembly; its data (wasm.ts). Their addresses are offsets. */
export const WASM: u32 = 23;
export const WASM_DATA: u32 = 24;
/** As CHAINED, but with addresses that are not relative to the base. */
export const CHAINED_ADDRESSES: u32 = 25;
/** Tables whose fields are relative to two bases of the region (based.ts). */
export const SYMBOLS: u32 = 26;
export const SYMBOLS_SHORT: u32 = 27;
export const PAIRS: u32 = 28;
/** Numbers of a variable number of bytes, most of them the numbers of instances (numbers.ts). */
export const NUMBERS: u32 = 29;
/** Types of Go (go-types.ts), if there is a region of kind GO. */
export const GO_TYPES: u32 = 30;
/** Of Mach-O: where pointers are, as opcodes; how functions are unwound, compactly, and as ELF has it with addresses of 8 bytes (mach-o.ts). */
export const REBASES: u32 = 31;
export const COMPACT_UNWINDING: u32 = 32;
export const WIDE_UNWINDING: u32 = 33;
/** Thumb code of arm (thumb.ts). */
export const THUMB: u32 = 34;
/** Code of LoongArch (loongarch.ts). */
export const LOONG_ARCH: u32 = 35;
/** Data with pointers of 4 bytes, the highest first. */
export const WORDS_BIG: u32 = 36;
/** Code of POWER, the lowest byte first or the highest, and of MIPS, that finds data by a register (halves.ts): where it points is the first base. */
export const POWER_BASED: u32 = 37;
export const POWER_BIG: u32 = 38;
export const MIPS_BASED: u32 = 39;
/** 40 are records of a native image of Java, which the caller has converted, and converts back (mixing/conversions/). */
/** Objects that are linked no further, and archives of them (objects/objects.ts). Their addresses are offsets. */
export const OBJECTS: u32 = 41;
/** Instructions of .NET, and records whose layout the second base tells (managed.ts). */
export const MANAGED: u32 = 42;
export const ROWS: u32 = 43;
/** As OBJECTS, with a layout that the second base tells (objects/layouts.ts). All objects of a file have the same. */
export const OTHER_OBJECTS: u32 = 44;
/** Bytecode of JavaScriptCore (bytecode.ts). */
export const BYTECODE: u32 = 45;
/** Assemblies of .NET, with what is between them (assemblies.ts). */
export const ASSEMBLIES: u32 = 46;
/** Classes of Java, with what is between them (classes.ts). */
export const CLASSES: u32 = 47;
/** Debug information of DWARF (dwarf.ts): at most one in a file. */
export const DWARF: u32 = 48;
/** Code of arm64 in words that the caller has converted, and converts back (mixing/conversions/words.ts). */
export const ARM_WORDS: u32 = 49;
/** As POINTERS and CHAINED, of a file within the file, whose base is its own. */
export const OWN_POINTERS: u32 = 50;
export const OWN_CHAINED: u32 = 51;
/** Of a chained pointer, what it refers to. */
export const CHAIN_BITS: u64 = 0xfffffffff;
/** Before the kind of code whose words are converted so. */
const IN_WORDS: u32 = 52;
const KINDS: u32 = 52;

/** Regions of a file, at most. */
export const MOST: u32 = 255;
/** offset, size, address, kind, two bases, and whether it is in converted words. */
const ENTRY: usize = 28;

/** Whether the old file has a region of WebAssembly. */
export let hasWasm: bool = false;
/** In WebAssembly that has debug information, addresses from here on are places of the file, and no functions or data. */
export const PLACES: u32 = 0xe0000000;

let tables: usize = 0;
let numbers: usize = 0;
/** By file: 0 old, 1 new. */
let counts: usize = 0;
let recent: usize = 0;
let hasChainedAddresses: bool = false;
/** Whether either file has regions with a base of their own, and what the last one is. */
let hasOwnBases: bool = false;
let lastOwnBase: u64 = 0;
/** Whether the old file has code of LoongArch: then references of arm64's kinds are those of that. */
export let hasLoongArch: bool = false;
/** Whether references of arm64's kinds are in converted words: if the old file has such code, and none that takes these kinds for its own. */
export let hasArmWords: bool = false;
/** Whether either file has code of other machines in converted words. */
let hasWords: bool = false;
/** Whether the old file has records whose layout a region tells. */
export let hasRows: bool = false;
/** Whether the old file has a region of objects. */
export let hasObjects: bool = false;
/** Whether the old file has a region of debug information, and the addresses of the sections that this refers to (dwarf.ts). */
export let hasDwarf: bool = false;
let dwarfSections: usize = 0;
const DWARF_SECTIONS: u32 = 8;
/** That of its layout, as the region tells it. */
let layoutNumber: u32 = 0;
/** The kind of the last region of the old file with code that finds data by a register, or 0. */
export let pointerKind: u32 = 0;
/** Whether the old file has POWER code or pointers of 4 bytes with the highest byte first. */
export let isBigEndian: bool = false;
/** By file: where the register points. */
let pointers: usize = 0;
/** The file's size, then the image's. */
let spans: usize = 0;

export function openRegions(): bool {
  tables = take(2 * <usize>MOST * ENTRY);
  numbers = take(8 * NUMBER);
  counts = take(8);
  recent = take(8);
  spans = take(16);
  pointers = take(8);
  dwarfSections = take(4 * <usize>DWARF_SECTIONS);
  return dwarfSections !== 0 && openGo() && openMoves();
}

/** For a copy of this module on the same memory: what it writes to here is its own. */
export function copyRegions(): bool {
  recent = take(8);
  return recent !== 0;
}

export function regionAt(file: usize, index: u32): usize {
  return tables + (file * <usize>MOST + <usize>index) * ENTRY;
}

export function indexOf(file: usize, region: usize): u32 {
  return <u32>((region - regionAt(file, 0)) / ENTRY);
}

export function regionCount(file: usize): u32 {
  return load<u32>(counts + (file << 2));
}

/** For the encoder, before the regions are coded. */
export function setRegionCount(file: u32, count: u32): void {
  store<u32>(counts + ((<usize>file) << 2), count);
}

/** Bytes from the lowest address of the image to its end. */
export function imageSpan(file: usize): u32 {
  return load<u32>(spans + (file << 2));
}

export function setImageSpan(file: u32, span: u32): void {
  store<u32>(spans + ((<usize>file) << 2), span);
}

/**
 * Codes the regions of a file, ascending and disjoint: the bytes since the last region, the size, by how much the distance
 * from offset to address grows, and the kind; of the new file what that differs from the old file's region of the same
 * number. False if they are malformed.
 */
export function codeRegions(file: usize, size: u32): bool {
  const count = codeNumber(regionCount(file), numbers);
  if (count > MOST) return false;
  store<u32>(counts + (file << 2), count);
  store<u32>(spans + (file << 2), codeNumber(imageSpan(file), numbers));
  let end: u32 = 0;
  let distance: u32 = 0;
  let oldEnd: u32 = 0;
  let oldDistance: u32 = 0;
  let hashed: u32 = 0;
  let go = false;
  let rows = false;
  let moves = false;
  let dwarf = false;
  let words = false;
  for (let i: u32 = 0; i < count; i++) {
    const region = regionAt(file, i);
    let likeGap: u32 = 0;
    let likeSize: u32 = 0;
    let likeMoved: u32 = 0;
    let likeKind: u32 = 0;
    let likeWords: u32 = 0;
    if (file === 1 && i < regionCount(0)) {
      const like = regionAt(0, i);
      likeGap = load<u32>(like) - oldEnd;
      likeSize = load<u32>(like, 4);
      likeMoved = load<u32>(like, 8) - load<u32>(like) - oldDistance;
      likeKind = load<u32>(like, 12);
      likeWords = load<u32>(like, 24);
      oldEnd = load<u32>(like) + likeSize;
      oldDistance += likeMoved;
    }
    const gap = likeGap + codeDifference(load<u32>(region) - end - likeGap, numbers + 1 * NUMBER);
    if (gap > size - end) return false;
    const start = end + gap;
    store<u32>(region, start);
    const length = likeSize + codeDifference(load<u32>(region, 4) - likeSize, numbers + 2 * NUMBER);
    if (length === 0 || length > size - start) return false;
    store<u32>(region, length, 4);
    const moved =
      likeMoved + codeDifference(load<u32>(region, 8) - start - distance - likeMoved, numbers + 3 * NUMBER);
    distance += moved;
    store<u32>(region, start + distance, 8);
    const kind = codeKind(region, likeKind, likeWords);
    if (kind >= KINDS) return false;
    if (isHashes(kind)) {
      const limit = start + distance;
      if (file === 0 || limit === 0 || limit > start || (length & 31) !== 0) return false;
      const pages = <u32>((<u64>limit + <u64>pageSizeOf(kind) - 1) / <u64>pageSizeOf(kind));
      if (length >> 5 > pages || (pages - (length >> 5)) * pageSizeOf(kind) < hashed) return false;
      hashed = limit;
    }
    if (kind === WASM_DATA || kind === WASM) moves = true;
    if (kind === CHAINED_ADDRESSES && file === 0) hasChainedAddresses = true;
    if (kind === LOONG_ARCH && file === 0) hasLoongArch = true;
    if (kind === ARM_WORDS && file === 0) words = true;
    if (kind === GO || kind === WASM_DATA || (kind === ROWS && !rows)) {
      if (go) return false;
      go = true;
      rows = kind === ROWS;
      codeGoBases(file);
    }
    if (rows && file === 0) hasRows = true;
    store<u32>(region, kind, 12);
    if (kind === DWARF) {
      if (dwarf) return false;
      dwarf = true;
      if (file === 0) codeDwarfSections(start + distance);
    }
    if (hasBases(kind)) codeBases(file, i);
    if (isOwn(kind)) codeOwnBase(region);
    if (areObjects(kind) && file === 0 && !openLayout(kind === OBJECTS ? ELF_64 : load<u32>(region, 20)))
      return false;
    if (isBased(kind)) {
      store<u32>(pointers + (file << 2), load<u32>(region, 16));
      if (file === 0) pointerKind = kind;
    }
    if (file === 0 && (kind === WORDS_BIG || kind === POWER_BIG)) isBigEndian = true;
    end = start + length;
  }
  if (file === 0) hasArmWords = words && !hasLoongArch && pointerKind === 0;
  hasWasm = hasWasm || (file === 0 && moves);
  return file === 0 || !hasWasm || codeMoves();
}

/** The kind of a region, with whether it is in converted words. KINDS if there is none such. */
function codeKind(region: usize, likeKind: u32, likeWords: u32): u32 {
  const like = likeWords !== 0 ? IN_WORDS : likeKind;
  const wanted = load<u32>(region, 24) !== 0 ? IN_WORDS : load<u32>(region, 12);
  let kind = like + codeDifference(wanted - like, numbers + 4 * NUMBER);
  const words = u32(kind === IN_WORDS);
  store<u32>(region, words, 24);
  if (words === 0) return kind;
  kind = likeKind + codeDifference(load<u32>(region, 12) - likeKind, numbers + 4 * NUMBER);
  if (!haveWords(kind)) return KINDS;
  hasWords = true;
  return kind;
}

/** Each by how far it is from the one before, the first from the region. */
function codeDwarfSections(address: u32): void {
  hasDwarf = true;
  for (let i: u32 = 0; i < DWARF_SECTIONS; i++) {
    const place = dwarfSectionAt(i);
    address += codeDifference(load<u32>(place) - address, numbers + 7 * NUMBER);
    store<u32>(place, address);
  }
}

/** The address of a section that debug information refers to: of abbreviations, text, text of lines, variables, ranges, lines, and of version 5 variables and ranges. */
export function dwarfSectionAt(index: u32): usize {
  return dwarfSections + ((<usize>index) << 2);
}

/** False if there is no such layout of objects, or the file has others. */
function openLayout(number: u32): bool {
  if (hasObjects && number !== layoutNumber) return false;
  hasObjects = true;
  layoutNumber = number;
  return setLayout(number);
}

/** The bases of a region: how far the first is from its end, what the second is; in the new file besides what they were in the old one. */
function codeBases(file: usize, index: u32): void {
  const region = regionAt(file, index);
  let first = usualBase(region);
  let second: u32 = 0;
  if (file === 1 && index < regionCount(0)) {
    const like = regionAt(0, index);
    if (hasBases(load<u32>(like, 12))) {
      first += load<u32>(like, 16) - usualBase(like);
      second = load<u32>(like, 20);
    }
  }
  store<u32>(region, first + codeDifference(load<u32>(region, 16) - first, numbers + 7 * NUMBER), 16);
  store<u32>(region, second + codeDifference(load<u32>(region, 20) - second, numbers + 7 * NUMBER), 20);
}

/** The base of its own that a region has: how far each half is from that of the last such region. */
function codeOwnBase(region: usize): void {
  hasOwnBases = true;
  const low =
    <u32>lastOwnBase + codeDifference(load<u32>(region, 16) - <u32>lastOwnBase, numbers + 7 * NUMBER);
  const last = <u32>(lastOwnBase >> 32);
  const high = last + codeDifference(load<u32>(region, 20) - last, numbers + 7 * NUMBER);
  store<u32>(region, low, 16);
  store<u32>(region, high, 20);
  lastOwnBase = load<u64>(region, 16);
}

/** Whether its pointers are relative to a base of its own. */
function isOwn(kind: u32): bool {
  return kind === OWN_POINTERS || kind === OWN_CHAINED;
}

/** What pointers at a place are relative to. */
export function baseAt(file: usize, place: u32): u64 {
  return ownBaseAt(file, place, load<u64>(State.bases + (file << 3)));
}

function ownBaseAt(file: usize, place: u32, otherwise: u64): u64 {
  if (!hasOwnBases) return otherwise;
  const region = regionOf(file, place);
  return region !== 0 && isOwn(load<u32>(region, 12)) ? load<u64>(region, 16) : otherwise;
}

/** The address of its end; of records, whose first base is their size, 0. */
function usualBase(region: usize): u32 {
  return load<u32>(region, 12) === ROWS ? 0 : load<u32>(region, 8) + load<u32>(region, 4);
}

/** A half of a base address. */
export function codeBase(value: u32, like: u32): u32 {
  return like + codeDifference(value - like, numbers + 6 * NUMBER);
}

/** Each by how far it is from the one before; those of the new file by how much further than in the old one. */
function codeGoBases(file: usize): void {
  let like: u32 = 0;
  let last: u32 = 0;
  for (let i: u32 = 0; i < GO_BASES; i++) {
    const place = goBaseAt(file, i);
    const expected = file === 0 ? last : last + load<u32>(goBaseAt(0, i)) - like;
    last = expected + codeDifference(load<u32>(place) - expected, numbers + 5 * NUMBER);
    store<u32>(place, last);
    like = load<u32>(goBaseAt(0, i));
  }
}

/** What chained pointers of either file are relative to: 0, or the base, if the old file has a region where they are addresses. */
export function chainBase(file: usize, place: u32): u64 {
  return ownBaseAt(file, place, hasChainedAddresses ? load<u64>(State.bases + (file << 3)) : 0);
}

export function areObjects(kind: u32): bool {
  return kind === OBJECTS || kind === OTHER_OBJECTS;
}

export function hasBases(kind: u32): bool {
  return kind >= SYMBOLS && kind < DWARF;
}

/** Whether it is code that finds data by a register. */
export function isBased(kind: u32): bool {
  return kind >= POWER_BASED && kind <= MIPS_BASED;
}

/** Where the register of code of POWER or MIPS points, in either file. */
export function pointerOf(file: usize): u32 {
  return load<u32>(pointers + (file << 2));
}

/** Whether such a region is looked through for references. */
export function holdsReferences(kind: u32): bool {
  return kind !== DATA && kind !== TEXT && kind !== OTHER_CODE && !isHashes(kind);
}

/** Bytes of the pages of which such a region has the hashes. */
export function pageSizeOf(kind: u32): u32 {
  return kind === HASHES ? 4096 : 16384;
}

export function isHashes(kind: u32): bool {
  return kind === HASHES || kind === HASHES_OF_LARGE;
}

export function isCode(kind: u32): bool {
  return (
    kind === X86 ||
    kind === ARM ||
    (kind >= X86_32 && kind <= OTHER_CODE) ||
    kind === MIPS ||
    kind === WASM ||
    kind === THUMB ||
    kind === LOONG_ARCH ||
    kind === ARM_WORDS ||
    isBased(kind)
  );
}

/** Whether the address of such a region is its own. */
function isLoaded(kind: u32): bool {
  if (kind === WASM) return hasDwarf;
  return kind < HASHES || (kind > OFFSETS && kind < WASM) || kind >= CHAINED_ADDRESSES;
}

/** Whether code is loaded at `address` of the old image. */
export function inCode(address: u32): bool {
  for (let i: u32 = 0; i < regionCount(0); i++) {
    const region = regionAt(0, i);
    if (isCode(load<u32>(region, 12)) && address - load<u32>(region, 8) < load<u32>(region, 4)) return true;
  }
  return false;
}

/** The region that contains the offset, or 0. */
export function regionOf(file: usize, offset: u32): usize {
  const last = regionAt(file, load<u32>(recent + (file << 2)));
  const count = regionCount(file);
  if (count === 0) return 0;
  if (offset - load<u32>(last) < load<u32>(last, 4)) return last;
  for (let i: u32 = 0; i < count; i++) {
    const region = regionAt(file, i);
    if (offset - load<u32>(region) < load<u32>(region, 4)) {
      store<u32>(recent + (file << 2), i);
      return region;
    }
  }
  return 0;
}

/** Where the byte at `offset` is loaded; the offset itself outside of all regions. */
export function addressOf(file: usize, offset: u32): u32 {
  const region = regionOf(file, offset);
  return region === 0 ? offset : load<u32>(region, 8) + (offset - load<u32>(region));
}

/** If what is there in the old file is in converted words (but for arm64), the kind of its region, else 0. */
export function wordsAt(offset: u32): u32 {
  if (!hasWords) return 0;
  const region = regionOf(0, offset);
  return region !== 0 && load<u32>(region, 24) !== 0 ? load<u32>(region, 12) : 0;
}

/** Whether the region, if it is none of 0, is code in converted words. */
export function isInWords(region: usize): bool {
  return region !== 0 && (load<u32>(region, 24) !== 0 || load<u32>(region, 12) === ARM_WORDS);
}

/** Where the end of the region of `offset` is, or the start of the next one, or `size`. */
export function regionEnd(file: usize, offset: u32, size: u32): u32 {
  for (let i: u32 = 0; i < regionCount(file); i++) {
    const start = load<u32>(regionAt(file, i));
    if (start > offset) return start;
    const end = start + load<u32>(regionAt(file, i), 4);
    if (end > offset) return end;
  }
  return size;
}

/** The offset of what is loaded at `address`, or 0xffffffff. The first region counts that is loaded there. */
export function offsetOf(file: usize, address: u32): u32 {
  for (let i: u32 = 0; i < regionCount(file); i++) {
    const region = regionAt(file, i);
    const into = address - load<u32>(region, 8);
    if (into < load<u32>(region, 4) && isLoaded(load<u32>(region, 12))) return load<u32>(region) + into;
  }
  return 0xffffffff;
}

/** 0 data, 1 code (bytecode is as well), 2 text: what contexts distinguish. */
export function classOf(kind: u32): u32 {
  return isCode(kind) || kind === BYTECODE ? 1 : kind === TEXT ? 2 : 0;
}
