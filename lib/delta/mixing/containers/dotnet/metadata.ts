/** The tables of a .NET assembly (ECMA-335, II.22 to II.24), and what their rows are called. For the encoder only. */

/** By the number of a table its columns: a number of 2 or 4 bytes, S a string, G an identifier, B a blob, R an address; # and the number (hex) of a table; else one of several. */
export const TABLES = [
  ...['2 S G G G', 'scope S S', '4 S S type #4 #6', '#4', '2 S B', '#6', 'R 2 2 S B #8', '#8', '2 2 S'],
  ...['#2 type', 'parent S B', '2 constant B', 'attribute made B', 'marshal B', '2 security B', '2 4 #2'],
  ...[
    '4 #4',
    'B',
    '#2 #14',
    '#14',
    '2 S type',
    '#2 #17',
    '#17',
    '2 S B',
    '2 #6 semantics',
    '#2 method method',
  ],
  ...[
    'S',
    'B',
    '2 forwarded S #1a',
    'R #4',
    '4 4',
    '4',
    '4 2 2 2 2 4 B S S',
    '4',
    '4 4 4',
    '2 2 2 2 4 B S S B',
  ],
  ...[
    '4 #23',
    '4 4 4 #23',
    '4 S B',
    '4 4 S S implementation',
    '4 4 S implementation',
    '#2 #2',
    '2 2 generic S',
  ],
  ...['method B', '#2a type'],
].map((columns) => columns.split(' '));
/** Bits that tell of which table a number is, and these, of which some are none. */
export const SEVERAL: Readonly<Record<string, readonly [bits: number, tables: readonly number[]]>> = {
  type: [2, [2, 1, 27]],
  constant: [2, [4, 8, 23]],
  attribute: [5, [6, 4, 1, 2, 8, 9, 10, 0, 14, 23, 20, 17, 26, 27, 32, 35, 38, 39, 40, 42, 44, 43]],
  marshal: [1, [4, 8]],
  security: [2, [2, 6, 32]],
  parent: [3, [2, 1, 26, 6, 27]],
  semantics: [1, [20, 23]],
  method: [1, [6, 10]],
  forwarded: [1, [4, 6]],
  implementation: [2, [38, 35, 39]],
  made: [3, [45, 45, 6, 10]],
  scope: [2, [0, 26, 35, 1]],
  generic: [1, [2, 6]],
};
const SIGNATURE = 0x424a5342;
/** Tables whose rows own those of another, from the one they name to that of the next: by the owned one the owner, and its column. */
const OWNERS = new Map([
  [4, [2, 4]],
  [6, [2, 5]],
  [8, [6, 5]],
  [20, [18, 1]],
  [23, [21, 1]],
]);
/** Names within names. */
const DEPTH = 5;
const NAME = 300;

export interface Table {
  offset: number;
  rows: number;
  size: number;
}

export class Metadata {
  /** Of the assembly that begins at `start`: offsets in the file. */
  readonly tables: Table[] = [];
  readonly #bytes: Buffer;
  readonly #heaps = new Map<string, number>();
  readonly #wide: (column: string) => boolean;
  readonly #names: Map<string, number>;
  readonly #known = new Map<number, number>();
  readonly #owners = new Map<number, Uint32Array>();

  /** `names` has a number for each name, the same for all assemblies. Throws RangeError if it is malformed. */
  constructor(bytes: Buffer, start: number, names: Map<string, number>) {
    this.#bytes = bytes;
    this.#names = names;
    const header = start + bytes.readUInt32LE(start + 60);
    const optional = header + 24;
    const first = optional + bytes.readUInt16LE(header + 20);
    const sections = Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, index) =>
      [12, 16, 20].map((field) => bytes.readUInt32LE(first + 40 * index + field)),
    );
    const placeOf = (address: number) => {
      const [from = 0, , offset = 0] =
        sections.find(([from = 0, size = 0]) => address >= from && address < from + size) ?? [];
      return start + offset + address - from;
    };
    const isWide = bytes.readUInt16LE(optional) === 0x20b;
    const metadata = placeOf(
      bytes.readUInt32LE(placeOf(bytes.readUInt32LE(optional + (isWide ? 224 : 208))) + 8),
    );
    if (bytes.readUInt32LE(metadata) !== SIGNATURE) throw new RangeError('no metadata');
    let at = metadata + 16 + bytes.readUInt32LE(metadata + 12);
    for (let left = bytes.readUInt16LE(at + 2), next = at + 4; left > 0; left--) {
      at = next;
      const end = bytes.indexOf(0, at + 8);
      this.#heaps.set(bytes.toString('latin1', at + 8, end), metadata + bytes.readUInt32LE(at));
      next = at + 8 + 4 * Math.floor((end - at - 8) / 4 + 1);
    }
    const rows = this.#heaps.get('#~');
    if (rows === undefined) throw new RangeError('no tables');
    const counts = TABLES.map(() => 0);
    at = rows + 24;
    for (let table = 0; table < 64; table++) {
      if (((bytes.readBigUInt64LE(rows + 8) >> BigInt(table)) & 1n) === 0n) continue;
      if (table < counts.length) counts[table] = bytes.readUInt32LE(at);
      at += 4;
    }
    const heaps = bytes.readUInt8(rows + 6);
    if ((heaps & 64) !== 0) at += 4;
    const wide = new Map<string, boolean>([
      ['4', true],
      ['R', true],
      ['S', (heaps & 1) !== 0],
      ['G', (heaps & 2) !== 0],
      ['B', (heaps & 4) !== 0],
    ]);
    for (const [name, [bits, tables]] of Object.entries(SEVERAL))
      wide.set(
        name,
        tables.some((each) => (counts[each] ?? 0) >= 2 ** (16 - bits)),
      );
    this.#wide = (column) =>
      wide.get(column) ??
      (column.startsWith('#') && (counts[Number.parseInt(column.slice(1), 16)] ?? 0) >= 2 ** 16);
    for (const [table, columns] of TABLES.entries()) {
      const size = columns.reduce((sum, column) => sum + this.#widthOf(column), 0);
      const count = counts[table] ?? 0;
      this.tables.push({ offset: at, rows: count, size });
      at += size * count;
    }
    if (at > bytes.length) throw new RangeError('the tables are not in the file');
  }

  get moduleName(): string {
    const at = this.tables[0]?.offset ?? 0;
    return this.#textAt(
      this.#wide('S') ? this.#bytes.readUInt32LE(at + 2) : this.#bytes.readUInt16LE(at + 2),
    );
  }

  /** The number of what tells the row, counted from 0, from others, but not of where it is. */
  nameOf(table: number, row: number, depth = DEPTH): number {
    const home = this.tables[table];
    if (home === undefined || row < 0 || row >= home.rows || depth === 0) return -1;
    const key = (table * 0x1000000 + row) * 8 + depth;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    let name = `${table}`;
    let at = home.offset + home.size * row;
    for (const column of TABLES[table] ?? []) {
      const width = this.#widthOf(column);
      const value = width === 2 ? this.#bytes.readUInt16LE(at) : this.#bytes.readUInt32LE(at);
      name += `,${this.#nameOfColumn(table, column, value, depth)}`;
      at += width;
    }
    const owner = this.#ownerOf(table, row);
    if (owner !== undefined) name += `@${this.nameOf(owner[0], owner[1], depth - 1)}`;
    const number = this.#names.get(name) ?? this.#names.size;
    this.#names.set(name, number);
    this.#known.set(key, number);
    return number;
  }

  #widthOf(column: string): number {
    return this.#wide(column) ? 4 : 2;
  }

  #nameOfColumn(table: number, column: string, value: number, depth: number): string | number {
    if (column === '2' || column === '4') return table === 32 || table === 35 ? '' : `${value}`;
    if (column === 'S') return this.#textAt(value);
    if (column === 'B') return table === 12 ? '' : `${this.#sizeOfBlob(value)}`;
    if (column.startsWith('#')) {
      const other = Number.parseInt(column.slice(1), 16);
      // What it owns is called by it.
      return OWNERS.get(other)?.[0] === table ? '' : this.nameOf(other, value - 1, depth - 1);
    }
    const [bits, tables] = SEVERAL[column] ?? [0, []];
    const other = tables[value & (2 ** bits - 1)];
    return other === undefined ? '' : this.nameOf(other, (value >>> bits) - 1, depth - 1);
  }

  #textAt(offset: number): string {
    const at = (this.#heaps.get('#Strings') ?? 0) + offset;
    const end = this.#bytes.indexOf(0, at);
    return this.#bytes.toString('latin1', at, Math.min(end, at + NAME));
  }

  #sizeOfBlob(offset: number): number {
    const at = (this.#heaps.get('#Blob') ?? 0) + offset;
    const first = at < this.#bytes.length ? this.#bytes.readUInt8(at) : 0;
    return first < 128 ? first : first < 192 ? ((first & 63) << 8) | this.#bytes.readUInt8(at + 1) : 0;
  }

  /** The row that owns the row. */
  #ownerOf(table: number, row: number): [table: number, row: number] | undefined {
    const [owner, column] = OWNERS.get(table) ?? [];
    if (owner === undefined || column === undefined) return undefined;
    const home = this.tables[owner];
    if (home === undefined) return undefined;
    let rows = this.#owners.get(table);
    if (rows === undefined) {
      rows = new Uint32Array(this.tables[table]?.rows ?? 0);
      const columns = TABLES[owner] ?? [];
      const into = columns.slice(0, column).reduce((sum, each) => sum + this.#widthOf(each), 0);
      const isWide = this.#wide(columns[column] ?? '');
      const firstOf = (index: number) => {
        const at = home.offset + home.size * index + into;
        return (isWide ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt16LE(at)) - 1;
      };
      for (let index = 0; index < home.rows; index++)
        rows.fill(
          index,
          Math.max(0, firstOf(index)),
          index + 1 < home.rows ? firstOf(index + 1) : rows.length,
        );
      this.#owners.set(table, rows);
    }
    return [owner, rows[row] ?? 0];
  }
}
