/** Code in converted words, from lib/delta/FORMAT.md. */
import { u32 } from './arithmetic.ts';
import { isBased, MIPS_BASED, POWER_BASED, POWER_BIG } from './halves.ts';
import { ARM_WORDS, type Region } from './image.ts';
import { LOONG_ARCH } from './loongarch.ts';
import { ARM_32, MIPS } from './other-references.ts';
import { THUMB } from './thumb.ts';

/** Before the kind of code that is in converted words, but for that of arm64. */
export const IN_WORDS = 52;
export const haveWords = (kind: number) => [ARM_32, MIPS, LOONG_ARCH, THUMB].includes(kind) || isBased(kind);

const toBits = (...parts: string[]) => Number.parseInt(parts.join(''), 2);

/** The sum, in as many bits. */
function wrapped(bits: string, more: number): string {
  const sum = BigInt.asUintN(bits.length, BigInt(`0b${bits}`) + BigInt(more));
  return sum.toString(2).padStart(bits.length, '0');
}

/** By how many of its unit (4 or 4096 bytes) something moves. */
type By = (unit: number) => number;

/** By kind of region, what becomes of the bits of an instruction, or null if it has no distance that is made absolute. */
const MACHINES: Readonly<Record<number, (bits: string, by: By) => string | null>> = {
  [ARM_WORDS](bits, by) {
    if (bits.startsWith('100101')) return bits.slice(0, 6) + wrapped(bits.slice(6), by(4));
    if (!/^1..10000/.test(bits)) return null;
    const pages = wrapped(bits.slice(8, 27) + bits.slice(1, 3), by(4096));
    return ['1', pages.slice(19), '10000', pages.slice(0, 19), bits.slice(27)].join('');
  },
  [ARM_32]: (bits, by) =>
    bits.startsWith('11101011') ? bits.slice(0, 8) + wrapped(bits.slice(8), by(4)) : null,
  [POWER_BASED]: power,
  [POWER_BIG]: power,
  [MIPS]: () => null,
  [MIPS_BASED]: () => null,
  [LOONG_ARCH](bits, by) {
    if (bits.startsWith('010101')) {
      const words = wrapped(bits.slice(22) + bits.slice(6, 22), by(4));
      return bits.slice(0, 6) + words.slice(10) + words.slice(0, 10);
    }
    return bits.startsWith('0001101')
      ? bits.slice(0, 7) + wrapped(bits.slice(7, 27), by(4096)) + bits.slice(27)
      : null;
  },
};

function power(bits: string, by: By): string | null {
  return /^010010.*01$/.test(bits) ? `${bits.slice(0, 6) + wrapped(bits.slice(6, 30), by(4))}01` : null;
}

function moved(kind: number, instruction: number, by: By): number {
  const made = MACHINES[kind]?.(u32(instruction).toString(2).padStart(32, '0'), by) ?? null;
  return made === null ? u32(instruction) : toBits(made);
}

const unitsAt = (address: number) => (unit: number) => Math.floor(u32(address) / unit);

/** The word that an instruction becomes, in a region of that kind; and back. */
export const toWord = (kind: number, instruction: number, address: number) =>
  moved(kind, instruction, unitsAt(address));
export const fromWord = (kind: number, word: number, address: number) =>
  moved(kind, word, (unit) => -unitsAt(address)(unit));

/** Of arm (32 bits): the words between functions that code adds PC to, as it is gone through from its start. */
export class PoolWords {
  /** By register, how far into the region the word is that it has; by the word, what PC is where it is added, as far. */
  readonly #held = new Map<number, number>();
  readonly #added = new Map<number, number>();

  /** What the word there is relative to, as far into the region; undefined if it is none of these. */
  at(into: number): number | undefined {
    return this.#added.get(into);
  }

  /** An instruction that is none of these words. */
  pass(into: number, instruction: number): void {
    const digits = u32(instruction).toString(16).padStart(8, '0');
    const register = instruction & 15;
    if (digits.startsWith('e59f') && instruction % 4 === 0)
      this.#held.set(Number.parseInt(digits[4] ?? '', 16), into + 8 + Number.parseInt(digits.slice(5), 16));
    else if (/^e[07][89]f.00/.test(digits) && /^(e08|e79)/.test(digits)) {
      const word = this.#held.get(register);
      this.#held.delete(register);
      if (word !== undefined && word > into) this.#added.set(word, into + 8);
    }
  }
}

/** In place, the words of a region are converted, or back. */
export function convertWords(made: Uint8Array, region: Omit<Region, 'bases'>, isBack: boolean): void {
  const { offset, size, address, kind } = region;
  const view = new DataView(made.buffer, made.byteOffset, made.length);
  const [littleBefore, littleAfter] = kind === POWER_BIG ? [false, false] : [!isBack, isBack];
  const pools = kind === ARM_32 ? new PoolWords() : undefined;
  for (let into = (4 - (address % 4)) % 4; into + 4 <= size; into += 4) {
    const here = address + into;
    const word = view.getUint32(offset + into, littleBefore);
    const added = pools?.at(into);
    const to = added === undefined ? 0 : address + added;
    let became = u32(isBack ? word - to : word + to);
    if (added === undefined) {
      became = isBack ? fromWord(kind, word, here) : toWord(kind, word, here);
      pools?.pass(into, isBack ? became : word);
    }
    view.setUint32(offset + into, became, littleAfter);
  }
}
