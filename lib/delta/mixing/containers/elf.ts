/** The parts of an ELF file, of 32 or 64 bits and either order of bytes: its sections, or without them its segments. */
import { withMips, withPower } from './based-code.ts';
import { type Part, type Parts, REGION_KINDS, type RegionKind } from './image.ts';
import { addressRuns } from './sections/debug-addresses.ts';
import { type DebugSection, isDwarf, plainName, tellDwarf } from './sections/dwarf.ts';
import { withThumb } from './thumb.ts';
import { type Unwinding, unwindingOf } from './unwinding.ts';

const WRITTEN = 1;
/** Type of the segment for what links the file when it is loaded. */
const DYNAMIC = 2;
/** Type of the segment that is the index of how functions are unwound. */
const UNWINDING = 0x6474e550;
/** Types of sections. */
const [CONTENT, SYMBOLS, STRINGS, NO_BITS, LOADED_SYMBOLS] = [1, 2, 3, 8, 11];
/** What is not loaded is laid out behind what is, at multiples of this. */
const GRAIN = 4096n;
/** Name of the section where compilers for MIPS tell of functions; bytes for each. */
const [PROCEDURES, PROCEDURE] = ['.pdr', 32];
/** Name of the section with the objects of a native image of Java. */
const HEAP = '.svm_heap';
/** Bytes of the name of a section, at most: longer ones are none that is looked for. */
const LONGEST_NAME = 256;
/** Flags of a section, of a segment. */
const [ALLOCATED, INSTRUCTIONS, COMPRESSED, EXECUTABLE] = [2, 4, 2048, 1];

/** By number of the machine; of the others code is read nowhere. That of NVIDIA's is in records of 16 bytes, which data is looked at for, and code is not. */
const LITTLE_CODE: Readonly<Record<number, RegionKind>> = {
  3: REGION_KINDS.x86Legacy,
  8: REGION_KINDS.mips,
  21: REGION_KINDS.powerBased,
  40: REGION_KINDS.arm32,
  62: REGION_KINDS.x86,
  183: REGION_KINDS.arm,
  190: REGION_KINDS.data,
  243: REGION_KINDS.riscV,
  258: REGION_KINDS.loongArch,
};
const [MIPS, POWER, POWER_64, S390, ARM, X86_64] = [8, 20, 21, 22, 40, 62];
/** Kernels for x86-64 are loaded above it; their code has the lower halves of addresses. */
const UPPER = 0xffffffff00000000n;

export function isElf(bytes: Buffer): boolean {
  const [width, order] = [bytes[4], bytes[5]];
  return bytes.readUInt32BE(0) === 0x7f454c46 && (width === 1 || width === 2) && (order === 1 || order === 2);
}

export function elf(bytes: Buffer): Parts {
  const wide = bytes[4] === 2;
  const big = bytes[5] === 2;
  const half = (at: number) => (big ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at));
  const word = (at: number) => (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  const long = (at: number) => {
    if (!wide) return BigInt(word(at));
    return big ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at);
  };
  const code = codeOf(half(18), wide, big);
  const data = dataOf(wide, big);
  let end = 0n;
  const loaded: Part[] = [];
  let unwinding: Unwinding = {};
  let dynamic: { offset: number; size: number } | undefined;
  const segments = Number(long(wide ? 32 : 28));
  for (let i = 0; i < half(wide ? 56 : 44); i++) {
    const at = segments + (wide ? 56 : 32) * i;
    const field = (index: number) => long(at + (wide ? 8 + 8 * index : 4 + 4 * index));
    if (word(at) === UNWINDING && !big) unwinding = unwindingOf(bytes, Number(field(0)), field(1));
    if (word(at) === DYNAMIC) dynamic = { offset: Number(field(0)), size: Number(field(3)) };
    if (word(at) !== WRITTEN) continue;
    const [offset, address, size, limit] = [field(0), field(1), field(3), field(1) + field(4)];
    if (limit > end) end = limit;
    const executable = (word(at + (wide ? 4 : 24)) & EXECUTABLE) !== 0;
    loaded.push({ offset: Number(offset), size: Number(size), address, kind: executable ? code : data });
  }
  const parts: Part[] = [];
  const unloaded: Part[] = [];
  const bySection = new Map<number, Part>();
  const tables: { part: Part; strings: number }[] = [];
  const sections = Number(long(wide ? 40 : 32));
  const names = sections + (wide ? 64 : 40) * half(wide ? 62 : 50);
  const nameOf = (offset: number) => {
    return textAt(bytes, Number(long(names + (wide ? 24 : 16))) + offset);
  };
  const debug = new Map<string, Part>();
  let globalOffsets = 0n;
  let functions: Parts['functions'];
  let heap: Parts['heap'];
  for (let i = 0; i < half(wide ? 60 : 48) && sections > 0; i++) {
    const at = sections + (wide ? 64 : 40) * i;
    const type = word(at + 4);
    const field = (index: number) => long(at + 8 + (wide ? 8 : 4) * index);
    const flags = Number(field(0));
    const [offset, size] = [Number(field(2)), Number(field(3))];
    if (type === 0 || type === NO_BITS) continue;
    const isTable = wide && !big && (type === SYMBOLS || type === LOADED_SYMBOLS);
    if ((flags & ALLOCATED) === 0) {
      const part: Part = { offset, size, address: 0n, kind: data };
      if (isTable) tables.push({ part, strings: word(at + 40) });
      if (type === SYMBOLS) unloaded.push(part);
      else if (nameOf(word(at)) === PROCEDURES && !big) {
        unloaded.push({ ...part, kind: REGION_KINDS.words });
        functions = { offset, size, entry: PROCEDURE, isAddress: true };
      } else if (type === STRINGS) {
        part.kind = REGION_KINDS.text;
        unloaded.push(part);
        bySection.set(i, part);
      } else if (type === CONTENT && !big && (flags & COMPRESSED) === 0) {
        const name = nameOf(word(at));
        if (wide) part.kind = REGION_KINDS.debug;
        else if (!isDwarf(name)) continue;
        unloaded.push(part);
        debug.set(name, part);
      }
      continue;
    }
    const address = field(1);
    if (nameOf(word(at)) === '.got') globalOffsets = address;
    if (nameOf(word(at)) === HEAP && !big) heap = { offset, size };
    let kind = (flags & INSTRUCTIONS) !== 0 ? code : data;
    if (address === unwinding.index) kind = REGION_KINDS.unwindingIndex;
    else if (address === unwinding.records) kind = REGION_KINDS.unwinding;
    const part = { offset, size, address, kind };
    parts.push(part);
    if (isTable) tables.push({ part, strings: word(at + 40) });
    if (type === STRINGS) bySection.set(i, part);
  }
  const withCode = (all: Part[]) => {
    if (half(18) === POWER || half(18) === POWER_64) return withPower(all, globalOffsets);
    if (half(18) === MIPS && !big) return withMips(bytes, all, dynamic, wide);
    return half(18) === ARM && !wide && !big ? withThumb(bytes, all, dynamic) : all;
  };
  if (parts.length === 0) return { parts: withCode(loaded), end };
  const named = debug.get('.debug_addr');
  const addresses = big ? [] : addressRuns(bytes, named);
  if (named !== undefined && addresses.length > 0) named.kind = data;
  for (const part of unloaded) {
    // Pointers are looked for at multiples of their size.
    const apart = part === named && addresses.length > 0 ? 0 : part.offset % 8;
    const address = ((end + GRAIN - 1n) / GRAIN) * GRAIN + BigInt(apart);
    part.address = address;
    parts.push(part);
    end = address + BigInt(part.size);
  }
  tellDwarf(debug);
  for (const { part, strings } of tables) {
    const names = bySection.get(strings);
    if (names === undefined) continue;
    part.kind = REGION_KINDS.symbols;
    part.bases = [names.address, 0n];
  }
  if (half(18) === X86_64 && end > UPPER) return lowered({ parts, end });
  return { parts: withCode(parts), end, functions, heap, addresses };
}

/**
 * What debuggers read, told by its name: other sections are not loaded either, and PyInstaller keeps a whole program in one. Only of 64 bits with the
 * lowest byte first.
 */
export function debugSections(bytes: Buffer): DebugSection[] {
  if (bytes.length < 64 || !isElf(bytes) || bytes[4] !== 2 || bytes[5] !== 1) return [];
  const sections = Number(bytes.readBigUInt64LE(40));
  const all = Array.from({ length: bytes.readUInt16LE(60) }, (_, index) => sections + 64 * index);
  const names = Number(bytes.readBigUInt64LE(sections + 64 * bytes.readUInt16LE(62) + 24));
  return all
    .filter((at) => at + 64 <= bytes.length)
    .filter((at) => bytes.readUInt32LE(at + 4) === CONTENT && (bytes.readUInt32LE(at + 8) & ALLOCATED) === 0)
    .map((at) => ({
      name: textAt(bytes, names + bytes.readUInt32LE(at)),
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
    }))
    .filter(({ name }) => isDwarf(plainName(name)));
}

/** Empty if it does not end. */
function textAt(bytes: Buffer, start: number): string {
  const text = bytes.subarray(start, start + LONGEST_NAME);
  return text.toString('latin1', 0, text.indexOf(0));
}

/** Addresses without their upper halves, in data as they are in code. */
function lowered({ parts, end }: Parts): Parts {
  const lower = parts.map((part) => ({
    ...part,
    address: part.address - UPPER,
    kind: part.kind === REGION_KINDS.pointers ? REGION_KINDS.words : part.kind,
  }));
  return { parts: lower, end: end - UPPER };
}

function codeOf(machine: number, wide: boolean, big: boolean): RegionKind {
  if (big) {
    if (machine === POWER || machine === POWER_64) return REGION_KINDS.powerBig;
    return machine === S390 && wide ? REGION_KINDS.s390 : REGION_KINDS.otherCode;
  }
  return LITTLE_CODE[machine] ?? REGION_KINDS.otherCode;
}

function dataOf(wide: boolean, big: boolean): RegionKind {
  if (!wide) return big ? REGION_KINDS.wordsBig : REGION_KINDS.words;
  return big ? REGION_KINDS.pointersBig : REGION_KINDS.pointers;
}
