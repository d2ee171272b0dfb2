/** Images, as lib/delta/FORMAT.md describes them: the regions of a file, and what lies at which address. */
import { NOWHERE, u32 } from './arithmetic.ts';
import { hasBases, originOf, type Reader } from './based.ts';
import { isBased } from './halves.ts';
import { LOONG_ARCH } from './loongarch.ts';
import { MIPS, OTHER_CODE, X86_32 } from './other-references.ts';
import { THUMB } from './thumb.ts';
import { WASM } from './wasm.ts';

export const [DATA, X86, ARM, TEXT, POINTERS, RELATIVE, CHAINED, HASHES, LARGE_HASHES, OFFSETS] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
];

/** Of debug information. */
export const DEBUG = 19;
export const CHAINED_ADDRESSES = 25;
/** Code of arm64 in converted words. */
export const ARM_WORDS = 49;
/** Pointers, and chained ones, with a base of their own. */
export const [OWN_POINTERS, OWN_CHAINED] = [50, 51];
export const isOwn = (kind: number) => kind === OWN_POINTERS || kind === OWN_CHAINED;

export interface Region {
  offset: number;
  size: number;
  address: number;
  kind: number;
  bases: readonly [number, number];
  ownBase?: bigint;
  /** Whether it is code of another machine in converted words. */
  inWords?: true;
}

/** Whether it is code in converted words. */
export const isInWords = (region: Region | undefined) =>
  region?.inWords === true || region?.kind === ARM_WORDS;

export interface Image {
  regions: Region[];
  span: number;
  base: bigint;
  goBases: number[];
  /** The addresses of the sections that debug information refers to. */
  dwarf: number[];
}

const CODE = new Set([X86, ARM, MIPS, WASM, THUMB, LOONG_ARCH, ARM_WORDS]);

export const isCode = (kind: number) =>
  (kind >= X86_32 && kind <= OTHER_CODE) || isBased(kind) || CODE.has(kind);

export const addressIn = ({ regions }: Image, offset: number) => {
  const region = regions.find((each) => offset >= each.offset && offset < each.offset + each.size);
  return region === undefined ? offset : u32(region.address + offset - region.offset);
};
/** Whether an address of WebAssembly is that of a place of the file, where there is debug information. */
export const isPlace = ({ dwarf }: Image, address: number) => dwarf.length > 0 && address >= 0xe0000000;

/** In the old file. */
export const offsetIn = ({ regions, dwarf }: Image, address: number) => {
  const isLoaded = (kind: number) =>
    kind < HASHES ||
    (kind > OFFSETS && kind < WASM) ||
    kind >= CHAINED_ADDRESSES ||
    (kind === WASM && dwarf.length > 0);
  const region = regions.find((each) => isLoaded(each.kind) && u32(address - each.address) < each.size);
  return region === undefined ? NOWHERE : region.offset + u32(address - region.address);
};

/** Where the first page begins whose hash is in the region. */
export const hashedFrom = ({ address, size, kind }: Omit<Region, 'bases'>) => {
  const page = kind === HASHES ? 4096 : 16384;
  return (Math.ceil(address / page) - size / 32) * page;
};

export const regionIn = ({ regions }: Image, place: number) =>
  regions.find(({ offset, size }) => place >= offset && place < offset + size);

/** The region that contains the place, if one does, and where that ends, or what is outside of regions. */
export function stretchIn(image: Image, place: number, fileSize: number): { region?: Region; end: number } {
  const region = regionIn(image, place);
  if (region !== undefined) return { region, end: region.offset + region.size };
  return { end: image.regions.find(({ offset }) => offset > place)?.offset ?? fileSize };
}

/** The base of its own that the region around `place` has, else the other one. */
export const baseAt = (image: Image, place: number, otherwise: bigint) =>
  regionIn(image, place)?.ownBase ?? otherwise;

/** The second base of the region around `place`. */
export const shortBase = (image: Image, place: number) => regionIn(image, place)?.bases[1] ?? 0;

/** What an offset or a number at `place` of the file is relative to. */
export const originIn = (image: Image, place: number, file: Reader) => {
  const region = regionIn(image, place);
  if (region === undefined) return 0;
  return hasBases(region.kind) ? originOf(region, place, file) : region.address;
};
