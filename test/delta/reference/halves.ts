/** References in code of POWER and MIPS that finds data by a register, for the plain decoder (mixing.ts): written from lib/delta/FORMAT.md. */
import { NOWHERE, u32 } from './arithmetic.ts';

export const [WORDS_BIG, POWER_BASED, POWER_BIG, MIPS_BASED] = [36, 37, 38, 39];
const [LOWER, UPPER, BRANCH, SINGLE, NEAR] = [18, 31, 55, 61, 12];

interface Region {
  offset: number;
  size: number;
  address: number;
  kind: number;
  bases: readonly [number, number];
}

const signed = (value: number) => (value << 16) >> 16;
const bits = (word: number, low: number, count: number) => (word >>> low) & (2 ** count - 1);

export const isBased = (kind: number) => kind >= POWER_BASED && kind <= MIPS_BASED;
const lastOf = (regions: readonly Region[]) => regions.filter(({ kind }) => isBased(kind)).at(-1);
export const isBigEndian = (regions: readonly Region[]) =>
  regions.some(({ kind }) => kind === WORDS_BIG || kind === POWER_BIG);

type Made = 'forth' | 'back' | 'whole' | 'page' | 'nothing';

/** Of a machine what its instructions are. */
interface Machine {
  register: number;
  isLower(opcode: number): boolean;
  base(word: number): number;
  changed(word: number): number;
  /** The bits of the lower half. */
  mask(word: number): number;
}

const POWER: Machine = {
  register: 2,
  isLower: (opcode) => [14, 58, 62].includes(opcode) || (opcode >= 32 && opcode <= 55),
  base: (word) => bits(word, 16, 5),
  changed: (word) => bits(word, 21, 5),
  mask: (word) => ([58, 62].includes(word >>> 26) ? 0xfffc : 0xffff),
};
const MIPS: Machine = {
  register: 28,
  isLower: (opcode) => [9, 25].includes(opcode) || opcode >= 32,
  base: (word) => bits(word, 21, 5),
  changed: (word) => {
    const opcode = word >>> 26;
    if (opcode === 0) return bits(word, 11, 5);
    const takes = [24, 25, 55].includes(opcode) || (opcode >= 8 && opcode <= 15) || opcode >>> 3 === 4;
    return takes ? bits(word, 16, 5) : 0;
  },
  mask: () => 0xffff,
};

export class Halves {
  readonly #old: Uint8Array;
  readonly #machine: Machine | undefined;
  readonly #isBig: boolean;
  readonly #pointers: readonly [number, number];
  readonly #bases: readonly [number, number];
  readonly #offsetOf: (address: number) => number;

  constructor(
    old: Uint8Array,
    regions: readonly [readonly Region[], readonly Region[]],
    bases: readonly [bigint, bigint],
    offsetOf: (address: number) => number,
  ) {
    const [last, next] = [lastOf(regions[0]), lastOf(regions[1])];
    this.#old = old;
    if (last !== undefined) this.#machine = last.kind === MIPS_BASED ? MIPS : POWER;
    this.#isBig = isBigEndian(regions[0]);
    this.#pointers = [last?.bases[0] ?? 0, next?.bases[0] ?? 0];
    this.#bases = [Number(bases[0] & 0xffffffffn), Number(bases[1] & 0xffffffffn)];
    this.#offsetOf = offsetOf;
  }

  /** Whether references of the kind are of these. */
  has(kind: number): boolean {
    return this.#machine !== undefined && (kind === SINGLE || (kind > LOWER && kind <= UPPER + NEAR));
  }

  #word(offset: number): number {
    const bytes = [0, 1, 2, 3].map((i) => this.#old[offset + i] ?? 0);
    if (this.#isBig) bytes.reverse();
    return u32(bytes.reduce((sum, byte, i) => sum + byte * 2 ** (8 * i), 0));
  }

  #is(machine: Machine): boolean {
    return this.#machine === machine;
  }

  scan(
    { offset, size, address }: Region,
    span: number,
    at: (offset: number) => number,
    note: (offset: number, kind: number) => void,
  ): void {
    const machine = this.#machine ?? POWER;
    for (let into = -address & 3; into + 4 <= size; into += 4) {
      const field = offset + into;
      const word = this.#word(field);
      if (this.#is(POWER) && word >>> 26 === 18 && (word & 2) === 0) {
        if (u32(address + into + ((word << 6) >> 6) - (word & 1)) < span) note(field, BRANCH);
        continue;
      }
      const register = machine.base(word);
      if (!machine.isLower(word >>> 26) || register === 0) continue;
      const back = this.#upperBefore(field, into, register);
      if (back === undefined) {
        if (register === machine.register && this.target(field, SINGLE) < span) note(field, SINGLE);
        continue;
      }
      const to = this.target(field, LOWER + back);
      const first = field - 4 * back;
      if (to >= span || (to < 4096 && this.#makes(first) === 'whole')) continue;
      note(field, LOWER + back);
      if (at(first) === 0) note(first, UPPER + back);
    }
  }

  #isSum(word: number, register: number): boolean {
    const isAddition = word >>> 26 === 0 && [0x21, 0x2d].includes(word & 63);
    return (
      this.#is(MIPS) && isAddition && bits(word, 11, 5) === register && word >>> 16 === register * 32 + 25
    );
  }

  #upperBefore(field: number, into: number, register: number): number | undefined {
    for (let back = 1; back <= NEAR && 4 * back <= into; back++) {
      const word = this.#word(field - 4 * back);
      if (this.#machine?.changed(word) !== register || this.#isSum(word, register)) continue;
      return this.#makes(field - 4 * back) === 'nothing' ? undefined : back;
    }
    return undefined;
  }

  #makes(offset: number): Made {
    const word = this.#word(offset);
    const whole = this.#bases[0] >= 2 ** 16 ? 'whole' : 'nothing';
    if (this.#is(POWER)) {
      const from = word >>> 26 === 15 ? POWER.base(word) : -1;
      if (from === 2) return 'forth';
      if (from === 12 && POWER.changed(word) === 2) return 'back';
      return from === 0 ? whole : 'nothing';
    }
    const register = MIPS.changed(word);
    if (word >>> 21 === 15 * 32)
      return register === 28 || this.#isSum(this.#word(offset + 4), register) ? 'back' : whole;
    const loads = [35, 55].includes(word >>> 26) && MIPS.base(word) === 28;
    const entry = loads ? this.#entry(word) : undefined;
    return entry !== undefined && entry !== 0xffffffff && entry % 2 ** 16 === 0 ? 'page' : 'nothing';
  }

  /** What is at the place of the old file that is loaded. */
  #entry(word: number): number | undefined {
    const offset = this.#offsetOf(u32(this.#pointers[0] + signed(word)));
    return offset === NOWHERE || offset + 4 > this.#old.length ? undefined : this.#word(offset);
  }

  #lower(word: number): number {
    return signed(word & (this.#machine ?? MIPS).mask(word));
  }

  #upperPlace(offset: number, kind: number): number {
    return kind < UPPER ? offset - 4 * (kind - LOWER) : offset;
  }

  #refersTo(file: 0 | 1, made: Made, sum: number): number {
    if (made === 'forth') return u32(this.#pointers[file] + sum);
    if (made === 'back') return u32(this.#pointers[file] - sum);
    return u32(sum - this.#bases[file]);
  }

  #sum(made: Made, to: number): number {
    if (made === 'forth') return u32(to - this.#pointers[1]);
    if (made === 'back') return u32(this.#pointers[1] - to);
    return u32(to + this.#bases[1]);
  }

  target(offset: number, kind: number): number {
    const word = this.#word(offset);
    if (kind === SINGLE) return u32(this.#pointers[0] + this.#lower(word));
    const place = this.#upperPlace(offset, kind);
    const lower = this.#lower(kind < UPPER ? word : this.#word(offset + 4 * (kind - UPPER)));
    const made = this.#makes(place);
    const upper = this.#word(place);
    if (made === 'page') return u32((this.#entry(upper) ?? 0) + lower - this.#bases[0]);
    return this.#refersTo(0, made, (upper << 16) + lower);
  }

  field(offset: number, kind: number, to: number): number {
    const word = this.#word(offset);
    const made = kind === SINGLE ? 'forth' : this.#makes(this.#upperPlace(offset, kind));
    const sum = this.#sum(made, to);
    if (kind >= UPPER && kind !== SINGLE) return u32((word & 0xffff0000) | (u32(sum + 0x8000) >>> 16));
    const mask = (this.#machine ?? MIPS).mask(word);
    return u32((word & ~mask) | (sum & mask));
  }

  actual(offset: number, kind: number, word: number, expected: number): number {
    if (kind === SINGLE) return u32(this.#pointers[1] + this.#lower(word));
    const made = this.#makes(this.#upperPlace(offset, kind));
    const sum = this.#sum(made, expected);
    if (kind >= UPPER) return this.#refersTo(1, made, (word << 16) + signed(sum));
    return this.#refersTo(1, made, ((sum + 0x8000) & 0xffff0000) + this.#lower(word));
  }
}
