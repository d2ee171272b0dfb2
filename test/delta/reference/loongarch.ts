/** References of LoongArch code, for the plain decoder (mixing.ts): written from lib/delta/FORMAT.md. */

export const LOONG_ARCH = 35;
const [BRANCH, LOWER, UPPER, NEAR] = [16, 18, 31, 12];

const u32 = (value: number) => value >>> 0;
const signed = (value: number, bits: number) => (value << (32 - bits)) >> (32 - bits);
const bits = (word: number, low: number, count: number) => (word >>> low) & (2 ** count - 1);

const PAGES = 0x1a;
const FAR = 0x1e;
const upperOf = (word: number) => (word >>> 24) & 0xfe;
const isUpper = (word: number) => [PAGES, 0x1c, FAR].includes(upperOf(word));
const isJump = (word: number) => word >>> 26 === 0x4c >>> 2;
const isLower = (word: number) => bits(word, 22, 10) === 0x02c00000 >>> 22 || word >>> 26 === 0x28 >>> 2;
const widthOf = (upper: number) => (upperOf(upper) === FAR ? 18 : 12);
const partOf = (lower: number) => (isJump(lower) ? 4 * signed(lower >>> 10, 16) : signed(lower >>> 10, 12));
const branchOf = (word: number) => 4 * signed((bits(word, 0, 10) << 16) | bits(word, 10, 16), 26);

export const isOfLoongArch = (kind: number) => kind === BRANCH || (kind > LOWER && kind <= UPPER + NEAR);

export class LoongArch {
  readonly #word: (offset: number) => number;

  /** @param word of the old file */
  constructor(word: (offset: number) => number) {
    this.#word = word;
  }

  scan(
    { offset, size, address }: { offset: number; size: number; address: number },
    span: number,
    at: (offset: number) => number,
    note: (offset: number, kind: number) => void,
  ): void {
    for (let into = -address & 3; into + 4 <= size; into += 4) {
      const field = offset + into;
      const here = u32(address + into);
      const word = this.#word(field);
      if (bits(word, 27, 5) === 0x50 >>> 3) {
        if (this.target(field, BRANCH, here) < span) note(field, BRANCH);
      } else if (isUpper(word)) note(field, UPPER);
      else if (isJump(word) || isLower(word)) {
        const back = [...Array(NEAR).keys()]
          .map((i) => i + 1)
          .find((k) => 4 * k <= into && bits(this.#word(field - 4 * k), 0, 5) === bits(word, 5, 5));
        if (back === undefined) continue;
        const upper = this.#word(field - 4 * back);
        if (!isUpper(upper) || (widthOf(upper) === 18) !== isJump(word)) continue;
        if (this.target(field, LOWER + back, here) >= span) continue;
        note(field, LOWER + back);
        if (at(field - 4 * back) === UPPER) note(field - 4 * back, UPPER + back);
      }
    }
  }

  #begin(upper: number, offset: number, kind: number, address: number): { start: number; width: number } {
    const back = kind < UPPER ? 4 * (kind - LOWER) : 0;
    const word = back > 0 ? this.#word(offset - back) : upper;
    const own = u32(address - back);
    return { start: upperOf(word) === PAGES ? own - (own % 4096) : own, width: widthOf(word) };
  }

  target(offset: number, kind: number, address: number): number {
    const word = this.#word(offset);
    if (kind === BRANCH) return u32(address + branchOf(word));
    const { start, width } = this.#begin(word, offset, kind, address);
    const upper = kind < UPPER ? this.#word(offset - 4 * (kind - LOWER)) : word;
    const whole = u32(start + (bits(upper, 5, 20) << width));
    if (kind === UPPER) return whole;
    return u32(whole + partOf(kind < UPPER ? word : this.#word(offset + 4 * (kind - UPPER))));
  }

  field(offset: number, kind: number, address: number, to: number): number {
    const word = this.#word(offset);
    if (kind === BRANCH) {
      const words = u32(to - address) >>> 2;
      return u32((word & 0xfc000000) | (bits(words, 0, 16) << 10) | bits(words, 16, 10));
    }
    const { start, width } = this.#begin(word, offset, kind, address);
    const whole = u32(to - start);
    if (kind >= UPPER) {
      const part = u32(whole + 2 ** (width - 1)) >> width;
      return u32((word & 0xfe00001f) | (bits(part, 0, 20) << 5));
    }
    return isJump(word)
      ? u32((word & 0xfc0003ff) | (bits(whole, 2, 16) << 10))
      : u32((word & 0xffc003ff) | (bits(whole, 0, 12) << 10));
  }

  actual(offset: number, kind: number, address: number, made: number, expected: number): number {
    if (kind === BRANCH) return u32(address + branchOf(made));
    const { start, width } = this.#begin(made, offset, kind, address);
    const whole = u32(expected - start);
    if (kind >= UPPER) return u32(start + (bits(made, 5, 20) << width) + signed(whole, width));
    const rounded = u32(whole + 2 ** (width - 1));
    return u32(start + (rounded - (rounded % 2 ** width)) + partOf(made));
  }
}
