/**
 * Regions of records that a native image of Java has of its code (GraalVM's CodeInfoEncoder). Most of them end with places in two
 * other tables, near those of records before: both files are converted so that these are distances, and the new one back.
 */
import { type Image, REGION_KINDS, type Region } from './containers/image.ts';

/** Bytes of what a record begins with; of the first two fields, by two bits each of its first byte; of the place of a map, by two more. */
const HEAD = 2;
const SIZES = [0, 1, 2, 4] as const;
const MAP_SIZES = [0, 0, 2, 4] as const;
/** Bytes of the place of a frame, which it ends with if the highest two bits are not 0. */
export const PLACE = 4;
/** For so many different higher parts the lower part of the last place is kept: 16 bits of that of a frame, 8 of that of a map. */
const PARTS = 1 << 16;
const EMPTY = new Uint8Array(0);

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

/** One of a region. */
class Conversion {
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

/** In place: the regions of `file` that are such records. */
export function convertRecords(file: Uint8Array, regions: readonly Pick<Region, 'offset' | 'size'>[]): void {
  for (const { offset, size } of regions) new Conversion(false).convert(file.subarray(offset, offset + size));
}

/** The file as it is modelled: itself if it has no such region. */
export function converted(file: Uint8Array, { regions }: Image): Uint8Array {
  const records = regions.filter(({ kind }) => kind === REGION_KINDS.codeRecords);
  if (records.length === 0) return file;
  // What is called slice shares memory if it is a Buffer's.
  const copy = new Uint8Array(file);
  convertRecords(copy, records);
  return copy;
}

/** Takes the new file as it was modelled, from its start on, and gives what it is. */
export class RestoredRecords {
  /** Ascending and disjoint. */
  readonly #regions: readonly Pick<Region, 'offset' | 'size'>[];
  #taken = 0;
  /** Which region the next byte is in, or before. */
  #region = 0;
  #conversion = new Conversion(true);
  /** The beginning of a record. */
  #held: Uint8Array = EMPTY;

  constructor(regions: readonly Pick<Region, 'offset' | 'size'>[]) {
    this.#regions = regions;
  }

  /** What is known behind the bytes given before, the next of which these are. A record is given when it is whole. */
  *take(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      const { offset, size } = this.#regions[this.#region] ?? { offset: Number.POSITIVE_INFINITY, size: 0 };
      const limit = this.#taken < offset ? offset : offset + size;
      const piece = bytes.subarray(at, at + Math.min(bytes.length - at, limit - this.#taken));
      at += piece.length;
      this.#taken += piece.length;
      if (limit === offset) {
        yield piece;
        continue;
      }
      const records = Buffer.concat([this.#held, piece]);
      const isLast = this.#taken === limit;
      const whole = this.#conversion.convert(records);
      yield records.subarray(0, isLast ? records.length : whole);
      this.#held = isLast ? EMPTY : records.subarray(whole);
      if (!isLast) continue;
      this.#region++;
      this.#conversion = new Conversion(true);
    }
  }
}
