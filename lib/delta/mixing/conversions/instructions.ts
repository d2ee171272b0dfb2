/**
 * Code of machines whose instructions have 2 bytes, 4 or 6, of which the first tells how many: RISC-V and s390x. What an instruction does is
 * in its first bytes already. Where calls go, and where data is that is found by how far it is, is absolute in place of relative.
 */
import { REGION_KINDS, type Region, type RegionKind } from '../containers/image.ts';

/** Bytes of the longest instruction of each. */
const LONGEST = { riscV: 4, s390: 6 };
/** Of two of RISC-V that belong together. */
const PAIR = 8;
const [LINKING_JAL, AUIPC] = [0xef, 0x17];
/** What takes the upper part that AUIPC makes: loads, ADDI, JALR; stores, which have their number in two parts. */
const TAKERS = [0x03, 0x07, 0x13, 0x67];
const STORES = [0x23, 0x27];

/** Whether code of that kind can be so. */
export function haveSizes(kind: RegionKind): boolean {
  return kind === REGION_KINDS.riscV || kind === REGION_KINDS.s390;
}

/** Of one region. */
export class InstructionsConversion {
  readonly #isBack: boolean;
  readonly #isRiscV: boolean;
  #address: number;
  #isFirst = true;

  /** `address`: where the region is loaded, relative to the image's base. */
  constructor({ kind, address }: Pick<Region, 'kind' | 'address'>, isBack: boolean) {
    this.#isBack = isBack;
    this.#isRiscV = kind === REGION_KINDS.riscV;
    this.#address = address;
  }

  /** The next instructions, in place, while there are as many bytes as one may have. Returns how many are done. */
  convert(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const longest = this.#isRiscV ? LONGEST.riscV : LONGEST.s390;
    let at = this.#isFirst ? Math.min(this.#address & 1, bytes.length) : 0;
    this.#isFirst = false;
    while (at + longest <= bytes.length) {
      const address = this.#address + at;
      const by = this.#isBack ? -address : address;
      const done = this.#isRiscV ? convertRiscV(view, at, by) : convertS390(view, at, by);
      if (done === 0) break;
      at += done;
    }
    this.#address += at;
    return at;
  }
}

/** Adds to the distance of the instruction at `at`, if it has one. Returns how many bytes are done with it; 0 if what follows has to be known. */
function convertRiscV(view: DataView, at: number, by: number): number {
  const word = view.getUint32(at, true);
  if ((word & 3) !== 3) return 2;
  if ((word & 0xfff) === LINKING_JAL) view.setUint32(at, movedJal(word, by), true);
  if ((word & 0x7f) !== AUIPC) return 4;
  if (at + PAIR > view.byteLength) return 0;
  const second = view.getUint32(at + 4, true);
  const opcode = second & 0x7f;
  const isStore = STORES.includes(opcode);
  const takes = (isStore || TAKERS.includes(opcode)) && ((second >>> 15) & 31) === ((word >>> 7) & 31);
  if (!takes) return 4;
  const low = isStore ? ((second >>> 20) & 0xfe0) | ((second >>> 7) & 31) : second >>> 20;
  const to = (word & 0xfffff000) + ((low << 20) >> 20) + by;
  view.setUint32(at, (word & 0xfff) | ((to + 0x800) & 0xfffff000), true);
  const lower = isStore ? ((to & 0xfe0) << 20) | ((to & 31) << 7) : to << 20;
  view.setUint32(at + 4, (second & (isStore ? 0x1fff07f : 0xfffff)) | lower, true);
  return 8;
}

function movedJal(word: number, by: number): number {
  const to =
    (((word >>> 11) & 0x100000) | (word & 0xff000) | ((word >>> 9) & 0x800) | ((word >>> 20) & 0x7fe)) + by;
  const parts = ((to & 0x100000) << 11) | ((to & 0x7fe) << 20) | ((to & 0x800) << 9) | (to & 0xff000);
  return (word & 0xfff) | parts;
}

/** LARL and BRASL, loads and stores, whose distances are in halfwords. */
function convertS390(view: DataView, at: number, by: number): number {
  const first = view.getUint8(at);
  if (first < 0x40) return 2;
  if (first < 0xc0) return 4;
  const operation = view.getUint8(at + 1) & 15;
  if (first === 0xc4 || (first === 0xc0 && (operation === 0 || operation === 5)))
    view.setUint32(at + 2, view.getUint32(at + 2) + Math.trunc(by / 2));
  return 6;
}
