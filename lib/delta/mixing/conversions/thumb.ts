/**
 * Thumb code of arm: instructions of one or two halves of 2 bytes, of which the first tells how many. What it does is in the highest bits of
 * these, so each has its highest byte first; where BL and BLX go is absolute. So are the words that LDR loads from near and ADD adds to what PC
 * is, which are known before them, and so in both directions.
 */

import type { Region } from '../containers/image.ts';

/** Bytes of the longest instruction. */
const LONGEST = 4;
/** Words that LDR reaches ahead, and more; a power of 2. */
const PLACES = 2048;
const REGISTERS = 16;

/** Of one region. */
export class ThumbConversion {
  readonly #isBack: boolean;
  /** By register, the address of the word that it was loaded from, 0 if there is none. */
  readonly #loaded = new Uint32Array(REGISTERS);
  /** By place of a word, modulo PLACES: its address + 1 if it is loaded, and what PC is where it is added. */
  readonly #words = new Uint32Array(PLACES);
  readonly #origins = new Uint32Array(PLACES);

  #address: number;
  #isFirst = true;

  /** `address`: where the region is loaded, relative to the image's base. */
  constructor({ address }: Pick<Region, 'address'>, isBack: boolean) {
    this.#isBack = isBack;
    this.#address = address;
  }

  /** The next instructions, in place, while there are as many bytes as one may have. Returns how many are done. */
  convert(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = this.#isFirst ? Math.min(this.#address & 1, bytes.length) : 0;
    this.#isFirst = false;
    while (at + LONGEST <= bytes.length) at += this.#convertNext(view, at, (this.#address + at) >>> 0);
    this.#address += at;
    return at;
  }

  /** What is at `at` and at an address. Returns how many bytes are done. */
  #convertNext(view: DataView, at: number, address: number): number {
    const isBack = this.#isBack;
    const place = (address >>> 2) % PLACES;
    if (this.#words[place] === address + 1) {
      const origin = this.#origins[place] ?? 0;
      view.setUint32(at, view.getUint32(at, !isBack) + (isBack ? -origin : origin), isBack);
      return 4;
    }
    const first = view.getUint16(at, !isBack);
    let second = view.getUint16(at + 2, !isBack);
    this.#learn(address, first, second);
    if (first < 0xe800) {
      view.setUint16(at, first, isBack);
      return 2;
    }
    let made = first;
    if (first >>> 11 === 0x1e && ((second & 0xd000) === 0xd000 || (second & 0xd001) === 0xc000)) {
      const origin = (second & 0x1000) === 0 ? (address + 4) & ~3 : address + 4;
      const to = distanceOf(first, second) + (isBack ? -origin : origin);
      [made, second] = [
        (first & 0xf800) | ((to >>> 12) & 0x3ff) | ((to >>> 14) & 0x400),
        secondOf(second, to),
      ];
    }
    view.setUint16(at, made, isBack);
    view.setUint16(at + 2, second, isBack);
    return 4;
  }

  /** What the instruction at an address says of words that follow. */
  #learn(address: number, first: number, second: number): void {
    const next = ((address + 4) & ~3) >>> 0;
    if (first >>> 11 === 9) this.#load((first >>> 8) & 7, (next + ((first & 255) << 2)) >>> 0);
    else if (first === 0xf8df && (second & 3) === 0)
      this.#load(second >>> 12, (next + (second & 0xfff)) >>> 0);
    else if ((first & 0xff78) === 0x4478) {
      const register = (first & 7) | ((first >>> 4) & 8);
      const from = this.#loaded[register] ?? 0;
      if (from > address) this.#origins[(from >>> 2) % PLACES] = address + 4;
      this.#loaded[register] = 0;
    }
  }

  #load(register: number, address: number): void {
    const place = (address >>> 2) % PLACES;
    this.#loaded[register] = address;
    // What is loaded twice, and was added to before, is still a sum.
    if (this.#words[place] === address + 1) return;
    this.#words[place] = address + 1;
    this.#origins[place] = 0;
  }
}

/** Bits 22 and 23 are so in the second half that they are set in a short distance of either sign. */
function distanceOf(first: number, second: number): number {
  const sign = (first >>> 10) & 1;
  const flipped = (sign ^ 1) * 3;
  const high = (((second >>> 12) & 2) | ((second >>> 11) & 1)) ^ flipped;
  return (sign << 24) | (high << 22) | ((first & 0x3ff) << 12) | ((second & 0x7ff) << 1);
}

function secondOf(second: number, to: number): number {
  const high = ((to >>> 22) & 3) ^ ((((to >>> 24) & 1) ^ 1) * 3);
  return (second & 0xd000) | ((high & 2) << 12) | ((high & 1) << 11) | ((to >>> 1) & 0x7ff);
}
