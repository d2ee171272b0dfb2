/**
 * What the headers of an executable (ELF, PE, Mach-O; 64 bits, little-endian) say of its parts: for the encoder only. What
 * is malformed, or not an executable at all, is data or text.
 */

import { PageHashes } from './page-hashes.ts';

export interface Region {
  /** Of the file, bytes. */
  offset: number;
  size: number;
  /** Where it is loaded, relative to the base of the image. */
  address: number;
  kind: RegionKind;
}

export interface Image {
  /** Ascending and disjoint. */
  regions: Region[];
  /** The lowest address. */
  base: bigint;
  /** Bytes from there to the highest. */
  span: number;
  /** The table of functions, as `.pdata` of PE: where in the file it is. */
  functions: { offset: number; size: number } | null;
}

/** The numbers of FORMAT.md. */
export const REGION_KINDS = {
  data: 0,
  x86: 1,
  arm: 2,
  text: 3,
  pointers: 4,
  relative: 5,
  chained: 6,
  hashes: 7,
  hashesOfLarge: 8,
  offsets: 9,
} as const;
export type RegionKind = (typeof REGION_KINDS)[keyof typeof REGION_KINDS];

export function isHashes(kind: RegionKind): boolean {
  return kind === REGION_KINDS.hashes || kind === REGION_KINDS.hashesOfLarge;
}

export function isCode(kind: RegionKind): boolean {
  return kind === REGION_KINDS.x86 || kind === REGION_KINDS.arm;
}

/** Whether it is data that may hold addresses. */
export function isData(kind: RegionKind): boolean {
  return kind >= REGION_KINDS.pointers && kind <= REGION_KINDS.chained;
}

/** As many as a patch can hold. */
const MOST_REGIONS = 255;
/** Bytes of data that are looked at as one. */
const PIECE = 1 << 18;
const ELF = 0x464c457f;
const MACH_O = 0xfeedfacf;

interface Part {
  offset: number;
  size: number;
  address: bigint;
  kind: RegionKind;
}

/** Never throws. `withHashes`: whether hashes of pages are a region. */
export function regionsOf(file: Uint8Array, withHashes: boolean): Image {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  try {
    const { parts, end, functions } = partsOf(bytes);
    const wanted = parts.filter(({ kind }) => withHashes || !isHashes(kind));
    const image = tidy(bytes, { parts: wanted, end, functions });
    return withModules(bytes, image);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return tidy(bytes, { parts: [], end: 0n });
  }
}

interface Parts {
  parts: Part[];
  /** The address after the last. */
  end: bigint;
  functions?: Image['functions'] | undefined;
}

function partsOf(bytes: Buffer): Parts {
  if (bytes.length < 64) return { parts: [], end: 0n };
  if (bytes.readUInt32LE(0) === ELF && bytes[4] === 2 && bytes[5] === 1) return elf(bytes);
  if (bytes.readUInt32LE(0) === MACH_O) return machO(bytes);
  if (bytes.readUInt16LE(0) === 0x5a4d) return pe(bytes);
  return { parts: [], end: 0n };
}

/** Whether machine code of that name is read here. */
function codeKind(machine: 'x86' | 'arm' | 'other'): RegionKind {
  return machine === 'other' ? REGION_KINDS.data : REGION_KINDS[machine];
}

function elf(bytes: Buffer): Parts {
  const number = bytes.readUInt16LE(18);
  const code = codeKind(number === 62 ? 'x86' : number === 183 ? 'arm' : 'other');
  const sections = Number(bytes.readBigUInt64LE(40));
  const count = bytes.readUInt16LE(60);
  const segments = Number(bytes.readBigUInt64LE(32));
  let end = 0n;
  const loaded: Part[] = [];
  for (let i = 0; i < bytes.readUInt16LE(56); i++) {
    const at = segments + 56 * i;
    if (bytes.readUInt32LE(at) !== 1) continue;
    const address = bytes.readBigUInt64LE(at + 16);
    const limit = address + bytes.readBigUInt64LE(at + 40);
    if (limit > end) end = limit;
    const executable = (bytes.readUInt32LE(at + 4) & 1) !== 0;
    loaded.push({
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
      address,
      kind: executable ? code : REGION_KINDS.pointers,
    });
  }
  const parts: Part[] = [];
  for (let i = 0; i < count && sections > 0; i++) {
    const at = sections + 64 * i;
    const type = bytes.readUInt32LE(at + 4);
    const flags = Number(bytes.readBigUInt64LE(at + 8));
    if (type === 0 || type === 8 || (flags & 2) === 0) continue;
    const offset = Number(bytes.readBigUInt64LE(at + 24));
    const size = Number(bytes.readBigUInt64LE(at + 32));
    parts.push({
      offset,
      size,
      address: bytes.readBigUInt64LE(at + 16),
      kind: (flags & 4) !== 0 ? code : REGION_KINDS.pointers,
    });
  }
  return { parts: parts.length > 0 ? parts : loaded, end };
}

function machO(bytes: Buffer): Parts {
  const cpu = bytes.readUInt32LE(4);
  const code = codeKind(cpu === 0x01000007 ? 'x86' : cpu === 0x0100000c ? 'arm' : 'other');
  const parts: Part[] = [];
  let end = 0n;
  for (let i = 0, at = 32; i < bytes.readUInt32LE(16); i++) {
    const size = bytes.readUInt32LE(at + 4);
    if (size < 8) break;
    if (bytes.readUInt32LE(at) === 0x1d) parts.push(...pageHashes(bytes, bytes.readUInt32LE(at + 8)));
    if (bytes.readUInt32LE(at) === 0x19) {
      const name = bytes.toString('latin1', at + 8, at + 24).replace(/\0.*$/s, '');
      const address = bytes.readBigUInt64LE(at + 24);
      const limit = address + bytes.readBigUInt64LE(at + 32);
      if (limit > end) end = limit;
      if (name === '__PAGEZERO') end = 0n;
      const sections = bytes.readUInt32LE(at + 64);
      for (let j = 0; j < sections; j++) {
        const section = at + 72 + 80 * j;
        const flags = bytes.readUInt32LE(section + 64);
        const offset = bytes.readUInt32LE(section + 48);
        if (offset === 0 || (flags & 255) === 1 || (flags & 255) === 12) continue;
        const length = Number(bytes.readBigUInt64LE(section + 40));
        const executable = (flags & 0x80000400) !== 0;
        parts.push({
          offset,
          size: length,
          address: bytes.readBigUInt64LE(section + 32),
          kind: executable ? code : REGION_KINDS.chained,
        });
      }
    }
    at += size;
  }
  return { parts, end };
}

/** The hashes of pages in a code signature, if they are what a decoder would compute. */
function pageHashes(bytes: Buffer, signature: number): Part[] {
  for (let i = 0; i < bytes.readUInt32BE(signature + 8); i++) {
    const directory = signature + bytes.readUInt32BE(signature + 16 + 8 * i);
    if (bytes.readUInt32BE(directory) !== 0xfade0c02) continue;
    const [algorithm, pageLog] = [bytes.readUInt8(directory + 37), bytes.readUInt8(directory + 39)];
    const offset = directory + bytes.readUInt32BE(directory + 16);
    const limit = bytes.readUInt32BE(directory + 32);
    if (algorithm !== 2 || (pageLog !== 12 && pageLog !== 14) || limit === 0 || limit > offset) continue;
    const hashes = new PageHashes();
    hashes.update(bytes, limit, 2 ** pageLog);
    const size = 32 * Math.ceil(limit / 2 ** pageLog);
    const listed = bytes.subarray(offset, offset + size);
    if (Buffer.compare(hashes.bytes(0, size), listed) !== 0) continue;
    const kind = pageLog === 12 ? REGION_KINDS.hashes : REGION_KINDS.hashesOfLarge;
    return [{ offset, size, address: BigInt(limit), kind }];
  }
  return [];
}

function pe(bytes: Buffer): Parts {
  const header = bytes.readUInt32LE(60);
  if (bytes.readUInt32LE(header) !== 0x4550) return { parts: [], end: 0n };
  const machine = bytes.readUInt16LE(header + 4);
  const code = codeKind(machine === 0x8664 ? 'x86' : machine === 0xaa64 ? 'arm' : 'other');
  const base = bytes.readBigUInt64LE(header + 48);
  const parts: Part[] = [
    { offset: 0, size: Math.min(4096, bytes.length), address: base, kind: REGION_KINDS.data },
  ];
  let at = header + 24 + bytes.readUInt16LE(header + 20);
  let end = base;
  for (let i = 0; i < bytes.readUInt16LE(header + 6); i++, at += 40) {
    const [memory, rva, stored, offset] = [8, 12, 16, 20].map((field) => bytes.readUInt32LE(at + field)) as [
      number,
      number,
      number,
      number,
    ];
    const address = base + BigInt(rva);
    const limit = address + BigInt(Math.max(memory, stored));
    if (limit > end) end = limit;
    const size = Math.min(memory, stored);
    const executable = (bytes.readUInt32LE(at + 36) & 0x20000000) !== 0;
    parts.push({ offset, size, address, kind: executable ? code : REGION_KINDS.relative });
    if (offset < (parts[0]?.size ?? 0) && offset > 0 && parts[0] !== undefined) parts[0].size = offset;
  }
  return { parts, end, functions: functionTable(bytes, header, base, parts) };
}

/** The exception directory. */
function functionTable(
  bytes: Buffer,
  header: number,
  base: bigint,
  parts: readonly Part[],
): Image['functions'] {
  const optional = header + 24;
  if (bytes.readUInt16LE(header + 20) < 144 || bytes.readUInt32LE(optional + 108) < 4) return null;
  const address = base + BigInt(bytes.readUInt32LE(optional + 136));
  const size = bytes.readUInt32LE(optional + 140);
  const part = parts.find((each) => address >= each.address && address < each.address + BigInt(each.size));
  if (part === undefined) return null;
  const into = Number(address - part.address);
  const offset = part.offset + into;
  if (size < 12 || size > part.size - into || offset + size > bytes.length) return null;
  return { offset, size };
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
      yield { offset: part.offset + from, size: at - from, address: part.address + BigInt(from), kind };
      from = at;
    }
    kind = here;
  }
  if (kind !== undefined) {
    yield { offset: part.offset + from, size: part.size - from, address: part.address + BigInt(from), kind };
  }
}

function isText(bytes: Buffer, offset: number, size: number): boolean {
  let printable = 0;
  let total = 0;
  for (let at = offset; at < offset + size && at < bytes.length; at += 61) {
    const byte = bytes[at] ?? 0;
    if ((byte >= 32 && byte < 127) || byte === 10 || byte === 9 || byte === 13) printable++;
    total++;
  }
  return printable > total * 0.85;
}

function tidy(bytes: Buffer, { parts, end, functions = null }: Parts): Image {
  const sorted = parts
    .filter(({ offset, size }) => size > 0 && offset + size <= bytes.length)
    .sort((a, b) => a.offset - b.offset || a.size - b.size);
  const loaded = sorted.filter(({ kind }) => !isHashes(kind));
  const first = loaded.reduce(
    (least, { address }) => (address < least ? address : least),
    loaded[0]?.address ?? 0n,
  );
  const base = first - (first % 4096n);
  const span = end - base;
  if (loaded.length === 0 || span <= 0n || span >= 0xffff0000n) {
    return { regions: whole(bytes), base: 0n, span: 0, functions: null };
  }
  const regions: Region[] = [];
  for (const { offset, size, address, kind } of sorted.flatMap((part) => pieces(bytes, part))) {
    const last = regions.at(-1);
    const relative = Number(isHashes(kind) ? address : address - base);
    if (!isHashes(kind) && relative + size > Number(span)) continue;
    if (last !== undefined && offset < last.offset + last.size) continue;
    const gap = last === undefined ? 0 : offset - last.offset - last.size;
    if (last?.kind === kind && relative - last.address === offset - last.offset && gap < 4096) {
      last.size += gap + size;
    } else if (regions.length < MOST_REGIONS) {
      regions.push({ offset, size, address: relative, kind });
    }
  }
  return { regions, base, span: Number(span), functions };
}

function pieces(bytes: Buffer, part: Part): Part[] {
  return isData(part.kind) ? [...contents(bytes, part, part.kind)] : [part];
}

function whole(bytes: Buffer): Region[] {
  const all = { offset: 0, size: bytes.length, address: 0n, kind: REGION_KINDS.data };
  return [...contents(bytes, all, REGION_KINDS.data)]
    .filter(({ kind }) => kind === REGION_KINDS.text)
    .slice(0, MOST_REGIONS)
    .map((part) => ({ ...part, address: part.offset }));
}

/** What ends the files that Bun packs into an executable; before it are two words each of offset and length, and more. */
const BUN_TRAILER = '\n---- Bun! ----\n';
const BUN_OFFSETS = 32;

/** With the table of the files that Bun packs into an executable, whose offsets begin where the files do. */
function withModules(bytes: Buffer, image: Image): Image {
  const end = bytes.lastIndexOf(BUN_TRAILER) - BUN_OFFSETS;
  if (end < 0) return image;
  const origin = end - Number(bytes.readBigUInt64LE(end));
  const offset = origin + bytes.readUInt32LE(end + 8);
  const size = bytes.readUInt32LE(end + 12);
  const parts = image.regions.flatMap((region) => around(region, offset, offset + size));
  if (origin < 0 || size === 0 || offset + size > end || parts.length >= MOST_REGIONS) return image;
  const home = image.regions.find((each) => origin >= each.offset && origin < each.offset + each.size);
  const address = home === undefined ? origin : home.address + origin - home.offset;
  const regions = [...parts, { offset, size, address, kind: REGION_KINDS.offsets }];
  return { ...image, regions: regions.sort((a, b) => a.offset - b.offset) };
}

/** What of the region lies before `start`, and from `end` on. */
function around(region: Region, start: number, end: number): Region[] {
  const { offset, size, address, kind } = region;
  if (start >= offset + size || end <= offset) return [region];
  const before = { offset, size: start - offset, address, kind };
  const after = { offset: end, size: offset + size - end, address: address + end - offset, kind };
  return [before, after].filter((part) => part.size > 0);
}
