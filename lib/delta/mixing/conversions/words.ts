/**
 * Code of machines whose instructions are words of 4 bytes. What an instruction does is in its highest bits, and says what the others are, so it
 * is modelled with the highest byte first; and calls to the same function are the same word then, wherever they are: where calls and what takes
 * the address of a page go is absolute in place of relative (as in the filters for executables of xz).
 */
import { REGION_KINDS, type Region, type RegionKind } from '../containers/image.ts';
import { Pools } from './pools.ts';

const WORD = 4;

/** The instruction, if it has a distance with that further by so many words or pages. */
type Move = (word: number, words: number, pages: number) => number;

const { arm32, powerBased, powerBig, mips, mipsBased, loongArch, armWords } = REGION_KINDS;
const MOVES: Partial<Record<RegionKind, Move>> = {
  [armWords]: movedArm64,
  [arm32]: movedArm,
  [powerBased]: movedPower,
  [powerBig]: movedPower,
  // Jumps are absolute already.
  [mips]: (word) => word,
  [mipsBased]: (word) => word,
  [loongArch]: movedLoongArch,
};

/** Whether code of that kind can be in such words, which are told with the kind. */
export function haveWords(kind: RegionKind): boolean {
  return kind !== armWords && MOVES[kind] !== undefined;
}

/** Of one region. */
export class WordsConversion {
  readonly #isBack: boolean;
  /** What is not in converted words has its highest byte first already. */
  readonly #isBig: boolean;
  readonly #move: Move;
  readonly #pools: Pools | null;
  #address: number;

  /** `address`: where the region is loaded, relative to the image's base. */
  constructor({ kind, address }: Pick<Region, 'kind' | 'address'>, isBack: boolean) {
    this.#isBack = isBack;
    this.#isBig = kind === powerBig;
    this.#move = MOVES[kind] ?? ((word) => word);
    this.#pools = kind === arm32 ? new Pools() : null;
    this.#address = address;
  }

  /** The next words, in place; what is left behind them is no whole word. Returns how many bytes they have. */
  convert(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // Words begin at multiples of 4, and a region anywhere.
    const first = -this.#address & (WORD - 1);
    let at = Math.min(first, bytes.length);
    let address = this.#address + at;
    const [isBack, isBig, move, pools] = [this.#isBack, this.#isBig, this.#move, this.#pools];
    const by = isBack ? -1 : 1;
    for (; at + WORD <= bytes.length; at += WORD, address += WORD) {
      const word = view.getUint32(at, !isBack && !isBig);
      let made: number;
      const origin = pools === null ? null : pools.take(address);
      if (origin !== null) {
        made = word + by * origin;
      } else {
        made = move(word, by * (address >>> 2), by * (address >>> 12));
        // What these look at is never changed.
        pools?.learn(address, word);
      }
      view.setUint32(at, made, isBack && !isBig);
    }
    this.#address = address;
    return at;
  }
}

/** BL, with the distance in words; ADRP, with the distance in pages, whose lowest 2 bits are apart from the other 19. */
function movedArm64(word: number, words: number, pages: number): number {
  if (word >>> 26 === 0x25) return 0x94000000 | ((word + words) & 0x3ffffff);
  if ((word & 0x9f000000) >>> 0 !== 0x90000000) return word;
  const page = (((word >>> 3) & 0x1ffffc) | ((word >>> 29) & 3)) + pages;
  return (word & 0x9f00001f) | ((page & 3) << 29) | (((page >>> 2) & 0x7ffff) << 5);
}

/** BL that is always carried out. */
function movedArm(word: number, words: number): number {
  return word >>> 24 === 0xeb ? 0xeb000000 | ((word + words) & 0xffffff) : word;
}

/** BL. */
function movedPower(word: number, words: number): number {
  if ((word & 0xfc000003) !== 0x48000001) return word;
  return 0x48000001 | ((word + (words << 2)) & 0x3fffffc);
}

/** BL, whose distance in words has its upper 10 bits lowest; PCALAU12I, with the distance in pages. */
function movedLoongArch(word: number, words: number, pages: number): number {
  if (word >>> 26 === 0x15) {
    const to = (((word & 0x3ff) << 16) | ((word >>> 10) & 0xffff)) + words;
    return 0x54000000 | ((to & 0xffff) << 10) | ((to >>> 16) & 0x3ff);
  }
  if (word >>> 25 !== 0x0d) return word;
  return (word & 0xfe00001f) | ((((word >>> 5) + pages) & 0xfffff) << 5);
}
