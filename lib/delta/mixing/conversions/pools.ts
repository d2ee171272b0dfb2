/**
 * Words between functions of arm (32 bits) that are how far something is from an instruction: LDR loads them, and ADD or a second LDR adds what PC
 * is there. What does so is before them, so that it is known in both directions.
 */

const REGISTERS = 16;

export class Pools {
  /** By register, the address of the word that it was loaded from; by such a word's address, what PC is where it is added. */
  readonly #loaded = new Array<number>(REGISTERS).fill(0);
  readonly #origins = new Map<number, number>();

  /** What the word at an address is relative to, if it is one of these; it is the next word. */
  take(address: number): number | null {
    const origin = this.#origins.get(address);
    if (origin === undefined) return null;
    this.#origins.delete(address);
    return origin;
  }

  /** What the instruction at an address says of words that follow. */
  learn(address: number, word: number): void {
    if ((word & 0xffff0003) >>> 0 === 0xe59f0000) {
      this.#loaded[(word >>> 12) & 15] = address + 8 + (word & 0xfff);
      return;
    }
    const isSum = (word & 0xffff0ff0) >>> 0;
    if (isSum !== 0xe08f0000 && isSum !== 0xe79f0000) return;
    const from = this.#loaded[word & 15] ?? 0;
    if (from > address) this.#origins.set(from, address + 8);
    this.#loaded[word & 15] = 0;
  }
}
