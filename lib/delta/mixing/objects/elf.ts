/** Objects of ELF (elf.h), of 64 or 32 bits, with the lowest or the highest byte first. */
import { type Named, type ObjectTable, textAt } from './object.ts';

/** Type of a file that is linked no further; types of sections; type of symbols that stand for sections. */
const [RELOCATABLE, SYMBOLS, RELOCATIONS, NO_BITS, RELOCATIONS_SHORT, OF_SECTION] = [1, 2, 4, 8, 9, 3];
const ELF = 0x7f454c46;

interface Section {
  name: string;
  type: number;
  offset: number;
  size: number;
  link: number;
  info: number;
}

/** That of FORMAT.md: 0 to 3; undefined if it is none. */
export function layoutOfElf(bytes: Buffer): number | undefined {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== ELF) return undefined;
  const [bits, order] = [bytes.readUInt8(4), bytes.readUInt8(5)];
  if (bits < 1 || bits > 2 || order < 1 || order > 2) return undefined;
  const layout = 2 - bits + 2 * (order - 1);
  return new ElfObject(bytes, layout).half(16) === RELOCATABLE ? layout : undefined;
}

export function tablesOfElf(bytes: Buffer, layout: number): ObjectTable[] {
  return new ElfObject(bytes, layout).tables();
}

class ElfObject {
  readonly #bytes: Buffer;
  readonly #isWide: boolean;
  readonly #isBig: boolean;
  #sections: Section[] = [];

  constructor(bytes: Buffer, layout: number) {
    this.#bytes = bytes;
    this.#isWide = layout % 2 === 0;
    this.#isBig = layout >= 2;
  }

  half(at: number): number {
    return this.#isBig ? this.#bytes.readUInt16BE(at) : this.#bytes.readUInt16LE(at);
  }

  #word(at: number): number {
    return this.#isBig ? this.#bytes.readUInt32BE(at) : this.#bytes.readUInt32LE(at);
  }

  /** A number of 8 bytes, or of 4. */
  #number(at: number): number {
    if (!this.#isWide) return this.#word(at);
    return Number(this.#isBig ? this.#bytes.readBigUInt64BE(at) : this.#bytes.readBigUInt64LE(at));
  }

  /** What of the two is of this class. */
  #of(wide: number, narrow: number): number {
    return this.#isWide ? wide : narrow;
  }

  tables(): ObjectTable[] {
    this.#sections = this.#readSections();
    return this.#sections.flatMap((section): ObjectTable[] => {
      const entry = this.#entryOf(section.type);
      if (entry === 0) return [];
      const isOrdered = section.type !== SYMBOLS;
      const entries = Array.from({ length: Math.floor(section.size / entry) }, (_, index) =>
        isOrdered ? this.#relocation(section, entry, index) : this.#symbol(section, index),
      );
      return [{ name: section.name, offset: section.offset, entry, entries, isOrdered }];
    });
  }

  /** Bytes of an entry of a table; 0 if it is none. */
  #entryOf(type: number): number {
    if (type === SYMBOLS) return this.#of(24, 16);
    if (type === RELOCATIONS) return this.#of(24, 12);
    return type === RELOCATIONS_SHORT ? this.#of(16, 8) : 0;
  }

  #readSections(): Section[] {
    const start = this.#number(this.#of(40, 32));
    const headers = Array.from(
      { length: this.half(this.#of(60, 48)) },
      (_, index) => start + this.#of(64, 40) * index,
    );
    const names = headers[this.half(this.#of(62, 50))];
    const namesAt = names === undefined ? 0 : this.#number(names + this.#of(24, 16));
    return headers.map((at) => {
      const type = this.#word(at + 4);
      const [offset, size] = [this.#number(at + this.#of(24, 16)), this.#number(at + this.#of(32, 20))];
      const isHere = type !== 0 && type !== NO_BITS && offset + size <= this.#bytes.length;
      return {
        name: textAt(this.#bytes, namesAt + this.#word(at)),
        type: isHere ? type : 0,
        offset,
        size,
        link: this.#word(at + this.#of(40, 24)),
        info: this.#word(at + this.#of(44, 28)),
      };
    });
  }

  #symbol(table: Section, index: number): Named {
    const at = table.offset + this.#of(24, 16) * index;
    const home = this.#sections[this.half(at + this.#of(6, 14))];
    const value = this.#number(at + this.#of(8, 4)) % 2 ** 32;
    const address = home === undefined || home.type === 0 ? 0 : home.offset + value;
    return { address, name: this.#nameOf(table, index) };
  }

  #nameOf(table: Section, index: number): string {
    const entry = this.#of(24, 16);
    const at = table.offset + entry * index;
    if (at + entry > table.offset + table.size) return '';
    const type = this.#bytes.readUInt8(at + this.#of(4, 12));
    const home = this.#sections[this.half(at + this.#of(6, 14))];
    const names = this.#sections[table.link];
    if ((type & 15) === OF_SECTION || names === undefined) return `${type} ${home?.name}`;
    return `${type} ${textAt(this.#bytes, names.offset + this.#word(at))}`;
  }

  #relocation(table: Section, entry: number, index: number): Named {
    const at = table.offset + entry * index;
    const [home, symbols] = [this.#sections[table.info], this.#sections[table.link]];
    const address = (home?.offset ?? 0) + (this.#number(at) % 2 ** 32);
    const info = this.#number(at + this.#of(8, 4));
    const shift = this.#of(2 ** 32, 256);
    const name = symbols === undefined ? '' : this.#nameOf(symbols, Math.floor(info / shift));
    return { address, name: `${info % shift} ${name}` };
  }
}
