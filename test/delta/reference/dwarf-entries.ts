/** The entries of debug information of DWARF, by its abbreviations, wherever they are. Written from FORMAT.md, for the tests. */
import { NOWHERE } from './arithmetic.ts';

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

export interface Unit {
  start: number;
  end: number;
  version: number;
  /** Bytes of an address. */
  wide: number;
}

export interface Attribute {
  name: number;
  form: number;
  place: number;
  size: number;
  unit: Unit;
}

/** As an abbreviation has it. */
interface Listed {
  name: number;
  form: number;
  /** Behind it, in the file. */
  end: number;
}

interface Reader {
  /** Where the abbreviations of a unit are that says `own`, if the last ones end at `behind`; undefined if they are nowhere. */
  tableOf(own: number, behind: number): number | undefined;
  unit?(unit: Unit): void;
  /** The last address of its entry that begins a function is at `low`, else NOWHERE. Returns where that is now. */
  attribute(attribute: Attribute, low: number): number;
}

export class Entries {
  readonly #old: Uint8Array;
  readonly #view: DataView;
  #budget = 0;

  constructor(old: Uint8Array) {
    this.#old = old;
    this.#view = new DataView(old.buffer, old.byteOffset, old.length);
  }

  read(start: number, size: number, reader: Reader): void {
    const last = start + size;
    this.#budget = 8 * size;
    let [known, behind] = [NOWHERE, NOWHERE];
    let codes = new Map<number, number>();
    for (let at = start; last - at >= 12; ) {
      const [length, version] = [this.#word(at), this.#view.getUint16(at + 4, true)];
      if (length < 8 || length > last - at - 4 || version < 2 || version > 5) return;
      const wide = this.#old[at + (version < 5 ? 10 : 7)] ?? 0;
      const unit: Unit = { start: at, end: at + 4 + length, version, wide };
      reader.unit?.(unit);
      const table = reader.tableOf(this.#word(at + (version < 5 ? 6 : 8)), behind);
      if (table !== undefined) {
        if (table !== known) [codes, behind] = this.#abbreviations(table);
        known = table;
        this.#entries(unit, codes, reader);
      }
      at = unit.end;
    }
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

  #listed(at: number): Listed {
    const name = this.#varint(at, this.#old.length);
    const form = this.#varint(name.end, this.#old.length);
    const end = form.value === 0x21 ? this.#varint(form.end, this.#old.length).end : form.end;
    return { name: name.value, form: form.value, end };
  }

  /** Where the attributes of each are, by code, and the end. */
  #abbreviations(place: number): [Map<number, number>, number] {
    const found = new Map<number, number>();
    let at = place;
    while (at < this.#old.length && this.#budget > 0) {
      const code = this.#varint(at, this.#old.length);
      at = code.end;
      if (code.value === 0) break;
      at = this.#varint(at, this.#old.length).end + 1;
      if (code.value < 2 ** 16) found.set(code.value, at);
      this.#budget--;
      while (at < this.#old.length && this.#budget > 0) {
        const { name, form, end } = this.#listed(at);
        at = end;
        this.#budget--;
        if (name === 0 && form === 0) break;
      }
    }
    return [found, at];
  }

  #entries(unit: Unit, codes: Map<number, number>, reader: Reader): void {
    const { start, end, version } = unit;
    const type = version < 5 ? 0 : (this.#old[start + 6] ?? 0);
    const more = type === 4 || type === 5 ? 8 : type === 2 || type === 6 ? 12 : 0;
    let place = start + (version < 5 ? 11 : 12 + more);
    while (place < end) {
      const code = this.#varint(place, end);
      place = code.end;
      if (code.value === 0) continue;
      let list = codes.get(code.value);
      if (list === undefined) return;
      let low = NOWHERE;
      while (this.#budget > 0 && list < this.#old.length) {
        const { name, form, end: next }: Listed = this.#listed(list);
        list = next;
        this.#budget--;
        if (name === 0 && form === 0) break;
        const size = this.#size(form, place, unit);
        if (size === undefined || size > end - place) return;
        low = reader.attribute({ name, form, place, size, unit }, low);
        place += size;
      }
      if (this.#budget <= 0) return;
    }
  }

  #size(form: number, place: number, { end, version, wide }: Unit): number | undefined {
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

/** The sections that an attribute may have an offset in, in the order of FORMAT.md, and the unit. */
export const [UNIT, TEXT, TEXT_OF_LINES, VARIABLES, RANGES, LINES] = [47, 48, 49, 50, 51, 52];
const OF_VARIABLES = [0x02, 0x19, 0x2a, 0x38, 0x40, 0x46, 0x48, 0x4a, 0x4d, 0x2137];

/** What an attribute has an offset in, as the kind of its reference; 0 for none of these. */
export function kindOf({ name, form, unit: { version } }: Attribute): number {
  if (form === 0x13) return UNIT;
  if (form === 0x0e) return TEXT;
  if (form === 0x1f) return TEXT_OF_LINES;
  if (form !== 0x17 && (form !== 0x06 || version > 3)) return 0;
  if (OF_VARIABLES.includes(name)) return VARIABLES;
  if (name === 0x2c || name === 0x55) return RANGES;
  return name === 0x10 ? LINES : 0;
}
