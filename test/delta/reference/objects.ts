/** Objects that are linked no further, from lib/delta/FORMAT.md: where they have references, and what these are relative to. */
import { NOWHERE, u32 } from './arithmetic.ts';
import { Entries, kindOf, RANGES, UNIT, VARIABLES } from './dwarf-entries.ts';
import { instruction } from './x86.ts';

const [OBJECTS, OTHER_OBJECTS] = [41, 44];
const [FIELD, SYMBOL, BIG, SECTION, NUMBER_OF_TYPE, INDEX, HALF] = [47, 48, 49, 50, 51, 52, 53];
/** 8 bytes: a number in decimal digits. */
const DECIMAL = 59;
/** A number of 2 to 5 bytes. */
const VARIED = 63;
const [BRANCH, BRANCH_26, BRANCH_19, BACK] = [1, 16, 17, 18];
const [TYPES, NAMES] = [0x80000000, 0xc0000000];
const LONG_NAMES = NAMES;
/** What lengths of functions are relative to in debug information, if nothing says where they begin. */
const LENGTHS = 0xd0000000;
/** Sections of debug information, in the order of FORMAT.md; the first ones are what entries refer to. */
const DEBUG = ['abbrev', 'str', 'line_str', 'loc', 'ranges', 'line', 'loclists', 'rnglists', 'info'];

export const areObjects = (kind: number | undefined) => kind === OBJECTS || kind === OTHER_OBJECTS;
export const isOfWords = (kind: number) => kind >= FIELD && kind <= HALF;
export const isOfObjects = (kind: number) => isOfWords(kind) || kind === DECIMAL || kind === VARIED;
/** Whether it is a number, and no place. */
export const isOfNumbers = (kind: number) => kind === NUMBER_OF_TYPE || kind === HALF || kind === DECIMAL;

/** Which layout the objects of a region have. */
export const layoutOf = ({ kind, bases }: { kind: number; bases: readonly [number, number] }) =>
  kind === OBJECTS ? 0 : bases[1];
/** Those of which nothing is looked for in the headers of members; as many, from 8 on, of which something is; as many, from 24 on, that may have debug information besides; of these also WebAssembly. */
export const isLayout = (number: number) =>
  number === WASM || (number % 8 < 6 && [0, 1, 3].includes(Math.floor(number / 8)));
const LATER = 8;
const WITH_DEBUG = 24;
const [COFF, MACH_O] = [4, 5];
const WASM = 30;
/** Of WebAssembly: sections that are looked at; types of relocations that add something, and how many there are; a place in code, a place in a section. */
const MOST_SECTIONS = 256;
const ADDING = [3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25];
const [TYPES_OF_RELOCATIONS, FUNCTION_OFFSET, SECTION_OFFSET] = [27, 8, 9];

/** What the table of layouts says: sizes of records, from which bit on the number of a section or a symbol is and how many it has, and places in records. */
function layoutAt(index: number) {
  const rows = [
    [64, 24, 24, 16, 16, 0, 32, 8, 24, 32, 4, 8, 16, 0, 12, 16],
    [40, 16, 12, 16, 16, 8, 24, 8, 16, 20, 12, 4, 8, 0, 4, 8],
    [64, 24, 24, 0, 16, 0, 32, 12, 28, 36, 4, 12, 20, 4, 8, 20],
    [40, 16, 12, 0, 16, 8, 24, 8, 16, 20, 12, 4, 8, 0, 4, 8],
    [40, 18, 10, 0, 16, 0, 32, 36, 20, 16, 12, 8, -1, 0, 4, -1],
    [80, 16, 8, 8, 8, 0, 24, 64, 48, 40, 4, 8, -1, 0, 4, -1],
  ];
  const at = (column: number) => rows[index]?.[column] ?? 0;
  return {
    ...{ section: at(0), symbol: at(1), relocation: at(2) },
    ...{ sectionBits: [at(3), at(4)] as const, symbolBits: [at(5), at(6)] as const },
    ...{ flags: at(7), offset: at(8), size: at(9), home: at(10), value: at(11), extent: at(12) },
    ...{ place: at(13), to: at(14), addend: at(15) },
    ...{
      isElf: index < COFF,
      first: index < COFF ? 0 : 1,
      isWide: index % 2 === 0,
      isBig: index === 2 || index === 3,
    },
  };
}

const numberIn = (word: number, [from, count]: readonly [number, number]) =>
  Math.floor(word / 2 ** from) % 2 ** count;
const withNumber = (word: number, bits: readonly [number, number], value: number) =>
  u32(word + ((value % 2 ** bits[1]) - numberIn(word, bits)) * 2 ** bits[0]);

/** Of machines: the kind of code, how far behind its field an instruction counts from, the types of words that are added to in the section. */
type Machine = readonly [code: number, ahead: number, words: readonly number[]];
const OTHER_MACHINE: Machine = [17, 0, []];
const ELF_MACHINES = new Map<number, Machine>([
  [3, [12, 0, [1, 2, 9]]],
  [22, [16, 2, []]],
  [40, [17, 0, [2, 3, 38, 42]]],
  [62, [1, 4, []]],
  [183, [2, 0, []]],
]);
const COFF_MACHINES = new Map<number, Machine>([
  [0x8664, [1, 0, [1, 2, 3, 4, 5, 6, 7, 8, 9, 11]]],
  [0x14c, [12, 0, [6, 7, 11, 20]]],
  [0xaa64, [2, 0, [1, 2, 8, 14]]],
]);
const MACH_MACHINES = new Map<number, Machine>([
  [0x1000007, [1, 0, []]],
  [0x100000c, [2, 0, []]],
]);

interface Section {
  /** Where its header is. */
  header: number;
  isCode: boolean;
  /** Whether it is in the object. */
  isHere: boolean;
  /** Where it begins in the file. */
  start: number;
  size: number;
}

/** Of types, by their kind: what a member has, in words: n a name, t a type, x anything else. */
const MEMBERS = new Map([
  [1, 'x'],
  [3, 'ttx'],
  [4, 'ntx'],
  [5, 'ntx'],
  [6, 'nx'],
  [13, 'nt'],
  [14, 'x'],
  [15, 'txx'],
  [17, 'x'],
  [19, 'nxx'],
]);
const ONE_MEMBER = [1, 3, 14, 17];
const OF_TYPE = [2, 8, 9, 10, 11, 12, 13, 14, 17, 18];

/** Reads numbers of at most five bytes, to the end. */
class Cursor {
  readonly #bytes: Uint8Array;
  at: number;
  end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  next(): number {
    const first = this.at;
    while (this.at < this.end && this.at < first + 5) {
      this.at++;
      if ((this.#bytes[this.at - 1] ?? 0) < 128) break;
    }
    return this.#bytes
      .subarray(first, this.at)
      .reduceRight((value, byte) => (value * 128 + (byte % 128)) % 2 ** 32, 0);
  }
}

/** What is in seven bits of each byte, of at most five. */
function variedNumber(value: bigint): number {
  let number = 0n;
  for (let i = 0n; i < 5n; i++) number |= ((value >> (8n * i)) & 127n) << (7n * i);
  return Number(BigInt.asUintN(32, number));
}

function variedBytes(number: number, size: number): bigint {
  let value = 0n;
  for (let i = 0; i < size; i++) {
    const more = i + 1 < size ? 128 : 0;
    value |= BigInt((Math.floor(number / 128 ** i) % 128) + more) << BigInt(8 * i);
  }
  return value;
}

/** The number that eight characters begin with. */
function decimal(value: bigint): number {
  const text = Buffer.from(value.toString(16).padStart(16, '0'), 'hex').toString('latin1');
  return Number(/^\d*/.exec(text)?.[0] ?? 0);
}

function digits(value: number): bigint {
  const text = String(value % 100_000_000).padEnd(8);
  return BigInt(`0x${Buffer.from(text, 'latin1').toString('hex')}`);
}

interface Hooks {
  at(offset: number): number;
  note(offset: number, kind: number): void;
  forget(offset: number): void;
  /** Notes what is said of that kind of region. */
  scan(kind: number, place: { offset: number; size: number; address: number }): void;
}

export class Objects {
  readonly isBig: boolean;
  readonly #layout: ReturnType<typeof layoutAt>;
  readonly #number: number;
  readonly #view: DataView;
  readonly #old: Uint8Array;
  readonly #hooks: Hooks;
  /** By quad: what a reference is relative to; the kind of code. */
  readonly #bases = new Map<number, number>();
  readonly #codes = new Map<number, number>();

  readonly #hasDebug: boolean;
  /** Whether there are numbers in decimal digits, and whether what is wrong three times is likely to be no reference. */
  readonly isLater: boolean;

  constructor(old: Uint8Array, number: number, hooks: Hooks) {
    const layout = number % LATER;
    this.isLater = number >= LATER;
    this.#hasDebug = number >= WITH_DEBUG;
    this.#old = old;
    this.#view = new DataView(old.buffer, old.byteOffset, old.length);
    this.#number = layout;
    this.#layout = layoutAt(layout);
    this.isBig = this.#layout.isBig;
    this.#hooks = hooks;
  }

  /** What the field at `offset` is relative to. */
  base(offset: number): number {
    return this.#bases.get(offset >> 2) ?? 0;
  }

  /** The kind of code at `offset`, or 0. */
  code(offset: number): number {
    return offset >= this.#old.length ? 0 : (this.#codes.get(offset >> 2) ?? 0);
  }

  /** Bytes from `offset` on, at most `most`, to where other code or none begins. */
  stretch(offset: number, most: number): number {
    const code = this.code(offset);
    for (let quad = (offset >> 2) + 1; 4 * quad < Math.min(this.#old.length, offset + most); quad++)
      if (this.code(4 * quad) !== code) return 4 * quad - offset;
    return most;
  }

  /** What the field of the new file is relative to, if that need not be predicted. */
  newBase(offset: number, kind: number, place: number): number {
    const base = this.base(offset);
    return kind === DECIMAL && base !== LONG_NAMES ? place + 11 : base;
  }

  target(base: number, kind: number, value: bigint): number {
    if (kind === DECIMAL) return u32(base + decimal(value));
    if (kind === VARIED) return u32(base + variedNumber(value));
    const word = Number(value & 0xffffffffn);
    const { section, symbol, sectionBits, symbolBits } = this.#layout;
    if (kind === SYMBOL) return u32(base + symbol * numberIn(word, symbolBits));
    if (kind === INDEX) return Number(BigInt.asUintN(32, BigInt(base) + BigInt(symbol) * BigInt(word)));
    if (kind === BIG) return u32(base + swapped(word));
    if (kind === HALF) return u32(base + (word & 0xffff));
    return u32(
      base + (kind === SECTION ? section * (numberIn(word, sectionBits) - this.#layout.first) : word),
    );
  }

  field(offset: number, kind: number, distance: number, value: bigint): bigint {
    if (kind === VARIED) return variedBytes(distance, this.#variedSize(offset));
    return kind === DECIMAL ? digits(distance) : BigInt(this.#wordField(kind, distance, Number(value)));
  }

  #wordField(kind: number, distance: number, word: number): number {
    const { section, symbol, sectionBits, symbolBits } = this.#layout;
    if (kind === SYMBOL) return withNumber(word, symbolBits, Math.floor(distance / symbol));
    if (kind === INDEX) return Math.floor(distance / symbol);
    if (kind === BIG) return swapped(distance);
    if (kind === HALF) return u32((word & 0xffff0000) | (distance & 0xffff));
    return kind === SECTION
      ? withNumber(word, sectionBits, Math.floor(distance / section) + this.#layout.first)
      : distance;
  }

  scan({ offset, size }: { offset: number; size: number }): void {
    if (size < 64) return;
    if (this.#text(offset, 8) !== '!<arch>\n') {
      this.#scanObject(offset, size);
      return;
    }
    const decimal = (at: number) => Number(/^\d*/.exec(this.#text(at, 9))?.[0] ?? 0);
    let indexes = 0;
    for (let at = offset + 8; at + 60 <= offset + size; ) {
      const content = at + 60;
      const length = decimal(at + 48);
      if (length > offset + size - content) return;
      if (this.isLater) {
        if (this.#text(at, 1) === '/') this.#foundDecimal(at + 1, LONG_NAMES);
        this.#foundDecimal(at + 48, at + 59);
      }
      const isNamed = this.#number !== 0 && this.#text(at, 3) === '#1/';
      const named = isNamed ? Math.min(decimal(at + 3), length) : 0;
      if (this.#text(at, 2) === '/ ') this.#scanIndex(offset, content, length, indexes++);
      else if (named >= 4 && this.#text(content, 4) === '__.S')
        this.#scanSorted(offset, content + named, length - named);
      else this.#scanObject(content + named, length - named);
      at = content + length + (length % 2);
    }
  }

  #text(offset: number, size: number): string {
    return String.fromCharCode(...this.#old.subarray(offset, offset + size));
  }

  #word(offset: number): number {
    return this.#view.getUint32(offset, !this.isBig);
  }

  #half(offset: number): number {
    return this.#view.getUint16(offset, !this.isBig);
  }

  /** In code that stays code, if `isWithin`. */
  #found(offset: number, kind: number, base: number, isWithin = false): void {
    if (base >= 0xffffff00) return;
    this.#hooks.note(offset, kind);
    this.#bases.set(offset >> 2, base);
    if (!isWithin) this.#codes.delete(offset >> 2);
  }

  #foundDecimal(offset: number, base: number): void {
    const value = this.#view.getBigUint64(offset);
    if (digits(decimal(value)) === value) this.#found(offset, DECIMAL, base);
  }

  #foundUnlessZero(offset: number, kind: number, base: number): void {
    if (this.#word(offset) !== 0) this.#found(offset, kind, base);
  }

  #scanIndex(archive: number, content: number, size: number, before: number): void {
    if (size < 4) return;
    const isSecond = this.#number === COFF && before > 0;
    const first = this.#view.getUint32(content, isSecond);
    const count = Math.min(first, Math.floor(size / 4) - 1);
    for (let i = 1; i <= count; i++)
      this.#foundUnlessZero(content + 4 * i, isSecond || this.isBig ? FIELD : BIG, archive);
  }

  #scanSorted(archive: number, content: number, size: number): void {
    if (size < 8) return;
    const pairs = Math.floor(Math.min(this.#word(content), size - 8) / 8);
    for (let i = 0; i < pairs; i++) {
      this.#foundUnlessZero(content + 4 + 8 * i, FIELD, content + 8 + 8 * pairs);
      this.#foundUnlessZero(content + 8 + 8 * i, FIELD, archive);
    }
  }

  #scanObject(start: number, size: number): void {
    if (this.#number === COFF) this.#scanCoff(start, size);
    else if (this.#number === MACH_O) this.#scanMachO(start, size);
    else if (this.#number === WASM % LATER) this.#scanModule(start, size);
    else this.#scanElf(start, size);
  }

  /** `count` headers from `headers` on. */
  #sections(start: number, size: number, headers: number, count: number, codeFlags: number): Section[] {
    const { isElf, section, flags, offset, size: length } = this.#layout;
    return Array.from({ length: count }, (_, index) => {
      const header = headers + section * index;
      const word = (at: number) => this.#word(header + at);
      const isWanted = isElf ? index > 0 && ![0, 8].includes(word(4)) : word(offset) !== 0;
      return {
        header,
        isCode: (word(flags) & codeFlags) !== 0,
        isHere: isWanted && word(offset) + word(length) <= size,
        start: start + word(offset),
        size: word(length),
      };
    });
  }

  #foundSection(start: number, { header, isHere, start: content }: Section): void {
    this.#foundUnlessZero(header + this.#layout.offset, FIELD, start);
    if (isHere) this.#foundUnlessZero(header + this.#layout.size, FIELD, content);
  }

  #scanElf(start: number, size: number): void {
    const { isWide, section: bytes } = this.#layout;
    const form = `\x7fELF${isWide ? '\x02' : '\x01'}${this.isBig ? '\x02' : '\x01'}`;
    if (size < 64 || this.#text(start, 6) !== form) return;
    const field = start + (isWide ? (this.isBig ? 44 : 40) : 32);
    const headers = start + this.#word(field);
    const count = this.#half(start + (isWide ? 60 : 48));
    if (headers + bytes * count > start + size) return;
    const number = this.#half(start + 18);
    const isKnown = this.#number > 0 || number === 62 || number === 183;
    const machine = (isKnown ? ELF_MACHINES.get(number) : undefined) ?? OTHER_MACHINE;
    this.#foundUnlessZero(field, FIELD, start);
    const object = new ObjectSections(
      this.#sections(start, size, headers, count, 4),
      0,
      headers,
      size,
      machine,
    );
    const names = object.here(this.#half(start + (isWide ? 62 : 50)));
    for (const section of object.sections) {
      const name = this.#word(section.header);
      if (names !== undefined && name < names.size)
        this.#nameSection(object, section, names.start + name + 1, names.start + names.size);
    }
    this.#scanCode(object);
    for (const section of object.sections.slice(1)) {
      if (names !== undefined) this.#foundUnlessZero(section.header, FIELD, names.start);
      this.#foundSection(start, section);
      if (section.isHere) this.#scanElfSection(object, section);
    }
  }

  #scanElfSection(object: ObjectSections, section: Section): void {
    const { isWide, relocation } = this.#layout;
    const type = this.#word(section.header + 4);
    const link = object.here(this.#word(section.header + (isWide ? 40 : 24)));
    const info = section.header + (isWide ? 44 : 28);
    if (type === 2) {
      if (!object.spend(section.size)) return;
      this.#foundUnlessZero(info, isWide ? SYMBOL : INDEX, section.start);
      this.#scanSymbols(object, section, link?.start);
    } else if (type === 4 || (type === 9 && this.#number > 0)) {
      const changed = object.here(this.#word(info));
      if (link === undefined || changed === undefined || !object.spend(section.size)) return;
      const entry = type === 4 ? relocation : relocation - (isWide ? 8 : 4);
      this.#scanRelocations(object, section, entry, changed, link);
    } else if (object.isInformation(section)) {
      if (object.spend(section.size)) this.#scanInformation(object, section);
    } else if (this.#number === 0 && !section.isCode && object.spend(section.size)) this.#scanTypes(section);
  }

  #scanCoff(start: number, size: number): void {
    if (size < 20) return;
    if (this.#word(start) === 0xffff0000) this.#found(start + 16, HALF, 0x80000000);
    const machine = COFF_MACHINES.get(this.#half(start));
    if (machine === undefined || this.#half(start + 16) !== 0) return;
    const count = this.#half(start + 2);
    const symbols = { start: start + this.#word(start + 8), size: 18 * this.#word(start + 12) };
    if (20 + 40 * count > size || symbols.start === start || symbols.start + symbols.size > start + size)
      return;
    this.#foundUnlessZero(start + 8, FIELD, start);
    this.#foundUnlessZero(start + 12, INDEX, symbols.start);
    const headers = start + 20;
    const sections = this.#sections(start, size, headers, count, 0x20);
    const object = new ObjectSections(sections, 1, headers, size, machine);
    for (const section of sections) {
      const [, digits] = /^\/(\d*)/.exec(this.#text(section.header, 8)) ?? [];
      if (digits === undefined) continue;
      const name = symbols.start + symbols.size + Number(digits);
      if (name < start + size) this.#nameSection(object, section, name + 1, start + size);
    }
    this.#scanCode(object);
    for (const section of sections) {
      this.#foundSection(start, section);
      this.#foundUnlessZero(section.header + 24, FIELD, start);
      if (!section.isHere) continue;
      if (this.#text(section.header, 8) === '.idata$6' && section.size >= 4)
        this.#found(section.start, HALF, 0x80000000);
      if (object.isInformation(section) && object.spend(section.size)) this.#scanInformation(object, section);
      this.#scanRelocationsOf(object, section, {
        ...{ start, size, symbols, at: this.#word(section.header + 24) },
        count: this.#half(section.header + 32),
      });
    }
    if (object.spend(symbols.size)) this.#scanSymbols(object, symbols, symbols.start + symbols.size);
  }

  #scanRelocationsOf(
    object: ObjectSections,
    section: Section,
    {
      start,
      size,
      symbols,
      at,
      count,
    }: Record<'start' | 'size' | 'at' | 'count', number> & { symbols: Place },
  ): void {
    const entry = this.#layout.relocation;
    if (at + entry * count > size || !object.spend(entry * count)) return;
    this.#scanRelocations(object, { start: start + at, size: entry * count }, entry, section, symbols);
  }

  #scanMachO(start: number, size: number): void {
    if (size < 32 || this.#word(start) !== 0xfeedfacf || this.#word(start + 12) !== 1) return;
    const command = (number: number, least: number) => {
      const end = start + 32 + Math.min(this.#word(start + 20), size - 32);
      for (let at = start + 32; at + 8 <= end; ) {
        const bytes = this.#word(at + 4);
        if (bytes < 8 || bytes > end - at) return undefined;
        if (this.#word(at) === number) return bytes < least ? undefined : at;
        at += bytes;
      }
      return undefined;
    };
    const [segment, table, kinds] = [command(0x19, 72), command(2, 24), command(11, 32)];
    if (segment === undefined || table === undefined) return;
    const count = this.#word(segment + 64);
    const symbols = { start: start + this.#word(table + 8), size: 16 * this.#word(table + 12) };
    if (count > 255 || segment + 72 + 80 * count > start + size) return;
    if (symbols.start + symbols.size > start + size) return;
    const origin = start + this.#word(segment + 40);
    this.#foundUnlessZero(segment + 32, FIELD, origin);
    this.#foundUnlessZero(segment + 40, FIELD, start);
    this.#foundUnlessZero(segment + 48, FIELD, origin);
    this.#foundUnlessZero(table + 8, FIELD, start);
    this.#foundUnlessZero(table + 12, INDEX, symbols.start);
    this.#foundUnlessZero(table + 16, FIELD, start);
    const names = u32(start + this.#word(table + 16));
    this.#foundUnlessZero(table + 20, FIELD, names);
    if (kinds !== undefined)
      for (let field = 8; field < 32; field += 4) this.#foundUnlessZero(kinds + field, INDEX, symbols.start);
    const machine = MACH_MACHINES.get(this.#word(start + 4)) ?? OTHER_MACHINE;
    const headers = segment + 72;
    const sections = this.#sections(start, size, headers, count, 0x80000400);
    const object = new ObjectSections(sections, 1, headers, size, machine);
    for (const section of sections)
      if (this.#text(section.header, 2) === '__')
        this.#nameSection(object, section, section.header + 2, section.header + 16);
    this.#scanCode(object);
    for (const section of sections) {
      this.#foundSection(start, section);
      this.#foundUnlessZero(section.header + 32, FIELD, origin);
      this.#foundUnlessZero(section.header + 56, FIELD, start);
      if (!section.isHere) continue;
      if (this.#text(section.header, 8) === '__eh_fra' && object.spend(section.size))
        this.#hooks.scan(33, { offset: section.start, size: section.size, address: section.start });
      if (object.isInformation(section) && object.spend(section.size)) this.#scanInformation(object, section);
      const [at, entries] = [this.#word(section.header + 56), this.#word(section.header + 60)];
      this.#scanRelocationsOf(object, section, { start, size, symbols, at, count: entries });
    }
    if (object.spend(symbols.size)) this.#scanSymbols(object, symbols, names);
  }

  #scanModule(start: number, size: number): void {
    if (size < 8 || this.#text(start, 4) !== '\0asm') return;
    const limit = start + size;
    const sections: Section[] = [];
    const named: [Section, number, number][] = [];
    const relocating: Section[] = [];
    let code: number | undefined;
    for (let at = start + 8; at < limit && sections.length < MOST_SECTIONS; ) {
      const cursor = new Cursor(this.#old, at + 1, limit);
      const bytes = cursor.next();
      if (bytes > limit - cursor.at) break;
      this.#foundVaried(at + 1, cursor.at);
      const [begin, end] = [cursor.at, cursor.at + bytes];
      const section = { header: 0, isCode: false, isHere: true, start: begin, size: bytes };
      sections.push(section);
      cursor.end = end;
      if (this.#old[at] === 10) {
        code = begin;
        this.#scanFunctions(cursor);
      } else if (this.#old[at] === 0) {
        const length = cursor.next();
        const name = cursor.at;
        section.start = length > end - name ? end : name + length;
        section.size = end - section.start;
        if (length > 6 && length <= end - name && this.#text(name, 4) === 'relo') relocating.push(section);
        else if (length > 0 && length <= end - name) named.push([section, name + 1, name + length]);
      }
      at = end;
    }
    const object = new ObjectSections(sections, 1, 0, size, OTHER_MACHINE);
    for (const [section, at, end] of named) this.#nameSection(object, section, at, end);
    for (const section of sections) if (object.isInformation(section)) this.#scanInformation(object, section);
    for (const section of relocating) this.#scanRelocationsOfModule(object, section, code);
  }

  #foundVaried(offset: number, base: number): void {
    if (this.#variedSize(offset) >= 2) this.#found(offset, VARIED, base);
  }

  #variedSize(offset: number): number {
    let size = 1;
    while (size < 5 && (this.#old[offset + size - 1] ?? 0) >= 128) size++;
    return size;
  }

  #scanFunctions(cursor: Cursor): void {
    for (let i = cursor.next(); i > 0 && cursor.at < cursor.end; i--) {
      const field = cursor.at;
      const size = cursor.next();
      if (size > cursor.end - cursor.at) return;
      this.#foundVaried(field, cursor.at);
      cursor.at += size;
    }
  }

  #scanRelocationsOfModule(object: ObjectSections, { start, size }: Section, code: number | undefined): void {
    const cursor = new Cursor(this.#old, start, start + size);
    const changed = object.sections[cursor.next()];
    if (changed === undefined) return;
    for (let i = cursor.next(); i > 0 && cursor.at < cursor.end; i--) {
      const type = this.#old[cursor.at++] ?? 0;
      const field = cursor.at;
      const place = cursor.next();
      cursor.next();
      if (type >= TYPES_OF_RELOCATIONS) return;
      if (ADDING.includes(type)) {
        const added = cursor.at;
        const value = cursor.next();
        const at = changed.start + place;
        if (place + 4 <= changed.size) {
          if (type === FUNCTION_OFFSET && code !== undefined) {
            const to = u32(code + this.#word(at));
            this.#foundUnlessZero(at, FIELD, code);
            if (object.isInformation(changed)) this.#foundLength(at + 4, to);
            this.#foundVaried(added, u32(to - value));
          } else if (type === SECTION_OFFSET && this.#hooks.at(at) === FIELD) {
            this.#foundVaried(added, this.base(at));
          }
        }
      }
      this.#foundVaried(field, changed.start);
    }
  }

  #foundLength(field: number, code: number): void {
    if (this.#hooks.at(field) === FIELD && this.base(field) === LENGTHS) this.#found(field, FIELD, code);
  }

  /** By what the name of a section has from `at` on, at most to `end`. */
  #nameSection(object: ObjectSections, section: Section, at: number, end: number): void {
    if (!this.#hasDebug || this.isBig || !section.isHere) return;
    const text = this.#text(at, Math.max(0, Math.min(end - at, 26))).replace(/\0.*$/s, '');
    const [, name = '', split] = /^debug_(\w+)(\.dwo)?$/.exec(text) ?? [];
    if (DEBUG.includes(name) && !object.debug.has(name))
      object.debug.set(name, { section, isSplit: split !== undefined });
  }

  #scanInformation({ debug }: ObjectSections, { start, size }: Section): void {
    const table = debug.get('abbrev')?.section ?? { start: 0, size: 0 };
    const isSplit = debug.get('info')?.isSplit === true;
    new Entries(this.#old).read(start, size, {
      tableOf: (own, behind) => {
        const last = behind === NOWHERE ? 0 : behind - table.start;
        const to = isSplit && last < table.size ? last : own;
        return to < table.size ? table.start + to : undefined;
      },
      attribute: (attribute, low) => {
        const { name, form, place, unit } = attribute;
        if (form === 0x01 && name === 0x11) return place;
        if ((form === 0x06 || form === 0x07) && name === 0x12 && low + unit.wide === place) {
          this.#foundUnlessZero(place, FIELD, LENGTHS);
          return low;
        }
        const kind = kindOf(attribute);
        const later = unit.version === 5 && (kind === VARIABLES || kind === RANGES) ? 3 : 0;
        const base = kind === UNIT ? unit.start : debug.get(DEBUG[kind - UNIT + later] ?? '')?.section.start;
        if (kind !== 0 && base !== undefined) this.#foundUnlessZero(place, FIELD, base);
        return low;
      },
    });
  }

  #scanCode(object: ObjectSections): void {
    const [code] = object.machine;
    for (const { start, size, isHere, isCode } of object.sections) {
      if (!isHere || !isCode || !object.spend(size)) continue;
      for (let quad = start >> 2; 4 * quad < start + size; quad++) this.#codes.set(quad, code);
      if (code === 16) this.#hooks.scan(16, { offset: start, size, address: start });
      if (code === 2) {
        for (let at = start; at + 4 <= start + size; at += 4) {
          const word = this.#view.getUint32(at, true);
          const high = word >>> 24;
          if ((high & 0x7c) === 0x14) this.#hooks.note(at, BRANCH_26);
          else if ((high === 0x54 && (word & 16) === 0) || (high & 0x7e) === 0x34)
            this.#hooks.note(at, BRANCH_19);
        }
      }
      if (code !== 1 && code !== 12) continue;
      for (let at = start; at + 24 <= start + size; ) {
        const found = instruction(this.#old, at, code === 12);
        if (found?.branch === true && found.relativeAt !== 0) this.#hooks.note(at + found.relativeAt, BRANCH);
        at += found?.length ?? 1;
      }
    }
  }

  #homeOf(symbol: number): number {
    return numberIn(this.#word(symbol + this.#layout.home), this.#layout.sectionBits);
  }

  /** What values of symbols in the section are relative to. */
  #originOf({ start, header }: Section): number {
    return this.#number === MACH_O ? u32(start - this.#word(header + 32)) : start;
  }

  #isOfSection(symbol: number): boolean {
    if (this.#number === COFF) return this.#old[symbol + 16] === 3 && this.#word(symbol + 8) === 0;
    return ((this.#old[symbol + (this.#layout.isWide ? 4 : 12)] ?? 0) & 15) === 3;
  }

  #scanSymbols(object: ObjectSections, { start, size }: Place, names: number | undefined): void {
    const { symbol, home: homeAt, value, extent } = this.#layout;
    for (let at = start; at + symbol <= start + size; at += symbol) {
      if (this.#number === COFF) {
        if (this.#word(at) === 0) this.#foundUnlessZero(at + 4, FIELD, names ?? 0);
      } else if (names !== undefined) this.#foundUnlessZero(at, FIELD, names);
      const more = this.#number === COFF ? symbol * (this.#old[at + 17] ?? 0) : 0;
      const index = this.#homeOf(at);
      const home = object.here(index);
      if (object.has(index)) this.#found(at + homeAt, SECTION, object.headers);
      if (home !== undefined) {
        this.#foundUnlessZero(at + value, FIELD, this.#originOf(home));
        if (extent >= 0) this.#foundUnlessZero(at + extent, FIELD, u32(home.start + this.#word(at + value)));
        if (more > 0 && this.#isOfSection(at) && at + 2 * symbol <= start + size)
          this.#foundUnlessZero(at + symbol, FIELD, home.start);
      }
      at += more;
    }
  }

  #scanRelocations(
    object: ObjectSections,
    { start, size }: Place,
    entry: number,
    changed: Section,
    symbols: Place,
  ): void {
    const { symbol: bytes, symbolBits, place: placeAt, to, addend } = this.#layout;
    const [code, ahead, words] = object.machine;
    for (let at = start; at + entry <= start + size; at += entry) {
      const [place, word] = [this.#word(at + placeAt), this.#word(at + to)];
      if (changed.isCode && place < changed.size) this.#hooks.forget(changed.start + place);
      this.#foundUnlessZero(at + placeAt, FIELD, changed.start);
      if (this.#number === MACH_O && (word & 0x08000000) === 0) {
        if (word >>> 28 === 0 && ((word >>> 25) & 3) >= 2 && (word & 0x01000000) === 0)
          this.#foundInPlace(object, changed, place, this.#originOf(changed));
        continue;
      }
      this.#foundUnlessZero(at + to, SYMBOL, symbols.start);
      const index = numberIn(word, symbolBits);
      if (this.#number === MACH_O || bytes * (index + 1) > symbols.size) continue;
      const symbol = symbols.start + bytes * index;
      const home = object.here(this.#homeOf(symbol));
      if (home === undefined || (this.#number !== COFF && !this.#isOfSection(symbol))) continue;
      if (addend >= 0 && addend < entry) {
        this.#found(at + addend, FIELD, home.start + (changed.isCode ? ahead : 0));
        if (!changed.isCode)
          this.#foundFunction(object, changed, place, u32(home.start + this.#word(at + addend)));
        continue;
      }
      const type = this.#number === COFF ? this.#half(at + 8) : word & 255;
      if (!words.includes(type)) continue;
      const isRelative = this.#number !== COFF && changed.isCode && code === 12 && type === 2;
      const more = this.#number === COFF ? this.#word(symbol + 8) : isRelative ? 4 : 0;
      this.#foundInPlace(object, changed, place, u32(home.start + more));
    }
  }

  #foundInPlace(object: ObjectSections, changed: Section, place: number, base: number): void {
    if (place + 4 > changed.size) return;
    const word = this.#word(changed.start + place);
    if (word !== 0) this.#found(changed.start + place, FIELD, base, true);
    if (!changed.isCode) this.#foundFunction(object, changed, place, u32(base + word));
  }

  #foundFunction(object: ObjectSections, changed: Section, place: number, code: number): void {
    if (!object.isInformation(changed)) {
      this.#foundUnwound(changed, place, code);
      return;
    }
    if (place + 12 > changed.size) return;
    const field = [place + 8, place + 4]
      .map((at) => changed.start + at)
      .find((at) => this.#hooks.at(at) === FIELD && this.base(at) === LENGTHS);
    if (field !== undefined) this.#found(field, FIELD, code);
  }

  #foundUnwound({ header, start, size }: Section, place: number, code: number): void {
    if (this.#number === MACH_O) {
      if (this.#text(header, 8) === '__compac' && place + 12 <= size)
        this.#foundUnlessZero(start + place + 8, FIELD, code);
      return;
    }
    if (place < 8 || place + 8 > size || size < 16) return;
    const back = this.#word(start + place - 4);
    if (back === 0 || back > place - 4 || this.#word(start + place - back) !== 0) return;
    this.#hooks.note(start + place - 4, BACK);
    this.#foundUnlessZero(start + place + 4, FIELD, code);
  }

  #scanTypes({ start, size }: Section): void {
    if (size < 24 || (this.#word(start) & 0xffffff) !== 0x01eb9f) return;
    const begin = this.#word(start + 4) + this.#word(start + 8);
    const end = begin + this.#word(start + 12);
    if (end > size) return;
    const word = (at: number, letter: string) => {
      if (letter === 'n') this.#foundUnlessZero(at, NUMBER_OF_TYPE, NAMES);
      if (letter === 't') this.#foundUnlessZero(at, NUMBER_OF_TYPE, TYPES);
    };
    for (let at = start + begin; at + 12 <= start + end; ) {
      const info = this.#word(at + 4);
      const kind = (info >>> 24) & 31;
      word(at, 'n');
      if (OF_TYPE.includes(kind)) word(at + 8, 't');
      at += 12;
      const member = [...(MEMBERS.get(kind) ?? '')];
      const count = ONE_MEMBER.includes(kind) ? 1 : info & 0xffff;
      for (let i = 0; i < count && member.length > 0 && at + 4 * member.length <= start + end; i++) {
        for (const [index, letter] of member.entries()) word(at + 4 * index, letter);
        at += 4 * member.length;
      }
    }
  }
}

interface Place {
  start: number;
  size: number;
}

class ObjectSections {
  /** Those with debug information, by their names; the first of each. */
  readonly debug = new Map<string, { section: Section; isSplit: boolean }>();
  readonly sections: Section[];
  /** The number of the first of them, and where its header is. */
  readonly #first: number;
  readonly headers: number;
  readonly machine: Machine;
  /** Bytes of sections that may still be looked at. */
  #left: number;

  constructor(sections: Section[], first: number, headers: number, size: number, machine: Machine) {
    this.sections = sections;
    this.#first = first;
    this.headers = headers;
    this.machine = machine;
    this.#left = size;
  }

  /** Whether there is a section of that number, in the object or not. */
  has(index: number): boolean {
    return index > 0 && index < this.sections.length + this.#first;
  }

  here(index: number): Section | undefined {
    const section = this.sections[index - this.#first];
    return index > 0 && section?.isHere === true ? section : undefined;
  }

  /** Whether it has entries that are looked through. */
  isInformation(section: Section): boolean {
    return this.debug.get('info')?.section === section && this.debug.has('abbrev');
  }

  spend(size: number): boolean {
    if (size > this.#left) return false;
    this.#left -= size;
    return true;
  }
}

const swapped = (word: number) =>
  u32((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24));
