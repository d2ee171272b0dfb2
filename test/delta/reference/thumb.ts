/** References of Thumb code, for the plain decoder (mixing.ts): written from lib/delta/FORMAT.md. */

export const THUMB = 34;
export const BRANCH_24 = 54;
const [ABSOLUTE, OFFSET, FORTH] = [11, 46, 62];

const u32 = (value: number) => value >>> 0;
const bit = (number: number, place: number) => (number >>> place) & 1;

interface Code {
  offset: number;
  size: number;
  address: number;
  bases: readonly [number, number];
}

interface Notes {
  at(offset: number): number;
  note(offset: number, kind: number): void;
}

/** `base`: the lower half of the image's. */
export function scanThumb(
  old: Uint8Array,
  { offset, size, address, bases: [first, second] }: Code,
  { base, span }: { base: number; span: number },
  { at: noted, note }: Notes,
): void {
  const view = new DataView(old.buffer, old.byteOffset, old.length);
  const loaded = (into: number) => {
    if (into < 0 || into + 4 > size) return;
    const [field, word] = [offset + into, view.getUint32(offset + into, true)];
    if (base >= 4096) {
      const to = u32(word - base);
      if (to >= 4096 && to < span) note(field, ABSOLUTE);
    } else if (word < u32(second - first)) {
      if (word > 0) note(field, OFFSET);
    } else if ((word | 0) < -4096 || (word | 0) >= 4096) {
      if (u32(address + into + word) < span) note(field, FORTH);
    }
  };
  for (let at = address % 2; at + 4 <= size; ) {
    const one = view.getUint16(offset + at, true);
    const two = view.getUint16(offset + at + 2, true);
    const next = at + 4 - ((address + at) % 4);
    const isNoted = noted(offset + at) !== 0;
    const isLong = isNoted || one >= 0xe800;
    if (isNoted) {
      // It was loaded.
    } else if (one >> 11 === 9) loaded(next + 4 * (one % 256));
    else if (one === 0xf8df) loaded(next + (two % 4096));
    else if (one === 0xf85f) loaded(next - (two % 4096));
    else if (one >> 11 === 30 && isBranch(two)) {
      if (thumbTarget(u32(address + at), u32(one | (two << 16))) < span) note(offset + at, BRANCH_24);
    }
    at += isLong ? 4 : 2;
  }
}

function isBranch(second: number): boolean {
  if (bit(second, 15) === 0) return false;
  return bit(second, 12) === 1 || (bit(second, 14) === 1 && bit(second, 0) === 0);
}

function begin(address: number, word: number): number {
  return bit(word, 28) === 1 ? u32(address + 4) : u32((address + 4) & ~3);
}

export function thumbTarget(address: number, word: number): number {
  const sign = bit(word, 10);
  const high = [bit(word, 29) === sign ? 1 : 0, bit(word, 27) === sign ? 1 : 0];
  const low = ((word & 1023) << 12) | (((word >>> 16) & 2047) << 1);
  const distance = -sign * 2 ** 24 + (high[0] ?? 0) * 2 ** 23 + (high[1] ?? 0) * 2 ** 22 + low;
  return u32(begin(address, word) + distance);
}

export function thumbField(word: number, address: number, to: number): number {
  const distance = u32(to - begin(address, word));
  const sign = bit(distance, 24);
  const [high, low] = [23, 22].map((place) => (bit(distance, place) === sign ? 1 : 0)) as [number, number];
  const first = (word & 0xf800) | (sign << 10) | ((distance >>> 12) & 1023);
  const second = ((word >>> 16) & 0xd000) | (high << 13) | (low << 11) | ((distance >>> 1) & 2047);
  return u32(first | (second << 16));
}
