/** The parts of a WebAssembly module: its functions and its data (WebAssembly Core Specification 2.0, "Modules"). */
import { withGo } from './go.ts';
import {
  type FunctionTable,
  type Image,
  MOST_REGIONS,
  type Part,
  REGION_KINDS,
  type WasmModule,
} from './image.ts';
import { isDwarf, tellDwarf } from './sections/dwarf.ts';

const MAGIC = 0x6d736100;
/** Sections. */
const [IMPORT, MEMORY, CODE, DATA] = [2, 5, 10, 11];
const PAGE = 1 << 16;
/** `i32.const`; `memory.init`. */
const CONSTANT = 0x41;
const INIT = Buffer.from([0xfc, 8]);
/** What functions have for addresses where the program gives them none: behind all data. */
const BEHIND = 0xc0000000;
/** Bits of a function's addresses in Go (cmd/link/internal/wasm/asm.go). */
const GO_SHIFT = 16;
/** Data that is looked through for Go's table of functions. */
const MOST_MEMORY = 1 << 28;
/** How often addresses may go back from one segment to the next, + 1. */
const MOST_SERIES = 16;
/** Where there is debug information, addresses from here on are places of the file: neither functions nor data have such ones. */
const PLACES = 0xe0000000;

export function isWasm(bytes: Buffer): boolean {
  return bytes.readUInt32LE(0) === MAGIC;
}

/** Reads numbers of a variable number of bytes. */
class Cursor {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.at++);
  }

  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      if (shift < 35) value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value % 2 ** 32;
    }
  }
}

export function wasm(bytes: Buffer): Image {
  const sections = new Map<number, { at: number; end: number }>();
  const debug = new Map<string, Part>();
  for (let at = 8; at < bytes.length; ) {
    const cursor = new Cursor(bytes, at);
    const id = cursor.byte();
    const size = cursor.number();
    at = cursor.at + size;
    if (at > bytes.length) throw new RangeError('a section ends behind the module');
    if (id !== 0) sections.set(id, { at: cursor.at, end: at });
    else addDebug(bytes, cursor, at, debug);
  }
  const cursorOf = (id: number) => {
    const section = sections.get(id);
    return section === undefined ? null : { cursor: new Cursor(bytes, section.at), end: section.end };
  };
  const code = cursorOf(CODE);
  const data = cursorOf(DATA);
  const functions = code === null ? [] : functionsOf(code.cursor, code.end);
  const active = data === null ? [] : segmentsOf(data.cursor, data.end);
  const begin = cursorOf(DATA);
  const segments =
    active.length > 0 || begin === null
      ? active
      : passiveSegmentsOf(bytes, begin.cursor, begin.end, functions);
  const { functions: imports, memory } = importsOf(cursorOf(IMPORT)?.cursor);
  const module = {
    imports,
    functions,
    first: BEHIND,
    shift: 0,
    segments,
  };
  const regions: Image['regions'] = [];
  const add = (part: { cursor: Cursor; end: number } | null, kind: Image['regions'][0]['kind']) => {
    if (part === null || part.cursor.at >= part.end) return;
    const offset = part.cursor.at;
    regions.push({ offset, size: part.end - offset, address: offset, kind });
  };
  // The cursors stand behind the counts.
  add(
    code === null ? null : { ...code, cursor: new Cursor(bytes, functions[0] ?? code.end) },
    REGION_KINDS.wasm,
  );
  const first = data === null ? null : new Cursor(bytes, sections.get(DATA)?.at ?? 0);
  first?.number();
  add(data === null || first === null ? null : { cursor: first, end: data.end }, REGION_KINDS.wasmData);
  const span = memoryOf(cursorOf(MEMORY)?.cursor, memory, segments);
  const image = withTable(bytes, { regions, base: 0n, span, tables: [], goBases: [], wasm: module }, module);
  return module.shift > 0 ? image : withDwarf(image, debug, sections.get(CODE)?.at ?? 0, bytes.length);
}

/** A section that has a name, if it is one that debuggers read. */
function addDebug(bytes: Buffer, cursor: Cursor, end: number, debug: Map<string, Part>): void {
  const size = cursor.number();
  const name = bytes.toString('latin1', cursor.at, Math.min(cursor.at + size, end));
  const offset = cursor.at + size;
  if (!isDwarf(name) || offset >= end) return;
  const kind = name.endsWith('str') ? REGION_KINDS.text : REGION_KINDS.data;
  debug.set(name, { offset, size: end - offset, address: BigInt(PLACES + offset), kind });
}

/** With debug information, where addresses of code are relative to the content of its section. */
function withDwarf(image: Image, debug: ReadonlyMap<string, Part>, code: number, size: number): Image {
  tellDwarf(debug);
  const parts = [...debug.values()];
  if (!parts.some(({ kind }) => kind === REGION_KINDS.dwarf) || size >= 2 ** 32 - PLACES) return image;
  const regions = image.regions.map((region) => ({ ...region, address: PLACES + region.offset }));
  for (const { offset, size, kind, bases, sections } of parts) {
    const to = sections?.map((distance) => PLACES + offset + Number(distance));
    const own = bases && { bases: [Number(bases[0]), Number(bases[1])] as const };
    regions.push({ offset, size, address: PLACES + offset, kind, ...own, ...(to && { sections: to }) });
  }
  regions.sort((a, b) => a.offset - b.offset);
  return { ...image, regions: regions.slice(0, MOST_REGIONS), base: BigInt(2 ** 32 - PLACES - code) };
}

function filledOf(segments: WasmModule['segments']): number {
  return segments.reduce((most, { address, size }) => Math.max(most, address + size), 0);
}

/** How many functions, and the least pages of memory. */
function importsOf(cursor: Cursor | undefined): { functions: number; memory: number } {
  let functions = 0;
  let memory = 0;
  for (let i = cursor?.number() ?? 0; cursor !== undefined && i > 0; i--) {
    for (let name = 0; name < 2; name++) {
      const size = cursor.number();
      cursor.at += size;
    }
    const kind = cursor.byte();
    if (kind === 0) functions++;
    // A table has a type before its limits, a tag a byte before its type.
    if (kind === 1 || kind === 4) cursor.byte();
    if (kind === 2) memory = Math.max(memory, limitsOf(cursor));
    else if (kind === 1) limitsOf(cursor);
    else cursor.number();
    if (kind === 3) cursor.byte();
  }
  return { functions, memory };
}

/** The least size. */
function limitsOf(cursor: Cursor): number {
  const form = cursor.byte();
  const least = cursor.number();
  if ((form & 1) !== 0) cursor.number();
  return least;
}

/** Bytes of memory at the start, of its own, or imported, if data has fixed addresses in it. */
function memoryOf(cursor: Cursor | undefined, imported: number, segments: WasmModule['segments']): number {
  const filled = filledOf(segments);
  const otherwise = filled > 0 ? imported : 0;
  const pages = cursor !== undefined && cursor.number() > 0 ? limitsOf(cursor) : otherwise;
  return Math.min(BEHIND, Math.max(filled, pages * PAGE));
}

/** Where they begin, and the end. */
function functionsOf(cursor: Cursor, end: number): number[] {
  const starts: number[] = [];
  for (let i = cursor.number(); i > 0; i--) {
    starts.push(cursor.at);
    const size = cursor.number();
    cursor.at += size;
  }
  if (cursor.at !== end) throw new RangeError('the functions end elsewhere than their section');
  return [...starts, end];
}

/** In the order of the file, to the first that has no fixed address. */
function segmentsOf(cursor: Cursor, end: number): WasmModule['segments'] {
  const segments: WasmModule['segments'] = [];
  let least = 0;
  let series = 1;
  for (let i = cursor.number(); i > 0; i--) {
    if (cursor.byte() !== 0 || cursor.byte() !== 0x41) break;
    const address = cursor.number();
    if (cursor.byte() !== 0x0b) break;
    const size = cursor.number();
    if (cursor.at + size > end || (address < least && ++series > MOST_SERIES)) break;
    segments.push({ address, offset: cursor.at, size });
    least = address + size;
    cursor.at += size;
  }
  return segments;
}

/** Those that code puts where it says: `i32.const` address, 0 and size, `memory.init`. In ascending order, none if they are in another. */
function passiveSegmentsOf(
  bytes: Buffer,
  cursor: Cursor,
  end: number,
  functions: readonly number[],
): WasmModule['segments'] {
  const passive: { offset: number; size: number }[] = [];
  for (let i = cursor.number(); i > 0; i--) {
    if (cursor.byte() !== 1) return [];
    const size = cursor.number();
    if (cursor.at + size > end) return [];
    passive.push({ offset: cursor.at, size });
    cursor.at += size;
  }
  const [first = 0, last = 0] = [functions[0], functions.at(-1)];
  const segments: WasmModule['segments'] = [];
  for (let at = bytes.indexOf(INIT, first); at >= 0 && at < last; at = bytes.indexOf(INIT, at + 1)) {
    const index = new Cursor(bytes, at + INIT.length).number();
    const segment = passive[index];
    const address = segment === undefined ? null : addressBefore(bytes, at, segment.size);
    if (segment === undefined || address === null) continue;
    const before = segments.at(-1);
    if (before !== undefined && (segment.offset <= before.offset || address < before.address)) return [];
    segments.push({ address, ...segment });
  }
  return segments;
}

/** The first of three constants that end at a place, of which the others are 0 and `size`. */
function addressBefore(bytes: Buffer, end: number, size: number): number | null {
  for (let start = end - 6; start >= Math.max(0, end - 14); start--) {
    if (bytes[start] !== CONSTANT) continue;
    const cursor = new Cursor(bytes, start + 1);
    const address = cursor.number();
    if (cursor.byte() !== CONSTANT || cursor.number() !== 0 || cursor.byte() !== CONSTANT) continue;
    if (cursor.number() === size && cursor.at === end) return address;
  }
  return null;
}

/** With what Go says of its functions: it stands in memory, which the segments make. */
function withTable(bytes: Buffer, image: Image, module: WasmModule): Image {
  const nothing = { ...image, goBases: new Array<number>(7).fill(0) };
  const filled = filledOf(module.segments);
  if (filled > MOST_MEMORY) return nothing;
  const memory = Buffer.alloc(filled);
  for (const { address, offset, size } of module.segments) bytes.copy(memory, address, offset, offset + size);
  const whole = { offset: 0, size: memory.length, address: 0, kind: REGION_KINDS.data };
  const found = withGo(memory, { ...image, regions: [whole], goBases: [] });
  const [base] = found.goBases;
  const begin = found.tables[0]?.records[0]?.address;
  if (base === undefined || begin === undefined) return nothing;
  // Since Go 1.26 its table has the functions' numbers there, without a base.
  const scale = base === 0 ? GO_SHIFT : 0;
  const first = begin * 2 ** scale;
  if (first + module.functions.length * 2 ** GO_SHIFT > 2 ** 32) return nothing;
  const place = placesOf(module.segments);
  const tables = found.tables.map(({ offset, size, records }): FunctionTable => {
    const start = place(offset);
    const placed = records.flatMap(({ address, offset, size }) => {
      const body = module.functions[(address - begin) >>> (GO_SHIFT - scale)];
      const at = place(offset);
      return body === undefined ? [] : [{ address: body, offset: at, size: place(offset + size) - at }];
    });
    return { offset: start, size: place(offset + size) - start, records: placed };
  });
  Object.assign(module, { first, shift: GO_SHIFT });
  return { ...image, tables, goBases: found.goBases, wasm: module };
}

/** Where an address is in the file; between segments, where the one before it ends. */
function placesOf(unsorted: WasmModule['segments']): (address: number) => number {
  const segments = unsorted.toSorted((a, b) => a.address - b.address);
  return (address) => {
    let [low, high] = [0, segments.length];
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if ((segments[middle]?.address ?? 0) <= address) low = middle;
      else high = middle;
    }
    const segment = segments[low];
    return segment === undefined ? 0 : segment.offset + Math.min(segment.size, address - segment.address);
  };
}
