/** Debug information of DWARF, for the plain decoder (mixing.ts). Written from FORMAT.md, for the tests. */
import { NOWHERE, u32 } from './arithmetic.ts';
import { type Attribute, Entries, kindOf, RANGES, UNIT, VARIABLES } from './dwarf-entries.ts';
import { addressIn, type Image, offsetIn, type Region, regionIn, stretchIn } from './image.ts';
import { WASM, WASM_DATA } from './wasm.ts';

export const DWARF = 48;
/** How many sections it refers to. */
export const SECTIONS = 8;
const [ABSOLUTE, POINTER, IMAGE_RELATIVE, OFFSET] = [11, 12, 13, 46];
const END = 53;
/** Of the list of sections. */
const [OF_VARIABLES, OF_RANGES, OF_LINES] = [3, 4, 5];

export class Dwarf {
  readonly #old: Uint8Array;
  readonly #view: DataView;
  readonly #image: Image;
  readonly #region: Region | undefined;
  readonly #note: (offset: number, kind: number) => void;
  /** Ascending. */
  readonly #units: { start: number; version: number }[] = [];
  readonly #isOfWasm: boolean;

  constructor(old: Uint8Array, image: Image, note: (offset: number, kind: number) => void) {
    this.#old = old;
    this.#view = new DataView(old.buffer, old.byteOffset, old.length);
    this.#image = image;
    this.#note = note;
    this.#region = image.regions.find(({ kind }) => kind === DWARF);
    this.#isOfWasm = image.regions.some(({ kind }) => kind === WASM || kind === WASM_DATA);
  }

  scan({ offset, size }: Region): void {
    const table = offsetIn(this.#image, this.#image.dwarf[0] ?? 0);
    new Entries(this.#old).read(offset, size, {
      tableOf: (own) => (table !== NOWHERE && own < this.#old.length - table ? table + own : undefined),
      unit: (unit) => this.#units.push(unit),
      attribute: (attribute, low) => this.#attribute(attribute, low),
    });
    if (!this.#isOfWasm) return;
    const [ranges, lines, variables] = [OF_RANGES, OF_LINES, OF_VARIABLES].map((index) =>
      this.#section(index),
    );
    for (let at = ranges?.start ?? 0; at + 4 <= (ranges?.end ?? 0); at += 4) this.#code(at);
    for (const [section, before] of [
      [lines, [0, 5, 2]] as const,
      [variables, [255, 255, 255, 255]] as const,
    ]) {
      if (section === undefined) continue;
      for (let at = section.start; at + before.length + 4 <= section.end; at++) {
        const isBefore = before.every((byte, index) => this.#old[at + index] === byte);
        if (isBefore && this.#code(at + before.length)) at += before.length + 3;
      }
    }
  }

  /** Whether a reference of that kind at an offset of the old file is one of these. */
  has(offset: number, kind: number): boolean {
    return (
      this.#region !== undefined &&
      kind >= UNIT &&
      kind <= END &&
      regionIn(this.#image, offset) === this.#region
    );
  }

  /** The old address that it is relative to. */
  origin(offset: number, kind: number, kindAt: (offset: number) => number): number {
    if (kind === END) {
      const low = this.#word(offset - (kindAt(offset - 8) === POINTER ? 8 : 4));
      return u32(low - Number(this.#image.base & 0xffffffffn));
    }
    const unit = this.#units.findLast(({ start }) => start <= offset);
    if (kind === UNIT) return addressIn(this.#image, unit?.start ?? 0);
    const isLater = unit?.version === 5 && (kind === VARIABLES || kind === RANGES);
    return this.#image.dwarf[kind - UNIT + (isLater ? 3 : 0)] ?? 0;
  }

  #word(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** A section that is in another region than the entries. */
  #section(index: number): { start: number; end: number } | undefined {
    const start = offsetIn(this.#image, this.#image.dwarf[index] ?? 0);
    if (start === NOWHERE || regionIn(this.#image, start) === this.#region) return undefined;
    return { start, end: stretchIn(this.#image, start, this.#old.length).end };
  }

  #attribute(attribute: Attribute, low: number): number {
    const { name, form, place, size, unit } = attribute;
    const { version, wide } = unit;
    if (form === 0x01) return this.#address(place, wide) && name === 0x11 ? place : low;
    if ((form === 0x06 || form === 0x07) && name === 0x12) {
      if (low + wide === place) this.#note(place, END);
      return low;
    }
    const kind = form === 0x10 && version > 2 ? OFFSET : kindOf(attribute);
    if (kind !== 0) this.#note(place, kind);
    const isExpression = (form === 0x09 || form === 0x18) && size === 2 + wide;
    if (isExpression && this.#old[place + 1] === 3) {
      if (!this.#isOfWasm) this.#address(place + 2, wide);
      else if (wide === 4 && this.#word(place + 2) >= 4096 && this.#word(place + 2) < this.#image.span)
        this.#note(place + 2, IMAGE_RELATIVE);
    }
    return low;
  }

  #address(place: number, wide: number): boolean {
    if (wide === 4 && this.#isOfWasm) return this.#code(place);
    if (wide !== 4 && wide !== 8) return false;
    const value = wide === 8 ? this.#view.getBigUint64(place, true) : BigInt(this.#word(place));
    const to = BigInt.asUintN(8 * wide, value - this.#image.base);
    if (value === 0n || to >= BigInt(this.#image.span)) return false;
    this.#note(place, wide === 8 ? POINTER : ABSOLUTE);
    return true;
  }

  /** An address of code of WebAssembly. */
  #code(place: number): boolean {
    const code = this.#image.regions.find(({ kind }) => kind === WASM);
    const to = u32(this.#word(place) - Number(this.#image.base & 0xffffffffn));
    if (code === undefined || u32(to - code.address) >= code.size) return false;
    this.#note(place, ABSOLUTE);
    return true;
  }
}
