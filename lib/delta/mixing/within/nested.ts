/**
 * Executables within another file: in an archive, behind another executable, or in what was compressed there. They are laid out one
 * behind the other, behind what is loaded.
 */
import {
  type FunctionTable,
  type Image,
  isCode,
  isHashes,
  isUnwinding,
  MOST_REGIONS,
  ownKind,
  REGION_KINDS,
  type Region,
  type RegionKind,
} from '../containers/image.ts';

/** What executables begin with: ELF, PE, Mach-O of 64 bits. */
const MAGICS = ['\x7fELF', 'MZ', '\xcf\xfa\xed\xfe'].map((magic) => Buffer.from(magic, 'latin1'));
/** Bytes of an executable, below: its description would take too much of the patch. */
const LEAST = 4096;
/** Executables that are looked at. */
const MOST_FILES = 64;
/** Places that turned out to have no executable: after so many, no more are looked at. By chance there is one in 64 KiB. */
const MOST_WRONG = 1 << 15;
/** What addresses of the next file are rounded up to. */
const GRAIN = 1 << 16;
/** Bytes from the lowest address to the highest, at most. */
const MOST_SPAN = 0xffff0000;

interface Nested {
  start: number;
  size: number;
  image: Image;
}

/**
 * @param imageOf what headers say of the executable that its argument begins with: none if it has no span
 * @param wholeOf the same with all that is found by that, for the largest one where nothing else is loaded: it is where it would be alone
 */
export function withNested(
  bytes: Buffer,
  image: Image,
  imageOf: (file: Buffer) => Image,
  wholeOf = imageOf,
): Image {
  const found = [...nestedIn(bytes, image, imageOf)].sort((a, b) => b.size - a.size);
  if (found.length === 0) return image;
  let { regions: outer, base, span: end, goBases } = image;
  const inner: Region[] = [];
  const tables = [...image.tables];
  const sequences = [...(image.sequences ?? [])];
  for (const nested of found) {
    const { start } = nested;
    const isFirst = end === 0;
    const own = isFirst ? wholeOf(bytes.subarray(start)) : nested.image;
    const moved = Math.ceil(end / GRAIN) * GRAIN;
    const count = outer.length + inner.length + own.regions.length;
    if (count > MOST_REGIONS || moved + own.span > MOST_SPAN) continue;
    const taken = { start, size: Math.max(nested.size, endOf(own.regions.at(-1))) };
    if (inner.some((region) => outside(region, taken)[0] !== region)) continue;
    outer = outer.flatMap((region) => outside(region, taken));
    inner.push(...placed(own, start, moved, isFirst));
    tables.push(...own.tables.map((table) => placedTable(table, start, moved)));
    end = moved + own.span;
    if (!isFirst) continue;
    ({ base, goBases } = own);
    sequences.push(...(own.sequences ?? []).map((each) => ({ ...each, offset: each.offset + start })));
  }
  // Where nothing was loaded, text had the addresses of its places.
  if (image.span === 0 && end > 0) {
    const moved = Math.ceil(end / GRAIN) * GRAIN;
    end = moved + bytes.length;
    outer = end > MOST_SPAN ? [] : outer.map((region) => ({ ...region, address: region.address + moved }));
  }
  const regions = [...outer, ...inner].sort((a, b) => a.offset - b.offset).slice(0, MOST_REGIONS);
  tables.sort((a, b) => a.offset - b.offset);
  return { ...image, regions, tables, base, span: end, goBases, sequences };
}

/** Ascending and disjoint, outside of what is loaded. */
function* nestedIn(bytes: Buffer, image: Image, imageOf: (file: Buffer) => Image): Generator<Nested> {
  const loaded = image.regions.filter(({ kind }) => kind !== REGION_KINDS.text);
  const places = MAGICS.flatMap((magic) => [...placesOf(bytes, magic, loaded)]).sort((a, b) => a - b);
  let end = 0;
  let count = 0;
  let wrong = 0;
  for (const start of places) {
    if (start < end) continue;
    const file = bytes.subarray(start);
    const inner = imageOf(file);
    if (inner.span === 0) {
      if (++wrong === MOST_WRONG) return;
      continue;
    }
    const size = inner.regions.reduce((most, region) => Math.max(most, region.offset + region.size), 0);
    // The files of a universal one are known already.
    if (size < LEAST || loaded.some((region) => outside(region, { start, size })[0] !== region)) continue;
    end = start + size;
    yield { start, size, image: inner };
    if (++count === MOST_FILES) return;
  }
}

/** Where what is no part of an executable has these bytes, but where it begins. */
function* placesOf(bytes: Buffer, magic: Buffer, loaded: readonly Region[]): Generator<number> {
  let index = 0;
  for (let at = bytes.indexOf(magic, 1); at >= 0; ) {
    while (index < loaded.length && endOf(loaded[index]) <= at) index++;
    const region = loaded[index];
    const isLoaded = region !== undefined && at >= region.offset;
    if (!isLoaded) yield at;
    at = bytes.indexOf(magic, isLoaded ? endOf(region) : at + 1);
  }
}

function endOf(region: Region | undefined): number {
  return region === undefined ? 0 : region.offset + region.size;
}

/** The parts of a region that are not in the file: itself, if that is elsewhere. */
function outside(region: Region, { start, size }: Pick<Nested, 'start' | 'size'>): Region[] {
  const end = endOf(region);
  if (end <= start || region.offset >= start + size) return [region];
  const part = (from: number, to: number) =>
    from < to
      ? [{ ...region, offset: from, size: to - from, address: region.address + from - region.offset }]
      : [];
  return [...part(region.offset, start), ...part(start + size, end)];
}

/** What refers to its own file alone, and not by where that is loaded, which is elsewhere here. */
function isKept(kind: RegionKind): boolean {
  const { wasm, text, symbols, symbolsShort } = REGION_KINDS;
  if (kind === wasm) return false;
  return isCode(kind) || isUnwinding(kind) || [text, symbols, symbolsShort].some((each) => each === kind);
}

/** Pointers, relative to what makes them refer to where the file is laid out; all else is data. */
function ownOf({ kind, ownBase }: Region, base: bigint, moved: number): Pick<Region, 'kind' | 'ownBase'> {
  const own = ownKind(kind);
  return own === undefined
    ? { kind: REGION_KINDS.data }
    : { kind: own, ownBase: (ownBase ?? base) - BigInt(moved) };
}

/** As they are where the file is one behind others. Pointers are to where their own file is loaded, which only the first one is. */
function placed({ regions, base }: Image, start: number, moved: number, isFirst: boolean): Region[] {
  return regions
    .filter(({ kind }) => !isHashes(kind))
    .map((region) => ({
      ...region,
      offset: region.offset + start,
      address: region.address + moved,
      ...(isFirst || isKept(region.kind) ? {} : ownOf(region, base, moved)),
      ...(region.bases === undefined
        ? {}
        : { bases: [region.bases[0] + moved, region.bases[1] + moved] as const }),
    }));
}

function placedTable(table: FunctionTable, start: number, moved: number): FunctionTable {
  const records = table.records.map((record) => ({
    ...{ ...record, offset: record.offset + start },
    address: record.address + moved,
  }));
  return { ...table, offset: table.offset + start, records };
}
