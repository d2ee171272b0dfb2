/**
 * The references of WebAssembly that the plain decoder (mixing.ts) knows: functions by number, data by address, and where
 * both have moved. Written from FORMAT.md, for the tests.
 */
import type { Place } from './other-references.ts';

const u32 = (value: number) => value >>> 0;

export const [WASM, WASM_DATA, VARIED] = [23, 24, 63];
const [POINTER, IMAGE_RELATIVE] = [12, 13];
const [CALL, CONST_32, CONST_64, FUNCTION] = [0x10, 0x41, 0x42, 0xd2];
/** Instructions with one number behind them. */
const WITH_NUMBER = [2, 3, 4, 6, 7, 8, 9, 12, 13, 18, 24, 32, 33, 34, 35, 36, 37, 38, 63, 64, 208];

export interface Moves {
  first: number;
  shift: number;
  functions: number;
  imports: [number, number];
  runs: { start: number; by: number }[];
}

export const NO_MOVES: Moves = { first: 0, shift: 0, functions: 0, imports: [0, 0], runs: [] };

/** The new address by the runs, null without one. */
export function movedTo({ runs }: Moves, address: number): number | null {
  const run = runs.findLast(({ start }) => start <= address);
  return run === undefined ? null : u32(address + run.by);
}

interface Segment extends Place {
  series: number;
}

export class WasmReferences {
  readonly #old: Uint8Array;
  readonly #view: DataView;
  readonly #span: number;
  readonly #moves: Moves;
  readonly #note: (offset: number, kind: number) => void;
  #at = 0;
  #end = 0;
  #segments: Segment[] = [];

  constructor(old: Uint8Array, span: number, moves: Moves, note: (offset: number, kind: number) => void) {
    this.#old = old;
    this.#view = new DataView(old.buffer, old.byteOffset, old.length);
    this.#span = span;
    this.#moves = moves;
    this.#note = note;
  }

  #isAddress(value: number): boolean {
    const { first, shift, functions } = this.#moves;
    return (value >= 4096 && value < this.#span) || (shift > 0 && u32(value - first) >>> shift < functions);
  }

  #byte(): number {
    return this.#view.getUint8(this.#at++);
  }

  #number(): number {
    let value = 0;
    for (let shift = 0; this.#at < this.#end; shift += 7) {
      const byte = this.#byte();
      if (shift < 32) value = u32(value | ((byte & 127) << shift));
      if (byte < 128) break;
    }
    return value;
  }

  #numbers(count: number): void {
    for (let i = 0; i < count && this.#at < this.#end; i++) this.#number();
  }

  #varied(isWanted: (value: number, last: number) => boolean): number {
    const place = this.#at;
    const value = this.#number();
    const size = this.#at - place;
    if (size >= 2 && size <= 5 && isWanted(value, this.#old[this.#at - 1] ?? 0)) this.#note(place, VARIED);
    return value;
  }

  #address(isSigned: boolean): number {
    return this.#varied((value, last) => this.#isAddress(value) && !(isSigned && (last & 64) !== 0));
  }

  scanCode({ offset, size }: Place): void {
    const limit = offset + size;
    for (this.#at = offset; this.#at < limit; this.#at = this.#end) {
      this.#end = limit;
      const bytes = this.#number();
      this.#end = Math.min(limit, this.#at + bytes);
      for (let i = this.#number(); i > 0 && this.#at < this.#end; i--) this.#numbers(2);
      while (this.#at < this.#end) this.#instruction();
    }
  }

  #instruction(): void {
    const opcode = this.#byte();
    if (opcode === CALL || opcode === FUNCTION) this.#varied(() => true);
    else if (opcode === CONST_32 || opcode === CONST_64) this.#address(true);
    else if (opcode >= 0x28 && opcode <= 0x3e) this.#memory();
    else if (opcode === 0x0e) this.#numbers(this.#number() + 1);
    else if (opcode === 0x1c) this.#numbers(this.#number());
    else if (opcode === 0x43 || opcode === 0x44) this.#at += opcode === 0x43 ? 4 : 8;
    else if (opcode === 0x11 || opcode === 0x13) this.#numbers(2);
    else if (opcode === 0xfc) this.#many(this.#number());
    else if (opcode === 0xfd) this.#vector(this.#number());
    else if (opcode === 0xfe && this.#number() === 3) this.#at++;
    else if (opcode === 0xfe) this.#numbers(2);
    else if (WITH_NUMBER.includes(opcode)) this.#number();
  }

  #memory(): void {
    this.#number();
    this.#address(false);
  }

  #many(kind: number): void {
    if ([8, 10, 12, 14].includes(kind)) this.#numbers(2);
    else if (kind >= 8 && kind <= 17) this.#number();
  }

  #vector(kind: number): void {
    if (kind === 12 || kind === 13) this.#at += 16;
    else if (kind < 12 || (kind >= 84 && kind <= 93)) {
      this.#memory();
      if (kind >= 84 && kind <= 91) this.#at++;
    } else if (kind >= 21 && kind <= 34) this.#at++;
  }

  scanData({ offset, size }: Place): void {
    this.#findSegments(offset, size);
    const wide = this.#moves.shift > 0;
    const step = wide ? 8 : 4;
    for (const { address, offset, size } of this.#segments) {
      for (let at = -address & (step - 1); at + 4 <= size; at += step) {
        const field = offset + at;
        if (!this.#isAddress(this.#view.getUint32(field, true))) continue;
        if (!wide || at + 8 > size) this.#note(field, IMAGE_RELATIVE);
        else if (this.#view.getUint32(field + 4, true) === 0) this.#note(field, POINTER);
      }
    }
  }

  #findSegments(offset: number, size: number): void {
    this.#segments = [];
    this.#at = offset;
    this.#end = offset + size;
    let least = 0;
    let series = 0;
    while (this.#at < this.#end && this.#segments.length < Math.min(2 ** 20, Math.floor(size / 5) + 1)) {
      if (this.#byte() !== 0 || this.#at >= this.#end || this.#byte() !== CONST_32) return;
      const address = this.#address(true);
      if (this.#at >= this.#end || this.#byte() !== 0x0b) return;
      const bytes = this.#number();
      if (bytes > this.#end - this.#at || address + bytes > 0xffffffff) return;
      if (address < least || series === 0) series++;
      if (series > 16) return;
      this.#segments.push({ address, offset: this.#at, size: bytes, series });
      least = address + bytes;
      this.#at += bytes;
    }
  }

  /** The address behind the last segment. */
  get end(): number {
    return this.#segments.reduce((most, { address, size }) => Math.max(most, address + size), 0);
  }

  #place(address: number): { offset: number; left: number } | null {
    const segment = this.#segments.find(
      (each) => address >= each.address && address < each.address + each.size,
    );
    if (segment === undefined) return null;
    const into = address - segment.address;
    return { offset: segment.offset + into, left: segment.size - into };
  }

  byteAt(address: number): number {
    const place = this.#place(address);
    return place === null ? 0 : this.#view.getUint8(place.offset);
  }

  wordAt(address: number): number {
    return u32([0, 1, 2, 3].reduce((word, i) => word | (this.byteAt(u32(address + i)) << (8 * i)), 0));
  }

  noteAt(address: number, kind: number): void {
    const place = this.#place(address);
    if (place !== null && place.left >= 4) this.#note(place.offset, kind);
  }

  size(offset: number): number {
    let size = 1;
    while (size < 5 && this.#view.getUint8(offset + size - 1) >= 128) size++;
    return size;
  }

  value(offset: number): bigint {
    return [...this.#old.subarray(offset, offset + this.size(offset))].reduceRight(
      (value, byte) => (value << 8n) | BigInt(byte),
      0n,
    );
  }

  #isCallee(offset: number): boolean {
    return this.#old[offset - 1] === CALL || this.#old[offset - 1] === FUNCTION;
  }

  /** The number that such bytes stand for. */
  number(value: bigint): number {
    let sum = 0n;
    for (let i = 0n; i < 5n; i++) sum |= ((value >> (8n * i)) & 127n) << (7n * i);
    return Number(BigInt.asUintN(32, sum));
  }

  target(file: 0 | 1, offset: number, value: bigint): number {
    const number = this.number(value);
    const { first, shift, imports } = this.#moves;
    return this.#isCallee(offset) ? u32(first + ((number - imports[file]) << shift)) : number;
  }

  field(offset: number, to: number): bigint {
    const { first, shift, imports } = this.#moves;
    const number = this.#isCallee(offset) ? u32((u32(to - first) >>> shift) + imports[1]) : to;
    return this.bytes(number, this.size(offset));
  }

  bytes(number: number, size: number): bigint {
    let value = 0n;
    for (let i = 0; i < size; i++) {
      const part = ((BigInt(number) >> BigInt(7 * i)) & 127n) | (i + 1 < size ? 128n : 0n);
      value |= part << BigInt(8 * i);
    }
    return value;
  }
}
