/** What of a file is modelled in another form than it has: both files are converted first, and the new one back. */
import { type Image, REGION_KINDS, type Region, type RegionKind } from '../containers/image.ts';
import { RecordsConversion } from './code-records.ts';
import { haveSizes, InstructionsConversion } from './instructions.ts';
import { ThumbConversion } from './thumb.ts';
import { WordsConversion } from './words.ts';

type Converted = Pick<Region, 'offset' | 'size' | 'address' | 'kind' | 'inWords'>;

interface Conversion {
  /** The next bytes of the region, in place. Returns how many are done: what is left belongs to what follows, or is as it is. */
  convert(bytes: Uint8Array): number;
}

const EMPTY = new Uint8Array(0);

/** Whether the region is converted. */
export function isConverted({ kind, inWords }: Pick<Region, 'kind' | 'inWords'>): boolean {
  return kind === REGION_KINDS.codeRecords || isInWords({ kind, inWords });
}

/** Whether it is code in converted words. */
export function isInWords({ kind, inWords }: { kind: RegionKind; inWords?: true | undefined }): boolean {
  return kind === REGION_KINDS.armWords || inWords === true;
}

function conversionOf(region: Converted, isBack: boolean): Conversion {
  const { kind } = region;
  if (kind === REGION_KINDS.codeRecords) return new RecordsConversion(isBack);
  if (haveSizes(kind)) return new InstructionsConversion(region, isBack);
  if (kind === REGION_KINDS.thumb) return new ThumbConversion(region, isBack);
  return new WordsConversion(region, isBack);
}

/** In place: those regions of `file`. */
export function convertRegions(file: Uint8Array, regions: readonly Converted[]): void {
  for (const region of regions) {
    const { offset, size } = region;
    conversionOf(region, false).convert(file.subarray(offset, offset + size));
  }
}

/** The file with its records of code converted, which are so before they are aligned: itself if it has none. */
export function withRecords(file: Uint8Array, { regions }: Pick<Image, 'regions'>): Uint8Array {
  const records = regions.filter(({ kind }) => kind === REGION_KINDS.codeRecords);
  if (records.length === 0) return file;
  // What is called slice shares memory if it is a Buffer's.
  const copy = new Uint8Array(file);
  convertRegions(copy, records);
  return copy;
}

/** Takes the new file as it was modelled, from its start on, and gives what it is. */
export class RestoredFile {
  /** Ascending and disjoint. */
  readonly #regions: readonly Converted[];
  #taken = 0;
  /** Which region the next byte is in, or before. */
  #region = 0;
  #conversion: Conversion | null = null;
  #buffer = EMPTY;
  /** The beginning of what is not whole yet. */
  #held: Uint8Array = EMPTY;

  constructor(regions: readonly Converted[]) {
    this.#regions = regions;
  }

  /** What is known behind the bytes given before, the next of which these are. Each is to be used before the next one is asked for. */
  *take(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      const region = this.#regions[this.#region];
      const start = region?.offset ?? Number.POSITIVE_INFINITY;
      const limit = region === undefined || this.#taken < start ? start : start + region.size;
      const piece = bytes.subarray(at, at + Math.min(bytes.length - at, limit - this.#taken));
      at += piece.length;
      this.#taken += piece.length;
      if (region === undefined || limit === start) {
        yield piece;
        continue;
      }
      this.#conversion ??= conversionOf(region, true);
      const inside = this.#joined(piece);
      const isLast = this.#taken === limit;
      const whole = this.#conversion.convert(inside);
      yield inside.subarray(0, isLast ? inside.length : whole);
      this.#held = isLast ? EMPTY : inside.slice(whole);
      if (!isLast) continue;
      this.#region++;
      this.#conversion = null;
    }
  }

  /** What is held and the piece. */
  #joined(piece: Uint8Array): Uint8Array {
    const size = this.#held.length + piece.length;
    if (this.#buffer.length < size) this.#buffer = new Uint8Array(size);
    this.#buffer.set(this.#held);
    this.#buffer.set(piece, this.#held.length);
    return this.#buffer.subarray(0, size);
  }
}
