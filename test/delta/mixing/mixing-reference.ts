/**
 * The algorithm `mixing` once more, from lib/delta/FORMAT.md alone and sharing no code with lib/delta: a plain decoder in
 * memory. What FORMAT.md has bounds for is checked, so that the fuzzer can ask whether both decoders refuse the same.
 */
import { createHash } from 'node:crypto';
import {
  COMPACT,
  GO_TYPES,
  hasBases,
  isNumber,
  NUMBER,
  numberIn,
  numberOf,
  originOf,
  type Reader,
  scanBased,
  sizeOfNumber,
  WIDE_UNWINDING,
} from './reference-based.ts';
import { scanGoTypes } from './reference-go-types.ts';
import {
  FORTH,
  GO,
  GO_BASES,
  isHalf,
  isOther,
  isWide,
  MIPS,
  OTHER_CODE,
  OtherReferences,
  UNWINDING,
  UNWINDING_INDEX,
  X86_32,
} from './reference-kinds.ts';
import { type Moves, movedTo, NO_MOVES, VARIED, WASM, WASM_DATA, WasmReferences } from './reference-wasm.ts';

const u32 = (value: number) => value >>> 0;
const NOWHERE = 0xffffffff;
const MULTIPLIER = 0x9e3779b97f4a7c15n;

// ---- Arithmetic ----

const POINTS = [
  32768, 36843, 40793, 44511, 47911, 50941, 53581, 55834, 57724, 59287, 60565, 61598, 62428, 63090, 63615,
  64030, 64357, 64614, 64816, 64974, 65097, 65194, 65269, 65328, 65374, 65410, 65438, 65459, 65476, 65489,
  65500, 65508, 65514, 65519, 65523, 65526, 65528, 65530, 65531, 65532, 65533, 65534, 65534, 65535, 65535,
  65535, 65535, 65535, 65535,
];
const point = (index: number) => (index < 0 ? 65536 - Number(POINTS[-index]) : Number(POINTS[index]));

function squash(sum: number): number {
  const x = Math.min(3071, Math.max(-3071, sum));
  const index = Math.floor(x / 64);
  const value = point(index) + (((point(index + 1) - point(index)) * (x - 64 * index)) >> 6);
  return Math.min(65535, Math.max(1, value));
}

const STRETCH: number[] = [];
for (let i = 0, sum = -2047; i < 4096; i++) {
  while (sum < 2047 && squash(sum) < i * 16 + 8) sum++;
  STRETCH.push(sum);
}
const stretch = (probability: number) => Number(STRETCH[probability >> 4]);

function hash(a: number, b: number): number {
  let x = u32(Math.imul(a + 0x9e3779b9, 0x85ebca6b) + Math.imul(b ^ 0x27d4eb2f, 0xc2b2ae35));
  x ^= x >>> 15;
  x = Math.imul(x, 0x2c1b3c6d);
  return u32(x ^ (x >>> 13));
}

/** A table of counters that begin at one half: [probability of 22 bits, bits seen]. */
export class Counters {
  readonly #map = new Map<number, [number, number]>();

  at(index: number): [number, number] {
    let counter = this.#map.get(index);
    if (counter === undefined) {
      counter = [2 ** 21, 0];
      this.#map.set(index, counter);
    }
    return counter;
  }
}

const chance = ([probability]: [number, number]) => Math.min(65534, Math.max(1, probability >> 6));

function learn(counter: [number, number], bit: number, limit: number): void {
  const rate = Math.floor(655360 / (10 * counter[1] + 16));
  counter[0] += Math.floor((((bit ? 4194303 : 0) - counter[0]) * rate) / 65536);
  if (counter[1] < limit) counter[1]++;
}

export function requireSound(isSound: boolean): void {
  if (!isSound) throw new RangeError('the stream is malformed');
}

/** What a stream is decoded by. The fuzzer hands in one that decides by itself. */
export class Decoder {
  readonly #bytes: Uint8Array;
  #at = 0;
  #low = 0;
  #high = NOWHERE;
  #code = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let i = 0; i < 4; i++) this.#code = this.#code * 256 + this.#next();
  }

  #next(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** After the last bit: nothing is left, and nothing was missing. */
  end(): void {
    requireSound(this.#at === this.#bytes.length && this.#code === this.#low);
  }

  bit(probability: number): number {
    const middle = this.#low + Number((BigInt(this.#high - this.#low) * BigInt(probability)) >> 16n);
    const bit = this.#code <= middle ? 1 : 0;
    if (bit) this.#high = middle;
    else this.#low = middle + 1;
    while (this.#low >>> 24 === this.#high >>> 24) {
      this.#low = u32(this.#low << 8);
      this.#high = u32((this.#high << 8) | 255);
      this.#code = u32((this.#code << 8) | this.#next());
    }
    return bit;
  }

  flag(counter: [number, number], limit: number): number {
    const bit = this.bit(chance(counter));
    learn(counter, bit, limit);
    return bit;
  }

  raw(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) value = value * 2 + this.bit(32768);
    return value;
  }

  number(counters: NumberCounters): number {
    let node = 1;
    for (let i = 0; i < 5; i++) node = node * 2 + this.flag(counters.sizes.at(node), 127);
    const size = node - 32;
    let value = 1;
    node = 1;
    for (let i = size - 1; i >= 0; i--) {
      let bit: number;
      if (size - i <= 3) {
        bit = this.flag(counters.leading.at(size * 8 + node), 255);
        node = node * 2 + bit;
      } else {
        bit = this.flag(counters.rest.at(size * 32 + i), 255);
      }
      value = value * 2 + bit;
    }
    return value - 1;
  }
}

export class NumberCounters {
  readonly sizes = new Counters();
  readonly leading = new Counters();
  readonly rest = new Counters();
}

const numbers = (count: number) => Array.from({ length: count }, () => new NumberCounters());
const unzigzag = (value: number) => u32((value >>> 1) ^ -(value & 1));

/** Logistic mixing: sets of weights, made when they are first used. */
class Weights {
  readonly #sets = new Map<number, Int32Array>();
  readonly #first: number;

  constructor(first: number) {
    this.#first = first;
  }

  set(index: number): Int32Array {
    let weights = this.#sets.get(index);
    if (weights === undefined) {
      weights = new Int32Array(24).fill(this.#first);
      this.#sets.set(index, weights);
    }
    return weights;
  }
}

function dot(inputs: readonly number[], weights: Int32Array): number {
  let sum = 0;
  for (const [i, input] of inputs.entries()) sum += Math.floor((input * Number(weights[i])) / 256);
  return Math.floor(sum / 256);
}

function train(inputs: readonly number[], weights: Int32Array, error: number): void {
  for (const [i, input] of inputs.entries()) {
    const moved = Number(weights[i]) + Math.floor((input * error + 16384) / 32768);
    weights[i] = Math.min(524287, Math.max(-524287, moved));
  }
}

// ---- x86-64 instructions ----

const [BYTE, WORD, FULL, BRANCHES, WIDE, ENTER, OFFSET, INVALID, MODRM] = [1, 2, 3, 4, 5, 6, 7, 15, 16];

/** The two tables of opcodes, as FORMAT.md lists them: ranges of opcodes and what follows them. */
function opcodes(ranges: string, otherwise: number): number[] {
  const names: Record<string, number> = {
    n: 0,
    b: 1,
    w: 2,
    f: 3,
    j: 4,
    v: 5,
    e: 6,
    o: 7,
    x: 15,
    m: 16,
    mb: 17,
    mf: 19,
  };
  const table = new Array<number>(256).fill(otherwise);
  for (const range of ranges.trim().split(/\s+/)) {
    const [span = '', name = ''] = range.split('=');
    const [from = '', to = from] = span.split('-');
    table.fill(Number(names[name]), Number.parseInt(from, 16), Number.parseInt(to, 16) + 1);
  }
  return table;
}

const ARITHMETIC = [0, 8, 16, 24, 32, 40, 48, 56]
  .map((base) => {
    const hex = (offset: number) => (base + offset).toString(16);
    return `${hex(0)}-${hex(3)}=m ${hex(4)}=b ${hex(5)}=f ${hex(6)}-${hex(7)}=x`;
  })
  .join(' ');
const ONE_BYTE = opcodes(
  `${ARITHMETIC} 40-4f=x 60-62=x 63=m 64-67=x 68=f 69=mf 6a=b 6b=mb 70-7f=b 80=mb 81=mf 82=x 83=mb 84-8f=m 9a=x a0-a3=o
   a8=b a9=f b0-b7=b b8-bf=v c0-c1=mb c2=w c4-c5=x c6=mb c7=mf c8=e ca=w cd=b ce=x d0-d3=m d4-d6=x d8-df=m e0-e7=b e8-e9=j
   ea=x eb=b f0=x f2-f3=x f6-f7=m fe-ff=m`,
  0,
);
const TWO_BYTES = opcodes(
  `04=x 05-09=n 0a=x 0b=n 0c=x 0e=n 0f=mb 24-27=x 30-37=n 38-3f=x 70-73=mb 77=n 80-8f=j a0-a2=n a4=mb a8-aa=n ac=mb ba=mb
   c2=mb c4-c6=mb c8-cf=n`,
  MODRM,
);
const PREFIXES = [0x66, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0xf0, 0x67];

interface Instruction {
  length: number;
  relativeAt: number;
  absoluteAt: number;
  branch: boolean;
}

/** One byte, or those with a ModRM whose mode is not 3, where code of 64 bits has something else. */
function legacyForm(opcode: number, next: number): number | null {
  if (opcode < 0x40) return opcode % 8 >= 6 ? 0 : null;
  if (opcode < 0x50 || opcode === 0x60 || opcode === 0x61) return 0;
  return [0x62, 0xc4, 0xc5].includes(opcode) && next < 0xc0 ? MODRM : null;
}

function instruction(bytes: Uint8Array, start: number, legacy = false): Instruction | null {
  const peek = (at: number) => bytes[start + at] ?? 0;
  let at = 0;
  let narrow = false;
  while (PREFIXES.includes(peek(at))) {
    if (peek(at) === 0x66) narrow = true;
    if (++at > 8) return null;
  }
  let wide = false;
  if (!legacy && peek(at) >> 4 === 4) wide = (peek(at++) & 8) !== 0;
  let opcode = peek(at++);
  let form: number;
  let single = false;
  if (opcode === 0x0f) {
    opcode = peek(at++);
    if (opcode === 0x38 || opcode === 0x3a) {
      at++;
      form = opcode === 0x38 ? MODRM : MODRM + BYTE;
    } else {
      form = Number(TWO_BYTES[opcode]);
    }
  } else if (legacy && legacyForm(opcode, peek(at)) !== null) {
    form = Number(legacyForm(opcode, peek(at)));
  } else if (opcode === 0xc5 || opcode === 0xc4 || opcode === 0x62) {
    const map = opcode === 0xc5 ? 1 : peek(at) & (opcode === 0xc4 ? 31 : 7);
    at += opcode === 0xc5 ? 1 : opcode === 0xc4 ? 2 : 3;
    const vector = peek(at++);
    if (map === 1) form = Number(TWO_BYTES[vector]);
    else if (map === 2 || map === 5 || map === 6) form = MODRM;
    else if (map === 3) form = MODRM + BYTE;
    else return null;
    if (form === BRANCHES) return null;
  } else {
    form = Number(ONE_BYTE[opcode]);
    single = true;
  }
  let immediate = form & 15;
  if (immediate === INVALID) return null;
  const found = { relativeAt: 0, absoluteAt: 0, branch: false };
  if ((form & MODRM) !== 0) {
    const modrm = peek(at++);
    const [mode, operand] = [modrm >> 6, modrm & 7];
    if (single && (opcode === 0xf6 || opcode === 0xf7) && ((modrm >> 3) & 7) < 2) {
      immediate = opcode === 0xf6 ? BYTE : FULL;
    }
    if (mode !== 3) {
      const base = operand === 4 ? peek(at++) & 7 : operand;
      if (mode === 1) {
        at++;
      } else if (mode === 2 || operand === 5 || (operand === 4 && base === 5)) {
        if (mode === 0 && operand === 5 && !legacy) found.relativeAt = at;
        else found.absoluteAt = at;
        at += 4;
      }
    }
  }
  const sizes = new Map([
    [BYTE, 1],
    [WORD, 2],
    [ENTER, 3],
    [OFFSET, legacy ? 4 : 8],
  ]);
  if (legacy && immediate === OFFSET) found.absoluteAt = at;
  if (immediate === BRANCHES) {
    found.relativeAt = at;
    found.branch = true;
    at += 4;
  } else if (immediate === WIDE && wide) {
    at += 8;
  } else if (immediate === FULL || immediate === WIDE) {
    if (!narrow && found.absoluteAt === 0) found.absoluteAt = at;
    at += narrow ? 2 : 4;
  } else {
    at += sizes.get(immediate) ?? 0;
  }
  return { length: at, ...found };
}

// ---- Regions and references ----

const [DATA, X86, ARM, TEXT, POINTERS, RELATIVE, CHAINED, HASHES, LARGE_HASHES, OFFSETS] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
];

/** Of debug information. */
const DEBUG = 19;
const CHAINED_ADDRESSES = 25;

interface Region {
  offset: number;
  size: number;
  address: number;
  kind: number;
  bases: readonly [number, number];
}

interface Image {
  regions: Region[];
  span: number;
  base: bigint;
  goBases: number[];
}

const isCode = (kind: number) =>
  kind === X86 || kind === ARM || (kind >= X86_32 && kind <= OTHER_CODE) || kind === MIPS || kind === WASM;

const addressIn = ({ regions }: Image, offset: number) => {
  const region = regions.find((each) => offset >= each.offset && offset < each.offset + each.size);
  return region === undefined ? offset : u32(region.address + offset - region.offset);
};
const offsetIn = ({ regions }: Image, address: number) => {
  const region = regions.find(
    (each) =>
      (each.kind < HASHES || (each.kind > OFFSETS && each.kind < WASM) || each.kind >= CHAINED_ADDRESSES) &&
      u32(address - each.address) < each.size,
  );
  return region === undefined ? NOWHERE : region.offset + u32(address - region.address);
};

/** Where the first page begins whose hash is in the region. */
const hashedFrom = ({ address, size, kind }: Omit<Region, 'bases'>) => {
  const page = kind === HASHES ? 4096 : 16384;
  return (Math.ceil(address / page) - size / 32) * page;
};

/** The second base of the region around `place`. */
const shortBase = (image: Image, place: number) => regionIn(image, place)?.bases[1] ?? 0;
const regionIn = ({ regions }: Image, place: number) =>
  regions.find(({ offset, size }) => place >= offset && place < offset + size);

/** What an offset or a number at `place` of the file is relative to. */
const originIn = (image: Image, place: number, file: Reader) => {
  const region = regionIn(image, place);
  if (region === undefined) return 0;
  return hasBases(region.kind) ? originOf(region, place, file) : region.address;
};

const [BRANCH, OPERAND, ABSOLUTE, POINTER, IMAGE_RELATIVE, CHAIN, TABLE, BRANCH_26, BRANCH_19, LOW_12, ADRP] =
  [1, 2, 11, 12, 13, 14, 15, 16, 17, 18, 31];
const [TABLE_START, MARK, OFFSET_PAIR] = [44, 45, 46];
/** Of a quad in a region of numbers. */
const NUMBER_QUAD = 64;

const signed = (value: number, bits: number) => (value << (32 - bits)) >> (32 - bits);
const pagesOf = (word: number) => u32(signed(((word >> 3) & 0x1ffffc) | ((word >>> 29) & 3), 21) << 12);
const isAdd = (word: number) => (word & 0xff800000) >> 0 === 0x91000000 >> 0;
const scaleOf = (word: number) => {
  if (isAdd(word)) return 0;
  return (word & 0x04800000) === 0x04800000 && word >>> 30 === 0 ? 4 : word >>> 30;
};
const low12Of = (word: number) => ((word >>> 10) & 4095) << scaleOf(word);
const page = (address: number) => u32(address & ~4095);

class References {
  /** Kinds by offset; a quad of bytes has one at most, the last that was noted. */
  readonly #quads = new Map<number, { offset: number; kind: number }>();
  readonly #old: Uint8Array;
  readonly #view: DataView;
  readonly #image: Image;
  readonly #newBase: bigint;
  readonly #file: Reader;
  readonly #other: OtherReferences;
  readonly #wasm: WasmReferences;

  constructor(old: Uint8Array, image: Image, fresh: Image, moves: Moves) {
    this.#old = old;
    this.#view = new DataView(old.buffer, old.byteOffset, old.length);
    this.#image = image;
    this.#file = {
      byte: (at) => old[at] ?? 0,
      word: (at) => (at + 4 <= old.length ? this.#word(at) : 0),
    };
    this.#newBase = fresh.base;
    this.#other = new OtherReferences(
      old,
      image.span,
      [image.base, fresh.base],
      [image.goBases, fresh.goBases],
      moves.shift,
      (offset, kind) => this.#note(offset, kind),
    );
    this.#wasm = new WasmReferences(old, image.span, moves, (offset, kind) => this.#note(offset, kind));
    for (const region of image.regions) {
      if (region.kind === WASM) this.#wasm.scanCode(region);
      else if (region.kind === X86 || region.kind === X86_32) this.#scanX86(region);
      else if (region.kind === ARM) this.#scanArm(region);
      else if (isCode(region.kind)) this.#other.scan(region.kind, region);
    }
    for (const region of image.regions.filter(({ kind }) => !isCode(kind))) {
      if (region.kind === OFFSETS) {
        this.#scanOffsets(region);
        continue;
      }
      if (region.kind === WASM_DATA) {
        this.#wasm.scanData(region);
        this.#other.scanGoOfWasm(this.#wasm);
        continue;
      }
      if (region.kind === DEBUG) {
        this.#scanDebug(region);
        continue;
      }
      if (hasBases(region.kind)) {
        const note = (offset: number, kind: number) => this.#note(offset, kind);
        scanBased(region, this.#file, note);
        if (region.kind === WIDE_UNWINDING) this.#other.scan(region.kind, region);
        continue;
      }
      if (![GO, UNWINDING, UNWINDING_INDEX].includes(region.kind)) this.#scanTables(region);
      this.#other.scan(region.kind, region);
      if ([POINTERS, RELATIVE, CHAINED, CHAINED_ADDRESSES].includes(region.kind)) this.#scanPointers(region);
    }
    const go = { ...this.#other.go, base: image.base, span: image.span };
    for (const region of image.regions.filter(({ kind }) => kind === GO_TYPES))
      scanGoTypes(old, region, go, (offset, kind) => this.#note(offset, kind));
  }

  at(offset: number): number {
    const found = this.#quads.get(offset >> 2);
    if (found?.kind === NUMBER_QUAD)
      return isNumber(this.#old, offset, regionIn(this.#image, offset)) ? NUMBER : 0;
    return found !== undefined && found.offset === offset && found.kind !== MARK ? found.kind : 0;
  }

  #note(offset: number, kind: number): void {
    this.#quads.set(offset >> 2, { offset, kind: kind === NUMBER ? NUMBER_QUAD : kind });
  }

  #word(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  #inCode(address: number): boolean {
    return this.#image.regions.some(
      ({ kind, address: start, size }) => isCode(kind) && u32(address - start) < size,
    );
  }

  #mark(target: number): void {
    const offset = offsetIn(this.#image, target);
    if ((target & 3) !== 0 || offset === NOWHERE || (offset & 3) !== 0 || this.#inCode(target)) return;
    this.#note(offset, MARK);
  }

  #scanX86({ offset, size, address, kind }: Region): void {
    const legacy = kind === X86_32;
    const { span, base } = this.#image;
    const fixed = base >= 0x10000n && base + BigInt(span) <= 0xffffffffn;
    for (let at = 0; at + 24 <= size; ) {
      const found = instruction(this.#old, offset + at, legacy);
      if (found === null) {
        at++;
        continue;
      }
      const { length, relativeAt, absoluteAt, branch } = found;
      if (relativeAt !== 0) {
        const field = offset + at + relativeAt;
        const to = u32(address + at + length + this.#word(field));
        const after = length - relativeAt - 4;
        if (to < span && branch) this.#note(field, BRANCH);
        else if (to < span && after <= 8) {
          this.#note(field, OPERAND + after);
          if (this.#old[field - 2] === 0x8d) this.#mark(to);
        }
      }
      if (fixed && absoluteAt !== 0) {
        const field = offset + at + absoluteAt;
        const to = u32(this.#word(field) - Number(base & 0xffffffffn));
        if (to < span) {
          this.#note(field, ABSOLUTE);
          if (!legacy) this.#mark(to);
        }
      }
      at += length;
    }
  }

  #scanArm({ offset, size, address }: Region): void {
    for (let at = -address & 3; at + 4 <= size; at += 4) {
      const field = offset + at;
      const word = this.#word(field);
      if (((word >>> 26) & 31) === 5) this.#note(field, BRANCH_26);
      else if (((word >>> 24) & 0x9f) === 0x90) this.#note(field, ADRP);
      else if ((word >>> 24 === 0x54 && (word & 16) === 0) || ((word >>> 25) & 0x3f) === 0x1a)
        this.#note(field, BRANCH_19);
      else if (isAdd(word) || ((word >>> 24) & 0x3b) === 0x39) this.#scanLow12(field, at, word);
    }
  }

  #scanLow12(field: number, at: number, word: number): void {
    const register = (word >>> 5) & 31;
    for (let back = 1; back <= 12 && 4 * back <= at; back++) {
      const first = field - 4 * back;
      const before = this.#word(first);
      if (((before >>> 24) & 0x9f) === 0x90 && (before & 31) === register) {
        this.#note(field, LOW_12 + back);
        if (this.at(first) === ADRP) this.#note(first, ADRP + back);
        if (isAdd(word)) this.#mark(this.target(field, LOW_12 + back));
        return;
      }
      if ((before & 31) === register && ((before >>> 24) & 31) !== 0x14) return;
    }
  }

  #isMark(offset: number): boolean {
    const found = this.#quads.get(offset >> 2);
    return found?.offset === offset && found.kind === MARK;
  }

  #scanTables({ offset, size, address }: Region): void {
    for (let at = -offset & 3; at + 4 <= size; ) {
      if (!this.#isMark(offset + at)) {
        at += 4;
        continue;
      }
      let end = at;
      for (let i = 0; i < 256 && end + 4 <= size; i++) {
        if (i > 0 && this.#isMark(offset + end)) break;
        const value = this.#word(offset + end);
        if (value === 0 || !this.#inCode(u32(address + at + value))) break;
        end += 4;
      }
      const found = end - at >= 8;
      if (end === at) end += 4;
      for (let i = at; i < end; i += 4) {
        if (found) this.#note(offset + i, i === at ? TABLE_START : TABLE);
        else this.#quads.delete((offset + i) >> 2);
      }
      at = end;
    }
  }

  /** What chained pointers are relative to. */
  #chained(base: bigint): bigint {
    return this.#image.regions.some(({ kind }) => kind === CHAINED_ADDRESSES) ? base : 0n;
  }

  #scanPointers({ offset, size, address, kind }: Region): void {
    const { span, base } = this.#image;
    for (let at = -address & 7; at + 8 <= size; at += 8) {
      const field = offset + at;
      if (this.at(field) !== 0 || this.at(field + 4) !== 0) continue;
      const value = this.#view.getBigUint64(field, true);
      const to = BigInt.asUintN(64, value - base);
      if (kind === CHAINED || kind === CHAINED_ADDRESSES) {
        const low = (value & 0xfffffffffn) - this.#chained(base);
        if (value >> 63n === 0n && value >> 36n !== 0n && low >= 0x4000n && low < BigInt(span))
          this.#note(field, CHAIN);
      } else if (to < BigInt(span) && to >= 0x1000n) {
        this.#note(field, POINTER);
      } else if (kind === RELATIVE) {
        for (const half of [0, 4]) {
          const low = this.#word(field + half);
          if (low >= 0x1000 && low < span && (size < 2 ** 24 || this.#inCode(low)))
            this.#note(field + half, IMAGE_RELATIVE);
        }
      }
    }
  }

  #scanDebug({ offset, size }: Region): void {
    const { span, base } = this.#image;
    for (let at = 0, end = 0; at + 8 <= size; at++) {
      const to = BigInt.asUintN(64, this.#view.getBigUint64(offset + at, true) - base);
      if (to >= BigInt(span) || to < 0x1000n || !this.#inCode(Number(to))) continue;
      this.#note(offset + at, POINTER);
      if (at >= end + 4) {
        const before = this.#word(offset + at - 4);
        if (before > 0 && before < size) this.#note(offset + at - 4, OFFSET_PAIR);
      }
      end = at + 8;
      at += 7;
    }
  }

  #scanOffsets({ offset, size, address }: Region): void {
    const limit = this.#old.length;
    for (let at = 0; at + 8 <= size; at += 4) {
      const [to, length] = [this.#word(offset + at), this.#word(offset + at + 4)];
      if (length === 0 || length >= limit || to >= limit) continue;
      const end = offsetIn(this.#image, u32(address + to + length));
      if (end === NOWHERE || this.#old[end] !== 0) continue;
      this.#note(offset + at, OFFSET_PAIR);
      at += 4;
    }
  }

  tableStart(offset: number): number {
    let start = offset;
    while (this.at(start) === TABLE && start >= 4) start -= 4;
    return start;
  }

  /** Bytes of the field at `offset` of the old file. */
  size(offset: number, kind: number): number {
    if (kind === VARIED) return this.#wasm.size(offset);
    if (kind === NUMBER) return sizeOfNumber(this.#old, offset);
    return kind === POINTER || kind === CHAIN || isWide(kind) ? 8 : 4;
  }

  /** The number in it. */
  value(offset: number, kind: number): bigint {
    if (kind === VARIED) return this.#wasm.value(offset);
    if (kind === NUMBER) {
      const bytes = this.#old.subarray(offset, offset + sizeOfNumber(this.#old, offset));
      return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    }
    if (isOther(kind)) return this.#other.value(offset, kind);
    if (kind === OFFSET_PAIR) return BigInt(this.#view.getUint32(offset, !this.isBig(kind)));
    const isLong = kind === POINTER || kind === CHAIN;
    return isLong ? this.#view.getBigUint64(offset, true) : BigInt(this.#word(offset));
  }

  isBig(kind: number): boolean {
    return kind === NUMBER || ((isOther(kind) || kind === OFFSET_PAIR) && this.#other.isBig(kind));
  }

  target(offset: number, kind: number): number {
    const word = this.#word(offset);
    if (kind === ABSOLUTE || kind === POINTER) return u32(word - Number(this.#image.base & 0xffffffffn));
    if (kind === IMAGE_RELATIVE) return word;
    if (kind === CHAIN) return u32(word - Number(this.#chained(this.#image.base) & 0xffffffffn));
    if (kind === TABLE || kind === TABLE_START)
      return u32(addressIn(this.#image, this.tableStart(offset)) + word);
    if (kind === OFFSET_PAIR) return u32(this.#origin(offset) + Number(this.value(offset, kind)));
    if (kind === NUMBER) return u32(this.#origin(offset) + numberIn(this.value(offset, kind)));
    const address = addressIn(this.#image, offset);
    if (isHalf(kind)) return this.#other.half(offset);
    if (kind === VARIED) {
      const value = this.#wasm.value(offset);
      return this.#isBased(offset)
        ? u32(this.#origin(offset) + this.#wasm.number(value))
        : this.#wasm.target(0, offset, value);
    }
    if (kind === FORTH && this.isShort(offset))
      return u32(shortBase(this.#image, offset) + (word & 0xffffff));
    if (isOther(kind)) return this.#other.solve(0, kind, address, this.#other.value(offset, kind));
    if (kind === BRANCH) return u32(address + 4 + word);
    if (kind < ABSOLUTE) return u32(address + 4 + kind - OPERAND + word);
    if (kind === BRANCH_26) return u32(address + 4 * signed(word, 26));
    if (kind === BRANCH_19) return u32(address + 4 * signed(word >>> 5, 19));
    if (kind >= ADRP) {
      const start = u32(page(address) + pagesOf(word));
      return kind === ADRP ? start : u32(start + low12Of(this.#word(offset + 4 * (kind - ADRP))));
    }
    const back = 4 * (kind - LOW_12);
    return u32(page(u32(address - back)) + pagesOf(this.#word(offset - back)) + low12Of(word));
  }

  #isBased(offset: number): boolean {
    return hasBases(regionIn(this.#image, offset)?.kind ?? 0);
  }

  /** Whether a FORTH there has 24 bits. */
  isShort(offset: number): boolean {
    return regionIn(this.#image, offset)?.kind === COMPACT;
  }

  #origin(offset: number): number {
    return originIn(this.#image, offset, this.#file);
  }

  field(offset: number, kind: number, address: number, to: number, table: number): bigint {
    const word = this.#word(offset);
    const low = (value: number) => BigInt(u32(value));
    if (kind === VARIED)
      return this.#isBased(offset)
        ? this.#wasm.bytes(u32(to - table), this.#wasm.size(offset))
        : this.#wasm.field(offset, to);
    if (kind === FORTH && this.isShort(offset)) return low((word & 0xff000000) | ((to - table) & 0xffffff));
    if (kind === NUMBER) return numberOf(u32(to - table), this.size(offset, kind));
    if (isOther(kind)) return this.#other.rebuilt(offset, kind, address, to);
    if (kind === ABSOLUTE) return low(to + Number(this.#newBase & 0xffffffffn));
    if (kind === POINTER) return BigInt.asUintN(64, BigInt(to) + this.#newBase);
    if (kind === IMAGE_RELATIVE) return BigInt(to);
    if (kind === CHAIN) {
      const chained = (BigInt(to) + this.#chained(this.#newBase)) & 0xfffffffffn;
      return (this.#view.getBigUint64(offset, true) & ~0xfffffffffn) | chained;
    }
    if (kind === TABLE || kind === TABLE_START || kind === OFFSET_PAIR) return low(to - table);
    if (kind === BRANCH) return low(to - address - 4);
    if (kind < ABSOLUTE) return low(to - address - 4 - (kind - OPERAND));
    if (kind === BRANCH_26) return low((word & 0xfc000000) | ((u32(to - address) >>> 2) & 0x3ffffff));
    if (kind === BRANCH_19) return low((word & 0xff00001f) | (((u32(to - address) >>> 2) & 0x7ffff) << 5));
    if (kind >= ADRP) {
      const distance = (to >>> 12) - (address >>> 12);
      return low((word & 0x9f00001f) | ((distance & 3) << 29) | (((distance >> 2) & 0x7ffff) << 5));
    }
    return low((word & 0xffc003ff) | ((((to & 4095) >> scaleOf(word)) & 4095) << 10));
  }

  actual(
    offset: number,
    kind: number,
    address: number,
    made: bigint,
    expected: number,
    table: number,
  ): number {
    if (kind === VARIED)
      return this.#isBased(offset)
        ? u32(table + this.#wasm.number(made))
        : this.#wasm.target(1, offset, made);
    if (kind === FORTH && this.isShort(offset)) return u32(table + Number(made & 0xffffffn));
    if (kind === NUMBER) return u32(table + numberIn(made));
    const word = Number(made & 0xffffffffn);
    if (isHalf(kind)) return this.#other.halfOf(word, expected);
    if (isOther(kind)) return this.#other.solve(1, kind, address, made);
    if (kind === ABSOLUTE || kind === POINTER) return u32(word - Number(this.#newBase & 0xffffffffn));
    if (kind === IMAGE_RELATIVE) return word;
    if (kind === CHAIN) return u32(word - Number(this.#chained(this.#newBase) & 0xffffffffn));
    if (kind === TABLE || kind === TABLE_START || kind === OFFSET_PAIR) return u32(table + word);
    if (kind === BRANCH) return u32(address + 4 + word);
    if (kind < ABSOLUTE) return u32(address + 4 + kind - OPERAND + word);
    if (kind === BRANCH_26) return u32(address + 4 * signed(word, 26));
    if (kind === BRANCH_19) return u32(address + 4 * signed(word >>> 5, 19));
    if (kind >= ADRP) return u32(page(address) + pagesOf(word) + (expected & 4095));
    return u32(page(expected) + low12Of(word));
  }
}

// ---- The decoder ----

interface Became {
  bytes: number[];
  count: number;
  place: number;
}

/** An old word, by its hash, and what it became last. */
interface WordEntry {
  key: number;
  became: [Became, Became];
}

const isEqual = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
const [CODE_CLASS, TEXT_CLASS] = [1, 2];
const KINDS = 34;

interface Step {
  start: number;
  end: number;
  old: number;
}

export function decodeMixing(
  old: Uint8Array,
  toSize: number,
  model: Decoder,
  bulk: { bytes: Uint8Array; isLight: boolean },
  second: Decoder | null = null,
): Uint8Array {
  return new Mixing(old, toSize, model, bulk).decode(second);
}

class Mixing {
  readonly #old: Uint8Array;
  readonly #fresh: Uint8Array;
  readonly #extra: Uint8Array;
  readonly #isLight: boolean;
  readonly #decoder: Decoder;
  readonly #oldView: DataView;
  #extraAt = 0;

  #images: [Image, Image] = [
    { regions: [], span: 0, base: 0n, goBases: [] },
    { regions: [], span: 0, base: 0n, goBases: [] },
  ];
  #references: References | undefined;
  #moves: Moves = NO_MOVES;
  #steps: Step[] = [];
  #byOld: Step[] = [];

  // Tables.
  #bucketBits = 0;
  readonly #buckets = new Map<number, { check: number; counters: Counters }>();
  readonly #flagWeights = new Weights(22938);
  readonly #literalWeights = new Weights(8520);
  readonly #bitWeights = new Weights(8520);
  readonly #predicted = new Counters();
  readonly #blockFlags = new Counters();
  readonly #blockPlaces = new Counters();
  readonly #referenceFlags = new Counters();
  readonly #secondFlags = new Counters();
  readonly #hits = new Counters();
  readonly #words = new Map<number, WordEntry>();
  readonly #wordFlags = new Counters();
  readonly #suspects = new Map<number, [number, number]>();
  readonly #suspectFlags = new Counters();
  /** Where a byte was last wrong, by what is around it. */
  readonly #lastLike = new Map<number, number>();
  readonly #learned = new Map<number, { target: number; became: number; count: number }>();
  readonly #near = new Map<number, number>();
  #overall = 0;
  #oldIndex = new Map<bigint, { place: number; tag: bigint }>();
  #oldShift = 0n;
  readonly #longIndex = new Map<bigint, number>();
  readonly #shortIndex = new Map<number, number>();
  readonly #localIndex = new Map<number, number>();

  // State.
  #start = 0;
  #at = 0;
  #oldAt = 0;
  #stepEnd = 0;
  #wary = true;
  #calm = 0;
  #misses = 0;
  #history = 0;
  #blockLeft = -1;
  #blockMiss = -1;
  #cleanBlocks = 0;
  #class = 0;
  #wordHash = 0;
  #matched = 0;
  #matchedAt = 0;
  #matchedFresh = false;
  #lostAt = 0;
  #lostFresh = false;
  #lostMisses = 0;
  #regionEnd = 0;
  #resumed = 0;
  #changedAt = -1;
  #deniedAt = -1;
  #pending: { at: number; old: number } | null = null;
  #outcomes = 0;
  #suspectOutcomes = 0;
  #referenceHistory = 0;
  #lastMiss = 0;
  #indexedTo = 0;
  #wrongAt = 0;
  #wrongOld = 0;
  #shift: [number, number] = [0, 0];

  constructor(
    old: Uint8Array,
    toSize: number,
    model: Decoder,
    bulk: { bytes: Uint8Array; isLight: boolean },
  ) {
    // Zeros around both files, which contexts may reach.
    this.#old = new Uint8Array(old.length + 128).subarray(64);
    this.#old.set(old);
    this.#old = new Uint8Array(this.#old.buffer, 64, old.length);
    this.#oldView = new DataView(this.#old.buffer);
    this.#fresh = new Uint8Array(new ArrayBuffer(toSize + 128), 64, toSize);
    this.#extra = bulk.bytes;
    this.#isLight = bulk.isLight;
    this.#decoder = model;
  }

  decode(second: Decoder | null): Uint8Array {
    const split = this.#parameters(second !== null) ?? this.#steps.length;
    for (const step of this.#steps.slice(0, split)) this.#step(step);
    this.#decoder.end();
    if (second !== null) this.#decodeSecond(second, split);
    requireSound(this.#extraAt === this.#extra.length);
    return this.#fresh.slice();
  }

  /** The second lane knows nothing of what the first one has learned and made. */
  #decodeSecond(decoder: Decoder, split: number): void {
    const bulk = { bytes: this.#extra, isLight: this.#isLight };
    const lane = new Mixing(this.#old, this.#fresh.length, decoder, bulk);
    lane.#images = this.#images;
    lane.#references = this.#references;
    lane.#moves = this.#moves;
    lane.#byOld = this.#byOld;
    lane.#bucketBits = this.#bucketBits;
    lane.#oldIndex = this.#oldIndex;
    lane.#oldShift = this.#oldShift;
    lane.#extraAt = this.#extraAt;
    lane.#start = this.#at;
    lane.#at = this.#at;
    for (const step of this.#steps.slice(split)) lane.#step(step);
    decoder.end();
    this.#extraAt = lane.#extraAt;
    this.#fresh.set(lane.#fresh.subarray(lane.#start), lane.#start);
    for (const region of this.#images[1].regions) {
      if (region.kind !== HASHES && region.kind !== LARGE_HASHES) continue;
      const skipped = Math.max(0, lane.#start - region.offset);
      if (skipped < region.size) {
        const place = region.offset + skipped;
        this.#fresh.set(this.#digests(region).subarray(skipped, region.size), place);
      }
    }
  }

  #oldByte(place: number): number {
    return this.#oldView.getUint8(64 + place);
  }

  #oldWord(place: number): number {
    return this.#oldView.getUint32(64 + place, true);
  }

  #newByte(place: number): number {
    return new DataView(this.#fresh.buffer).getUint8(64 + place);
  }

  #newWord(place: number): number {
    return new DataView(this.#fresh.buffer).getUint32(64 + place, true);
  }

  #newLong(place: number): bigint {
    return new DataView(this.#fresh.buffer).getBigUint64(64 + place, true);
  }

  /** The step that the second lane begins with, if there is one. */
  #parameters(isSplit: boolean): number | undefined {
    const decoder = this.#decoder;
    const form = decoder.raw(5);
    const isCompact = form > 20;
    this.#bucketBits = isCompact ? form - 13 : form;
    requireSound(this.#bucketBits >= 8);
    const counters = numbers(10);
    let halves = [0, 0];
    const bases = [0, 1].map(() => {
      halves = halves.map((like) =>
        isCompact ? u32(like + unzigzag(decoder.number(counters[6] as NumberCounters))) : decoder.raw(32),
      );
      const [low = 0, high = 0] = halves;
      return (BigInt(high) << 32n) | BigInt(low);
    });
    const nothing = { regions: [], goBases: new Array<number>(GO_BASES).fill(0) };
    const first = this.#regions(counters, nothing, this.#old.length, false);
    const second = this.#regions(counters, first, this.#fresh.length, true);
    this.#images = [
      { ...first, base: bases[0] ?? 0n },
      { ...second, base: bases[1] ?? 0n },
    ];
    if (first.regions.some(({ kind }) => kind === WASM || kind === WASM_DATA)) this.#readMoves();
    const count = decoder.number(counters[7] as NumberCounters);
    const split = isSplit ? decoder.number(counters[9] as NumberCounters) : undefined;
    requireSound(split === undefined || (split > 0 && split < count));
    this.#readSteps(count);
    if (split !== undefined) requireSound(this.#fresh.length - (this.#steps[split]?.start ?? 0) <= 2 ** 26);
    this.#references = new References(this.#old, ...this.#images, this.#moves);
    const size = this.#old.length;
    const bits = Math.min(22, Math.max(10, 30 - Math.clz32(size | 1)));
    this.#oldShift = BigInt(64 - bits);
    for (let at = 0; at + 8 <= size; at += (size >>> 22) | 3) {
      const key = BigInt.asUintN(64, this.#oldView.getBigUint64(64 + at, true) * MULTIPLIER);
      this.#oldIndex.set(key >> this.#oldShift, { place: at + 8, tag: (key >> 20n) & 15n });
    }
    return split;
  }

  #regions(
    counters: NumberCounters[],
    like: Pick<Image, 'regions' | 'goBases'>,
    fileSize: number,
    isFresh: boolean,
  ): Pick<Image, 'regions' | 'span' | 'goBases'> {
    const decoder = this.#decoder;
    const next = (field: number) => decoder.number(counters[field] ?? new NumberCounters());
    const count = next(0);
    requireSound(count <= 255);
    const span = next(0);
    const regions: Region[] = [];
    let goBases = new Array<number>(GO_BASES).fill(0);
    let [end, distance, likeEnd, likeDistance, hashedTo] = [0, 0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      let model = [0, 0, 0, 0];
      const old = like.regions[i];
      if (old !== undefined) {
        model = [old.offset - likeEnd, old.size, u32(old.address - old.offset - likeDistance), old.kind];
        likeEnd = old.offset + old.size;
        likeDistance = u32(old.address - old.offset);
      }
      const [gap = 0, size = 0, moved = 0, kind = 0] = model.map((value, field) =>
        u32(value + unzigzag(next(field + 1))),
      );
      distance = u32(distance + moved);
      const offset = end + gap;
      end = offset + size;
      requireSound(size > 0 && end <= fileSize && kind < KINDS);
      if (kind === HASHES || kind === LARGE_HASHES) {
        const limit = u32(offset + distance);
        requireSound(isFresh && limit > 0 && limit <= offset && size % 32 === 0);
        const start = hashedFrom({ offset, size, address: limit, kind });
        requireSound(start >= hashedTo);
        hashedTo = limit;
      }
      let bases: [number, number] = [0, 0];
      if (hasBases(kind)) {
        bases = [u32(end + distance), 0];
        if (old !== undefined && hasBases(old.kind))
          bases = [u32(bases[0] + old.bases[0] - old.address - old.size), old.bases[1]];
        bases = [u32(bases[0] + unzigzag(next(8))), u32(bases[1] + unzigzag(next(8)))];
      }
      regions.push({ offset, size, address: u32(offset + distance), kind, bases });
      if (kind !== GO && kind !== WASM_DATA) continue;
      requireSound(!regions.slice(0, -1).some((other) => other.kind === GO || other.kind === WASM_DATA));
      let last = 0;
      goBases = like.goBases.map((base, index) => {
        last = u32(last + base - (like.goBases[index - 1] ?? 0) + unzigzag(next(5)));
        return last;
      });
    }
    return { regions, span, goBases };
  }

  #readMoves(): void {
    const decoder = this.#decoder;
    const [heads, starts, distances] = numbers(3) as [NumberCounters, NumberCounters, NumberCounters];
    const next = () => decoder.number(heads);
    const [first, shift, functions, before, after, count] = [0, 0, 0, 0, 0, 0].map(next) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    requireSound(shift <= 16 && count <= 2 ** 16);
    const runs: Moves['runs'] = [];
    let [start, by] = [0, 0];
    for (let i = 0; i < count; i++) {
      start += decoder.number(starts);
      requireSound(start <= NOWHERE);
      by = u32(by + unzigzag(decoder.number(distances)));
      runs.push({ start, by });
    }
    this.#moves = { first, shift, functions, imports: [before, after], runs };
  }

  #readSteps(count: number): void {
    const decoder = this.#decoder;
    requireSound(count > 0 && count <= Math.min(this.#fresh.length, 2 ** 22));
    const [lengths, seeks] = [numbers(4), numbers(4)];
    const flags = new Counters();
    const recent = new Array<number>(16).fill(0);
    let context = 0;
    let start = 0;
    for (let i = 0; i < count; i++) {
      if (i > 0) start += decoder.number(lengths[context] ?? new NumberCounters()) + 1;
      let old = NOWHERE;
      if (decoder.flag(flags.at(context), 255) === 1) {
        context = 0;
      } else {
        let distance: number;
        let index = 15;
        if (decoder.flag(flags.at(4 + context), 255) === 1) {
          let node = 1;
          for (let bit = 0; bit < 4; bit++)
            node = node * 2 + decoder.flag(flags.at(16 + context * 16 + node), 255);
          index = node - 16;
          distance = recent[index] ?? 0;
          context = index === 1 ? 1 : 2;
        } else {
          const which = decoder.flag(flags.at(8 + context), 255);
          const back = decoder.flag(flags.at(12 + which), 255);
          const size = decoder.number(seeks[(context & 1) * 2 + which] ?? new NumberCounters());
          distance = u32((recent[which] ?? 0) + (back ? -size : size));
          context = 3;
        }
        recent.splice(index, 1);
        recent.unshift(distance);
        old = u32(start + distance);
        requireSound(old <= this.#old.length);
      }
      requireSound(start < this.#fresh.length);
      const last = this.#steps.at(-1);
      if (last !== undefined) last.end = start;
      this.#steps.push({ start, end: this.#fresh.length, old });
    }
    this.#byOld = this.#steps
      .filter(({ old }) => old !== NOWHERE)
      .sort((a, b) => a.old - b.old || a.start - b.start);
  }

  #mapped(place: number): number {
    const before = this.#byOld.filter(({ old }) => old <= place).slice(-24);
    let longest = 0;
    let found = NOWHERE;
    for (const { start, end, old } of before.reverse()) {
      if (place - old < end - start && end - start > longest) {
        longest = end - start;
        found = start + place - old;
      }
    }
    return found;
  }

  #step({ end, old }: Step): void {
    this.#stepEnd = end;
    this.#oldAt = old;
    this.#wary = true;
    this.#calm = 12;
    this.#history = 255;
    this.#blockLeft = -1;
    this.#cleanBlocks = 0;
    this.#matched = 0;
    this.#misses = 0;
    this.#pending = null;
    this.#regionEnd = 0;
    while (this.#at < end) {
      if (old === NOWHERE) this.#bulk();
      else this.#unit();
    }
  }

  #regionHere(): { region: Region | undefined; end: number } {
    const { regions } = this.#images[1];
    const at = this.#at;
    const region = regions.find(({ offset, size }) => at >= offset && at < offset + size);
    if (region !== undefined) return { region, end: region.offset + region.size };
    const next = regions.find(({ offset }) => offset > at);
    return { region, end: next?.offset ?? this.#fresh.length };
  }

  #bulk(): void {
    const { region, end } = this.#regionHere();
    const size = Math.min(65536, this.#stepEnd - this.#at, end - this.#at);
    const piece = this.#fresh.subarray(this.#at, this.#at + size);
    if (region?.kind === HASHES || region?.kind === LARGE_HASHES) {
      const from = this.#at - region.offset;
      if (this.#start === 0) piece.set(this.#digests(region).subarray(from, from + size));
    } else {
      piece.set(this.#extra.subarray(this.#extraAt, this.#extraAt + size));
      this.#extraAt += size;
      requireSound(this.#extraAt <= this.#extra.length);
      if (region?.kind === X86) this.#makeRelative(piece, addressIn(this.#images[1], this.#at));
    }
    this.#at += size;
  }

  #digests(region: Region): Uint8Array {
    const pageSize = region.kind === HASHES ? 4096 : 16384;
    const digests: Uint8Array[] = [];
    for (let from = hashedFrom(region); from < region.address; from += pageSize) {
      const bytes = this.#fresh.subarray(from, Math.min(from + pageSize, region.address));
      digests.push(createHash('sha256').update(bytes).digest());
    }
    return Buffer.concat(digests);
  }

  #makeRelative(piece: Uint8Array, address: number): void {
    const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
    let from = 0;
    for (let at = 0; at + 24 <= piece.length; ) {
      const found = instruction(piece, at);
      if (found === null && this.#isLight) from = at + 16;
      if (found !== null && found.relativeAt !== 0 && at + found.relativeAt >= from) {
        const field = at + found.relativeAt;
        view.setUint32(field, view.getUint32(field, true) - (address + at + found.length), true);
      }
      at += found?.length ?? 1;
    }
  }

  #unit(): void {
    const { region, end } = this.#regionHere();
    const kind = region?.kind ?? DATA;
    if (this.#at >= this.#regionEnd) this.#blockLeft = -1;
    this.#regionEnd = end;
    this.#class = isCode(kind) ? 1 : kind === TEXT ? 2 : 0;
    const reference = this.#referenceHere();
    if (reference !== 0 && (!this.#wary || (this.#history & 15) === 15 || reference >= POINTER)) {
      this.#reference(reference);
    } else if (this.#class !== CODE_CLASS && this.#wordHere()) {
      this.#word();
    } else if (this.#wary || this.#oldAt >= this.#old.length) {
      if (!this.#wary) this.#beWary();
      this.#byte();
    } else if (this.#isSuspect()) {
      this.#suspect();
    } else {
      this.#block();
    }
  }

  #beWary(): void {
    this.#wary = true;
    this.#calm = 0;
    this.#matched = 0;
  }

  // -- Words and suspects --

  #isWatched(): boolean {
    return this.#class !== CODE_CLASS && this.#changedAt >= 0 && this.#at - this.#changedAt < 2 ** 18;
  }

  /** The identifier that begins at an old place, null if none does or it is longer than 16 bytes. */
  #oldIdentifier(place: number): { key: number; bytes: number[] } | null {
    let key = 0;
    const bytes: number[] = [];
    for (let at = place; at < this.#old.length && isIdentifier(this.#oldByte(at)); at++) {
      if (bytes.length === 16) return null;
      bytes.push(this.#oldByte(at));
      key = hash(key, this.#oldByte(at));
    }
    return bytes.length === 0 ? null : { key: u32(key | 1), bytes };
  }

  /** The entry of the word that begins at the old place, if it is to be looked up. */
  #candidate(): { entry: WordEntry; bytes: number[] } | null {
    const from = this.#oldAt;
    if (!this.#isWatched() || (from > 0 && isIdentifier(this.#oldByte(from - 1)))) return null;
    if (this.#at > this.#start && isIdentifier(this.#newByte(this.#at - 1))) return null;
    const word = this.#oldIdentifier(from);
    const entry = word === null ? undefined : this.#words.get(word.key >>> 18);
    if (word === null || entry?.key !== word.key) return null;
    const [first] = entry.became;
    if (first.count >= 2 && isEqual(first.bytes, word.bytes)) return null;
    if (word.bytes.length < 6 && this.#at - first.place >= 2 ** 17) return null;
    if (this.#class !== TEXT_CLASS && word.bytes.length < 6) return null;
    return { entry, bytes: word.bytes };
  }

  #wordHere(): boolean {
    if (this.#at === this.#deniedAt || (this.#wary && (this.#history & 1) === 0)) return false;
    return this.#candidate() !== null;
  }

  #word(): void {
    const found = this.#candidate();
    if (found === null) return;
    this.#resumed = 1;
    this.#blockLeft = -1;
    const made = this.#renamed(found.entry, found.bytes);
    if (made === null) {
      this.#deniedAt = this.#at;
      this.#beWary();
      return;
    }
    this.#changedAt = this.#at;
    this.#oldAt += found.bytes.length;
    this.#matched = 0;
    this.#pending = null;
    this.#fresh.set(made, this.#at);
    if (!this.#wary) {
      this.#at += made.length;
      return;
    }
    for (const byte of made) {
      this.#wordHash = hash(this.#wordHash, byte);
      this.#at++;
      if (this.#at - this.#start >= 8) this.#index(this.#at);
    }
    this.#indexedTo = this.#at + 1;
    this.#history = ((this.#history << 1) | 1) & 255;
    this.#advanceCalm(made.length);
  }

  /** What the word became, null if that is nothing known. */
  #renamed(entry: WordEntry, bytes: number[]): number[] | null {
    const [first, second] = entry.became;
    const most = this.#stepEnd - this.#at;
    const apart = u32(this.#at - first.place);
    const far = apart < 64 ? 0 : apart < 1024 ? 1 : apart < 16384 ? 2 : 3;
    const around = hash(this.#newByte(this.#at - 1), this.#oldByte(this.#oldAt + bytes.length));
    const isOld = (word: number[]) => isEqual(word, bytes);
    for (const [i, { bytes: word, count }] of [first, second, { bytes, count: 0 }].entries()) {
      if (i === 2 && (isOld(first.bytes) || isOld(second.bytes))) break;
      if (word.length === 0 || word.length >= most) continue;
      const which = i * 2 + (isOld(word) ? 1 : 0);
      const often = Math.min(7, count);
      const flags = this.#wordFlags;
      const right = this.#mixed(
        [
          flags.at(((which * 8 + often) * 4 + far) * 4 + Math.min(3, bytes.length - 1)),
          flags.at(1024 + which * 256 + (this.#outcomes & 255)),
          flags.at(4096 + (hash(entry.key, which) & 16383)),
          flags.at(20480 + (hash(around, which) & 16383)),
        ],
        1792 + which * 8 + often,
        255,
      );
      if (i === 0) this.#outcomes = u32((this.#outcomes << 1) | right);
      if (right && i === 0) {
        first.count = Math.min(255, first.count + 1);
        if (!isOld(word)) first.place = this.#at;
      } else if (right) {
        this.#prefer(entry, word, i === 1);
      } else if (i === 0) {
        first.count = 0;
      }
      if (right) return word;
    }
    return null;
  }

  #prefer(entry: WordEntry, bytes: number[], isSecond: boolean): void {
    const [first, second] = entry.became;
    const count = Math.min(255, (isSecond ? second.count : 0) + 1);
    entry.became = [{ bytes: [...bytes], count, place: this.#at }, first];
  }

  #expectWord(): void {
    let [a, b] = [this.#at, this.#oldAt];
    for (let i = 0; i < 16 && a > this.#start && b > 0; i++) {
      const byte = this.#newByte(a - 1);
      if (byte !== this.#oldByte(b - 1) || !isIdentifier(byte)) break;
      a--;
      b--;
    }
    this.#pending = null;
    if (a > this.#start && isIdentifier(this.#newByte(a - 1))) return;
    if (b > 0 && isIdentifier(this.#oldByte(b - 1))) return;
    if (b >= this.#old.length || !isIdentifier(this.#oldByte(b)) || a === 0) return;
    this.#pending = { at: a, old: b };
  }

  #learnWord({ at, old }: { at: number; old: number }): void {
    const word = this.#oldIdentifier(old);
    const bytes = [...this.#fresh.subarray(at, this.#at)];
    if (word === null || bytes.length > 16) return;
    let entry = this.#words.get(word.key >>> 18);
    if (entry?.key !== word.key) {
      const empty = () => ({ bytes: [], count: 0, place: 0 });
      entry = { key: word.key, became: [empty(), empty()] };
      this.#words.set(word.key >>> 18, entry);
    } else if (isEqual(entry.became[0].bytes, bytes)) {
      entry.became[0].place = at;
      return;
    }
    const now = this.#at;
    this.#at = at;
    this.#prefer(entry, bytes, isEqual(entry.became[1].bytes, bytes));
    this.#at = now;
  }

  #suspectKey(): number {
    const two = this.#newByte(this.#at - 2) | (this.#newByte(this.#at - 1) << 8);
    const next = this.#oldByte(this.#oldAt) | (this.#oldByte(this.#oldAt + 1) << 8);
    return hash(u32((two << 16) | next), 0) >>> 16;
  }

  #isSuspect(): boolean {
    return this.#isWatched() && this.#suspects.has(this.#suspectKey());
  }

  #suspect(): void {
    const key = this.#suspectKey();
    const counter = this.#suspects.get(key) ?? [0, 0];
    const far = 32 - Math.clz32(Math.min(u32(this.#at - this.#changedAt), 65535));
    const flags = this.#suspectFlags;
    const ahead = hash(this.#oldWord(this.#oldAt), this.#oldWord(this.#oldAt + 4));
    const wrong = this.#mixed(
      [
        counter,
        flags.at(far * 256 + (this.#suspectOutcomes & 255)),
        flags.at(8192 + (hash(this.#newWord(this.#at - 4), key) & 16383)),
        flags.at(24576 + (hash(key, far) & 16383)),
        flags.at(40960 + (ahead & 16383)),
      ],
      1900 + Math.min(15, counter[1]),
      127,
    );
    this.#suspectOutcomes = u32((this.#suspectOutcomes << 1) | wrong);
    if (!wrong && counter[1] >= 24 && chance(counter) < 160) this.#suspects.delete(key);
    this.#blockLeft = -1;
    this.#resumed = 1;
    if (wrong) this.#miss();
    else this.#fresh[this.#at++] = this.#oldByte(this.#oldAt++);
  }

  #referenceHere(): number {
    if (this.#at + 8 > this.#stepEnd || this.#oldAt + 8 > this.#old.length) return 0;
    return this.#references?.at(this.#oldAt) ?? 0;
  }

  #mixed(counters: [number, number][], set: number, limit: number): number {
    const inputs = counters.map((counter) => (counter[1] === 0 ? 0 : stretch(chance(counter))));
    const weights = this.#flagWeights.set(set);
    const probability = squash(dot(inputs, weights));
    const bit = this.#decoder.bit(probability);
    train(inputs, weights, bit * 65536 - probability);
    for (const counter of counters) learn(counter, bit, limit);
    return bit;
  }

  // -- References --

  #neighbours(target: number): number {
    return (
      this.#near.get(hash(target >>> 8, 8) & 0xffff) ||
      this.#near.get(hash(target >>> 14, 14) & 0xffff) ||
      this.#overall
    );
  }

  #slot(target: number): number {
    const bits = Math.min(20, Math.max(10, 26 - Math.clz32(this.#old.length | 1)));
    return u32(Math.imul(target, 0x9e3779b1)) >>> (32 - bits);
  }

  #predict(target: number): { expected: number; trust: number } {
    const entry = this.#learned.get(this.#slot(target));
    if (entry?.target === target) return { expected: entry.became, trust: 2 + Math.min(entry.count, 5) };
    const moved = movedTo(this.#moves, target);
    if (moved !== null) return { expected: moved, trust: 1 };
    const from = offsetIn(this.#images[0], target);
    const to = from === NOWHERE ? NOWHERE : this.#mapped(from);
    if (to !== NOWHERE) return { expected: addressIn(this.#images[1], to), trust: 1 };
    return { expected: u32(target + this.#neighbours(target)), trust: 0 };
  }

  #learnTarget(target: number, became: number): void {
    const entry = this.#learned.get(this.#slot(target));
    if (entry?.target === target) {
      if (entry.became === became) {
        entry.count = Math.min(1000, entry.count + 1);
        return;
      }
      if (entry.count > 2) {
        entry.count >>= 1;
        return;
      }
    }
    this.#learned.set(this.#slot(target), { target, became, count: 1 });
    const moved = u32(became - target);
    this.#near.set(hash(target >>> 8, 8) & 0xffff, moved);
    this.#near.set(hash(target >>> 14, 14) & 0xffff, moved);
    this.#overall = moved;
  }

  #reference(kind: number): void {
    const references = this.#references as References;
    const size = references.size(this.#oldAt, kind);
    const target = references.target(this.#oldAt, kind);
    const address = addressIn(this.#images[1], this.#at);
    const table =
      kind === FORTH && references.isShort(this.#oldAt)
        ? shortBase(this.#images[1], this.#at)
        : kind === OFFSET_PAIR || kind === NUMBER || kind === VARIED
          ? originIn(this.#images[1], this.#at, {
              byte: (at) => this.#newByte(at),
              word: (at) => this.#newWord(at),
            })
          : kind === TABLE || kind === TABLE_START
            ? this.#predict(addressIn(this.#images[0], references.tableStart(this.#oldAt))).expected
            : 0;
    const { expected, trust } = this.#predict(target);
    const wanted = references.field(this.#oldAt, kind, address, expected, table);
    const before = references.value(this.#oldAt, kind);
    const same = wanted === before ? 1 : 0;
    const apart = Math.min(16, u32(this.#oldAt - this.#lastMiss) >>> 2);
    const set = (kind * 8 + trust) * 2 + same;
    const flags = this.#referenceFlags;
    const right = this.#mixed(
      [
        flags.at(set),
        flags.at(4096 + (this.#referenceHistory & 255) * 8 + trust),
        flags.at(8192 + (hash(target, 5) & 4095)),
        flags.at(12288 + (apart * 8 + trust) * 4 + (this.#referenceHistory & 3)),
      ],
      1024 + set + (kind < 48 ? 0 : 256),
      1000,
    );
    this.#referenceHistory = u32((this.#referenceHistory << 1) | right);
    let value = wanted;
    if (right === 0) {
      const other = references.field(
        this.#oldAt,
        kind,
        address,
        u32(target + this.#neighbours(target)),
        table,
      );
      let found = false;
      if (!same) {
        found = this.#decoder.flag(this.#secondFlags.at(kind * 4), 255) === 1;
        if (found) value = before;
      }
      if (!found && other !== wanted && (same || other !== before)) {
        found = this.#decoder.flag(this.#secondFlags.at(kind * 4 + 2 + same), 255) === 1;
        if (found) value = other;
      }
      if (!found) value = this.#field(kind, size, target, wanted, before);
      this.#lastMiss = this.#oldAt;
    }
    for (let i = 0; i < size; i++) {
      const place = references.isBig(kind) ? size - 1 - i : i;
      this.#fresh[this.#at + place] = Number((value >> BigInt(8 * i)) & 255n);
    }
    this.#learnTarget(target, references.actual(this.#oldAt, kind, address, value, expected, table));
    this.#at += size;
    this.#oldAt += size;
    if (this.#matched > 0) this.#matchedAt += size;
    if (this.#wary && right) this.#advanceCalm(size);
  }

  #field(kind: number, size: number, target: number, wanted: bigint, before: bigint): bigint {
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) {
      const byteOf = (word: bigint) => Number((word >> BigInt(8 * i)) & 255n);
      const guess = byteOf(wanted);
      const place = kind * 8 + i;
      const higher = Number(value & 255n);
      const above = i === 7 ? 0n : wanted >> BigInt(8 * i + 8);
      const equal = value === above ? 1 : 0;
      const low = Number(value & 0xffffffffn);
      const close = (higher - Number(above & 255n)) & 255;
      const contexts = [
        hash(hash(place, guess), 1),
        hash(hash(place, higher), 2),
        hash(hash(place, guess), byteOf(before) + 256),
        hash(hash(place, low), 3),
        hash(hash(place, guess), close + 512),
        hash(hash(target, 4), low),
      ];
      const byte = this.#literal(contexts, guess, 32 + (i & 3) * 2 + equal, -1, 0, 96 + i);
      value = (value << 8n) | BigInt(byte);
    }
    return value;
  }

  // -- Runs and bytes --

  #advanceCalm(by: number): void {
    this.#calm += by;
    if (this.#calm < 16) return;
    this.#wary = false;
    this.#blockLeft = -1;
    this.#cleanBlocks = 0;
  }

  #block(): void {
    const decoder = this.#decoder;
    if (this.#blockLeft < 0) {
      const growth = Math.min(this.#cleanBlocks, 15);
      const length = Math.min(32 * 2 ** growth, Math.min(this.#stepEnd, this.#regionEnd) - this.#at);
      const row = growth + 16 * this.#resumed;
      this.#resumed = 0;
      this.#blockLeft = length;
      this.#blockMiss = -1;
      if (decoder.flag(this.#blockFlags.at(row * 3 + this.#class), 1000) === 1) {
        let node = 1;
        let place = 0;
        for (let bit = 31 - Math.clz32(length); bit >= 0; bit--) {
          const y = node < 4096 ? decoder.flag(this.#blockPlaces.at(row * 4096 + node), 255) : decoder.raw(1);
          node = node * 2 + y;
          place = place * 2 + y;
        }
        this.#blockMiss = Math.min(place, length - 1);
      }
    }
    if (this.#blockMiss === 0) {
      this.#miss();
      return;
    }
    // One byte of the block; references between its bytes are units of their own.
    this.#fresh[this.#at++] = this.#oldByte(this.#oldAt++);
    this.#blockLeft--;
    if (this.#blockMiss > 0) this.#blockMiss--;
    if (this.#blockLeft === 0) {
      this.#blockLeft = -1;
      this.#cleanBlocks++;
    } else if (
      this.#at < Math.min(this.#stepEnd, this.#regionEnd) &&
      this.#oldAt < this.#old.length &&
      this.#referenceHere() === 0 &&
      (this.#isSuspect() || this.#candidate() !== null)
    ) {
      this.#blockLeft = -1;
      this.#resumed = 1;
    }
  }

  #miss(): void {
    this.#wary = true;
    this.#calm = 0;
    this.#misses = 0;
    this.#blockLeft = -1;
    this.#cleanBlocks = 0;
    this.#history = 255;
    const from = this.#oldAt > 68 ? this.#oldAt - 64 : 4;
    for (let at = Math.min(this.#old.length, this.#oldAt + 512) - 1; at >= from; at--) {
      this.#localIndex.set(this.#shortKey(this.#oldWord(at - 4), 12), at);
    }
    for (let at = Math.max(this.#start + 8, this.#indexedTo, this.#at - 256); at < this.#at; at++)
      this.#index(at);
    this.#wordHash = 0;
    for (let back = Math.min(16, this.#at - this.#start); back > 0; back--)
      this.#addToWord(this.#newByte(this.#at - back));
    this.#matched = 0;
    this.#findMatch();
    if (this.#class !== CODE_CLASS) {
      const key = this.#suspectKey();
      if (!this.#suspects.has(key)) this.#suspects.set(key, [3 * 2 ** 20, 1]);
      const last = this.#lastLike.get(key) ?? 0;
      this.#lastLike.set(key, this.#at);
      if (this.#matched < 16 && last !== 0 && this.#at - last < 2 ** 23 - 64) {
        this.#matched = 3;
        this.#matchedAt = last;
        this.#matchedFresh = true;
      }
    }
    this.#changedAt = this.#at;
    this.#expectWord();
    const byte = this.#codedByte(true, false);
    this.#fresh[this.#at] = byte;
    this.#after(byte, true, this.#oldByte(this.#oldAt));
  }

  #addToWord(byte: number): void {
    this.#wordHash = isIdentifier(byte) ? hash(this.#wordHash, byte) : 0;
  }

  #shortKey(word: number, bits: number): number {
    return u32(Math.imul(word, 0x9e3779b1)) >>> (32 - bits);
  }

  #longKey(at: number): bigint {
    return BigInt.asUintN(64, (this.#newLong(at - 8) >> 16n) * MULTIPLIER) >> 44n;
  }

  #index(at: number): void {
    this.#longIndex.set(this.#longKey(at), at);
    this.#shortIndex.set(this.#shortKey(this.#newWord(at - 4), 18), at);
  }

  #least(): number {
    return this.#at - this.#start > 2 ** 23 ? this.#at - 2 ** 23 + 64 : this.#start;
  }

  #findMatch(): void {
    this.#matched = 0;
    const at = this.#at;
    if (at - this.#start < 8) return;
    const least = this.#least();
    const common = (byteAt: (place: number) => number, place: number, limit: number) => {
      let length = 0;
      while (length < limit && byteAt(place - 1 - length) === this.#newByte(at - 1 - length)) length++;
      return length;
    };
    const inFresh = (place: number | undefined, enough: number) => {
      if (place === undefined || place <= least || place >= at) return;
      const length = common((each) => this.#newByte(each), place, Math.min(32, place - least));
      if (length < enough) return;
      this.#matched = length;
      this.#matchedAt = place;
      this.#matchedFresh = true;
    };
    inFresh(this.#longIndex.get(this.#longKey(at)), 5);
    if (this.#matched >= 20) return;
    if (this.#matched === 0) inFresh(this.#shortIndex.get(this.#shortKey(this.#newWord(at - 4), 18)), 4);
    const key = BigInt.asUintN(64, this.#newLong(at - 8) * MULTIPLIER);
    const entry = this.#oldIndex.get(key >> this.#oldShift);
    if (entry === undefined || entry.tag !== ((key >> 20n) & 15n) || entry.place >= this.#old.length) return;
    const { place } = entry;
    const length = common((each) => this.#oldByte(each), place, Math.min(40, place));
    if (length < 8 || length <= this.#matched) return;
    this.#matched = length;
    this.#matchedAt = place;
    this.#matchedFresh = false;
  }

  #matchByte(): number {
    if (this.#matched === 0) return -1;
    return this.#matchedFresh ? this.#newByte(this.#matchedAt) : this.#oldByte(this.#matchedAt);
  }

  #matchContext(): number {
    const length = Math.min(this.#matched, 31);
    return length < 16 ? length : 16 + ((length - 16) >> 2);
  }

  #byte(): void {
    const size = this.#old.length;
    if (this.#matched === 0 || this.#matchedAt >= (this.#matchedFresh ? this.#at : size)) {
      this.#findMatch();
      if (this.#matched === 0 && this.#lostAt !== 0 && this.#lostMisses < 8) {
        const least = this.#least();
        if (this.#lostFresh ? this.#lostAt >= least && this.#lostAt < this.#at : this.#lostAt < size) {
          this.#matched = 1;
          this.#matchedAt = this.#lostAt;
          this.#matchedFresh = this.#lostFresh;
        }
      }
    }
    const hasAligned = this.#oldAt < size;
    const aligned = hasAligned ? this.#oldByte(this.#oldAt) : -1;
    const match = this.#matchByte();
    const byMatch =
      match >= 0 &&
      (!hasAligned || (this.#matched >= 12 && (this.#history & 3) !== 3) || (this.#history & 7) === 0);
    const prediction = byMatch ? match : aligned;
    let hit = 0;
    if (prediction >= 0) {
      const agree = match >= 0 && hasAligned ? (match === aligned ? 2 : 1) : 0;
      const base = ((byMatch ? 3 : 0) + agree) * 4 + this.#class;
      const length = byMatch ? this.#matchContext() : 0;
      const last = this.#newWord(this.#at - 4);
      const around = hasAligned
        ? this.#oldByte(this.#oldAt - 2) |
          (this.#oldByte(this.#oldAt - 1) << 8) |
          (this.#oldByte(this.#oldAt + 1) << 16)
        : 0;
      const keys = [
        hash((base << 13) | (length << 8) | this.#history, 1),
        hash(hash(base, prediction), last >>> 24),
        hash(hash(base + 99, prediction), last >>> 8),
        hash(hash(base + 7, length), (Math.min(this.#calm, 31) << 8) | Math.min(this.#misses, 15)),
        hash(hash(base + 3, this.#wordHash), prediction),
        hash(hash(base + 55, prediction), around),
      ];
      const set = base * 16 + (byMatch ? Math.min(length, 15) : this.#history & 15);
      hit = this.#mixed(
        keys.map((key) => this.#hits.at(key >>> 12)),
        set,
        255,
      );
    }
    const byte = hit ? prediction : this.#codedByte(!byMatch && prediction >= 0, byMatch);
    this.#fresh[this.#at] = byte;
    this.#after(byte, hasAligned, aligned & 255);
  }

  #codedByte(notAligned: boolean, notMatched: boolean): number {
    const [at, place, size] = [this.#at, this.#oldAt, this.#old.length];
    const hasAligned = place < size;
    const was = hasAligned ? this.#oldByte(place) : 256;
    const match = this.#matchByte();
    const length = this.#matchContext();
    if (at >= this.#wrongAt + 4) {
      if (this.#wrongAt !== 0 && at - this.#wrongAt <= 65536 && this.#wrongOld + 4 <= size) {
        const by = u32(this.#newWord(this.#wrongAt) - this.#oldWord(this.#wrongOld));
        if (by !== this.#shift[0]) this.#shift = [by, this.#shift[0]];
      }
      this.#wrongAt = at;
      this.#wrongOld = place;
    }
    const last = this.#newWord(at - 4);
    const last1 = last >>> 24;
    const next = hasAligned ? this.#oldByte(place) | (this.#oldByte(place + 1) << 8) : 0x10000;
    const contexts = [
      hash((last1 << 8) | this.#class, 0x100),
      hash(last >>> 16, 0x200),
      hash(hash(next, last1), 0x300),
      hash(hash(((match + 1) << 8) | length, was), 0x400),
    ];
    if (this.#class === 2) {
      const two = this.#newByte(at - 6) | (this.#newByte(at - 5) << 8);
      contexts.push(
        hash(last >>> 8, 0x500),
        hash(last, 0x600),
        hash(hash(last, two), 0x700),
        hash(hash(this.#wordHash, last1), 0x800),
        hash(hash(hasAligned ? this.#oldWordHash(place) : 0, this.#wordHash), 0x900),
        hash(hash((this.#class << 4) | (hasAligned ? this.#history & 7 : 8), was), 0xa00),
      );
    } else {
      const into = at - this.#wrongAt;
      let [first, second] = [0x100, 0x100];
      if (hasAligned && this.#wrongOld + 4 <= size && place - this.#wrongOld === into) {
        const word = this.#oldWord(this.#wrongOld);
        first = (u32(word + this.#shift[0]) >>> (8 * into)) & 255;
        second = (u32(word + this.#shift[1]) >>> (8 * into)) & 255;
      }
      contexts.push(
        hash(hash(first | (into << 9), was), 0xb00),
        hash(hash(first | (second << 9), was | ((this.#history & 15) << 9)), 0xc00),
        hash(
          hash(this.#newByte(at - 8) | (this.#newByte(at - 4) << 8), (at & 3) | (this.#class << 2)),
          0xd00,
        ),
        hash(last >>> 8, 0xe00),
      );
      if (this.#class === CODE_CLASS)
        contexts.push(this.#branchContext(addressIn(this.#images[1], at), last));
    }
    const set =
      (this.#class * 4 + (this.#history & 3)) * 8 + (match < 0 ? 0 : Math.min(7, 1 + (length >> 2)));
    return this.#literal(
      contexts,
      hasAligned && !notAligned ? was : -1,
      this.#history & 31,
      notMatched ? -1 : match,
      length,
      set,
    );
  }

  #branchContext(address: number, last: number): number {
    const before = [0, 1, 2, 3].map((back) => (last >>> (24 - 8 * back)) & 255);
    const known = before.findIndex((byte) => byte === 0xe8 || byte === 0xe9);
    if (known < 0) return hash((Number(before[0]) << 4) | (address & 15), 0x1000);
    const made = known === 0 ? 0 : last >>> (32 - 8 * known);
    const sum = u32(made + address + 4 - known);
    const next = (sum >>> (8 * known)) & (known === 0 ? 15 : 255);
    return hash(hash(sum & (2 ** (8 * known) - 1), (next << 2) | known), 0xf00);
  }

  #oldWordHash(place: number): number {
    let from = place;
    for (let i = 0; i < 16 && from > 0 && isIdentifier(this.#oldByte(from - 1)); i++) from--;
    let key = 0;
    for (let i = 0; i < 20 && from < this.#old.length && isIdentifier(this.#oldByte(from)); i++) {
      key = hash(key, this.#oldByte(from++));
    }
    return key;
  }

  /** The number of the bucket, which another context may take over before this byte is done. */
  #bucket(key: number): number {
    const index = key >>> (32 - this.#bucketBits);
    const check = key & 0xffff;
    const [first, second] = [this.#buckets.get(index), this.#buckets.get(index ^ 1)];
    if (first?.check === check) return index;
    if (second?.check === check) return index ^ 1;
    const seen = (bucket: typeof first) => bucket?.counters.at(1)[1] ?? 0;
    const replaced = seen(second) < seen(first) ? index ^ 1 : index;
    this.#buckets.set(replaced, { check, counters: new Counters() });
    return replaced;
  }

  #literal(
    contexts: number[],
    aligned: number,
    alignedContext: number,
    match: number,
    matchContext: number,
    set: number,
  ): number {
    const weights = this.#literalWeights.set(set);
    let node = 1;
    let buckets: number[] = [];
    let inner = 1;
    for (let place = 7; place >= 0; place--) {
      if (place === 7 || place === 3) {
        const upper = node;
        buckets = contexts.map((key) => this.#bucket(place === 7 ? key : hash(key, upper + 256)));
        inner = 1;
      }
      const learning: [number, number][] = [];
      const inputs: number[] = [];
      for (const bucket of buckets) {
        const counter = this.#buckets.get(bucket)?.counters.at(inner) ?? [0, 0];
        inputs.push(counter[1] === 0 ? 0 : stretch(chance(counter)));
        inputs.push(((chance(counter) - 32768) * Math.min(counter[1], 3) * 341) >> 16);
        learning.push(counter);
      }
      const predictions: [number, number, number][] = [
        [aligned, alignedContext, 0],
        [match, matchContext, 64],
      ];
      const predicted: [number, number][] = [];
      for (const [byte, context, table] of predictions) {
        if (byte < 0 || (byte | 256) >> (place + 1) !== node) {
          inputs.push(0);
          continue;
        }
        const counter = this.#predicted.at(((table + context) * 2 + ((byte >> place) & 1)) * 8 + place);
        inputs.push(stretch(chance(counter)));
        predicted.push(counter);
      }
      inputs.push(77);
      const byBits = this.#bitWeights.set(node);
      const probability = squash(dot(inputs, weights) + dot(inputs, byBits));
      const bit = this.#decoder.bit(Math.min(65520, Math.max(16, probability)));
      const error = bit * 65536 - probability;
      train(inputs, weights, error);
      train(inputs, byBits, error);
      for (const counter of learning) learn(counter, bit, 127);
      for (const counter of predicted) learn(counter, bit, 255);
      inner = inner * 2 + bit;
      node = node * 2 + bit;
    }
    return node & 255;
  }

  #after(byte: number, hasAligned: boolean, aligned: number): void {
    if (this.#class !== CODE_CLASS) {
      if (this.#pending === null && hasAligned && aligned !== byte && this.#misses <= 2) this.#expectWord();
      if (this.#pending !== null && !isIdentifier(byte)) {
        if (this.#at > this.#pending.at) {
          this.#learnWord(this.#pending);
          this.#changedAt = this.#at;
        }
        this.#pending = null;
      }
    }
    if (this.#matched > 0) {
      if (this.#matchByte() === byte) {
        this.#matched = Math.min(this.#matched + 1, 1000);
        this.#matchedAt++;
        if (this.#matched > 8) this.#lostMisses = 0;
      } else {
        this.#lostMisses = this.#matched > 1 ? 1 : this.#lostMisses + 1;
        this.#matched = 0;
        this.#lostAt = this.#matchedAt + 1;
        this.#lostFresh = this.#matchedFresh;
      }
    }
    const hit = hasAligned && aligned === byte;
    this.#history = ((this.#history << 1) | (hit ? 1 : 0)) & 255;
    if (hit) {
      this.#oldAt++;
      this.#misses = 0;
    } else {
      this.#calm = 0;
      if (hasAligned) this.#stepOver(byte, aligned);
      else this.#misses++;
      this.#lastMiss = this.#oldAt;
    }
    this.#addToWord(byte);
    this.#at++;
    if (this.#at - this.#start >= 8) this.#index(this.#at);
    this.#indexedTo = this.#at + 1;
    if (!hit && this.#matched === 0 && this.#at - this.#start >= 4) {
      const word = this.#newWord(this.#at - 4);
      const place = this.#localIndex.get(this.#shortKey(word, 12)) ?? 0;
      if (
        place >= 4 &&
        this.#oldWord(place - 4) === word &&
        place !== this.#oldAt &&
        place < this.#old.length
      ) {
        this.#oldAt = place;
        this.#history = 15;
        this.#misses = 0;
      }
    }
    const strayed = this.#history !== 255 && (this.#history & 7) !== 7;
    const { length } = this.#old;
    if (
      !this.#matchedFresh &&
      this.#matched >= 16 &&
      strayed &&
      this.#matchedAt < length &&
      this.#matchedAt !== this.#oldAt
    ) {
      this.#oldAt = this.#matchedAt;
      this.#history = 255;
      this.#calm = 8;
      this.#misses = 0;
    }
    if (hit) this.#advanceCalm(1);
  }

  #stepOver(byte: number, aligned: number): void {
    this.#misses++;
    if (this.#class !== 2) {
      if (this.#misses <= 64) this.#oldAt++;
      return;
    }
    if (this.#misses > 24) return;
    const [isWord, wasWord] = [isIdentifier(byte), isIdentifier(aligned)];
    if (isWord && !wasWord) return;
    if (isWord || !wasWord) {
      this.#oldAt++;
      return;
    }
    let place = this.#oldAt;
    const size = this.#old.length;
    for (let i = 0; i < 40 && place < size && isIdentifier(this.#oldByte(place)); i++) place++;
    if (place < size && this.#oldByte(place) === byte) {
      this.#oldAt = place + 1;
      this.#misses = 0;
    } else {
      this.#oldAt++;
    }
  }
}

const isIdentifier = (byte: number) => byte >= 128 || /[0-9A-Za-z_$]/.test(String.fromCharCode(byte));
