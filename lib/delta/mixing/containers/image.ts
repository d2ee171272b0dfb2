/** What is known of an executable: its regions (FORMAT.md), and what only the encoder needs. */

export interface Region {
  /** Of the file, bytes. */
  offset: number;
  size: number;
  /** Where it is loaded, relative to the base of the image. */
  address: number;
  kind: RegionKind;
  /** Of the kinds that have bases: addresses, as above. */
  bases?: readonly [number, number];
  /** What pointers are relative to if not to the base of the image, so that those of a file within the file refer to where it is laid out. */
  ownBase?: bigint;
  /** Of debug information: the addresses of the sections that it refers to. */
  sections?: readonly number[];
  /** Code whose words are converted (conversions/words.ts): that of arm64 has a kind of its own. */
  inWords?: true;
}

/** Ascending and disjoint in the file. */
export interface FunctionTable {
  offset: number;
  size: number;
  /** What it says of one function: where that begins (relative to the base of the image), and where this is in the file. */
  records: FunctionRecord[];
  /** Tables of objects are for the same only if they have the same; others are in the same order in both files. */
  key?: string;
  /** Whether the records are in the order of what they are for. */
  isOrdered?: boolean;
}

export interface FunctionRecord {
  address: number;
  offset: number;
  size: number;
  /** Records are for the same only if they have the same name. */
  name?: string;
}

/** Records that follow each other, `count` of so many bytes each. Those for the same have the same word, or what it became, `key` bytes from their start. */
export interface Records {
  offset: number;
  record: number;
  count: number;
  key: number;
}

export interface Image {
  /** Ascending and disjoint. */
  regions: Region[];
  /** The lowest address. */
  base: bigint;
  /** Bytes from there to the highest. */
  span: number;
  /** Tables of functions: `.pdata` of PE, the two of Go. */
  tables: FunctionTable[];
  /** The bases of Go's table of functions, as addresses; as many as GO_BASES if there is a region of that kind. */
  goBases: number[];
  wasm?: WasmModule;
  /** Ascending and disjoint. */
  sequences?: Records[];
}

/** Of a WebAssembly module what its references mean. */
export interface WasmModule {
  /** How many functions it imports: they have the first numbers. */
  imports: number;
  /** Where the other functions begin, in the file, and where the last one ends. */
  functions: number[];
  /** The address of the first of them, and for how many bits of addresses each stands. */
  first: number;
  shift: number;
  /** Ascending in the file; `offset` and `size` are those of the content. */
  segments: { address: number; offset: number; size: number }[];
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
  go: 10,
  words: 11,
  x86Legacy: 12,
  arm32: 13,
  power: 14,
  riscV: 15,
  s390: 16,
  otherCode: 17,
  pointersBig: 18,
  debug: 19,
  mips: 20,
  unwindingIndex: 21,
  unwinding: 22,
  wasm: 23,
  wasmData: 24,
  chainedAddresses: 25,
  symbols: 26,
  symbolsShort: 27,
  pairs: 28,
  numbers: 29,
  goTypes: 30,
  rebases: 31,
  compactUnwinding: 32,
  wideUnwinding: 33,
  thumb: 34,
  loongArch: 35,
  wordsBig: 36,
  powerBased: 37,
  powerBig: 38,
  mipsBased: 39,
  codeRecords: 40,
  objects: 41,
  managed: 42,
  rows: 43,
  otherObjects: 44,
  bytecode: 45,
  assemblies: 46,
  classes: 47,
  dwarf: 48,
  armWords: 49,
  ownPointers: 50,
  ownChained: 51,
} as const;
export type RegionKind = (typeof REGION_KINDS)[keyof typeof REGION_KINDS];

export function isHashes(kind: RegionKind): boolean {
  return kind === REGION_KINDS.hashes || kind === REGION_KINDS.hashesOfLarge;
}

/** Of the pages whose hashes are such a region, bytes. */
export function pageSizeOf(kind: RegionKind): number {
  return kind === REGION_KINDS.hashes ? 4096 : 16384;
}

export function isCode(kind: RegionKind): boolean {
  const { x86, arm, x86Legacy, otherCode, mips, wasm, thumb, loongArch, powerBased, mipsBased, armWords } =
    REGION_KINDS;
  return (
    (kind >= x86Legacy && kind <= otherCode) ||
    (kind >= powerBased && kind <= mipsBased) ||
    [x86, arm, mips, wasm, thumb, loongArch, armWords].some((each) => each === kind)
  );
}

/** Whether it is data that may hold addresses. */
export function isData(kind: RegionKind): boolean {
  const { pointers, chained, words, pointersBig, debug, chainedAddresses, wordsBig } = REGION_KINDS;
  const { ownPointers, ownChained } = REGION_KINDS;
  return (
    (kind >= pointers && kind <= chained) ||
    kind === words ||
    kind === pointersBig ||
    kind === debug ||
    kind === wordsBig ||
    kind === chainedAddresses ||
    kind === ownPointers ||
    kind === ownChained
  );
}

/** Of what kind pointers are in a file within the file, if they are found there. */
export function ownKind(kind: RegionKind): RegionKind | undefined {
  const { pointers, relative, chained, chainedAddresses, ownPointers, ownChained } = REGION_KINDS;
  if (kind === pointers || kind === relative) return ownPointers;
  if (kind === chained || kind === chainedAddresses) return ownChained;
  return kind === ownPointers || kind === ownChained ? kind : undefined;
}

export function isUnwinding(kind: RegionKind): boolean {
  const { unwindingIndex, unwinding, compactUnwinding, wideUnwinding } = REGION_KINDS;
  return [unwindingIndex, unwinding, compactUnwinding, wideUnwinding].some((each) => each === kind);
}

/** Regions that a patch can hold. */
export const MOST_REGIONS = 255;

/** A part of an executable, as its headers have it. */
export interface Part {
  offset: number;
  size: number;
  address: bigint;
  kind: RegionKind;
  /** Of the kinds that have bases: addresses. */
  bases?: readonly [bigint, bigint];
  /** What pointers are relative to if not to the base of the image, less that. */
  ownBase?: bigint;
  /** Of debug information: how far the sections that it refers to are from it. */
  sections?: readonly bigint[];
}

/** Addresses of a unit, the first of them, and where they are in the file. */
export interface AddressRun {
  first: bigint;
  offset: number;
  size: number;
}

export interface Parts {
  parts: Part[];
  /** The address after the last. */
  end: bigint;
  /** Where there is a table of functions, whose entries begin with an address or with what it is relative to the base. */
  functions?: { offset: number; size: number; entry: number; isAddress: boolean } | undefined;
  /** Addresses that debug information names by number, if they are in no order. */
  addresses?: readonly AddressRun[];
  /** The objects that a native image of Java begins with, in the file. */
  heap?: { offset: number; size: number } | undefined;
}

/** What of the region lies before `start`, and from `end` on. */
export function around(region: Region, start: number, end: number): Region[] {
  const { offset, size, address, kind } = region;
  if (start >= offset + size || end <= offset) return [region];
  const before = { offset, size: start - offset, address, kind };
  const after = { offset: end, size: offset + size - end, address: address + end - offset, kind };
  return [before, after].filter((part) => part.size > 0);
}
