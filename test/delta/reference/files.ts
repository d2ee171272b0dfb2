/** The two files, with zeros around them, which contexts may reach. */
const MARGIN = 64;

export class Files {
  readonly old: Uint8Array;
  readonly fresh: Uint8Array;
  /** Where the lane begins in the new file: it sees zeros before. */
  readonly start: number;
  readonly #oldView: DataView;
  readonly #newView: DataView;

  constructor(old: Uint8Array, newSize: number, start: number) {
    this.old = new Uint8Array(new ArrayBuffer(old.length + 2 * MARGIN), MARGIN, old.length);
    this.old.set(old);
    this.fresh = new Uint8Array(new ArrayBuffer(newSize + 2 * MARGIN), MARGIN, newSize);
    this.start = start;
    this.#oldView = new DataView(this.old.buffer);
    this.#newView = new DataView(this.fresh.buffer);
  }

  oldByte(place: number): number {
    return this.#oldView.getUint8(MARGIN + place);
  }

  oldWord(place: number): number {
    return this.#oldView.getUint32(MARGIN + place, true);
  }

  oldLong(place: number): bigint {
    return this.#oldView.getBigUint64(MARGIN + place, true);
  }

  newByte(place: number): number {
    return this.#newView.getUint8(MARGIN + place);
  }

  newWord(place: number): number {
    return this.#newView.getUint32(MARGIN + place, true);
  }

  newLong(place: number): bigint {
    return this.#newView.getBigUint64(MARGIN + place, true);
  }
}

const IDENTIFIERS = Array.from(
  { length: 256 },
  (_, byte) => byte >= 128 || /[0-9A-Za-z_$]/.test(String.fromCharCode(byte)),
);
export const isIdentifier = (byte: number) => IDENTIFIERS[byte] === true;
