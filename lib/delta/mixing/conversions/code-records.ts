/**
 * Regions of records that a native image of Java has of its code (GraalVM's CodeInfoEncoder). Most of them end with places in two
 * other tables, near those of records before: they are converted so that these are distances.
 */
/** Bytes of what a record begins with; of the first two fields, by two bits each of its first byte; of the place of a map, by two more. */
const HEAD = 2;
const SIZES = [0, 1, 2, 4] as const;
const MAP_SIZES = [0, 0, 2, 4] as const;
/** Bytes of the place of a frame, which it ends with if the highest two bits are not 0. */
export const PLACE = 4;
/** For so many different higher parts the lower part of the last place is kept: 16 bits of that of a frame, 8 of that of a map. */
const PARTS = 1 << 16;

/** Bytes of the record that begins with `flags`. */
export function recordSize(flags: number): number {
  return mapAt(flags) + mapSize(flags) + (endsWithPlace(flags) ? PLACE : 0);
}

function mapAt(flags: number): number {
  return HEAD + (SIZES[flags & 3] ?? 0) + (SIZES[(flags >> 2) & 3] ?? 0);
}

function mapSize(flags: number): number {
  return MAP_SIZES[(flags >> 4) & 3] ?? 0;
}

export function endsWithPlace(flags: number): boolean {
  return flags >> 6 !== 0;
}

/** Of one region. */
export class RecordsConversion {
  readonly #frames = new Uint16Array(PARTS);
  readonly #maps = new Uint8Array(PARTS);
  readonly #isBack: boolean;

  constructor(isBack: boolean) {
    this.#isBack = isBack;
  }

  /** The next records, in place; what is left behind them is no whole record. Returns how many bytes they have. */
  convert(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; ; ) {
      const flags = bytes[at] ?? 0;
      const end = at + recordSize(flags);
      if (end > bytes.length) return at;
      if (mapSize(flags) > 0) this.#convertMap(view, at + mapAt(flags), mapSize(flags));
      if (endsWithPlace(flags)) this.#convertFrame(view, end - PLACE);
      at = end;
    }
  }

  #convertFrame(view: DataView, at: number): void {
    const high = view.getUint16(at + 2, true);
    const low = view.getUint16(at, true);
    const last = this.#frames[high] ?? 0;
    view.setUint16(at, this.#isBack ? low + last : low - last, true);
    this.#frames[high] = this.#isBack ? low + last : low;
  }

  #convertMap(view: DataView, at: number, size: number): void {
    const high = size === 2 ? view.getUint8(at + 1) : view.getUint16(at + 1, true);
    const low = view.getUint8(at);
    const last = this.#maps[high] ?? 0;
    view.setUint8(at, this.#isBack ? low + last : low - last);
    this.#maps[high] = this.#isBack ? low + last : low;
  }
}
