/** Makes records again, out of their table and the image. */
import { ByteWriter } from '../byte-writer.ts';
import { type Group, LONGEST, type RecordFormat, type RecordMaker } from './format.ts';
import { FORMATS } from './formats.ts';
import { decodeTable, type Entry, malformed, tableSize } from './table.ts';

/** Bytes that are passed on at once. */
const CHUNK = 1 << 16;
/** Of all writers: nothing is left in it between calls. */
const chunk = new Uint8Array(CHUNK);
/** Bytes of the table that say how many it has. */
const SIZE = 4;

/** One run of records. */
export class RecordWriter {
  readonly #format: RecordFormat;
  readonly #style: number;
  readonly #emit: (piece: Uint8Array) => void;
  #filled = 0;
  /** The table as far as it is known; its groups once all of it is. */
  readonly #table = new ByteWriter();
  #entries: Entry[] | null = null;
  #index = 0;
  /** Bytes of data of the group, and records of it, that were written. */
  #written = 0;
  #records = 0;
  /** The start of a record whose end did not come yet. */
  readonly #pending = new Uint8Array(LONGEST);
  #waiting = 0;

  /** `emit` receives the records; a piece is valid until it returns. Null if they can't look like that. */
  static begin(
    maker: RecordMaker,
    level: number,
    memory: number,
    emit: (piece: Uint8Array) => void,
  ): RecordWriter | null {
    const format = FORMATS[maker];
    return level === 0 && memory < format.styles ? new RecordWriter(format, memory, emit) : null;
  }

  private constructor(format: RecordFormat, style: number, emit: (piece: Uint8Array) => void) {
    this.#format = format;
    this.#style = style;
    this.#emit = emit;
  }

  /** Takes the next bytes of the table and the image. Throws DamagedError if they are not as in FORMAT.md. */
  write(bytes: Uint8Array): void {
    let rest = bytes;
    while (this.#entries === null && rest.length > 0) rest = this.#readTable(rest);
    while (rest.length > 0) {
      const group = this.#entries?.[this.#index]?.group;
      if (group === undefined) throw malformed('more follows than its records have');
      const wanted = Math.min(group.size, group.total - this.#written);
      const piece = rest.subarray(0, wanted - this.#waiting);
      rest = rest.subarray(piece.length);
      if (piece.length === wanted) this.#record(group, piece);
      else {
        this.#pending.set(piece, this.#waiting);
        this.#waiting += piece.length;
        if (this.#waiting < wanted) continue;
        this.#waiting = 0;
        this.#record(group, this.#pending.subarray(0, wanted));
      }
      this.#passOthers();
    }
    this.#flush();
  }

  /** Throws DamagedError unless all records were written. */
  finish(): void {
    if (this.#entries === null || this.#index < this.#entries.length)
      throw malformed('less follows than its records have');
  }

  /** Returns what is left of the bytes. */
  #readTable(bytes: Uint8Array): Uint8Array {
    const wanted = this.#table.size < SIZE ? SIZE : tableSize(this.#table.bytes);
    const piece = bytes.subarray(0, wanted - this.#table.size);
    this.#table.append(piece);
    if (this.#table.size > SIZE && this.#table.size === wanted) {
      this.#entries = decodeTable(this.#format, this.#table.bytes);
      this.#passOthers();
    }
    return bytes.subarray(piece.length);
  }

  /** Goes on to the next group that wants bytes of the image. */
  #passOthers(): void {
    for (;;) {
      const entry = this.#entries?.[this.#index];
      if (entry === undefined) return;
      const { group, data } = entry;
      if (data !== null) {
        for (let at = 0; at < group.total; at += group.size)
          this.#record(group, data.subarray(at, at + group.size));
      }
      if (group.total === 0) this.#record(group, new Uint8Array(0));
      if (this.#written < group.total) return;
      this.#index++;
      this.#written = 0;
      this.#records = 0;
    }
  }

  #record(group: Group, data: Uint8Array): void {
    if (this.#filled + LONGEST > CHUNK) this.#flush();
    this.#filled += this.#format.write(chunk, this.#filled, group, this.#records, data, this.#style);
    this.#written += data.length;
    this.#records++;
  }

  #flush(): void {
    this.#emit(chunk.subarray(0, this.#filled));
    this.#filled = 0;
  }
}
