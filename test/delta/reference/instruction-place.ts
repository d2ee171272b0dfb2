/** Which instruction of the new file a place is in, as the second model knows it: from lib/delta/FORMAT.md. */
import { hash, u32 } from './arithmetic.ts';
import type { Files } from './files.ts';
import { isBased, POWER_BASED, POWER_BIG } from './halves.ts';
import { ARM, ARM_WORDS, X86 } from './image.ts';
import { LOONG_ARCH } from './loongarch.ts';
import { haveSizes, sizeOf } from './machine-instructions.ts';
import { ARM_32, MIPS, POWER, RISC_V, X86_32 } from './other-references.ts';
import { THUMB } from './thumb.ts';
import { instruction } from './x86.ts';

/** Bytes of an instruction that are looked at. */
const WINDOW = 16;
/** How far behind the place it may have been found to begin, and where it is looked for if it is farther. */
const [FARTHEST, BACK] = [48, 32];

const ofFourBytes = (kind: number) => [ARM, ARM_32, POWER, MIPS].includes(kind) || isBased(kind);

/** What a word does, whose lowest byte here is the highest of the instruction. */
function operation(kind: number, word: number): number {
  const highest = (word & 255) >>> 2;
  if (kind === ARM_WORDS) return word & 0xe0ff;
  if (kind === ARM_32) return word & 0xf0ff;
  if (kind === LOONG_ARCH) return word & 0xc0ff;
  if (kind === POWER_BASED || kind === POWER_BIG)
    return u32(word & ([19, 31, 59, 63].includes(highest) ? 0xfe0700fc : 0xfc));
  return u32(word & (highest === 0 ? 0x3f0000fc : 0xfc));
}

export class InstructionPlace {
  readonly #files: Files;
  #begin = 0;
  /** What tells of the instruction before, and of the two before that. */
  #before = 0;
  #second = 0;
  #third = 0;
  /** What tells of the last two instructions. */
  #words: [number, number] = [0, 0];

  constructor(files: Files) {
    this.#files = files;
  }

  /** Two contexts: the instruction as far as it is made, and with it the one before. */
  contexts(at: number, kind: number): number[] {
    if (kind === X86 || kind === X86_32) this.#findX86(at, kind);
    else this.#findFixed(at, ofFourBytes(kind) ? at - (at % 4) : Math.max(0, at - 2));
    const inside = this.#inside(at);
    return [hash(inside, 0x1100), hash(hash(inside, this.#before), 0x1200)];
  }

  /** Five of a place in converted words, at that address, in the order of a field. */
  wordContexts(at: number, kind: number, address: number): [number, number, number, number, number] {
    if (haveSizes(kind) || kind === THUMB) this.#findOfSizes(at, kind, address);
    else this.#findWords(at, kind, address);
    const [last, before] = this.#words;
    const inside = this.#inside(at);
    return [
      hash(hash(inside, last), 0x2a00),
      hash(inside, 0x1100),
      hash(hash(inside, this.#before), 0x1200),
      hash(hash(inside, hash(this.#before, this.#second)), 0x2300),
      hash(hash(inside, before), 0x2900),
    ];
  }

  #findWords(at: number, kind: number, address: number): void {
    this.#begin = at - (address % 4);
    const [last, before, first] = [4, 8, 12].map((back) => this.#files.newWord(this.#begin - back)) as [
      number,
      number,
      number,
    ];
    this.#words = [last, before];
    [this.#before, this.#second, this.#third] = [last, before, first].map((word) =>
      operation(kind, word),
    ) as [number, number, number];
  }

  #findOfSizes(at: number, kind: number, address: number): void {
    if (this.#begin > at || at - this.#begin > FARTHEST) {
      this.#begin = Math.max(0, at - BACK);
      if (this.#begin < at && (address - at + this.#begin) % 2 !== 0) this.#begin++;
    }
    while (this.#begin < at) {
      const first = this.#files.newByte(this.#begin);
      const size = kind === THUMB ? (first < 0xe8 ? 2 : 4) : sizeOf(kind, first);
      if (this.#begin + size > at) return;
      const bytes = Array.from({ length: 6 }, (_, i) =>
        i < size ? this.#files.newByte(this.#begin + i) : 0,
      );
      const [, second = 0, , , fifth = 0, last = 0] = bytes;
      const word = u32(bytes.slice(0, 4).reduceRight((sum, byte) => sum * 256 + byte, 0));
      this.#words = [size === 6 ? hash(word, fifth | (last << 8)) : word, this.#words[0]];
      this.#third = this.#second;
      this.#second = this.#before;
      if (kind === THUMB) this.#before = word & (size === 2 ? 0xff : 0xf0ff);
      else if (kind === RISC_V) this.#before = word & (size === 2 ? 0xe003 : 0x707f);
      else if (size === 6 && first >= 0xe0) this.#before = first + 256 * last;
      else this.#before = first + (size === 6 || first === 0xa5 || first === 0xa7 ? 256 * (second & 15) : 0);
      this.#begin += size;
    }
  }

  /** One more of the fourth model, at the place of the last ones. */
  thirdWordContext(at: number): number {
    const two = hash(this.#before, this.#second);
    return hash(hash(this.#inside(at), hash(two, this.#third)), 0x2500);
  }

  /** Three more of the fourth model, at the place of the last two. */
  moreContexts(at: number): number[] {
    const inside = this.#inside(at);
    const two = hash(this.#before, this.#second);
    return [
      hash(hash(inside, two), 0x2300),
      hash(hash(this.into(at), this.#before), 0x2400),
      hash(hash(inside, hash(two, this.#third)), 0x2500),
    ];
  }

  /** How many bytes of the instruction precede the place. */
  into(at: number): number {
    return at - this.#begin;
  }

  #findFixed(at: number, begin: number): void {
    this.#begin = Math.min(begin, at);
    this.#before = this.#files.newByte(begin - 1);
    this.#second = this.#files.newWord(begin - 4);
    this.#third = this.#files.newWord(begin - 8);
  }

  #findX86(at: number, kind: number): void {
    if (this.#begin > at || at - this.#begin > FARTHEST) this.#begin = Math.max(0, at - BACK);
    while (this.#begin < at) {
      const known = Math.min(WINDOW, at - this.#begin);
      const bytes = new Uint8Array(WINDOW);
      for (let i = 0; i < known; i++) bytes[i] = this.#files.newByte(this.#begin + i);
      const length = instruction(bytes, 0, kind === X86_32)?.length ?? 1;
      if (this.#begin + length > at) return;
      const [first = 0, second = 0, third = 0] = bytes;
      this.#third = this.#second;
      this.#second = this.#before;
      const hasRex = kind === X86 && first >> 4 === 4;
      this.#before = hasRex ? second | (third << 8) : first | (second << 8);
      this.#begin += length;
    }
  }

  #inside(at: number): number {
    const size = at - this.#begin;
    if (size === 0) return 0;
    const known = Math.min(8, size);
    const bytes = this.#files.newLong(at - known) & ((1n << BigInt(8 * known)) - 1n);
    return hash(hash(Number(bytes & 0xffffffffn), Number(bytes >> 32n)), size);
  }
}
