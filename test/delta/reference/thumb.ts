/** References of Thumb code, for the plain decoder (mixing.ts): written from lib/delta/FORMAT.md. */

export const THUMB = 34;
export const BRANCH_24 = 54;
const [ABSOLUTE, IMAGE_RELATIVE, OFFSET, FORTH] = [11, 13, 46, 62];

const u32 = (value: number) => value >>> 0;
const bit = (number: number, place: number) => (number >>> place) & 1;

interface Code {
  offset: number;
  size: number;
  address: number;
  bases: readonly [number, number];
}

interface Notes {
  at(offset: number): number;
  note(offset: number, kind: number): void;
}

/** What is said of code in converted words as it is gone through: the words between functions. */
class ThumbWords {
  readonly #held = new Map<number, number>();
  /** By address of a word that is loaded, what PC is where it is added, null if it is not. */
  readonly #words = new Map<number, number | null>();

  /** Of the word at an address: undefined if it is none that is loaded. */
  at(address: number): number | null | undefined {
    return this.#words.get(u32(address));
  }

  /** The halves of an instruction, which is none of these words. */
  pass(address: number, one: number, two: number): void {
    const next = address + 4 - (address % 4);
    if (one >> 11 === 9) this.#load((one >> 8) % 8, next + 4 * (one % 256));
    else if (one === 0xf8df && two % 4 === 0) this.#load(two >> 12, next + (two % 4096));
    else if (one >> 8 === 0x44 && ((one >> 3) & 15) === 15) {
      const register = (one % 8) + 8 * bit(one, 7);
      const word = this.#held.get(register);
      this.#held.delete(register);
      if (word !== undefined && word > address) this.#words.set(word, u32(address + 4));
    }
  }

  #load(register: number, word: number): void {
    this.#held.set(register, u32(word));
    if (this.at(word) === undefined) this.#words.set(u32(word), null);
  }
}

const isLong = (one: number) => one >>> 11 > 28;
const swapped = (word: number) => u32((word << 16) | (word >>> 16));

function isCall(word: number): boolean {
  const two = word >>> 16;
  return ((word >>> 11) & 31) === 30 && two >> 14 === 3 && (bit(two, 12) === 1 || bit(two, 0) === 0);
}

/** Its address + 4 is 0. */
const ORIGIN = 0xfffffffc;
const moved = (word: number, from: number, to: number) =>
  isCall(word) ? thumbField(word, to, thumbTarget(from, word)) : word;

/** Four bytes of code, the first half lowest, as converted at an address, the first half highest; and back. */
export const toThumb = (word: number, address: number) => swapped(moved(word, u32(address), ORIGIN));
export const fromThumb = (word: number, address: number) => moved(swapped(word), ORIGIN, u32(address));

/** In place, code in converted words is so, or as it was. */
export function convertThumb(
  made: Uint8Array,
  { offset, size, address }: Omit<Code, 'bases'>,
  isBack: boolean,
): void {
  const view = new DataView(made.buffer, made.byteOffset, made.length);
  const words = new ThumbWords();
  for (let into = address % 2; into + 4 <= size; ) {
    const [at, here] = [offset + into, u32(address + into)];
    const added = words.at(here);
    if (added !== undefined) {
      const word = view.getUint32(at, !isBack);
      view.setUint32(at, u32(isBack ? word - (added ?? 0) : word + (added ?? 0)), isBack);
      into += 4;
      continue;
    }
    const one = view.getUint16(at, !isBack);
    words.pass(here, one, view.getUint16(at + 2, !isBack));
    into += isLong(one) ? 4 : 2;
    if (!isLong(one)) view.setUint16(at, one, isBack);
    else if (isBack) view.setUint32(at, fromThumb(view.getUint32(at), here), true);
    else view.setUint32(at, toThumb(view.getUint32(at, true), here));
  }
}

/** Code in converted words: `view` has it as it was, `modelled` as it is modelled. */
function scanWords(
  view: DataView,
  modelled: DataView,
  { offset, size, address }: Code,
  span: number,
  note: Notes['note'],
  noteLoaded: (into: number) => void,
): void {
  const words = new ThumbWords();
  for (let at = address % 2; at + 4 <= size; ) {
    const here = u32(address + at);
    const added = words.at(here);
    if (added === null) noteLoaded(at);
    else if (added !== undefined && modelled.getUint32(offset + at) < span) note(offset + at, IMAGE_RELATIVE);
    if (added !== undefined) {
      at += 4;
      continue;
    }
    const [one, two] = [view.getUint16(offset + at, true), view.getUint16(offset + at + 2, true)];
    words.pass(here, one, two);
    if (one >> 11 === 30 && isBranch(two) && thumbTarget(here, u32(one | (two << 16))) < span)
      note(offset + at, BRANCH_24);
    at += isLong(one) ? 4 : 2;
  }
}

/** `base`: the lower half of the image's. `modelled`: the file as it is modelled, if the code is in converted words. */
export function scanThumb(
  old: Uint8Array,
  region: Code,
  { base, span }: { base: number; span: number },
  { at: noted, note }: Notes,
  modelled: DataView | null,
): void {
  const { offset, size, address } = region;
  const [first, second] = region.bases;
  const view = new DataView(old.buffer, old.byteOffset, old.length);
  const loaded = (into: number) => {
    if (into < 0 || into + 4 > size) return;
    const [field, word] = [offset + into, view.getUint32(offset + into, true)];
    if (base >= 4096) {
      const to = u32(word - base);
      if (to >= 4096 && to < span) note(field, ABSOLUTE);
    } else if (word < u32(second - first)) {
      if (word > 0) note(field, OFFSET);
    } else if ((word | 0) < -4096 || (word | 0) >= 4096) {
      if (u32(address + into + word) < span) note(field, FORTH);
    }
  };
  if (modelled !== null) {
    scanWords(view, modelled, region, span, note, loaded);
    return;
  }
  for (let at = address % 2; at + 4 <= size; ) {
    const one = view.getUint16(offset + at, true);
    const two = view.getUint16(offset + at + 2, true);
    const next = at + 4 - ((address + at) % 4);
    const isNoted = noted(offset + at) !== 0;
    const isWhole = isNoted || isLong(one);
    if (isNoted) {
      // It was loaded.
    } else if (one >> 11 === 9) loaded(next + 4 * (one % 256));
    else if (one === 0xf8df) loaded(next + (two % 4096));
    else if (one === 0xf85f) loaded(next - (two % 4096));
    else if (one >> 11 === 30 && isBranch(two)) {
      if (thumbTarget(u32(address + at), u32(one | (two << 16))) < span) note(offset + at, BRANCH_24);
    }
    at += isWhole ? 4 : 2;
  }
}

function isBranch(second: number): boolean {
  if (bit(second, 15) === 0) return false;
  return bit(second, 12) === 1 || (bit(second, 14) === 1 && bit(second, 0) === 0);
}

function begin(address: number, word: number): number {
  return bit(word, 28) === 1 ? u32(address + 4) : u32((address + 4) & ~3);
}

export function thumbTarget(address: number, word: number): number {
  const sign = bit(word, 10);
  const high = [bit(word, 29) === sign ? 1 : 0, bit(word, 27) === sign ? 1 : 0];
  const low = ((word & 1023) << 12) | (((word >>> 16) & 2047) << 1);
  const distance = -sign * 2 ** 24 + (high[0] ?? 0) * 2 ** 23 + (high[1] ?? 0) * 2 ** 22 + low;
  return u32(begin(address, word) + distance);
}

export function thumbField(word: number, address: number, to: number): number {
  const distance = u32(to - begin(address, word));
  const sign = bit(distance, 24);
  const [high, low] = [23, 22].map((place) => (bit(distance, place) === sign ? 1 : 0)) as [number, number];
  const first = (word & 0xf800) | (sign << 10) | ((distance >>> 12) & 1023);
  const second = ((word >>> 16) & 0xd000) | (high << 13) | (low << 11) | ((distance >>> 1) & 2047);
  return u32(first | (second << 16));
}
