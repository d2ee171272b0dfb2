/** Where the old file has references, what they refer to, and their fields made anew: from lib/delta/FORMAT.md. */
import { NOWHERE, u32 } from './arithmetic.ts';
import { ASSEMBLIES, Assemblies } from './assemblies.ts';
import {
  COMPACT,
  GO_TYPES,
  hasBases,
  isNumber,
  NUMBER,
  numberIn,
  numberOf,
  type Reader,
  scanBased,
  sizeOfNumber,
  WIDE_UNWINDING,
} from './based.ts';
import { BYTECODE, SOURCES, scanBytecode } from './bytecode.ts';
import { CLASSES, Classes } from './classes.ts';
import { DWARF, Dwarf } from './dwarf.ts';
import { scanGoTypes } from './go-types.ts';
import { Halves, isBased, isBigEndian, WORDS_BIG } from './halves.ts';
import {
  ARM,
  ARM_WORDS,
  addressIn,
  baseAt,
  CHAINED,
  CHAINED_ADDRESSES,
  DEBUG,
  type Image,
  isCode,
  isOwn,
  OFFSETS,
  OWN_CHAINED,
  offsetIn,
  originIn,
  POINTERS,
  RELATIVE,
  type Region,
  regionIn,
  shortBase,
  X86,
} from './image.ts';
import { isOfLoongArch, LOONG_ARCH, LoongArch } from './loongarch.ts';
import { haveSizes, isAbsolute, isPair, movedRiscV } from './machine-instructions.ts';
import { fromWord, PoolWords, toWord } from './machine-words.ts';
import { MANAGED, ROWS, Rows, scanManaged } from './managed.ts';
import { areObjects, isOfNumbers, isOfObjects, isOfWords, layoutOf, Objects } from './objects.ts';
import {
  ARM_32,
  BACK,
  FORTH,
  GO,
  isHalf,
  isOther,
  isWide,
  OtherReferences,
  UNWINDING,
  UNWINDING_INDEX,
  X86_32,
} from './other-references.ts';
import type { StepMap } from './targets.ts';
import { BRANCH_24, fromThumb, scanThumb, THUMB, thumbField, thumbTarget, toThumb } from './thumb.ts';
import { type Moves, VARIED, WASM, WASM_DATA, WasmReferences } from './wasm.ts';
import { instruction } from './x86.ts';

const [BRANCH, OPERAND, ABSOLUTE, IMAGE_RELATIVE, CHAIN, BRANCH_26, BRANCH_19, LOW_12, ADRP] = [
  1, 2, 11, 13, 14, 16, 17, 18, 31,
];
export const [POINTER, TABLE, TABLE_START, OFFSET_PAIR] = [12, 15, 44, 46];
/** Of a quad that something refers to, where a jump table may begin. */
const MARK = 65;
/** Of a quad in a region of numbers. */
const NUMBER_QUAD = 64;
/** Of a quad in a region of records. */
const ROW_QUAD = 66;

/** References that only code has, of 4 bytes. */
const isOfInstructions = (kind: number) => kind >= BRANCH_26 && kind < TABLE_START && kind !== BACK;
const [AUIPC, HALFWORDS] = [57, 58];
const IN_CODE = new Set([ABSOLUTE, IMAGE_RELATIVE, 54, 55, 56, AUIPC, HALFWORDS, 60, 61]);
/** Words in Thumb code that are loaded, 46 and 62 as well. */
const LOADED = new Set([ABSOLUTE, OFFSET_PAIR, FORTH]);

const low32 = (value: bigint) => Number(value & 0xffffffffn);
const signed = (value: number, bits: number) => (value << (32 - bits)) >> (32 - bits);
const pagesOf = (word: number) => u32(signed(((word >> 3) & 0x1ffffc) | ((word >>> 29) & 3), 21) << 12);
const isAdd = (word: number) => (word & 0xff800000) >> 0 === 0x91000000 >> 0;
const scaleOf = (word: number) => {
  if (isAdd(word)) return 0;
  return (word & 0x04800000) === 0x04800000 && word >>> 30 === 0 ? 4 : word >>> 30;
};
const low12Of = (word: number) => ((word >>> 10) & 4095) << scaleOf(word);
const page = (address: number) => u32(address & ~4095);

export class References {
  /** Kinds by offset; a quad of bytes has one at most, the last that was noted. */
  readonly #quads = new Map<number, { offset: number; kind: number }>();
  readonly #old: Uint8Array;
  readonly #view: DataView;
  /** With code as it is modelled. */
  readonly #modelled: DataView;
  readonly #image: Image;
  readonly #fresh: Image;
  readonly #file: Reader;
  readonly #other: OtherReferences;
  readonly #wasm: WasmReferences;
  readonly #loongArch: LoongArch;
  readonly #hasLoongArch: boolean;
  readonly #halves: Halves;
  readonly #rows: Rows;
  readonly #assemblies: Assemblies;
  readonly #dwarf: Dwarf;
  readonly #isBigEndian: boolean;
  readonly #hasWords: boolean;
  readonly classes: Classes;
  /** Of the new file, where the field is that is asked for. */
  place = 0;
  /** Null if the old file has none. */
  readonly objects: Objects | null;

  /** @param old with code in converted words as it was, but for that of arm64; `modelled` with all as it is modelled */
  constructor(
    old: Uint8Array,
    modelled: Uint8Array,
    image: Image,
    fresh: Image,
    moves: Moves,
    steps: StepMap,
  ) {
    this.#old = old;
    this.#view = new DataView(old.buffer, old.byteOffset, old.length);
    this.#modelled = new DataView(modelled.buffer, modelled.byteOffset, modelled.length);
    this.#image = image;
    this.#file = {
      byte: (at) => old[at] ?? 0,
      word: (at) => (at + 4 <= old.length ? this.#word(at) : 0),
    };
    this.#fresh = fresh;
    this.#dwarf = new Dwarf(old, image, (offset, kind) => this.#note(offset, kind));
    this.#isBigEndian = isBigEndian(image.regions);
    const kinds = image.regions.map(({ kind }) => kind);
    this.#hasWords = kinds.includes(ARM_WORDS) && !kinds.some((kind) => kind === LOONG_ARCH || isBased(kind));
    this.#rows = new Rows(image.regions, [image.goBases, fresh.goBases]);
    const noteRows = (start: number, end: number) => {
      for (let quad = start >> 2; 4 * quad < end; quad++) this.#note(4 * quad, ROW_QUAD);
    };
    this.#assemblies = new Assemblies(old, (offset, kind) => this.#note(offset, kind), noteRows);
    this.classes = new Classes(old);
    this.#halves = new Halves(old, [image.regions, fresh.regions], [image.base, fresh.base], (address) =>
      offsetIn(image, address),
    );
    this.#other = new OtherReferences(
      old,
      image.span,
      [image.base, fresh.base],
      [image.goBases, fresh.goBases],
      moves.shift,
      this.#isBigEndian,
      (offset, kind) => this.#note(offset, kind),
    );
    this.#wasm = new WasmReferences(old, image.span, moves, (offset, kind) => this.#note(offset, kind));
    this.#loongArch = new LoongArch((offset) => this.#word(offset));
    const objects = image.regions.find(({ kind }) => areObjects(kind));
    this.objects =
      objects === undefined
        ? null
        : new Objects(old, layoutOf(objects), {
            at: (offset) => this.at(offset),
            note: (offset, kind) => this.#note(offset, kind),
            forget: (offset) => this.#quads.delete(offset >> 2),
            scan: (kind, place) => this.#other.scan(kind, place),
          });
    this.#hasLoongArch = image.regions.some(({ kind }) => kind === LOONG_ARCH);
    for (const region of image.regions) {
      if (region.kind === WASM) this.#wasm.scanCode(region);
      else if (region.kind === X86 || region.kind === X86_32) this.#scanX86(region);
      else if (region.kind === ARM || region.kind === ARM_WORDS) this.#scanArm(region);
      else if (region.kind === LOONG_ARCH)
        this.#loongArch.scan(
          region,
          image.span,
          (offset) => this.at(offset),
          (offset, kind) => this.#note(offset, kind),
        );
      else if (region.kind === THUMB) this.#scanThumb(region);
      else if (isBased(region.kind))
        this.#halves.scan(
          region,
          image.span,
          (offset) => this.at(offset),
          (offset, kind) => this.#note(offset, kind),
        );
      else if (region.kind === ARM_32 && region.inWords === true) this.#scanPools(region);
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
      if (region.kind === DWARF) {
        this.#dwarf.scan(region);
        continue;
      }
      if (region.kind === WORDS_BIG) {
        this.#other.scan(region.kind, region);
        continue;
      }
      if (areObjects(region.kind)) {
        this.objects?.scan(region);
        continue;
      }
      if (hasBases(region.kind)) {
        const note = (offset: number, kind: number) => this.#note(offset, kind);
        scanBased(region, this.#file, note);
        if (region.kind === BYTECODE) scanBytecode(region, this.#file, note);
        if (region.kind === MANAGED) scanManaged(region, this.#file.byte, note);
        if (region.kind === ROWS) noteRows(region.offset, region.offset + region.size);
        if (region.kind === WIDE_UNWINDING) this.#other.scan(region.kind, region);
        continue;
      }
      if (![GO, UNWINDING, UNWINDING_INDEX].includes(region.kind)) this.#scanTables(region);
      this.#other.scan(region.kind, region);
      const holdsPointers = [POINTERS, RELATIVE, CHAINED, CHAINED_ADDRESSES].includes(region.kind);
      if (holdsPointers || isOwn(region.kind)) this.#scanPointers(region);
    }
    const go = { ...this.#other.go, base: image.base, span: image.span };
    for (const region of image.regions.filter(({ kind }) => kind === GO_TYPES))
      scanGoTypes(old, region, go, (offset, kind) => this.#note(offset, kind));
    for (const region of image.regions.filter(({ kind }) => kind === ASSEMBLIES))
      this.#assemblies.scan(region, (place) => steps.mapped(place).left);
    for (const region of image.regions.filter(({ kind }) => kind === CLASSES))
      this.classes.scan(region, (place) => steps.mapped(place).left);
  }

  at(offset: number): number {
    const number = this.classes.fieldAt(offset);
    if (number !== 0) return number;
    const found = this.#quads.get(offset >> 2);
    if (found?.kind === ROW_QUAD) return (this.#rows.at(offset) ?? this.#assemblies.row(offset))?.kind ?? 0;
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

  /** The instruction at an offset, which is in converted words. */
  #instruction(offset: number): number {
    return fromWord(ARM_WORDS, this.#view.getUint32(offset), addressIn(this.#image, offset));
  }

  /** Whether fields of the kind are converted words of arm64. */
  #isArmWord(kind: number): boolean {
    return this.#hasWords && isOfInstructions(kind);
  }

  /** If the field there is a converted word, the kind of region that says how; else 0. */
  wordsOf(offset: number, kind: number): number {
    if (this.#isArmWord(kind)) return ARM_WORDS;
    const region = regionIn(this.#image, offset);
    return region?.inWords === true && (isOfInstructions(kind) || IN_CODE.has(kind) || LOADED.has(kind))
      ? region.kind
      : 0;
  }

  /** The four bytes of a reference, or near one. */
  #wordFor(kind: number, offset: number): number {
    return this.#isArmWord(kind) ? this.#instruction(offset) : this.#word(offset);
  }

  /** What such a field has in memory at an address, the highest byte first. */
  #asWord(offset: number, kind: number, address: number, field: bigint): bigint {
    return this.#converted(offset, kind, address, field, false);
  }

  /** A field in code as it is in memory at an address, or back. */
  #converted(offset: number, kind: number, address: number, field: bigint, isBack: boolean): bigint {
    const words = this.wordsOf(offset, kind);
    if (words === 0 || kind === IMAGE_RELATIVE) return field;
    if (words === THUMB) {
      const convert = isBack ? fromThumb : toThumb;
      return LOADED.has(kind) ? field : BigInt(convert(Number(field), address));
    }
    if (!haveSizes(words)) return BigInt((isBack ? fromWord : toWord)(words, Number(field), address));
    const by = isBack ? -address : address;
    if (kind === AUIPC && !isPair(field)) return field;
    if (kind !== HALFWORDS) return BigInt.asUintN(8 * this.size(offset, kind), movedRiscV(field, by));
    const [first = 0, second = 0] = this.#old.subarray(offset - 2, offset);
    const start = u32(address - 2) >>> 1;
    return isAbsolute(first, second) ? BigInt.asUintN(32, field + BigInt(isBack ? -start : start)) : field;
  }

  /** Whether the field there is a converted word, whose highest byte is first. */
  isWordAt(offset: number, kind: number): boolean {
    const words = this.wordsOf(offset, kind);
    return words !== 0 && !haveSizes(words);
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

  #scanArm({ offset, size, address, kind }: Region): void {
    const wordAt = kind === ARM ? (at: number) => this.#word(at) : (at: number) => this.#instruction(at);
    for (let at = -address & 3; at + 4 <= size; at += 4) {
      const field = offset + at;
      const word = wordAt(field);
      if (((word >>> 26) & 31) === 5) this.#note(field, BRANCH_26);
      else if (((word >>> 24) & 0x9f) === 0x90) this.#note(field, ADRP);
      else if ((word >>> 24 === 0x54 && (word & 16) === 0) || ((word >>> 25) & 0x3f) === 0x1a)
        this.#note(field, BRANCH_19);
      else if (isAdd(word) || ((word >>> 24) & 0x3b) === 0x39) this.#scanLow12(field, at, wordAt);
    }
  }

  #scanThumb(region: Region): void {
    const image = { base: low32(this.#image.base), span: this.#image.span };
    const notes = {
      at: (offset: number) => this.at(offset),
      note: (offset: number, kind: number) => this.#note(offset, kind),
    };
    scanThumb(this.#old, region, image, notes, region.inWords === true ? this.#modelled : null);
  }

  #isThumb(offset: number): boolean {
    return regionIn(this.#image, offset)?.kind === THUMB;
  }

  /** Code of arm (32 bits) in converted words. */
  #scanPools(region: Region): void {
    const pools = new PoolWords();
    const { offset, size, address } = region;
    for (let at = -address & 3; at + 4 <= size; at += 4) {
      const here = { offset: offset + at, size: 4, address: u32(address + at) };
      if (pools.at(at) !== undefined) {
        if (this.#modelled.getUint32(here.offset) < this.#image.span) this.#note(here.offset, IMAGE_RELATIVE);
        continue;
      }
      pools.pass(at, this.#word(here.offset));
      this.#other.scan(ARM_32, here);
    }
  }

  #scanLow12(field: number, at: number, wordAt: (at: number) => number): void {
    const word = wordAt(field);
    const register = (word >>> 5) & 31;
    for (let back = 1; back <= 12 && 4 * back <= at; back++) {
      const first = field - 4 * back;
      const before = wordAt(first);
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
  #chained(image: Image, place: number): bigint {
    const isFull = this.#image.regions.some(({ kind }) => kind === CHAINED_ADDRESSES);
    return baseAt(image, place, isFull ? image.base : 0n);
  }

  #scanPointers({ offset, size, address, kind }: Region): void {
    const { span } = this.#image;
    const base = baseAt(this.#image, offset, this.#image.base);
    const isChained = [CHAINED, CHAINED_ADDRESSES, OWN_CHAINED].includes(kind);
    for (let at = -address & 7; at + 8 <= size; at += 8) {
      const field = offset + at;
      if (this.at(field) !== 0 || this.at(field + 4) !== 0) continue;
      const value = this.#view.getBigUint64(field, true);
      const to = BigInt.asUintN(64, value - base);
      if (isChained) {
        const low = BigInt.asUintN(36, value - this.#chained(this.#image, offset));
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

  /** The objects, if it is a field of one. */
  objectAt(offset: number, kind: number): Objects | null {
    return isOfObjects(kind) && areObjects(regionIn(this.#image, offset)?.kind) ? this.objects : null;
  }

  /** The old address whose new one the field is relative to, if that is to be predicted. */
  predictedOrigin(offset: number, kind: number): number | null {
    if (kind === TABLE || kind === TABLE_START) return addressIn(this.#image, this.tableStart(offset));
    const field = this.#assemblies.field(offset, kind);
    if (field !== undefined) return addressIn(this.#image, field.origin);
    if (this.#dwarf.has(offset, kind)) return this.#dwarf.origin(offset, kind, (place) => this.at(place));
    return isOfNumbers(kind) ? null : (this.objectAt(offset, kind)?.base(offset) ?? null);
  }

  /** Bytes of the field at `offset` of the old file. */
  size(offset: number, kind: number): number {
    if (this.classes.has(offset, kind)) return this.classes.sizeAt(offset);
    if (this.#rows.has(offset)) return this.#rows.at(offset)?.size ?? 0;
    const field = this.#assemblies.field(offset, kind);
    if (field !== undefined) return field.size;
    if (kind === VARIED) return this.#wasm.size(offset);
    if (kind === NUMBER) return sizeOfNumber(this.#old, offset);
    return kind === POINTER || kind === CHAIN || isWide(kind) ? 8 : 4;
  }

  /** The number in it. */
  value(offset: number, kind: number): bigint {
    if (kind === IMAGE_RELATIVE && this.wordsOf(offset, kind) !== 0)
      return BigInt(this.#modelled.getUint32(offset));
    if (this.classes.has(offset, kind)) {
      const bytes = this.#old.subarray(offset, offset + this.size(offset, kind));
      return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    }
    if (this.#rows.has(offset) || this.#assemblies.field(offset, kind) !== undefined) {
      const bytes = this.#old.subarray(offset, offset + this.size(offset, kind));
      return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    }
    if (kind === VARIED) return this.#wasm.value(offset);
    if (kind === NUMBER) {
      const bytes = this.#old.subarray(offset, offset + sizeOfNumber(this.#old, offset));
      return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    }
    if (this.#isBigObject(kind)) return BigInt(this.#view.getUint32(offset));
    if (isOther(kind) && !this.#halves.has(kind)) return this.#other.value(offset, kind);
    if (kind === OFFSET_PAIR) return BigInt(this.#view.getUint32(offset, !this.isBig(kind)));
    const isLong = kind === POINTER || kind === CHAIN;
    return isLong
      ? this.#view.getBigUint64(offset, true)
      : BigInt(this.#view.getUint32(offset, !this.isBig(kind)));
  }

  #isBigObject(kind: number): boolean {
    return this.objects?.isBig === true && (kind === BACK || isOfWords(kind));
  }

  /** Whether what is made in the place of that field has its highest byte first. */
  isBigAt(offset: number, kind: number): boolean {
    return this.isWordAt(offset, kind) || this.isBig(kind);
  }

  isBig(kind: number): boolean {
    if (this.classes.exist && kind >= 47 && kind <= 50) return true;
    if (this.#isBigObject(kind) || this.#isArmWord(kind)) return true;
    if (this.#isBigEndian && (kind === ABSOLUTE || this.#halves.has(kind))) return true;
    return kind === NUMBER || ((isOther(kind) || kind === OFFSET_PAIR) && this.#other.isBig(kind));
  }

  target(offset: number, kind: number): number {
    if (this.classes.has(offset, kind))
      return u32(this.classes.origin(offset) + Number(this.value(offset, kind)));
    const row = this.#rows.at(offset);
    if (row !== undefined) return u32(row.origins[0] + Number(this.value(offset, kind)));
    const field = this.#assemblies.field(offset, kind);
    if (field !== undefined)
      return u32(addressIn(this.#image, field.origin) + field.distance(Number(this.value(offset, kind))));
    const objects = this.objectAt(offset, kind);
    if (objects !== null) return objects.target(objects.base(offset), kind, this.value(offset, kind));
    if (this.#dwarf.has(offset, kind)) {
      const origin = this.#dwarf.origin(offset, kind, (place) => this.at(place));
      return u32(origin + Number(this.value(offset, kind)));
    }
    if (this.#halves.has(kind)) return this.#halves.target(offset, kind);
    const isPlain = kind === ABSOLUTE || kind === IMAGE_RELATIVE;
    const word = isPlain ? Number(this.value(offset, kind)) : this.#wordFor(kind, offset);
    if (kind === ABSOLUTE) return u32(word - low32(this.#image.base));
    if (kind === POINTER) return u32(word - low32(baseAt(this.#image, offset, this.#image.base)));
    if (kind === IMAGE_RELATIVE) return word;
    if (kind === CHAIN) return u32(word - low32(this.#chained(this.#image, offset)));
    if (kind === TABLE || kind === TABLE_START)
      return u32(addressIn(this.#image, this.tableStart(offset)) + word);
    if (kind === OFFSET_PAIR) return u32(this.#origin(offset) + Number(this.value(offset, kind)));
    if (kind === NUMBER) return u32(this.#origin(offset) + numberIn(this.value(offset, kind)));
    const address = addressIn(this.#image, offset);
    if (isHalf(kind)) return this.#other.half(offset);
    if (kind === VARIED) {
      const value = this.#wasm.value(offset);
      return this.#isBased(offset)
        ? u32(this.#originOfNumber(offset) + this.#wasm.number(value))
        : this.#wasm.target(0, offset, value);
    }
    if (kind === FORTH && this.isShort(offset))
      return u32(shortBase(this.#image, offset) + (word & 0xffffff));
    if (this.#hasLoongArch && isOfLoongArch(kind)) return this.#loongArch.target(offset, kind, address);
    if (kind === BRANCH_24 && this.#isThumb(offset)) return thumbTarget(address, word);
    if (isOther(kind)) return this.#other.solve(0, kind, address, this.value(offset, kind));
    if (kind === BRANCH) return u32(address + 4 + word);
    if (kind < ABSOLUTE) return u32(address + 4 + kind - OPERAND + word);
    if (kind === BRANCH_26) return u32(address + 4 * signed(word, 26));
    if (kind === BRANCH_19) return u32(address + 4 * signed(word >>> 5, 19));
    if (kind >= ADRP) {
      const start = u32(page(address) + pagesOf(word));
      return kind === ADRP ? start : u32(start + low12Of(this.#wordFor(kind, offset + 4 * (kind - ADRP))));
    }
    const back = 4 * (kind - LOW_12);
    return u32(page(u32(address - back)) + pagesOf(this.#wordFor(kind, offset - back)) + low12Of(word));
  }

  #isBased(offset: number): boolean {
    return hasBases(regionIn(this.#image, offset)?.kind ?? 0);
  }

  /** Whether a FORTH there has 24 bits. */
  isShort(offset: number): boolean {
    return regionIn(this.#image, offset)?.kind === COMPACT;
  }

  #originOfNumber(offset: number): number {
    return regionIn(this.#image, offset)?.kind === BYTECODE ? SOURCES[0] : this.#origin(offset);
  }

  #origin(offset: number): number {
    return originIn(this.#image, offset, this.#file);
  }

  /** The field at `address` of the new file, if it refers to `to`. */
  field(offset: number, kind: number, address: number, to: number, table: number): bigint {
    const field = this.#field(offset, kind, address, to, table);
    if (this.wordsOf(offset, kind) === 0) return field;
    return this.#asWord(offset, kind, address, field);
  }

  /** The field there, if it is what the old one is. */
  before(offset: number, kind: number, address: number): bigint {
    const words = this.wordsOf(offset, kind);
    if (words === 0) return this.value(offset, kind);
    const word = this.#isArmWord(kind) ? BigInt(this.#instruction(offset)) : this.value(offset, kind);
    return this.#asWord(offset, kind, address, word);
  }

  #field(offset: number, kind: number, address: number, to: number, table: number): bigint {
    const word = this.#wordFor(kind, offset);
    const low = (value: number) => BigInt(u32(value));
    if (this.classes.has(offset, kind))
      return BigInt.asUintN(8 * this.size(offset, kind), BigInt(to - this.classes.origin(offset)));
    const row = this.#rows.at(offset);
    if (row !== undefined) return BigInt.asUintN(8 * row.size, BigInt(u32(to - row.origins[1])));
    const field = this.#assemblies.field(offset, kind);
    if (field !== undefined) return BigInt(field.value(u32(to - table), word));
    const objects = this.objectAt(offset, kind);
    if (objects !== null) return objects.field(offset, kind, u32(to - table), this.value(offset, kind));
    if (this.#dwarf.has(offset, kind)) return low(to - table);
    if (this.#halves.has(kind)) return BigInt(this.#halves.field(offset, kind, to));
    if (kind === VARIED)
      return this.#isBased(offset)
        ? this.#wasm.bytes(u32(to - table), this.#wasm.size(offset))
        : this.#wasm.field(offset, to);
    if (kind === FORTH && this.isShort(offset)) return low((word & 0xff000000) | ((to - table) & 0xffffff));
    if (kind === NUMBER) return numberOf(u32(to - table), this.size(offset, kind));
    if (this.#hasLoongArch && isOfLoongArch(kind))
      return BigInt(this.#loongArch.field(offset, kind, address, to));
    if (kind === BRANCH_24 && this.#isThumb(offset)) return BigInt(thumbField(word, address, to));
    if (isOther(kind)) return this.#other.rebuilt(offset, kind, address, to);
    if (kind === ABSOLUTE) return low(to + low32(this.#fresh.base));
    if (kind === POINTER)
      return BigInt.asUintN(64, BigInt(to) + baseAt(this.#fresh, this.place, this.#fresh.base));
    if (kind === IMAGE_RELATIVE) return BigInt(to);
    if (kind === CHAIN) {
      const chained = (BigInt(to) + this.#chained(this.#fresh, this.place)) & 0xfffffffffn;
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
    if (this.classes.has(offset, kind)) return u32(this.classes.origin(offset) + Number(made));
    const row = this.#rows.at(offset);
    if (row !== undefined) return u32(row.origins[1] + Number(made));
    const field = this.#assemblies.field(offset, kind);
    if (field !== undefined) return u32(table + field.distance(Number(made)));
    const objects = this.objectAt(offset, kind);
    if (objects !== null) return objects.target(table, kind, made);
    if (this.#dwarf.has(offset, kind)) return u32(table + Number(made));
    if (kind === VARIED)
      return this.#isBased(offset)
        ? u32(table + this.#wasm.number(made))
        : this.#wasm.target(1, offset, made);
    if (kind === FORTH && this.isShort(offset)) return u32(table + Number(made & 0xffffffn));
    if (kind === NUMBER) return u32(table + numberIn(made));
    const plain = this.#converted(offset, kind, address, made, true);
    const word = Number(plain & 0xffffffffn);
    if (this.#halves.has(kind)) return this.#halves.actual(offset, kind, word, expected);
    if (isHalf(kind)) return this.#other.halfOf(word, expected);
    if (this.#hasLoongArch && isOfLoongArch(kind))
      return this.#loongArch.actual(offset, kind, address, word, expected);
    if (kind === BRANCH_24 && this.#isThumb(offset)) return thumbTarget(address, word);
    if (isOther(kind)) return this.#other.solve(1, kind, address, plain);
    if (kind === ABSOLUTE) return u32(word - low32(this.#fresh.base));
    if (kind === POINTER) return u32(word - low32(baseAt(this.#fresh, this.place, this.#fresh.base)));
    if (kind === IMAGE_RELATIVE) return word;
    if (kind === CHAIN) return u32(word - low32(this.#chained(this.#fresh, this.place)));
    if (kind === TABLE || kind === TABLE_START || kind === OFFSET_PAIR) return u32(table + word);
    if (kind === BRANCH) return u32(address + 4 + word);
    if (kind < ABSOLUTE) return u32(address + 4 + kind - OPERAND + word);
    if (kind === BRANCH_26) return u32(address + 4 * signed(word, 26));
    if (kind === BRANCH_19) return u32(address + 4 * signed(word >>> 5, 19));
    if (kind >= ADRP) return u32(page(address) + pagesOf(word) + (expected & 4095));
    return u32(page(expected) + low12Of(word));
  }
}
