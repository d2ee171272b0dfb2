/** Classes of Java, from lib/delta/FORMAT.md: where they have numbers of constants, and what these are in the new file. For the tests. */
import { hash, u32 } from './arithmetic.ts';
import type { Files } from './files.ts';

export const CLASSES = 47;
const [IN_CONSTANTS, IN_CODE, SHORT, ELSEWHERE] = [47, 48, 49, 50];
const [FIRST, NEAR, FAR] = [0xc0000000, 32, 2 ** 22];

/** Of each tag: bytes, and where in them numbers are. */
const TAGS: Readonly<Record<number, readonly [number, ...number[]]>> = {
  ...{ 1: [3], 3: [5], 4: [5], 5: [9], 6: [9], 7: [3, 1], 8: [3, 1], 9: [5, 1, 3], 10: [5, 1, 3] },
  ...{ 11: [5, 1, 3], 12: [5, 1, 3], 15: [4, 2], 16: [3, 1], 17: [5, 3], 18: [5, 3], 19: [3, 1], 20: [3, 1] },
};
const isTwice = (tag: number) => tag === 5 || tag === 6;

type ByteAt = (place: number) => number;

interface Constant {
  place: number;
  /** 0 if it is not known. */
  content: number;
}

interface Class {
  start: number;
  constantsEnd: number;
  end: number;
  /** How many numbers precede those of this class. */
  before: number;
  constants: Constant[];
}

const half = (byteAt: ByteAt, place: number) => 256 * byteAt(place) + byteAt(place + 1);

/** What a constant says; 0 if one that it names is not known. */
function contentOf(byteAt: ByteAt, place: number, constants: readonly Constant[]): number {
  const tag = byteAt(place);
  const [size, ...numbers] = TAGS[tag] ?? [0];
  const length = tag === 1 ? half(byteAt, place + 1) : 0;
  let content = hash(0, tag);
  if (numbers.length === 0) {
    for (let at = 1; at < size + length; at++) content = hash(content, byteAt(place + at));
    return Math.max(1, content);
  }
  if (tag === 15) content = hash(content, byteAt(place + 1));
  if (tag === 17 || tag === 18) content = hash(content, half(byteAt, place + 1));
  for (const at of numbers) {
    const named = constants[half(byteAt, place + at)]?.content ?? 0;
    if (named === 0) return 0;
    content = hash(content, named);
  }
  return Math.max(1, content);
}

/** By ascending numbers, what is not known. */
function learnContents(byteAt: ByteAt, constants: readonly Constant[]): void {
  let last = 0;
  for (const constant of constants) {
    if (constant.content === 0 && constant.place !== 0 && constant.place !== last)
      constant.content = contentOf(byteAt, constant.place, constants);
    last = constant.place;
  }
}

class Malformed extends Error {}

/** What begins at `at` and ends before `end`. */
class Reader {
  readonly #byteAt: ByteAt;
  at: number;
  end: number;
  note: (place: number, kind: number) => void = () => undefined;

  constructor(byteAt: ByteAt, at: number, end: number) {
    this.#byteAt = byteAt;
    this.at = at;
    this.end = end;
  }

  /** So many bytes are skipped; where they began. */
  skip(bytes: number): number {
    if (this.end - this.at < bytes) throw new Malformed();
    this.at += bytes;
    return this.at - bytes;
  }

  byte(): number {
    return this.#byteAt(this.skip(1));
  }

  half(): number {
    return half(this.#byteAt, this.skip(2));
  }

  word(): number {
    return 65536 * this.half() + this.half();
  }

  /** A record with numbers at these places. */
  record(size: number, ...numbers: number[]): void {
    const start = this.skip(size);
    for (const at of numbers) this.note(start + at, ELSEWHERE);
  }

  repeat(count: number, read: () => void): void {
    for (let left = count; left > 0; left--) read();
  }
}

export class Classes {
  readonly #old: Uint8Array;
  readonly #byteAt: ByteAt;
  readonly #classes: Class[] = [];
  readonly #fields = new Map<number, number>();
  #total = 0;
  #malformed = 0;

  constructor(old: Uint8Array) {
    this.#old = old;
    this.#byteAt = (place) => old[place] ?? 0;
  }

  get exist(): boolean {
    return this.#classes.length > 0;
  }

  scan({ offset, size }: { offset: number; size: number }, leftAt: (place: number) => number): void {
    const end = offset + size;
    for (let at = offset; end - at >= 10; ) {
      if (!isMagic(this.#byteAt, at)) {
        at++;
        continue;
      }
      const found = this.#constants(at, end);
      if (found === null) {
        at += 10;
        continue;
      }
      const reader = new Reader(this.#byteAt, found.constantsEnd, end);
      const last = this.#malformed === 64 || !readsRest(() => this.#rest(reader, found)) ? 0 : reader.at;
      if (last === 0) {
        if (this.#malformed < 64) this.#malformed++;
        at = found.constantsEnd;
        continue;
      }
      if (leftAt(at) < last - at) this.#add({ ...found, end: last });
      at = last;
    }
  }

  #constants(start: number, end: number): Class | null {
    const reader = new Reader(this.#byteAt, start + 10, end);
    const count = half(this.#byteAt, start + 8);
    const constants: Constant[] = [{ place: 0, content: 0 }];
    while (constants.length < count) {
      const place = reader.at;
      const tag = this.#byteAt(place);
      const [size] = TAGS[tag] ?? [0];
      if (size === 0 || end - place < 3) return null;
      const whole = size + (tag === 1 ? half(this.#byteAt, place + 1) : 0);
      if (end - place < whole) return null;
      reader.skip(whole);
      constants.push({ place, content: 0 });
      if (isTwice(tag)) constants.push({ place, content: 0 });
    }
    constants.length = Math.max(1, count);
    return { start, constantsEnd: reader.at, end, before: this.#total, constants };
  }

  #add(found: Class): void {
    const { constants, constantsEnd, end } = found;
    const count = half(this.#byteAt, found.start + 8);
    if (this.#classes.length === 2 ** 16 || this.#total + count > 2 ** 22) return;
    for (let pass = 0; pass < 4; pass++) learnContents(this.#byteAt, constants);
    this.#classes.push(found);
    this.#total += count;
    let last = 0;
    for (const { place } of constants.slice(1)) {
      const [, ...numbers] = TAGS[this.#byteAt(place)] ?? [0];
      if (place !== last) for (const at of numbers) this.#fields.set(place + at, IN_CONSTANTS);
      last = place;
    }
    const reader = new Reader(this.#byteAt, constantsEnd, end);
    reader.note = (place, kind) => this.#fields.set(place, kind);
    this.#rest(reader, found);
  }

  #rest(reader: Reader, { constants }: Class): void {
    const attributes = (depth: number) =>
      reader.repeat(reader.half(), () => {
        const start = reader.skip(6);
        reader.note(start, ELSEWHERE);
        const [name, length] = [half(this.#byteAt, start), reader.at - 4];
        const bytes = 65536 * half(this.#byteAt, length) + half(this.#byteAt, length + 2);
        const content = reader.skip(bytes);
        const inner = new Reader(this.#byteAt, content, content + bytes);
        inner.note = reader.note;
        if (depth < 8) readsRest(() => this.#attribute(inner, this.#text(constants, name), depth, within));
      });
    const within = (inner: Reader, depth: number) => {
      const outer = { ...{ at: reader.at, end: reader.end } };
      reader.at = inner.at;
      reader.end = inner.end;
      try {
        attributes(depth);
      } finally {
        inner.at = reader.at;
        reader.at = outer.at;
        reader.end = outer.end;
      }
    };
    reader.record(6, 2, 4);
    reader.repeat(reader.half(), () => reader.record(2, 0));
    for (let table = 0; table < 2; table++) {
      reader.repeat(reader.half(), () => {
        reader.record(6, 2, 4);
        attributes(0);
      });
    }
    attributes(0);
  }

  #text(constants: readonly Constant[], number: number): string {
    const place = constants[number]?.place ?? 0;
    if (place === 0 || this.#byteAt(place) !== 1) return '';
    const length = half(this.#byteAt, place + 1);
    return String.fromCharCode(...this.#old.subarray(place + 3, place + 3 + Math.min(length, 99)));
  }

  #attribute(
    reader: Reader,
    name: string,
    depth: number,
    attributes: (reader: Reader, depth: number) => void,
  ): void {
    const list = (size: number, ...numbers: number[]) =>
      reader.repeat(reader.half(), () => reader.record(size, ...numbers));
    switch (name) {
      case 'Code': {
        reader.skip(4);
        const length = reader.word();
        const start = reader.skip(length);
        this.#code(start, start + length, reader.note);
        list(8, 6);
        attributes(reader, depth + 1);
        return;
      }
      case 'StackMapTable':
        reader.repeat(reader.half(), () => this.#frame(reader));
        return;
      case 'LocalVariableTable':
      case 'LocalVariableTypeTable':
        list(10, 4, 6);
        return;
      case 'Signature':
      case 'SourceFile':
      case 'ConstantValue':
      case 'NestHost':
        reader.record(2, 0);
        return;
      case 'Exceptions':
      case 'NestMembers':
      case 'PermittedSubclasses':
      case 'ModulePackages':
        list(2, 0);
        return;
      case 'InnerClasses':
        list(8, 0, 2, 4);
        return;
      case 'EnclosingMethod':
        reader.record(4, 0, 2);
        return;
      case 'MethodParameters':
        reader.repeat(reader.byte(), () => reader.record(4, 0));
        return;
      case 'BootstrapMethods':
        reader.repeat(reader.half(), () => {
          const start = reader.skip(4);
          reader.note(start, ELSEWHERE);
          reader.repeat(half(this.#byteAt, start + 2), () => reader.record(2, 0));
        });
        return;
      case 'RuntimeVisibleAnnotations':
      case 'RuntimeInvisibleAnnotations':
        reader.repeat(reader.half(), () => this.#annotation(reader, 0));
        return;
      case 'RuntimeVisibleParameterAnnotations':
      case 'RuntimeInvisibleParameterAnnotations':
        reader.repeat(reader.byte(), () => reader.repeat(reader.half(), () => this.#annotation(reader, 0)));
        return;
      case 'AnnotationDefault':
        this.#value(reader, 0);
        return;
      case 'Record':
        reader.repeat(reader.half(), () => {
          reader.record(4, 0, 2);
          attributes(reader, depth + 1);
        });
    }
  }

  #frame(reader: Reader): void {
    const types = (count: number) =>
      reader.repeat(count, () => {
        const type = this.#byteAt(reader.at);
        if (reader.end === reader.at) throw new Malformed();
        if (type === 7) reader.record(3, 1);
        else reader.skip(type === 8 ? 3 : 1);
      });
    const kind = reader.byte();
    if (kind < 64) return;
    if (kind < 128) {
      types(1);
      return;
    }
    if (kind < 247) throw new Malformed();
    reader.skip(2);
    if (kind === 247) types(1);
    else if (kind > 251 && kind < 255) types(kind - 251);
    else if (kind === 255) for (let i = 0; i < 2; i++) types(reader.half());
  }

  #annotation(reader: Reader, depth: number): void {
    const start = reader.skip(4);
    reader.note(start, ELSEWHERE);
    reader.repeat(half(this.#byteAt, start + 2), () => {
      reader.record(2, 0);
      this.#value(reader, depth);
    });
  }

  #value(reader: Reader, depth: number): void {
    if (depth === 8) throw new Malformed();
    const tag = String.fromCharCode(reader.byte());
    if (tag === '@') this.#annotation(reader, depth + 1);
    else if (tag === '[') reader.repeat(reader.half(), () => this.#value(reader, depth + 1));
    else if (tag === 'e') reader.record(4, 0, 2);
    else reader.record(2, 0);
  }

  #code(start: number, end: number, note: Reader['note']): void {
    const word = (place: number) => 65536 * half(this.#byteAt, place) + half(this.#byteAt, place + 2);
    for (let at = start; at < end; ) {
      const code = this.#byteAt(at);
      const left = end - at;
      let size = sizeOf(code);
      if (code === 196) size = left >= 2 && this.#byteAt(at + 1) === 132 ? 6 : 4;
      if (code === 170 || code === 171) {
        const padded = 4 - ((at - start) % 4);
        if (left < padded + 12) return;
        const entries =
          code === 171 ? word(at + padded + 4) : u32(word(at + padded + 8) - word(at + padded + 4) + 1);
        if (entries >= 65536) return;
        size = code === 171 ? padded + 8 + 8 * entries : padded + 12 + 4 * entries;
      }
      if (code === 18 && left >= 2) note(at + 1, SHORT);
      if (hasNumber(code) && left >= 3) note(at + 1, IN_CODE);
      if (size === 0 || size > left) return;
      at += size;
    }
  }

  fieldAt(offset: number): number {
    return this.#fields.get(offset) ?? 0;
  }

  has(offset: number, kind: number): boolean {
    return kind >= IN_CONSTANTS && kind <= ELSEWHERE && this.#fields.has(offset);
  }

  sizeAt(offset: number): number {
    return this.fieldAt(offset) === SHORT ? 1 : 2;
  }

  #classAt(offset: number): Class {
    let [low, high] = [0, this.#classes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Number(this.#classes[middle]?.start) <= offset) low = middle + 1;
      else high = middle;
    }
    const found = this.#classes[low - 1];
    if (found === undefined) throw new Error('no class');
    return found;
  }

  /** What number 0 refers to. */
  origin(offset: number): number {
    return u32(FIRST + this.#classAt(offset).before);
  }

  /** What is known of the class around a number in the old file. */
  about(offset: number) {
    const { constants, constantsEnd } = this.#classAt(offset);
    const around = constants.findLastIndex(({ place }, number) => number > 0 && place <= offset);
    return { constants, around, isInConstants: offset < constantsEnd };
  }
}

function isMagic(byteAt: ByteAt, at: number): boolean {
  return half(byteAt, at) === 0xcafe && half(byteAt, at + 2) === 0xbabe;
}

/** Whether it is all there. */
function readsRest(read: () => void): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return false;
  }
}

function hasNumber(code: number): boolean {
  return [19, 20, 189, 192, 193, 197].includes(code) || (code >= 178 && code <= 187);
}

/** Of instructions that have as many bytes always; 0 if it is none. */
function sizeOf(code: number): number {
  if (code > 201) return 0;
  if ([185, 186, 200, 201].includes(code)) return 5;
  if (code === 197) return 4;
  if (hasNumber(code) || [17, 132, 198, 199].includes(code) || (code >= 153 && code <= 168)) return 3;
  const isOfTwo = (code >= 21 && code <= 25) || (code >= 54 && code <= 58);
  return isOfTwo || [16, 18, 169, 188].includes(code) ? 2 : 1;
}

/** The class that the new file has at last, as far as it is made. */
export class NewConstants {
  readonly #byteAt: ByteAt;
  #constants: Constant[] = [];
  #count = 0;
  #place: number;
  /** Numbers by what they say. */
  readonly #numbers = new Map<number, number>();

  constructor(files: Files, start: number) {
    this.#byteAt = (place) => files.newByte(place);
    this.#place = start;
  }

  readOn(end: number): void {
    if (end - this.#place > FAR) {
      this.#place = end - FAR;
      this.#count = 0;
    }
    while (this.#constants.length < this.#count ? this.#constant(end) : this.#class(end));
  }

  #class(end: number): boolean {
    for (; end - this.#place >= 10; this.#place++) {
      if (!isMagic(this.#byteAt, this.#place)) continue;
      this.#count = half(this.#byteAt, this.#place + 8);
      this.#constants = [{ place: 0, content: 0 }];
      this.#numbers.clear();
      this.#place += 10;
      return true;
    }
    return false;
  }

  #constant(end: number): boolean {
    const place = this.#place;
    if (end - place < 3) return false;
    const tag = this.#byteAt(place);
    const [size] = TAGS[tag] ?? [0];
    if (size === 0) {
      this.#count = 0;
      return true;
    }
    const whole = size + (tag === 1 ? half(this.#byteAt, place + 1) : 0);
    if (end - place < whole) return false;
    const content = contentOf(this.#byteAt, place, this.#constants);
    this.#learn(this.#constants.length, content);
    this.#constants.push({ place, content });
    if (isTwice(tag)) this.#constants.push({ place, content: 0 });
    this.#place += whole;
    if (this.#constants.length < this.#count) return true;
    this.#constants.length = this.#count;
    for (let pass = 1; pass < 4; pass++) learnContents(this.#byteAt, this.#constants);
    for (const [number, constant] of this.#constants.entries()) this.#learn(number, constant.content);
    return true;
  }

  #learn(number: number, content: number): void {
    if (content !== 0 && number < (this.#numbers.get(content) ?? Number.POSITIVE_INFINITY))
      this.#numbers.set(content, number);
  }

  /** The number of what says that, 0 if there is none. */
  find(content: number): number {
    return this.#count === 0 || content === 0 ? 0 : (this.#numbers.get(content) ?? 0);
  }

  /** The number of what begins there, 0 if nothing does. */
  numberAt(place: number): number {
    if (this.#count === 0) return 0;
    return Math.max(
      0,
      this.#constants.findIndex((each, number) => number > 0 && each.place === place),
    );
  }

  /** The number of the first constant that is not all made, 0 if there is none. */
  get next(): number {
    return this.#constants.length < this.#count ? this.#constants.length : 0;
  }
}

/** Numbers near one that may be known, the nearest first, those before it first: how far they are from it. */
export function* nearby(number: number, count: number): Generator<number> {
  for (let apart = 1; apart <= NEAR; apart++) {
    if (apart < number) yield -apart;
    if (number + apart < count) yield apart;
  }
}
