/** Assemblies of .NET in a region of their own, from lib/delta/FORMAT.md: where they have references, and what these are relative to. For the tests. */
import { u32 } from './arithmetic.ts';
import { scanManaged } from './managed.ts';

export const ASSEMBLIES = 46;
const [OFFSET, STRING, BLOB, ROW, ADDRESS] = [46, 47, 48, 49, 50];
const USER_STRING = 0x70;

const TABLES = [
  ...['2 s g g g', 'L s s', '4 s s A #4 #6', '#4', '2 s b', '#6', 'r 2 2 s b #8', '#8', '2 2 s', '#2 A'],
  ...['F s b', '2 B b', 'C K b', 'D b', '2 E b', '2 4 #2', '4 #4', 'b', '#2 #20', '#20', '2 s A', '#2 #23'],
  ...[
    '#23',
    '2 s b',
    '2 #6 G',
    '#2 H H',
    's',
    'b',
    '2 I s #26',
    'r #4',
    '4 4',
    '4',
    '4 2 2 2 2 4 b s s',
    '4',
  ],
  ...[
    '4 4 4',
    '2 2 2 2 4 b s s b',
    '4 #35',
    '4 4 4 #35',
    '4 s b',
    '4 4 s s J',
    '4 4 s J',
    '#2 #2',
    '2 2 M s',
  ],
  ...['H b', '#42 A'],
].map((columns) => columns.split(' '));
/** Bits that tell of which table a number is, and these. */
const SEVERAL: Readonly<Record<string, readonly [number, ...number[]]>> = {
  A: [2, 2, 1, 27],
  B: [2, 4, 8, 23],
  C: [5, 6, 4, 1, 2, 8, 9, 10, 0, 14, 23, 20, 17, 26, 27, 32, 35, 38, 39, 40, 42, 44, 43],
  D: [1, 4, 8],
  E: [2, 2, 6, 32],
  F: [3, 2, 1, 26, 6, 27],
  G: [1, 20, 23],
  H: [1, 6, 10],
  I: [1, 4, 6],
  J: [2, 38, 35, 39],
  K: [3, 45, 45, 6, 10],
  L: [2, 0, 26, 35, 1],
  M: [1, 2, 6],
};

interface Assembly {
  start: number;
  strings: number;
  blobs: number;
  userStrings: number;
  /** By how much addresses are ahead of places. */
  ahead: number;
  widthOf: (column: string) => number;
  tables: Map<number, { place: number; size: number }>;
}

interface Part {
  assembly: Assembly;
  start: number;
  end: number;
  /** Of a table, not of instructions. */
  table?: number;
}

/** What a field is relative to, and how its number becomes a distance. */
interface Field {
  kind: number;
  size: number;
  origin: number;
  distance: (value: number) => number;
  value: (distance: number, old: number) => number;
}

export class Assemblies {
  readonly #old: Uint8Array;
  readonly #note: (offset: number, kind: number) => void;
  readonly #noteRows: (start: number, end: number) => void;
  readonly #parts: Part[] = [];
  #told = 0;
  #headers = 0;
  #end = 0;

  constructor(
    old: Uint8Array,
    note: (offset: number, kind: number) => void,
    noteRows: (start: number, end: number) => void,
  ) {
    this.#old = old;
    this.#note = note;
    this.#noteRows = noteRows;
  }

  /** `leftAt`: bytes that the step has from a place on by which it is mapped. */
  scan({ offset, size }: { offset: number; size: number }, leftAt: (place: number) => number): void {
    const end = offset + size;
    for (let at = (offset + 3) & ~3; at < end && end - at >= 128; ) {
      this.#end = end;
      const length =
        this.#old[at] === 0x4d && this.#old[at + 1] === 0x5a ? this.#scanAssembly(at, leftAt) : 0;
      at += Math.max(4, (length + 3) & ~3);
    }
  }

  #byte(at: number): number {
    return at < this.#end ? (this.#old[at] ?? 0) : 0;
  }

  #half(at: number): number {
    return this.#byte(at) + 256 * this.#byte(at + 1);
  }

  #word(at: number): number {
    return at + 4 <= this.#end ? this.#half(at) + 65536 * this.#half(at + 2) : 0;
  }

  #scanAssembly(start: number, leftAt: (place: number) => number): number {
    const header = start + this.#word(start + 60);
    const count = this.#half(header + 6);
    const first = header + 24 + this.#half(header + 20);
    if (this.#word(header) !== 0x4550 || count > 96 || this.#headers === 2 ** 16) return 0;
    this.#headers++;
    const sections = Array.from({ length: count }, (_, index) => {
      const [address = 0, size = 0, place = 0] = [12, 16, 20].map((field) =>
        this.#word(first + 40 * index + field),
      );
      return { address, size, place };
    });
    const size = Math.max(0, ...sections.map((section) => section.size + section.place));
    if (size > this.#end - start) return 0;
    this.#end = start + size;
    const homeOf = (address: number) => sections.find((each) => u32(address - each.address) < each.size);
    const placeOf = (address: number) => {
      const home = homeOf(address);
      return home === undefined ? start : start + home.place + u32(address - home.address);
    };
    const isWide = this.#half(header + 24) === 0x20b;
    const about = placeOf(this.#word(header + (isWide ? 248 : 232)));
    const address = this.#word(about + 8);
    const metadata = placeOf(address);
    if (about === start || metadata === start || this.#word(metadata) !== 0x424a5342) return 0;
    const home = homeOf(address);
    if (leftAt(start) < size && this.#told < 4096)
      this.#scanMetadata(start, metadata, u32((home?.address ?? 0) - (home?.place ?? 0)));
    return size;
  }

  #scanMetadata(start: number, metadata: number, ahead: number): void {
    const places = new Map<number, number>();
    let at = metadata + 16 + this.#word(metadata + 12);
    const streams = Math.min(16, this.#half(at + 2));
    at += 4;
    for (let i = 0; i < streams; i++) {
      const place = metadata + this.#word(at);
      if (place < this.#end) places.set(this.#word(at + 8), place);
      at += 8;
      for (let words = 0; words < 8 && ![0, 1, 2, 3].some((k) => this.#byteOfWord(at, k) === 0); words++)
        at += 4;
      at += 4;
    }
    const rows = places.get(0x7e23);
    if (rows === undefined) return;
    const counts = new Map<number, number>();
    at = rows + 24;
    for (let table = 0; table < 64; table++) {
      if (((this.#word(rows + 8 + 4 * (table >> 5)) >>> (table & 31)) & 1) === 0) continue;
      counts.set(table, this.#word(at));
      at += 4;
    }
    const heaps = this.#byte(rows + 6);
    if ((heaps & 64) !== 0) at += 4;
    const countOf = (table: number) => counts.get(table) ?? 0;
    const widthOf = (column: string) => {
      if (column === '2') return 2;
      if (column === '4' || column === 'r') return 4;
      if ('sgb'.includes(column)) return ((heaps >> 'sgb'.indexOf(column)) & 1) === 1 ? 4 : 2;
      if (column.startsWith('#')) return countOf(Number(column.slice(1))) >= 2 ** 16 ? 4 : 2;
      const [bits, ...tables] = SEVERAL[column] ?? [0];
      return tables.some((table) => countOf(table) >= 2 ** (16 - bits)) ? 4 : 2;
    };
    this.#told++;
    const placeOf = (name: number) => places.get(name) ?? 0;
    const assembly: Assembly = {
      ...{ start, strings: placeOf(0x72745323), blobs: placeOf(0x6f6c4223), userStrings: placeOf(0x535523) },
      ...{ ahead, widthOf, tables: new Map() },
    };
    const code: Part = { assembly, start, end: start };
    if (!this.#add(code)) return;
    const tablesAt = at;
    for (const [table, columns] of TABLES.entries()) {
      const size = columns.reduce((sum, column) => sum + widthOf(column), 0);
      const count = countOf(table);
      assembly.tables.set(table, { place: at, size });
      const next = at + size * count;
      if (next > this.#end) return;
      if (next - at >= 64) {
        if (!this.#add({ assembly, start: at, end: next, table })) return;
        this.#noteRows(at, next);
      }
      if (table === 6) this.#scanMethods(code, tablesAt, at, size, count);
      at = next;
    }
  }

  #byteOfWord(at: number, index: number): number {
    return (this.#word(at) >>> (8 * index)) & 255;
  }

  #add(part: Part): boolean {
    if (this.#parts.length === 2 ** 16) return false;
    this.#parts.push(part);
    return true;
  }

  #scanMethods(code: Part, tablesAt: number, table: number, size: number, count: number): void {
    const { start, ahead } = code.assembly;
    const places: number[] = [];
    for (let row = 0; row < count; row++) {
      const address = this.#word(table + size * row);
      const place = u32(start + address - ahead);
      if (address !== 0 && place > start && place < this.#end && this.#end - place >= 12) places.push(place);
    }
    if (places.length === 0) return;
    const least = places.reduce((a, b) => Math.min(a, b));
    const last = places.reduce((a, b) => Math.max(a, b));
    const head = this.#byte(last);
    const end = last + ((head & 3) === 2 ? 1 + (head >> 2) : 12 + this.#word(last + 4));
    if (end > tablesAt) return;
    code.start = least;
    code.end = end;
    scanManaged({ offset: least, size: end - least }, (at) => this.#old[at] ?? 0, this.#note);
    for (const place of places)
      if (place + 12 <= end && (this.#byte(place) & 3) === 3 && this.#word(place + 8) !== 0)
        this.#note(place + 8, OFFSET);
  }

  #partAt(offset: number): Part | undefined {
    let [low, high] = [0, this.#parts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Number(this.#parts[middle]?.start) <= offset) low = middle + 1;
      else high = middle;
    }
    const part = this.#parts[low - 1];
    return part !== undefined && offset < part.end ? part : undefined;
  }

  /** The field of a table that begins at the offset, which is in one. */
  row(offset: number): Field | undefined {
    const part = this.#partAt(offset);
    if (part?.table === undefined) return undefined;
    const { assembly, table, start } = part;
    const columns = TABLES[table] ?? [];
    let left = (offset - start) % (assembly.tables.get(table)?.size ?? 1);
    const column = columns.find((each) => {
      if (left === 0) return true;
      left -= assembly.widthOf(each);
      return false;
    });
    if (left !== 0 || column === undefined) return undefined;
    const size = assembly.widthOf(column);
    const value = this.#number(offset, size);
    if (value === 0 || ['2', '4', 'g'].includes(column)) return undefined;
    const cut = (number: number) => (size === 2 ? number & 0xffff : u32(number));
    const place = (kind: number, origin: number): Field => ({
      ...{ kind, size, origin },
      distance: (number) => number,
      value: cut,
    });
    if (column === 's') return place(STRING, assembly.strings);
    if (column === 'b') return place(BLOB, assembly.blobs);
    if (column === 'r')
      return {
        ...{ kind: ADDRESS, size, origin: assembly.start },
        distance: (number) => u32(number - assembly.ahead),
        value: (distance) => u32(distance + assembly.ahead),
      };
    const [bits, ...tables] = column.startsWith('#')
      ? [0, Number(column.slice(1))]
      : (SEVERAL[column] ?? [0]);
    const tag = value & (2 ** bits - 1);
    const rows = this.#rows(assembly, tables[tag] ?? 0);
    return {
      ...{ kind: ROW, size, origin: rows.origin },
      distance: (number) => rows.distance(number >>> bits),
      value: (distance) => cut((rows.value(distance) << bits) | tag),
    };
  }

  #rows(assembly: Assembly, table: number) {
    const { place, size } = assembly.tables.get(table > 44 ? 0 : table) ?? { place: 0, size: 1 };
    return {
      origin: place,
      distance: (row: number) => u32(Math.imul(size, row - 1)),
      value: (distance: number) => Math.floor(distance / size) + 1,
    };
  }

  #number(offset: number, size: number): number {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + (this.#old[offset + i] ?? 0);
    return value;
  }

  /** The token behind an instruction at the offset. */
  #token(offset: number): Field | undefined {
    const part = this.#partAt(offset);
    if (part === undefined || part.table !== undefined) return undefined;
    const { assembly } = part;
    const table = this.#old[offset + 3] ?? 0;
    const rows =
      table === USER_STRING
        ? {
            origin: assembly.userStrings,
            distance: (value: number) => value,
            value: (value: number) => value,
          }
        : this.#rows(assembly, table);
    return {
      ...{ kind: OFFSET, size: 4, origin: rows.origin },
      distance: (value) => rows.distance(value & 0xffffff),
      value: (distance, old) => u32((old & 0xff000000) | (rows.value(distance) & 0xffffff)),
    };
  }

  /** The field that such a reference is, if it is one of an assembly. */
  field(offset: number, kind: number): Field | undefined {
    if (kind === OFFSET) return this.#token(offset);
    return kind >= STRING && kind <= ADDRESS ? this.row(offset) : undefined;
  }
}
