/**
 * What the headers of an executable (ELF, PE, Mach-O, XCOFF) say of its parts: for the encoder only. What is malformed, or not an
 * executable at all, is data or text.
 */

import { withModules } from './containers/bun.ts';
import { withDart } from './containers/dart.ts';
import { assembliesOf, withAssemblies } from './containers/dotnet/assemblies.ts';
import { withManaged } from './containers/dotnet/managed.ts';
import { elf, isElf } from './containers/elf.ts';
import { withGo } from './containers/go.ts';
import {
  type FunctionTable,
  type Image,
  isData,
  isHashes,
  MOST_REGIONS,
  ownKind,
  type Part,
  type Parts,
  REGION_KINDS,
  type Region,
  type RegionKind,
} from './containers/image.ts';
import { hasClasses, withClasses } from './containers/java-classes.ts';
import { isMachO, isUniversal, machO, universal } from './containers/mach-o.ts';
import { bootFile, isBootFile } from './containers/memory-images/boot-file.ts';
import { classArchive, isClassArchive } from './containers/memory-images/class-archive.ts';
import { isLinuxImage, linuxImage } from './containers/memory-images/linux-image.ts';
import { withCodeRecords } from './containers/native-image.ts';
import { isPe, pe } from './containers/pe.ts';
import { rebaseTables } from './containers/rebases.ts';
import { addressTables } from './containers/sections/debug-addresses.ts';
import { symbolTables } from './containers/symbols.ts';
import { unwindingTables } from './containers/unwinding.ts';
import { isWasm, wasm } from './containers/wasm.ts';
import { isXcoff, xcoff } from './containers/xcoff.ts';
import { objects } from './object-files.ts';
import { isWasmObject } from './objects/wasm.ts';
import { raw } from './raw-code.ts';
import { withNested } from './within/nested.ts';

/** Bytes of data that are looked at as one. */
const PIECE = 1 << 18;
/** Bytes from the lowest address to the highest, below this. */
const MOST_SPAN = 0xffff0000n;

const NOTHING: Parts = { parts: [], end: 0n };

/** Never throws. `withHashes`: whether hashes of pages are a region. */
export function regionsOf(file: Uint8Array, withHashes: boolean): Image {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  try {
    if (bytes.length >= 64 && isWasm(bytes) && !isWasmObject(bytes)) return wasm(bytes);
    const linkedNoFurther = objects(bytes);
    if (linkedNoFurther !== null) return linkedNoFurther;
    const named = partsOf(bytes);
    if (named === null) {
      const within = executablesIn(bytes);
      const classes = withClasses(bytes, within ?? plainRegions(bytes));
      if (within !== null || hasClasses(classes)) return classes;
    }
    // Code that no header tells of is looked for where there is none that has one.
    return withNested(bytes, imageOf(bytes, named ?? raw(bytes), withHashes), alone);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return plainRegions(bytes);
  }
}

/** What headers say, and what is found by it. */
function imageOf(bytes: Buffer, { parts, heap, ...more }: Parts, withHashes: boolean): Image {
  const wanted = parts.filter(({ kind }) => withHashes || !isHashes(kind));
  const image = withAssemblies(bytes, tidy(bytes, { parts: wanted, ...more }));
  const managed = withModules(bytes, withManaged(bytes, image, withHashes), withHashes);
  return withGo(bytes, withCodeRecords(bytes, withDart(bytes, managed), heap));
}

/** What is in a file that is no executable itself: null if that has none, or assemblies. */
function executablesIn(bytes: Buffer): Image | null {
  for (const _ of assembliesOf(bytes, 0)) return null;
  const found = withNested(bytes, plainRegions(bytes), alone, (file) =>
    imageOf(file, partsOf(file) ?? NOTHING, false),
  );
  return found.span > 0 ? found : null;
}

/** What headers say of an executable within another file, which ends anywhere. Never throws. */
export function alone(bytes: Buffer): Image {
  const nothing = { regions: [], base: 0n, span: 0, tables: [], goBases: [] };
  try {
    if (bytes.length < 64 || !(isElf(bytes) || isMachO(bytes) || isPe(bytes))) return nothing;
    const { parts, end } = partsOf(bytes) ?? NOTHING;
    return parts.length === 0
      ? nothing
      : tidy(bytes, { parts: parts.filter(({ kind }) => !isHashes(kind)), end });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return nothing;
  }
}

/** The regions of a file that is taken for no executable: its text. */
export function plainRegions(file: Uint8Array): Image {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  return tidy(bytes, { parts: [], end: 0n });
}

/** Null if no header says anything. */
function partsOf(bytes: Buffer): Parts | null {
  if (bytes.length < 64) return NOTHING;
  if (isElf(bytes)) return elf(bytes);
  if (isMachO(bytes)) return machO(bytes);
  if (isUniversal(bytes)) return universal(bytes);
  if (isLinuxImage(bytes)) return linuxImage(bytes);
  if (isPe(bytes)) return pe(bytes);
  if (isXcoff(bytes)) return xcoff(bytes);
  if (isClassArchive(bytes)) return classArchive(bytes);
  if (isBootFile(bytes)) return bootFile(bytes);
  return null;
}

/** The entries of the exception directory of PE, or of what is said of functions of MIPS. */
function entriesOf(bytes: Buffer, functions: Parts['functions'], base: bigint): FunctionTable[] {
  if (functions === undefined) return [];
  const { offset, size, entry, isAddress } = functions;
  const origin = isAddress ? Number(base & 0xffffffffn) : 0;
  const records = Array.from({ length: Math.floor(size / entry) }, (_, index) => {
    const at = offset + entry * index;
    return { address: (bytes.readUInt32LE(at) - origin) >>> 0, offset: at, size: entry };
  });
  return [{ offset, size, records }];
}

/** What is not code, in pieces: text where it can be printed, else what it is given for. */
function* contents(bytes: Buffer, part: Part, otherwise: RegionKind): Generator<Part> {
  let from = 0;
  let kind: RegionKind | undefined;
  for (let at = 0; at < part.size; at += PIECE) {
    const here = isText(bytes, part.offset + at, Math.min(PIECE, part.size - at))
      ? REGION_KINDS.text
      : otherwise;
    if (kind !== undefined && here !== kind) {
      yield pieceOf(part, from, at, kind);
      from = at;
    }
    kind = here;
  }
  if (kind !== undefined) {
    yield pieceOf(part, from, part.size, kind);
  }
}

function pieceOf({ offset, address, ownBase }: Part, from: number, to: number, kind: RegionKind): Part {
  const own = ownBase === undefined || kind === REGION_KINDS.text ? {} : { ownBase };
  return { offset: offset + from, size: to - from, address: address + BigInt(from), kind, ...own };
}

/** Whether most of it can be printed. */
export function isText(bytes: Buffer, offset: number, size: number): boolean {
  let printable = 0;
  let total = 0;
  for (let at = offset; at < offset + size && at < bytes.length; at += 61) {
    const byte = bytes[at] ?? 0;
    if ((byte >= 32 && byte < 127) || byte === 10 || byte === 9 || byte === 13) printable++;
    total++;
  }
  return printable > total * 0.85;
}

/** What is made of the parts that are known. */
export function tidy(bytes: Buffer, { parts, end, functions, addresses = [] }: Parts): Image {
  const sorted = parts
    .filter(({ offset, size }) => size > 0 && offset + size <= bytes.length)
    .sort((a, b) => a.offset - b.offset || a.size - b.size);
  // What is too far from the rest, as data of each processor at address 0 in kernels of Linux, is in no region.
  const loaded = sorted.filter(({ kind, address }) => !isHashes(kind) && end - address < MOST_SPAN);
  const first = loaded.reduce(
    (least, { address }) => (address < least ? address : least),
    loaded[0]?.address ?? 0n,
  );
  const base = first - (first % 4096n);
  const span = end - base;
  if (loaded.length === 0 || span <= 0n || span >= MOST_SPAN) {
    return { regions: whole(bytes), base: 0n, span: 0, tables: [], goBases: [] };
  }
  const regions: Region[] = [];
  for (const { offset, size, address, kind, bases, ownBase, sections } of sorted.flatMap((part) =>
    pieces(bytes, { ...part, ...ownOf(part, base) }),
  )) {
    const last = regions.at(-1);
    const relative = Number(isHashes(kind) ? address : address - base);
    if (!isHashes(kind) && (relative < 0 || relative + size > Number(span))) continue;
    if (last !== undefined && offset < last.offset + last.size) continue;
    const gap = last === undefined ? 0 : offset - last.offset - last.size;
    if (
      last?.kind === kind &&
      bases === undefined &&
      (ownBase === undefined || last.ownBase === base + ownBase) &&
      relative - last.address === offset - last.offset &&
      gap < 4096
    ) {
      last.size += gap + size;
    } else if (regions.length < MOST_REGIONS) {
      const each = (value: bigint) => Number(BigInt.asUintN(32, value - base));
      const own = bases === undefined ? {} : { bases: [each(bases[0]), each(bases[1])] as const };
      const to = sections?.map((distance) => Number(BigInt.asUintN(32, address + distance - base)));
      const within = ownBase === undefined ? {} : { ownBase: base + ownBase };
      regions.push({ offset, size, address: relative, kind, ...own, ...within, ...(to && { sections: to }) });
    }
  }
  const tables = [
    ...entriesOf(bytes, functions, base),
    ...unwindingTables(bytes, { regions }),
    ...symbolTables(bytes, { regions }),
    ...rebaseTables(bytes, { regions }),
    ...addressTables(addresses, base),
  ];
  return { regions, base, span: Number(span), tables, goBases: [] };
}

/** Of pointers that are not relative to the base of the image. */
function ownOf({ kind, ownBase = 0n }: Part, base: bigint): Partial<Part> {
  const own = ownKind(kind);
  return kind === REGION_KINDS.chained && own !== undefined && ownBase + base !== 0n ? { kind: own } : {};
}

function pieces(bytes: Buffer, part: Part): Part[] {
  return isData(part.kind) ? [...contents(bytes, part, part.kind)] : [part];
}

function whole(bytes: Buffer): Region[] {
  const all = { offset: 0, size: bytes.length, address: 0n, kind: REGION_KINDS.data };
  return [...contents(bytes, all, REGION_KINDS.data)]
    .filter(({ kind }) => kind === REGION_KINDS.text)
    .slice(0, MOST_REGIONS)
    .map(({ offset, size, kind }) => ({ offset, size, address: offset, kind }));
}
