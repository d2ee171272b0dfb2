/**
 * The regions with bases of their own that the plain decoder (mixing.ts) knows: symbols, pairs of offsets, numbers of instances.
 * Written from FORMAT.md, for the tests.
 */
export interface Based {
  offset: number;
  size: number;
  kind: number;
  bases: readonly [number, number];
}

const [SYMBOLS, SHORT_SYMBOLS, PAIRS, NUMBERS, REBASES] = [26, 27, 28, 29, 31];
export const [GO_TYPES, COMPACT, WIDE_UNWINDING] = [30, 32, 33];

/** Reads a file. */
export interface Reader {
  byte(at: number): number;
  word(at: number): number;
}
/** Of references. */
export const NUMBER = 45;
const [OFFSET, FORTH, VARIED] = [46, 62, 63];

export const hasBases = (kind: number) => kind >= SYMBOLS && kind < 48;

const u32 = (value: number) => value >>> 0;

/** Notes what is said of the kind. */
export function scanBased(
  { offset, size, kind }: Based,
  { byte, word }: Reader,
  note: (offset: number, kind: number) => void,
): void {
  if (kind === NUMBERS) {
    for (let quad = offset >> 2; 4 * quad < offset + size; quad++) note(4 * quad, NUMBER);
    return;
  }
  if (kind === REBASES) {
    scanRebases(offset, offset + size, byte, note);
    return;
  }
  if (kind === COMPACT) {
    scanCompact(offset, size, word, note);
    return;
  }
  if (kind !== SYMBOLS && kind !== SHORT_SYMBOLS && kind !== PAIRS) return;
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

type Note = (offset: number, kind: number) => void;

function scanRebases(start: number, end: number, byte: Reader['byte'], note: Note): void {
  for (let at = start; at < end; ) {
    const opcode = byte(at++) >> 4;
    if (opcode === 2) {
      let size = 1;
      while (size < 5 && byte(at + size - 1) >= 128) size++;
      if (size > 1 && at + size <= end) note(at, VARIED);
    }
    for (let left = [2, 3, 6, 7].includes(opcode) ? 1 : opcode === 8 ? 2 : 0; left > 0; left--) {
      while (at < end && byte(at) >= 128) at++;
      at++;
    }
  }
}

function scanCompact(start: number, size: number, word: Reader['word'], note: Note): void {
  if (size < 28) return;
  const [index, count] = [word(start + 20), word(start + 24)];
  if (count === 0 || index + 12 * count > size) return;
  let limit = 0;
  for (let i = 0; i < count; i++) {
    const entry = start + index + 12 * i;
    note(entry, OFFSET);
    const page = word(entry + 4);
    if (page === 0 || page < limit || page + 8 > size) continue;
    limit = page;
    if (word(start + page) !== 2) continue;
    const head = word(start + page + 4);
    limit = page + (head & 0xffff);
    for (let left = head >>> 16; left > 0 && limit + 8 <= size; left--, limit += 8) {
      note(start + limit, OFFSET);
      const form = (word(start + limit + 4) >>> 24) & 15;
      if (form === 3 || form === 4) note(start + limit + 4, FORTH);
    }
  }
  const end = Math.min(word(start + index + 12 * (count - 1) + 8), size);
  for (let at = word(start + index + 8); at + 4 <= end; at += 4) note(start + at, OFFSET);
}

/** What a field at `place` is relative to. */
export function originOf({ offset, kind, bases }: Based, place: number, { byte, word }: Reader): number {
  const into = place - offset;
  const [first, second] = bases;
  if (kind === REBASES && into > 0) return (byte(place - 1) & 1) === 0 ? first : second;
  if (kind >= NUMBERS) return first;
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
