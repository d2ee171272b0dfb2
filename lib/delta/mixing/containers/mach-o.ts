/** The parts of a Mach-O file of 64 bits, or of all those in a universal one, which are laid out one behind the other. */
import { PageHashes } from '../page-hashes.ts';
import { isHashes, ownKind, type Part, type Parts, pageSizeOf, REGION_KINDS } from './image.ts';
import { rebasesOf } from './rebases.ts';
import { type DebugSection, tellDwarf } from './sections/dwarf.ts';

const MAGIC = 0xfeedfacf;
/** The segment with debug information. */
const DEBUG = '__DWARF';
const PAGE = 4096n;

export function isMachO(bytes: Buffer): boolean {
  return bytes.readUInt32LE(0) === MAGIC;
}

/** Begins a universal file, which lists at most so many others. */
const UNIVERSAL = 0xcafebabe;
const MOST_FILES = 16;
/** Bytes of an entry of that list; what addresses of the next file are rounded up to. */
const ENTRY = 20;
const GRAIN = 1n << 16n;

export function isUniversal(bytes: Buffer): boolean {
  const count = bytes.readUInt32BE(4);
  return bytes.readUInt32BE(0) === UNIVERSAL && count > 0 && count <= MOST_FILES;
}

export function universal(bytes: Buffer): Parts {
  const all: Part[] = [];
  let end = 0n;
  for (let i = 0; i < bytes.readUInt32BE(4); i++) {
    const start = bytes.readUInt32BE(8 + ENTRY * i + 8);
    const file = bytes.subarray(start, start + bytes.readUInt32BE(8 + ENTRY * i + 12));
    if (file.length < 64 || !isMachO(file)) continue;
    const { parts, end: limit } = machO(file);
    // Pages that are digested begin at multiples of their size in the whole file too.
    const hashes = parts.filter((part) => isHashes(part.kind) && start % pageSizeOf(part.kind) === 0);
    const loaded = parts.filter(({ kind }) => !isHashes(kind));
    const first = loaded.reduce((least, { address }) => (address < least ? address : least), limit);
    const base = first - (first % GRAIN);
    const moved = end - base;
    all.push(
      ...loaded.map((part) => ({
        ...part,
        ...ownOf(part, moved),
        offset: start + part.offset,
        address: part.address + moved,
        ...(part.bases === undefined
          ? {}
          : { bases: [part.bases[0] + moved, part.bases[1] + moved] as const }),
      })),
      ...hashes.map((part) => ({
        ...part,
        offset: start + part.offset,
        address: part.address + BigInt(start),
      })),
    );
    end = ((limit + moved + GRAIN - 1n) / GRAIN) * GRAIN;
  }
  return { parts: all, end };
}

/** Of pointers of a file in a universal one, which is laid out so far from where it is loaded. */
function ownOf({ kind, ownBase = 0n }: Part, moved: bigint): Partial<Part> {
  const own = ownKind(kind);
  return own === undefined ? {} : { kind: own, ownBase: ownBase - moved };
}

/** The sections that debuggers read, by the names that they have in ELF. */
export function debugSectionsOfMachO(bytes: Buffer): DebugSection[] {
  const found: DebugSection[] = [];
  if (bytes.length < 64 || !isMachO(bytes)) return found;
  for (let i = 0, at = 32; i < bytes.readUInt32LE(16); i++) {
    const size = bytes.readUInt32LE(at + 4);
    if (size < 8) break;
    const isDebug = bytes.readUInt32LE(at) === 0x19 && titleAt(bytes, at + 8) === DEBUG;
    for (let j = 0; isDebug && j < sectionsOf(bytes, at); j++) {
      const section = at + 72 + 80 * j;
      found.push({
        name: debugName(titleAt(bytes, section)),
        offset: bytes.readUInt32LE(section + 48),
        size: Number(bytes.readBigUInt64LE(section + 40)),
      });
    }
    at += size;
  }
  return found;
}

/** How many sections the segment whose command is at `at` has: they are in the command, so all segments together have no more than the file has room for. */
function sectionsOf(bytes: Buffer, at: number): number {
  return Math.min(bytes.readUInt32LE(at + 64), Math.floor((bytes.readUInt32LE(at + 4) - 72) / 80));
}

function titleAt(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 16).replace(/\0.*$/s, '');
}

/** `__debug_info`, and `__zdebug_info` if it is compressed. */
function debugName(title: string): string {
  return title.replace(/^__/, '.');
}

export function machO(bytes: Buffer): Parts {
  const cpu = bytes.readUInt32LE(4);
  const code =
    cpu === 0x01000007 ? REGION_KINDS.x86 : cpu === 0x0100000c ? REGION_KINDS.arm : REGION_KINDS.otherCode;
  const parts: Part[] = [];
  const pointers = pointersOf(bytes);
  let end = 0n;
  let [symbols, rebases, text] = [0, 0, 0n];
  const segments: bigint[] = [];
  let unwinding: { compact?: Part; wide?: Part } = {};
  const debug = new Map<string, Part>();
  let heap: Parts['heap'];
  let moved = 0n;
  for (let i = 0, at = 32; i < bytes.readUInt32LE(16); i++) {
    const size = bytes.readUInt32LE(at + 4);
    if (size < 8) break;
    if (bytes.readUInt32LE(at) === 0x1d) parts.push(...pageHashes(bytes, bytes.readUInt32LE(at + 8)));
    if (bytes.readUInt32LE(at) === SYMBOLS) symbols = at;
    if ((bytes.readUInt32LE(at) & 0x7fffffff) === DYNAMIC) rebases = at;
    if (bytes.readUInt32LE(at) === 0x19) {
      const name = titleAt(bytes, at + 8);
      const address = bytes.readBigUInt64LE(at + 24);
      const limit = address + bytes.readBigUInt64LE(at + 32);
      if (limit > end) end = limit;
      if (name === '__PAGEZERO') end = 0n;
      segments.push(address);
      if (name === '__TEXT') text = address;
      if (name === '__LINKEDIT') moved = address - bytes.readBigUInt64LE(at + 40);
      const sections = sectionsOf(bytes, at);
      for (let j = 0; j < sections; j++) {
        const section = at + 72 + 80 * j;
        const flags = bytes.readUInt32LE(section + 64);
        const offset = bytes.readUInt32LE(section + 48);
        if (offset === 0 || (flags & 255) === 1 || (flags & 255) === 12) continue;
        const length = Number(bytes.readBigUInt64LE(section + 40));
        const executable = (flags & 0x80000400) !== 0;
        const part: Part = {
          offset,
          size: length,
          address: bytes.readBigUInt64LE(section + 32),
          kind: executable ? code : pointers,
        };
        parts.push(part);
        const title = titleAt(bytes, section);
        if (name === DEBUG) debug.set(debugName(title), part);
        if (title === HEAP) heap = { offset, size: length };
        if (title === '__unwind_info' && length >= LEAST) unwinding = { ...unwinding, compact: part };
        if (title === '__eh_frame' && length >= LEAST) unwinding = { ...unwinding, wide: part };
      }
    }
    at += size;
  }
  // Chained pointers are offsets from where the file is loaded, with its headers.
  for (const part of parts) if (part.kind === REGION_KINDS.chained) part.ownBase = -text;
  // It is not loaded, and may have addresses of what is: it is laid out behind that.
  for (const part of debug.values()) {
    part.kind = REGION_KINDS.debug;
    part.address = ((end + PAGE - 1n) / PAGE) * PAGE + BigInt(part.offset % 8);
    end = part.address + BigInt(part.size);
  }
  tellDwarf(debug);
  if (symbols > 0) parts.push(...symbolsOf(bytes, symbols, moved));
  if (rebases > 0) parts.push(...rebasesOf(bytes, rebases, moved, segments));
  const { compact, wide } = unwinding;
  if (wide !== undefined)
    Object.assign(wide, { kind: REGION_KINDS.wideUnwinding, bases: [wide.address, 0n] });
  if (compact !== undefined) {
    Object.assign(compact, { kind: REGION_KINDS.compactUnwinding, bases: [text, wide?.address ?? 0n] });
  }
  return { parts, end, heap };
}

/** Name of the section with the objects of a native image of Java. */
const HEAP = '__svm_heap';

/** LC_DYLD_INFO. */
const DYNAMIC = 0x22;
/** Bytes of what is said of how functions are unwound; with fewer it does not pay. */
const LEAST = 1024;

/** LC_SYMTAB, and bytes of a symbol. */
const SYMBOLS = 2;
const SYMBOL = 16;

/** The symbols and their names; the command is at `at`, what is loaded is `moved` bytes behind its offset. */
function symbolsOf(bytes: Buffer, at: number, moved: bigint): Part[] {
  const [offset, count, names, size] = [8, 12, 16, 20].map((field) => bytes.readUInt32LE(at + field)) as [
    number,
    number,
    number,
    number,
  ];
  const address = moved + BigInt(names);
  return [
    {
      offset,
      size: SYMBOL * count,
      address: moved + BigInt(offset),
      kind: REGION_KINDS.symbolsShort,
      bases: [address, 0n],
    },
    { offset: names, size, address, kind: REGION_KINDS.text },
  ];
}

/** Of LC_DYLD_CHAINED_FIXUPS: a pointer of 64 bits that is an address, not an offset. */
const FIXUPS = 0x80000034;
const POINTER_64 = 2;

/** The kind of regions with pointers: what is chained says of each segment in which form its pointers are; without it they are plain. */
function pointersOf(bytes: Buffer): Part['kind'] {
  for (let i = 0, at = 32; i < bytes.readUInt32LE(16); i++) {
    const size = bytes.readUInt32LE(at + 4);
    if (size < 8) break;
    if (bytes.readUInt32LE(at) === FIXUPS) {
      const start = bytes.readUInt32LE(at + 8);
      const segments = start + bytes.readUInt32LE(start + 4);
      for (let j = 0; j < bytes.readUInt32LE(segments); j++) {
        const segment = bytes.readUInt32LE(segments + 4 + 4 * j);
        if (segment === 0) continue;
        const form = bytes.readUInt16LE(segments + segment + 6);
        return form === POINTER_64 ? REGION_KINDS.chainedAddresses : REGION_KINDS.chained;
      }
    }
    at += size;
  }
  return REGION_KINDS.pointers;
}

/** Parts of a code signature that are looked at: each may take as long as digesting the file. Signers write fewer than ten. */
const MOST_BLOBS = 16;

/** The hashes of pages in a code signature, if they are what a decoder would compute. */
function pageHashes(bytes: Buffer, signature: number): Part[] {
  const count = Math.min(bytes.readUInt32BE(signature + 8), MOST_BLOBS);
  for (let i = 0; i < count; i++) {
    const directory = signature + bytes.readUInt32BE(signature + 16 + 8 * i);
    if (bytes.readUInt32BE(directory) !== 0xfade0c02) continue;
    const [algorithm, pageLog] = [bytes.readUInt8(directory + 37), bytes.readUInt8(directory + 39)];
    const offset = directory + bytes.readUInt32BE(directory + 16);
    const limit = bytes.readUInt32BE(directory + 32);
    if (algorithm !== 2 || (pageLog !== 12 && pageLog !== 14) || limit === 0 || limit > offset) continue;
    const hashes = new PageHashes([{ start: 0, end: limit, pageSize: 2 ** pageLog }]);
    hashes.update(bytes.subarray(0, limit));
    const size = 32 * Math.ceil(limit / 2 ** pageLog);
    const listed = bytes.subarray(offset, offset + size);
    if (Buffer.compare(hashes.bytes(0, size), listed) !== 0) continue;
    const kind = pageLog === 12 ? REGION_KINDS.hashes : REGION_KINDS.hashesOfLarge;
    return [{ offset, size, address: BigInt(limit), kind }];
  }
  return [];
}
