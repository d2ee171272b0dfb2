/** What the headers of an executable say, in places of the unpacked file (../../deflate/): for the encoder only. */
import type { UnpackedFile } from '../../deflate/encode.ts';
import { debugSections } from '../containers/elf.ts';
import {
  type FunctionTable,
  type Image,
  MOST_REGIONS,
  type Part,
  REGION_KINDS,
  type Region,
} from '../containers/image.ts';
import { debugSectionsOfMachO } from '../containers/mach-o.ts';
import { debugSectionsOfPe } from '../containers/pe.ts';
import { type DebugSection, plainName, tellDwarf } from '../containers/sections/dwarf.ts';
import { alone, isText, regionsOf } from '../executable.ts';
import { firmwareImage, isFirmware } from './firmware.ts';
import { withNested } from './nested.ts';

/** What was compressed is laid out behind what is loaded, at multiples of this. */
const GRAIN = 4096;
/** Bytes from the lowest address to the highest, at most. */
const MOST_SPAN = 0xffff0000;

export function unpackedImage(file: Uint8Array, unpacked: UnpackedFile, withHashes: boolean): Image {
  // In blocks of UF2 there is code as well, but in pieces: what counts is the image.
  const isInRecords = isFirmware(unpacked, file.length) && alone(Buffer.from(file)).span === 0;
  const image = isInRecords ? null : regionsOf(file, withHashes);
  // What is no executable says nothing of places: it is looked at as it is unpacked.
  if (image === null || image.wasm !== undefined || image.span === 0) {
    return firmwareImage(unpacked) ?? regionsOf(unpacked.bytes, withHashes);
  }
  const placeOf = places(unpacked);
  const tables = image.tables.map((table) => movedTable(table, placeOf));
  const sequences = image.sequences?.map((records) => ({ ...records, offset: placeOf(records.offset) }));
  const regions = image.regions.flatMap((region) => around(region, unpacked, placeOf));
  const moved: Image = {
    ...{ ...image, regions, tables },
    ...(sequences === undefined ? {} : { sequences }),
  };
  const bytes = Buffer.from(unpacked.bytes.buffer, unpacked.bytes.byteOffset, unpacked.bytes.length);
  return withNested(bytes, withStreams(moved, unpacked, debugSectionsIn(file), placeOf), alone);
}

/** Whether a place of the file is in debug information, which is read as a whole. */
export function isInDebug(file: Uint8Array): (place: number) => boolean {
  const sections = debugSectionsIn(file);
  return (place) => sections.some(({ offset, size }) => place >= offset && place < offset + size);
}

function debugSectionsIn(file: Uint8Array): DebugSection[] {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  try {
    return [...debugSections(bytes), ...debugSectionsOfPe(bytes), ...debugSectionsOfMachO(bytes)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [];
  }
}

/** Where a place of the file is in the unpacked one: that of the stream, if it is inside of one. Ascending places are found at once. */
function places({ spans }: UnpackedFile): (offset: number) => number {
  return (offset) => {
    let low = 0;
    let high = spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((spans[middle]?.start ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    const last = spans[low - 1];
    if (last === undefined) return offset;
    if (offset < last.start + last.size) return last.plainStart;
    return last.plainEnd + offset - last.start - last.size;
  };
}

function movedTable(table: FunctionTable, placeOf: (offset: number) => number): FunctionTable {
  const offset = placeOf(table.offset);
  return {
    ...table,
    ...{ offset, size: placeOf(table.offset + table.size) - offset },
    records: table.records.map((record) => ({ ...record, offset: placeOf(record.offset) })),
  };
}

/** The parts of the region that are not compressed. */
function around(region: Region, { spans }: UnpackedFile, placeOf: (offset: number) => number): Region[] {
  const end = region.offset + region.size;
  const parts: Region[] = [];
  const add = (from: number, to: number) => {
    if (from >= to) return;
    parts.push({
      ...region,
      offset: placeOf(from),
      size: to - from,
      address: region.address + from - region.offset,
    });
  };
  let from = region.offset;
  for (const { start, size } of spans) {
    if (start + size <= from || start >= end) continue;
    add(from, Math.min(start, end));
    from = Math.max(from, start + size);
  }
  add(from, end);
  return parts;
}

/** With regions of what was compressed, if it is debug information or text. */
function withStreams(
  image: Image,
  { bytes, spans }: UnpackedFile,
  debug: readonly DebugSection[],
  placeOf: (offset: number) => number,
): Image {
  const regions = [...image.regions];
  const told = new Map<string, Part>();
  const unpacked = new Map<Part, Region>();
  let end = image.span;
  for (const { start, plainStart, plainSize } of spans) {
    const section = debug.find(({ offset, size }) => start >= offset && start < offset + size);
    const isHere = () =>
      isText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), plainStart, plainSize);
    if (section === undefined && !isHere()) continue;
    const address = Math.ceil(end / GRAIN) * GRAIN + (plainStart % 8);
    if (address + plainSize > MOST_SPAN || regions.length >= MOST_REGIONS) break;
    const kind = section === undefined ? REGION_KINDS.text : REGION_KINDS.debug;
    const region: Region = { offset: plainStart, size: plainSize, address, kind };
    regions.push(region);
    end = address + plainSize;
    if (section === undefined) continue;
    const part: Part = { offset: plainStart, size: plainSize, address: BigInt(address), kind };
    told.set(plainName(section.name), part);
    unpacked.set(part, region);
  }
  for (const { name, offset, size } of debug) {
    const place = placeOf(offset);
    const home = regions.find((region) => place >= region.offset && place < region.offset + region.size);
    if (told.has(plainName(name)) || home === undefined) continue;
    const address = BigInt(home.address + place - home.offset);
    told.set(name, { offset: place, size, address, kind: REGION_KINDS.debug });
  }
  tellDwarf(told);
  for (const [part, region] of unpacked) tell(region, part);
  regions.sort((a, b) => a.offset - b.offset);
  return { ...image, regions: regions.slice(0, MOST_REGIONS), span: end };
}

function tell(region: Region, { kind, bases, sections }: Part): void {
  region.kind = kind;
  if (bases !== undefined) region.bases = [Number(bases[0]), Number(bases[1])];
  if (sections !== undefined)
    region.sections = sections.map((distance) => (region.address + Number(distance)) >>> 0);
}
