/** Debug information of DWARF, for the plain decoder (mixing.ts). Written from FORMAT.md, for the tests. */
import { NOWHERE, u32 } from './arithmetic.ts';
import { addressIn, type Image, offsetIn, type Region, regionIn } from './image.ts';

export const DWARF = 48;
/** How many sections it refers to. */
export const SECTIONS = 8;
const [ABSOLUTE, POINTER, OFFSET] = [11, 12, 46];
const [UNIT, TEXT, TEXT_OF_LINES, VARIABLES, RANGES, LINES, END] = [47, 48, 49, 50, 51, 52, 53];

/** Bytes of the forms that always take as many. */
const FIXED = new Map(
  Object.entries({
    0: '19 21',
    1: 'b c 11 25 29',
    2: '5 12 26 2a',
    3: '27 2b',
    4: '6 e 13 17 1c 1d 1f 28 2c 1f20 1f21',
    8: '7 14 20 24',
    16: '1e',
  }).flatMap(([size, forms]) =>
    forms.split(' ').map((form) => [Number.parseInt(form, 16), Number(size)] as const),
  ),
);
const VARINTS = [0x0d, 0x0f, 0x15, 0x1a, 0x1b, 0x22, 0x23, 0x1f01, 0x1f02];
const OF_VARIABLES = [0x02, 0x19, 0x2a, 0x38, 0x40, 0x46, 0x48, 0x4a, 0x4d, 0x2137];

interface Attribute {
  name: number;
  form: number;
  /** Behind it, in the file. */
  end: number;
}

export class Dwarf {
  readonly #old: Uint8Array;
  readonly #view: DataView;
  readonly #image: Image;
  readonly #region: Region | undefined;
  readonly #note: (offset: number, kind: number) => void;
  /** Ascending. */
  readonly #units: { start: number; version: number }[] = [];
  #budget = 0;

  constructor(old: Uint8Array, image: Image, note: (offset: number, kind: number) => void) {
    this.#old = old;
    this.#view = new DataView(old.buffer, old.byteOffset, old.length);
    this.#image = image;
    this.#note = note;
    this.#region = image.regions.find(({ kind }) => kind === DWARF);
  }

  scan({ offset, size }: Region): void {
    const end = offset + size;
    this.#budget = 8 * size;
    const table = offsetIn(this.#image, this.#image.dwarf[0] ?? 0);
    let known = NOWHERE;
    let codes = new Map<number, number>();
    for (let unit = offset; end - unit >= 12; ) {
      const [length, version] = [this.#word(unit), this.#view.getUint16(unit + 4, true)];
      if (length < 8 || length > end - unit - 4 || version < 2 || version > 5) return;
      this.#units.push({ start: unit, version });
      const next = unit + 4 + length;
      const own = this.#word(unit + (version < 5 ? 6 : 8));
      if (table !== NOWHERE && own < this.#old.length - table) {
        if (own !== known) codes = this.#abbreviations(table + own);
        known = own;
        this.#entries(unit, next, version, codes);
      }
      unit = next;
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

  #varint(at: number, limit: number): { value: number; end: number } {
    let value = 0n;
    let end = at;
    for (let i = 0n; i < 10n && end < limit; i++) {
      const byte = this.#old[end++] ?? 0;
      value |= BigInt(byte & 127) << (7n * i);
      if (byte < 128) break;
    }
    return { value: Number(value & 0xffffffffn), end };
  }

  #attribute(at: number): Attribute {
    const name = this.#varint(at, this.#old.length);
    const form = this.#varint(name.end, this.#old.length);
    const end = form.value === 0x21 ? this.#varint(form.end, this.#old.length).end : form.end;
    return { name: name.value, form: form.value, end };
  }

  /** Where the attributes of each are, by code. */
  #abbreviations(place: number): Map<number, number> {
    const found = new Map<number, number>();
    for (let at = place; at < this.#old.length && this.#budget > 0; ) {
      const code = this.#varint(at, this.#old.length);
      if (code.value === 0) break;
      at = this.#varint(code.end, this.#old.length).end + 1;
      if (code.value < 2 ** 16) found.set(code.value, at);
      this.#budget--;
      while (at < this.#old.length && this.#budget > 0) {
        const { name, form, end } = this.#attribute(at);
        at = end;
        this.#budget--;
        if (name === 0 && form === 0) break;
      }
    }
    return found;
  }

  #entries(unit: number, end: number, version: number, codes: Map<number, number>): void {
    const wide = this.#old[unit + (version < 5 ? 10 : 7)] ?? 0;
    const type = version < 5 ? 0 : (this.#old[unit + 6] ?? 0);
    const more = type === 4 || type === 5 ? 8 : type === 2 || type === 6 ? 12 : 0;
    let place = unit + (version < 5 ? 11 : 12 + more);
    while (place < end) {
      const code = this.#varint(place, end);
      place = code.end;
      if (code.value === 0) continue;
      let list = codes.get(code.value);
      if (list === undefined) return;
      let low = NOWHERE;
      while (this.#budget > 0 && list < this.#old.length) {
        const { name, form, end: next }: Attribute = this.#attribute(list);
        list = next;
        this.#budget--;
        if (name === 0 && form === 0) break;
        const size = this.#size(form, place, end, version, wide);
        if (size === undefined || size > end - place) return;
        if (form === 0x01) {
          if (this.#address(place, wide) && name === 0x11) low = place;
        } else if ((form === 0x06 || form === 0x07) && name === 0x12) {
          if (low + wide === place) this.#note(place, END);
        } else {
          const kind = kindOf(name, form, version);
          if (kind !== 0) this.#note(place, kind);
          const isExpression = (form === 0x09 || form === 0x18) && size === 2 + wide;
          if (isExpression && this.#old[place + 1] === 3) this.#address(place + 2, wide);
        }
        place += size;
      }
      if (this.#budget <= 0) return;
    }
  }

  #address(place: number, wide: number): boolean {
    if (wide !== 4 && wide !== 8) return false;
    const value = wide === 8 ? this.#view.getBigUint64(place, true) : BigInt(this.#word(place));
    const to = BigInt.asUintN(8 * wide, value - this.#image.base);
    if (value === 0n || to >= BigInt(this.#image.span)) return false;
    this.#note(place, wide === 8 ? POINTER : ABSOLUTE);
    return true;
  }

  #size(form: number, place: number, end: number, version: number, wide: number): number | undefined {
    const counted = (bytes: number, length: number) => (end - place < bytes ? undefined : bytes + length);
    if (form === 0x01 || (form === 0x10 && version < 3)) return wide;
    if (form === 0x10) return 4;
    if (form === 0x08) {
      const zero = this.#old.indexOf(0, place);
      return zero < 0 || zero >= end ? undefined : zero + 1 - place;
    }
    if (form === 0x09 || form === 0x18) {
      const { value, end: behind } = this.#varint(place, end);
      return behind - place + value;
    }
    if (form === 0x03) return counted(2, end - place < 2 ? 0 : this.#view.getUint16(place, true));
    if (form === 0x04) return counted(4, end - place < 4 ? 0 : this.#word(place));
    if (form === 0x0a) return counted(1, this.#old[place] ?? 0);
    return VARINTS.includes(form) ? this.#varint(place, end).end - place : FIXED.get(form);
  }
}

function kindOf(name: number, form: number, version: number): number {
  if (form === 0x13) return UNIT;
  if (form === 0x0e) return TEXT;
  if (form === 0x1f) return TEXT_OF_LINES;
  if (form === 0x10 && version > 2) return OFFSET;
  if (form !== 0x17 && (form !== 0x06 || version > 3)) return 0;
  if (OF_VARIABLES.includes(name)) return VARIABLES;
  if (name === 0x2c || name === 0x55) return RANGES;
  return name === 0x10 ? LINES : 0;
}
