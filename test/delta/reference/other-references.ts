/**
 * The references that the plain decoder (mixing.ts) knows besides those of x86-64 and arm64: Go's table of functions, the
 * branches of other machines, pointers in other orders and sizes. Written from FORMAT.md, for the tests.
 */
import { WORDS_BIG } from './halves.ts';
import type { WasmReferences } from './wasm.ts';

export interface Place {
  offset: number;
  size: number;
  address: number;
}

const u32 = (value: number) => value >>> 0;
const signed = (value: number, bits: number) => (value << (32 - bits)) >> (32 - bits);
const bits = (word: number, low: number, count: number) => (word >>> low) & (2 ** count - 1);

export const [GO, WORDS, X86_32, ARM_32, POWER, RISC_V, S390, OTHER_CODE, BIG] = [
  10, 11, 12, 13, 14, 15, 16, 17, 18,
];
export const [MIPS, UNWINDING_INDEX, UNWINDING] = [20, 21, 22];
const ABSOLUTE = 11;
const GO_FIELD = 47;
export const GO_BASES = 7;
const [BRANCH_24, BRANCH_POWER, JAL, AUIPC, HALFWORDS, POINTER_BIG] = [54, 55, 56, 57, 58, 59];
export const BACK = 18;
const [OFFSET, JUMP, HALF] = [46, 60, 61];
export const FORTH = 62;
const WIDE_UNWINDING = 33;
const STORES = [0x23, 0x27];

export const isOther = (kind: number) => kind >= GO_FIELD || kind === BACK;
export const isHalf = (kind: number) => kind === HALF;
export const isWide = (kind: number) => kind === AUIPC || kind === POINTER_BIG;

export class OtherReferences {
  readonly #view: DataView;
  readonly #span: number;
  readonly #bases: readonly [bigint, bigint];
  readonly #goBases: readonly [readonly number[], readonly number[]];
  readonly #functionShift: number;
  readonly #isBigEndian: boolean;
  readonly #note: (offset: number, kind: number) => void;
  #bigGo = false;
  #pointer = 0;

  constructor(
    old: Uint8Array,
    span: number,
    bases: readonly [bigint, bigint],
    goBases: readonly [readonly number[], readonly number[]],
    functionShift: number,
    isBigEndian: boolean,
    note: (offset: number, kind: number) => void,
  ) {
    this.#view = new DataView(old.buffer, old.byteOffset, old.length);
    this.#span = span;
    this.#bases = bases;
    this.#goBases = goBases;
    this.#functionShift = functionShift;
    this.#isBigEndian = isBigEndian;
    this.#note = note;
  }

  scan(kind: number, place: Place): void {
    if (kind === GO) this.#scanGo(place);
    else if (kind === WORDS || kind === WORDS_BIG) this.#scanWords(place);
    else if (kind === BIG) this.#scanBig(place);
    else if (kind === ARM_32) this.#scanArm(place);
    else if (kind === POWER) this.#scanPower(place);
    else if (kind === RISC_V) this.#scanRiscV(place);
    else if (kind === S390) this.#scanS390(place);
    else if (kind === MIPS) this.#scanMips(place);
    else if (kind === UNWINDING) this.#scanUnwinding(place, 4);
    else if (kind === WIDE_UNWINDING) this.#scanUnwinding(place, 8);
    else if (kind === UNWINDING_INDEX) {
      for (let at = 12; at + 4 <= place.size; at += 4) this.#note(place.offset + at, OFFSET);
    }
  }

  #goShift(file: 0 | 1, kind: number): number {
    if (kind === GO_FIELD) return this.#goBases[file][0] === 0 ? this.#functionShift : 0;
    return kind === GO_FIELD + 2 ? 2 : 0;
  }

  /** What the table of functions says of numbers. */
  get go(): { pointer: number; big: boolean } {
    return { pointer: this.#pointer, big: this.#bigGo };
  }

  isBig(kind: number): boolean {
    if (kind === BRANCH_POWER && this.#isBigEndian) return true;
    return kind === HALFWORDS || kind === POINTER_BIG || (kind < BRANCH_24 && kind >= OFFSET && this.#bigGo);
  }

  #word(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  #low(file: 0 | 1): number {
    return Number(this.#bases[file] & 0xffffffffn);
  }

  #scanGo(place: Place): void {
    const { offset, size } = place;
    if (size < 16) return;
    this.#bigGo = this.#view.getUint8(offset) === 0xff;
    this.#pointer = this.#view.getUint8(offset + 7);
    this.#scanGoTable(place, {
      byte: (at) => this.#view.getUint8(at),
      word: (at) => this.#view.getUint32(at, !this.#bigGo),
      note: this.#note,
    });
  }

  /** The same in the data of WebAssembly, by addresses: Go's table begins 72 bytes before its names. */
  scanGoOfWasm(wasm: WasmReferences): void {
    const start = u32((this.#goBases[0][1] ?? 0) - 72);
    if (start >= 2 ** 32 - 72 || wasm.end < start + 72) return;
    this.#scanGoTable(
      { offset: start, size: Math.min(wasm.end - start, this.#view.byteLength), address: start },
      {
        byte: (at) => wasm.byteAt(at),
        word: (at) => wasm.wordAt(at),
        note: (at, kind) => wasm.noteAt(at, kind),
      },
    );
  }

  #scanGoTable(
    { offset, size, address }: Place,
    {
      byte,
      word,
      note,
    }: {
      byte: (at: number) => number;
      word: (at: number) => number;
      note: (at: number, kind: number) => void;
    },
  ): void {
    const count = word(offset + (this.#bigGo && byte(offset + 7) === 8 ? 12 : 8));
    const [, , units = 0, files = 0, , functions = 0] = this.#goBases[0].map((base) => u32(base - address));
    if (functions >= size) return;
    const unless = (at: number, without: number, base: number) => {
      if (word(at) !== without) note(at, GO_FIELD + base);
    };
    for (let i = 0; i < count && functions + 8 * i + 8 <= size; i++) {
      const entry = offset + functions + 8 * i;
      note(entry, GO_FIELD);
      note(entry + 4, GO_FIELD + 5);
      const into = functions + word(entry + 4);
      if (into + 44 > size) continue;
      const record = offset + into;
      note(record, GO_FIELD);
      note(record + 4, GO_FIELD + 1);
      for (const field of [16, 20, 24]) unless(record + field, 0, 4);
      note(record + 32, GO_FIELD + 2);
      const [values, data] = [word(record + 28), byte(record + 43)];
      if (values > 64) continue;
      for (let j = 0; j < values + data && into + 48 + 4 * j <= size; j++) {
        if (j < values) unless(record + 44 + 4 * j, 0, 4);
        else unless(record + 44 + 4 * j, 0xffffffff, 6);
      }
    }
    for (let at = units; at + 4 <= Math.min(files, size); at += 4) unless(offset + at, 0xffffffff, 3);
  }

  #scanWords({ offset, size, address }: Place): void {
    for (let at = -address & 3; at + 4 <= size; at += 4)
      this.#absolute(offset + at, this.#view.getUint32(offset + at, !this.#isBigEndian));
  }

  #absolute(field: number, value: number): void {
    const to = u32(value - this.#low(0));
    if (to >= 4096 && to < this.#span) this.#note(field, ABSOLUTE);
  }

  #scanBig({ offset, size, address }: Place): void {
    for (let at = -address & 7; at + 8 <= size; at += 8) {
      const to = BigInt.asUintN(64, this.#view.getBigUint64(offset + at) - this.#bases[0]);
      if (to >= 4096n && to < BigInt(this.#span)) this.#note(offset + at, POINTER_BIG);
    }
  }

  #noteIfLoaded(field: number, address: number, kind: number, value: bigint): void {
    if (this.solve(0, kind, address, value) < this.#span) this.#note(field, kind);
  }

  #scanArm({ offset, size, address }: Place): void {
    for (let at = -address & 3; at + 4 <= size; at += 4) {
      const word = this.#word(offset + at);
      if (bits(word, 25, 3) === 5 && word >>> 28 !== 15) {
        this.#noteIfLoaded(offset + at, u32(address + at), BRANCH_24, BigInt(word));
      } else if (this.#low(0) >= 4096) {
        this.#absolute(offset + at, word);
      }
    }
  }

  #scanPower({ offset, size, address }: Place): void {
    for (let at = -address & 3; at + 4 <= size; at += 4) {
      const word = this.#word(offset + at);
      if (word >>> 26 === 18 && (word & 2) === 0)
        this.#noteIfLoaded(offset + at, u32(address + at), BRANCH_POWER, BigInt(word));
    }
  }

  #scanRiscV({ offset, size, address }: Place): void {
    for (let at = address & 1; at + 4 <= size; ) {
      const word = this.#word(offset + at);
      if ((word & 3) !== 3) {
        at += 2;
        continue;
      }
      const here = u32(address + at);
      if ((word & 127) === 0x6f) this.#noteIfLoaded(offset + at, here, JAL, BigInt(word));
      if ((word & 127) === 0x17 && at + 8 <= size) {
        const pair = this.#view.getBigUint64(offset + at, true);
        const second = this.#word(offset + at + 4);
        const takes = [0x03, 0x07, 0x13, 0x67, ...STORES].includes(second & 127);
        if (
          takes &&
          bits(second, 15, 5) === bits(word, 7, 5) &&
          this.solve(0, AUIPC, here, pair) < this.#span
        ) {
          this.#note(offset + at, AUIPC);
          at += 4;
        }
      }
      at += 4;
    }
  }

  #scanS390({ offset, size, address }: Place): void {
    for (let at = address & 1; at + 6 <= size; ) {
      const first = this.#view.getUint8(offset + at);
      if (first < 0x40) at += 2;
      else if (first < 0xc0) at += 4;
      else {
        const second = this.#view.getUint8(offset + at + 1) & 15;
        if (first === 0xc4 || first === 0xc6 || (first === 0xc0 && [0, 4, 5].includes(second))) {
          const value = BigInt(this.#view.getUint32(offset + at + 2));
          this.#noteIfLoaded(offset + at + 2, u32(address + at + 2), HALFWORDS, value);
        }
        at += 6;
      }
    }
  }

  #scanMips({ offset, size, address }: Place): void {
    for (let at = -address & 3; at + 4 <= size; at += 4) {
      const field = offset + at;
      const word = this.#word(field);
      if (word >>> 27 === 1) this.#noteIfLoaded(field, u32(address + at), JUMP, BigInt(word));
      if (bits(word, 21, 11) !== 0x1e0 || at + 12 > size) continue;
      const [sum, last] = [this.#word(field + 4), this.#word(field + 8)];
      const isSum = bits(sum, 26, 6) === 0 && bits(sum, 16, 5) === 28 && bits(sum, 0, 11) === 0x2d;
      const opcode = last >>> 26;
      if (!isSum || bits(sum, 21, 5) !== bits(word, 16, 5) || bits(last, 21, 5) !== bits(sum, 11, 5))
        continue;
      if ((opcode !== 9 && opcode !== 25 && opcode < 32) || this.half(field) >= this.#span) continue;
      this.#note(field, HALF);
      this.#note(field + 8, HALF);
    }
  }

  /** What a half at `offset` of the old file is part of. */
  half(offset: number): number {
    const upper = isUpper(this.#word(offset)) ? offset : offset - 8;
    return u32((this.#word(upper) << 16) + signed(this.#word(upper + 8), 16) - this.#low(0));
  }

  /** The same of a word of the new file, with the other half of what is expected. */
  halfOf(word: number, expected: number): number {
    const whole = u32(expected + this.#low(1));
    const parts = isUpper(word)
      ? (word << 16) + signed(whole, 16)
      : ((whole + 0x8000) & 0xffff0000) + signed(word, 16);
    return u32(parts - this.#low(1));
  }

  /** `bytes`: of an address. */
  #scanUnwinding({ offset, size, address }: Place, bytes: number): void {
    for (let at = 0; at + 4 <= size; ) {
      const length = this.#word(offset + at);
      const end = at + 4 + length;
      if (end > size) return;
      const field = at + 4;
      const back = length >= 12 ? this.#word(offset + field) : 0;
      if (back > 0 && back <= field) {
        this.#note(offset + field, BACK);
        const relative = (into: number, isWanted: (value: number) => boolean) => {
          const value = this.#word(offset + field + into);
          if (isWanted(value) && u32(address + field + into + value) < this.#span)
            this.#note(offset + field + into, FORTH);
        };
        relative(4, () => true);
        const more = 4 + 2 * bytes;
        if (length >= more + 1 + bytes && this.#view.getUint8(offset + field + more) === bytes)
          relative(more + 1, (value) => value !== 0);
      }
      at = end;
    }
  }

  /** The number in the field at `offset` of the old file. */
  value(offset: number, kind: number): bigint {
    const little = !this.isBig(kind);
    return isWide(kind)
      ? this.#view.getBigUint64(offset, little)
      : BigInt(this.#view.getUint32(offset, little));
  }

  /** What a field at `address` refers to. */
  solve(file: 0 | 1, kind: number, address: number, value: bigint): number {
    const word = Number(value & 0xffffffffn);
    if (kind === BACK) return u32(address - word);
    if (kind < BRANCH_24) {
      const base = this.#goBases[file][kind - GO_FIELD] ?? 0;
      return u32(base + (word << this.#goShift(file, kind)));
    }
    if (kind === BRANCH_24) return u32(address + 8 + (signed(word, 24) << 2));
    if (kind === BRANCH_POWER) return u32(address + signed(word & 0x3fffffc, 26));
    if (kind === JAL) {
      const parts = [
        bits(word, 31, 1) << 20,
        bits(word, 12, 8) << 12,
        bits(word, 20, 1) << 11,
        bits(word, 21, 10) << 1,
      ];
      return u32(
        address +
          signed(
            parts.reduce((a, b) => a | b),
            21,
          ),
      );
    }
    if (kind === AUIPC) {
      const second = Number(value >> 32n);
      const isStore = STORES.includes(second & 127);
      const low = isStore ? (bits(second, 25, 7) << 5) | bits(second, 7, 5) : bits(second, 20, 12);
      return u32(address + (word & ~4095) + signed(low, 12));
    }
    if (kind === HALFWORDS) return u32(address - 2 + (word << 1));
    if (kind === FORTH) return u32(address + word);
    if (kind === JUMP) {
      const next = u32(address + this.#low(file) + 4);
      return u32(((next & 0xf0000000) | (bits(word, 0, 26) << 2)) - this.#low(file));
    }
    return u32(word - this.#low(file));
  }

  /** The number that the field at `offset` of the old file has if it is at `address` and refers to `to`. */
  rebuilt(offset: number, kind: number, address: number, to: number): bigint {
    const value = this.value(offset, kind);
    const word = Number(value & 0xffffffffn);
    const low = (number: number) => BigInt(u32(number));
    if (kind === BACK) return low(address - to);
    if (kind < BRANCH_24) {
      const distance = u32(to - (this.#goBases[1][kind - GO_FIELD] ?? 0));
      return low(distance >>> this.#goShift(1, kind));
    }
    if (kind === BRANCH_24) return low((word & 0xff000000) | bits(u32(to - address - 8), 2, 24));
    if (kind === BRANCH_POWER) return low((word & 0xfc000003) | ((to - address) & 0x3fffffc));
    if (kind === JAL) {
      const d = u32(to - address);
      return low(
        (word & 4095) |
          (bits(d, 20, 1) << 31) |
          (bits(d, 1, 10) << 21) |
          (bits(d, 11, 1) << 20) |
          (bits(d, 12, 8) << 12),
      );
    }
    if (kind === AUIPC) {
      const d = u32(to - address);
      const old = Number(value >> 32n);
      const second = STORES.includes(old & 127)
        ? (old & 0x1fff07f) | (bits(d, 5, 7) << 25) | (bits(d, 0, 5) << 7)
        : (old & 0xfffff) | (bits(d, 0, 12) << 20);
      return (low(second) << 32n) | low((word & 4095) | ((d + 2048) & ~4095));
    }
    if (kind === HALFWORDS) return low((to - address + 2) >> 1);
    if (kind === FORTH) return low(to - address);
    const whole = u32(to + this.#low(1));
    if (kind === JUMP) return low((word & 0xfc000000) | bits(whole, 2, 26));
    if (kind === HALF) {
      return low((word & 0xffff0000) | (isUpper(word) ? u32(whole + 0x8000) >>> 16 : whole & 0xffff));
    }
    return BigInt.asUintN(64, BigInt(to) + this.#bases[1]);
  }
}

const isUpper = (word: number) => bits(word, 21, 11) === 0x1e0;
