/**
 * Code of arm64, whose instructions are words of 4 bytes with the lowest byte first. What an instruction does is in its highest bits, and
 * says what the others are, so it is modelled with the highest byte first; and calls to the same function are the same word then, wherever
 * they are: where calls and ADRP go is absolute in place of relative (as in the filters for executables of xz).
 */

/** BL, with the distance in words; ADRP, with the distance in pages, whose lowest 2 bits are apart from the other 19. */
const CALL = 0x25;
const DISTANCE = 0x3ffffff;
const PAGE_MASK = 0x9f000000;
const PAGE = 0x90000000;
const WORD = 4;

/** Of one region. */
export class WordsConversion {
  readonly #isBack: boolean;
  #address: number;

  /** `address`: where the region is loaded, relative to the image's base. */
  constructor(address: number, isBack: boolean) {
    this.#address = address;
    this.#isBack = isBack;
  }

  /** The next words, in place; what is left behind them is no whole word. Returns how many bytes they have. */
  convert(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // Words begin at multiples of 4, and a region anywhere.
    const first = -this.#address & (WORD - 1);
    let at = Math.min(first, bytes.length);
    let address = this.#address + at;
    for (; at + WORD <= bytes.length; at += WORD, address += WORD) {
      const word = view.getUint32(at, !this.#isBack);
      const by = this.#isBack ? -1 : 1;
      view.setUint32(at, moved(word, by * (address >>> 2), by * (address >>> 12)), this.#isBack);
    }
    this.#address = address;
    return at;
  }
}

/** The instruction, if it has a distance with that further by so many words or pages. */
function moved(word: number, words: number, pages: number): number {
  if (word >>> 26 === CALL) return (CALL << 26) | ((word + words) & DISTANCE);
  if ((word & PAGE_MASK) >>> 0 !== PAGE) return word;
  const page = (((word >>> 3) & 0x1ffffc) | ((word >>> 29) & 3)) + pages;
  return (word & (PAGE_MASK | 31)) | ((page & 3) << 29) | (((page >>> 2) & 0x7ffff) << 5);
}
