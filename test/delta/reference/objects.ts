/** Objects that are linked no further, from lib/delta/FORMAT.md: where they have references, and what these are relative to. */
import { u32 } from './arithmetic.ts';
import { instruction } from './x86.ts';

export const OBJECTS = 41;
export const [FIELD, SYMBOL, BIG, SECTION, NUMBER_OF_TYPE] = [47, 48, 49, 50, 51];
const [BRANCH, BRANCH_26, BRANCH_19, BACK] = [1, 16, 17, 18];
const [TYPES, NAMES] = [0x80000000, 0xc0000000];

export const isOfObjects = (kind: number) => kind >= FIELD && kind <= NUMBER_OF_TYPE;

interface Section {
  /** Where its header is. */
  header: number;
  type: number;
  isCode: boolean;
  /** Whether it is in the object. */
  isHere: boolean;
  /** Where it begins in the file. */
  start: number;
  size: number;
  link: number;
  info: number;
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

export class Objects {
  readonly #view: DataView;
  readonly #old: Uint8Array;
  readonly #note: (offset: number, kind: number) => void;
  readonly #forget: (offset: number) => void;
  /** By quad: what a reference is relative to; the kind of code. What was said last counts. */
  readonly #bases = new Map<number, { base: number } | { code: number }>();

  constructor(
    old: Uint8Array,
    note: (offset: number, kind: number) => void,
    forget: (offset: number) => void,
  ) {
    this.#old = old;
    this.#view = new DataView(old.buffer, old.byteOffset, old.length);
    this.#note = note;
    this.#forget = forget;
  }

  /** What the field at `offset` is relative to. */
  base(offset: number): number {
    const said = this.#bases.get(offset >> 2);
    if (said === undefined) return 0;
    return 'base' in said ? said.base : 0xffffff00 + said.code;
  }

  /** The kind of code at `offset`, or 0. */
  code(offset: number): number {
    if (offset >= this.#old.length) return 0;
    const said = this.#bases.get(offset >> 2);
    return said !== undefined && 'code' in said ? said.code : 0;
  }

  /** Bytes from `offset` on, at most `most`, to where other code or none begins. */
  stretch(offset: number, most: number): number {
    const code = this.code(offset);
    for (let quad = (offset >> 2) + 1; 4 * quad < Math.min(this.#old.length, offset + most); quad++)
      if (this.code(4 * quad) !== code) return 4 * quad - offset;
    return most;
  }

  target(base: number, kind: number, word: number): number {
    if (kind === SYMBOL) return u32(base + 24 * word);
    if (kind === BIG) return u32(base + swapped(word));
    return u32(base + (kind === SECTION ? 64 * (word >>> 16) : word));
  }

  field(kind: number, distance: number, word: number): number {
    if (kind === SYMBOL) return Math.floor(distance / 24);
    if (kind === BIG) return swapped(distance);
    return kind === SECTION ? u32((Math.floor(distance / 64) << 16) | (word & 0xffff)) : distance;
  }

  scan({ offset, size }: { offset: number; size: number }): void {
    if (size < 64) return;
    if (this.#text(offset, 8) !== '!<arch>\n') {
      this.#scanObject(offset, size);
      return;
    }
    for (let at = offset + 8; at + 60 <= offset + size; ) {
      const content = at + 60;
      const length = Number(/^\d*/.exec(this.#text(at + 48, 9))?.[0] ?? 0);
      if (length > offset + size - content) return;
      if (this.#text(at, 2) === '/ ') this.#scanIndex(offset, content, length);
      else this.#scanObject(content, length);
      at = content + length + (length % 2);
    }
  }

  #text(offset: number, size: number): string {
    return String.fromCharCode(...this.#old.subarray(offset, offset + size));
  }

  #word(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  #half(offset: number): number {
    return this.#view.getUint16(offset, true);
  }

  #found(offset: number, kind: number, base: number): void {
    if (base >= 0xffffff00) return;
    this.#note(offset, kind);
    this.#bases.set(offset >> 2, { base });
  }

  #foundUnlessZero(offset: number, kind: number, base: number): void {
    if (this.#word(offset) !== 0) this.#found(offset, kind, base);
  }

  #scanIndex(archive: number, content: number, size: number): void {
    if (size < 4) return;
    const count = Math.min(swapped(this.#word(content)), Math.floor(size / 4) - 1);
    for (let i = 1; i <= count; i++) this.#foundUnlessZero(content + 4 * i, BIG, archive);
  }

  #scanObject(start: number, size: number): void {
    if (size < 64 || this.#text(start, 6) !== '\x7fELF\x02\x01') return;
    const headers = start + this.#word(start + 40);
    const count = this.#half(start + 60);
    if (headers + 64 * count > start + size) return;
    const machine = this.#half(start + 18);
    this.#foundUnlessZero(start + 40, FIELD, start);
    const sections = Array.from({ length: count }, (_, index): Section => {
      const header = headers + 64 * index;
      const word = (at: number) => this.#word(header + at);
      const isHere = index > 0 && ![0, 8].includes(word(4)) && word(24) + word(32) <= size;
      return {
        ...{ header, type: word(4), isCode: (word(8) & 4) !== 0, isHere, start: start + word(24) },
        ...{ size: word(32), link: word(40), info: word(44) },
      };
    });
    const object = new ObjectSections(sections, size);
    const names = object.here(this.#half(start + 62));
    for (const section of sections.filter(({ isHere, isCode }) => isHere && isCode))
      if (object.spend(section)) this.#scanCode(section, machine);
    for (const section of sections.slice(1)) {
      if (names !== undefined) this.#foundUnlessZero(section.header, FIELD, names.start);
      this.#foundUnlessZero(section.header + 24, FIELD, start);
      if (!section.isHere) continue;
      this.#foundUnlessZero(section.header + 32, FIELD, section.start);
      if (section.type === 2) this.#scanSymbols(object, section, headers);
      else if (section.type === 4) this.#scanRelocations(object, section, machine);
      else if (!section.isCode && object.spend(section)) this.#scanTypes(section);
    }
  }

  #scanCode({ start, size }: Section, machine: number): void {
    const code = machine === 62 ? 1 : machine === 183 ? 2 : 17;
    for (let quad = start >> 2; 4 * quad < start + size; quad++) this.#bases.set(quad, { code });
    if (code === 2) {
      for (let at = start; at + 4 <= start + size; at += 4) {
        const high = this.#word(at) >>> 24;
        if ((high & 0x7c) === 0x14) this.#note(at, BRANCH_26);
        else if ((high === 0x54 && (this.#word(at) & 16) === 0) || (high & 0x7e) === 0x34)
          this.#note(at, BRANCH_19);
      }
    }
    if (code !== 1) return;
    for (let at = start; at + 24 <= start + size; ) {
      const found = instruction(this.#old, at, false);
      if (found?.branch === true && found.relativeAt !== 0) this.#note(at + found.relativeAt, BRANCH);
      at += found?.length ?? 1;
    }
  }

  #scanSymbols(object: ObjectSections, table: Section, headers: number): void {
    if (!object.spend(table)) return;
    this.#foundUnlessZero(table.header + 44, SYMBOL, table.start);
    const names = object.here(table.link);
    for (let at = table.start; at + 24 <= table.start + table.size; at += 24) {
      if (names !== undefined) this.#foundUnlessZero(at, FIELD, names.start);
      const index = this.#half(at + 6);
      if (index === 0 || index >= object.sections.length) continue;
      this.#found(at + 4, SECTION, headers);
      const home = object.here(index);
      if (home === undefined) continue;
      this.#foundUnlessZero(at + 8, FIELD, home.start);
      this.#foundUnlessZero(at + 16, FIELD, u32(home.start + this.#word(at + 8)));
    }
  }

  #scanRelocations(object: ObjectSections, table: Section, machine: number): void {
    const [symbols, changed] = [object.here(table.link), object.here(table.info)];
    if (symbols === undefined || changed === undefined || !object.spend(table)) return;
    const ahead = changed.isCode && machine === 62 ? 4 : 0;
    for (let at = table.start; at + 24 <= table.start + table.size; at += 24) {
      const [place, symbol] = [this.#word(at), this.#word(at + 12)];
      if (changed.isCode && place < changed.size) this.#forget(changed.start + place);
      this.#foundUnlessZero(at, FIELD, changed.start);
      this.#foundUnlessZero(at + 12, SYMBOL, symbols.start);
      if (24 * symbol + 24 > symbols.size) continue;
      const entry = symbols.start + 24 * symbol;
      const home = object.here(this.#half(entry + 6));
      if (((this.#old[entry + 4] ?? 0) & 15) !== 3 || home === undefined) continue;
      this.#found(at + 16, FIELD, home.start + ahead);
      if (!changed.isCode) this.#scanUnwound(changed, place, u32(home.start + this.#word(at + 16)));
    }
  }

  #scanUnwound({ start, size }: Section, place: number, code: number): void {
    if (place < 8 || place + 8 > size || size < 16) return;
    const back = this.#word(start + place - 4);
    if (back === 0 || back > place - 4 || this.#word(start + place - back) !== 0) return;
    this.#note(start + place - 4, BACK);
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

class ObjectSections {
  readonly sections: Section[];
  /** Bytes of sections that may still be looked at. */
  #left: number;

  constructor(sections: Section[], size: number) {
    this.sections = sections;
    this.#left = size;
  }

  here(index: number): Section | undefined {
    const section = this.sections[index];
    return section?.isHere === true ? section : undefined;
  }

  spend({ size }: { size: number }): boolean {
    if (size > this.#left) return false;
    this.#left -= size;
    return true;
  }
}

const swapped = (word: number) =>
  u32((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24));
