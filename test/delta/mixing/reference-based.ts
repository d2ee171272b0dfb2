/**
 * The regions with bases of their own that the plain decoder (mixing-reference.ts) knows: symbols, pairs of offsets, numbers of objects.
 * Written from FORMAT.md, for the tests.
 */
export interface Based {
  offset: number;
  size: number;
  kind: number;
  bases: readonly [number, number];
}

export const [SYMBOLS, SHORT_SYMBOLS, PAIRS, NUMBERS] = [26, 27, 28, 29];
/** Of references. */
export const NUMBER = 45;
const OFFSET = 46;

export const hasBases = (kind: number) => kind >= SYMBOLS;

const u32 = (value: number) => value >>> 0;

/** Notes what is said of the kind. */
export function scanBased(
  { offset, size, kind }: Based,
  word: (at: number) => number,
  note: (offset: number, kind: number) => void,
): void {
  if (kind === NUMBERS) {
    for (let quad = offset >> 2; 4 * quad < offset + size; quad++) note(4 * quad, NUMBER);
    return;
  }
  const record = kind === SYMBOLS ? 24 : kind === SHORT_SYMBOLS ? 16 : 4;
  for (let at = offset; at + record <= offset + size; at += record) {
    const fields = kind === PAIRS ? [at] : [at, at + 8];
    if (kind === SYMBOLS && word(at + 8) !== 0) fields.push(at + 16);
    for (const field of fields) {
      const least = kind === PAIRS ? 0 : kind === SHORT_SYMBOLS && field === at ? 2 : 1;
      if (word(field) >= least) note(field, OFFSET);
    }
  }
}

/** What a field at `place` is relative to. */
export function originOf(
  { offset, kind, bases }: Based,
  place: number,
  word: (at: number) => number,
): number {
  const into = place - offset;
  const [first, second] = bases;
  if (kind === NUMBERS) return first;
  if (kind === PAIRS) return into % 8 < 4 ? first : second;
  if (kind === SHORT_SYMBOLS) return into % 16 < 8 ? first : second;
  if (into % 24 < 8) return first;
  return into % 24 < 16 ? second : u32(second + word(place - 8));
}

/** Whether one begins at `place`, in the region. */
export function isNumber(bytes: Uint8Array, place: number, region: Based | undefined): boolean {
  if (region?.kind !== NUMBERS || place < region.offset || place >= region.offset + region.size) return false;
  return (bytes[place] ?? 0) < 128 && (place === region.offset || (bytes[place - 1] ?? 0) >= 128);
}

export function sizeOfNumber(bytes: Uint8Array, place: number): number {
  const end = bytes.subarray(place, place + 4).findIndex((byte) => byte >= 128);
  return end < 0 ? 5 : end + 1;
}

/** What is in its bytes, the first of which is the highest. */
export const numberIn = (value: bigint): number =>
  Number(
    [0n, 1n, 2n, 3n, 4n].reduce((sum, i) => sum | (((value >> (8n * i)) & 127n) << (7n * i)), 0n) &
      0xffffffffn,
  );

export function numberOf(number: number, size: number): bigint {
  let value = 128n;
  for (let i = 0n; i < BigInt(size); i++) value |= ((BigInt(u32(number)) >> (7n * i)) & 127n) << (8n * i);
  return value;
}
