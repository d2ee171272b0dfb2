/** Code of RISC-V and s390x with what is relative made absolute, from lib/delta/FORMAT.md. */
import type { Region } from './image.ts';
import { RISC_V, S390 } from './other-references.ts';

export const haveSizes = (kind: number) => kind === RISC_V || kind === S390;

const bits = (value: bigint, low: number, count: number) =>
  (value >> BigInt(low)) & ((1n << BigInt(count)) - 1n);
/** Where the bits of a number are in an instruction (the lowest first): its parts, each by its place there and its size. */
type Parts = readonly (readonly [at: number, size: number])[];

const JAL: Parts = [
  [21, 10],
  [20, 1],
  [12, 8],
  [31, 1],
];
const [LOADED, STORED]: readonly [Parts, Parts] = [
  [[52, 12]],
  [
    [39, 5],
    [57, 7],
  ],
];

function numberIn(value: bigint, parts: Parts): bigint {
  return parts.reduceRight((sum, [at, size]) => (sum << BigInt(size)) | bits(value, at, size), 0n);
}

function withNumber(value: bigint, parts: Parts, number: bigint): bigint {
  let [made, rest] = [value, number];
  for (const [at, size] of parts) {
    made ^= (bits(made, at, size) ^ bits(rest, 0, size)) << BigInt(at);
    rest >>= BigInt(size);
  }
  return made;
}

const isCall = (word: bigint) => bits(word, 0, 12) === 0xefn;
const isAuipc = (word: bigint) => bits(word, 0, 7) === 0x17n;
const isStore = (pair: bigint) => [0x23n, 0x27n].includes(bits(pair, 32, 7));

/** AUIPC and what takes what it makes. */
export function isPair(pair: bigint): boolean {
  const takes = isStore(pair) || [0x03n, 0x07n, 0x13n, 0x67n].includes(bits(pair, 32, 7));
  return isAuipc(pair) && takes && bits(pair, 7, 5) === bits(pair, 47, 5);
}

/** Of 8 bytes of RISC-V, the lowest first, that begin with an instruction: farther by so many bytes. */
export function movedRiscV(code: bigint, by: number): bigint {
  if (isCall(code)) return withNumber(code, JAL, numberIn(code, JAL) + BigInt(Math.floor(by / 2)));
  if (!isPair(code)) return code;
  const parts = isStore(code) ? STORED : LOADED;
  const to = (bits(code, 12, 20) << 12n) + BigInt.asIntN(12, numberIn(code, parts)) + BigInt(by);
  const lower = withNumber(code, parts, BigInt.asUintN(12, to));
  return withNumber(lower, [[12, 20]], BigInt.asUintN(32, to + 0x800n) >> 12n);
}

/** Whether the number of an instruction of s390x with these first bytes becomes absolute. */
export const isAbsolute = (first: number, second: number) =>
  first === 0xc4 || (first === 0xc0 && [0, 5].includes(second & 15));

/** Bytes of an instruction that begins with that one. */
export function sizeOf(kind: number, first: number): number {
  if (kind === RISC_V) return (first & 3) === 3 ? 4 : 2;
  if (first >>> 6 === 3) return 6;
  return first >>> 6 === 0 ? 2 : 4;
}

/** In place, the instructions of a region are converted, or back. */
export function convertInstructions(
  made: Uint8Array,
  { offset, size, address, kind }: Omit<Region, 'bases'>,
  isBack: boolean,
): void {
  const view = new DataView(made.buffer, made.byteOffset, made.length);
  for (let into = address % 2; into + (kind === RISC_V ? 4 : 6) <= size; ) {
    const [at, here] = [offset + into, address + into];
    const [first = 0, second = 0] = made.subarray(at, at + 2);
    into += sizeOf(kind, first);
    if (kind === RISC_V) {
      if (sizeOf(kind, first) === 2) continue;
      const isWide = offset + size - at >= 8;
      const code = isWide ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
      const became = movedRiscV(code, isBack ? -here : here);
      if (isWide) view.setBigUint64(at, became, true);
      else view.setUint32(at, Number(became), true);
      if (isPair(code)) into += 4;
    } else if (isAbsolute(first, second)) {
      const halfwords = Math.floor(here / 2);
      view.setUint32(at + 2, view.getUint32(at + 2) + (isBack ? -halfwords : halfwords));
    }
  }
}
