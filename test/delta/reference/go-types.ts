/** Types of Go, for the plain decoder (mixing.ts). Written from FORMAT.md, for the tests. */

interface Types {
  offset: number;
  size: number;
  address: number;
  bases: readonly [number, number];
}

const [ABSOLUTE, POINTER, OFFSET, CODE, BIG_POINTER] = [11, 12, 46, 47, 59];
const u32 = (value: number) => value >>> 0;
const isPower = (value: number) => [1, 2, 4, 8].includes(value);

/** `pointer`: bytes of one. */
export function scanGoTypes(
  old: Uint8Array,
  region: Types,
  { pointer, big, base, span }: { pointer: number; big: boolean; base: bigint; span: number },
  note: (offset: number, kind: number) => void,
): void {
  if (pointer !== 4 && pointer !== 8) return;
  const { offset: begin, size, address } = region;
  const end = begin + size;
  const view = new DataView(old.buffer, old.byteOffset, old.length);
  const word = (at: number) => view.getUint32(at, !big);
  const long = (at: number) => (pointer === 4 ? BigInt(word(at)) : view.getBigUint64(at, !big));
  const first = begin + (-address & (pointer - 1));
  const isOffset = (value: number) => u32(region.bases[0] + value - address) < size;
  const noteOffset = (at: number) => {
    if (word(at) !== 0 && isOffset(word(at))) note(at, OFFSET);
  };
  for (let at = first; at + pointer <= end; at += pointer) {
    const to = BigInt.asUintN(8 * pointer, long(at) - base);
    if (to < 4096n || to >= BigInt(span)) continue;
    if (pointer === 8) note(at, big ? BIG_POINTER : POINTER);
    else if (!big) note(at, ABSOLUTE);
  }
  let left = Math.floor(size / 4);
  const mayLook = (count: bigint) => {
    if (count > BigInt(Math.min(4096, left))) return false;
    left -= Number(count);
    return true;
  };
  for (let at = first; at + 4 * pointer + 16 <= end; at += pointer) {
    const about = at + 2 * pointer + 4;
    const [flags = 0, align = 0, fieldAlign = 0, kinds = 0] = old.subarray(about, about + 4);
    const kind = kinds & 31;
    if (long(at + pointer) > long(at) || long(at) >= 2n ** 31n || kind === 0 || kind > 26) continue;
    if (!isPower(align) || !isPower(fieldAlign)) continue;
    const names = about + 4 + 2 * pointer;
    if (word(names) === 0 || !isOffset(word(names)) || (word(names + 4) !== 0 && !isOffset(word(names + 4))))
      continue;
    note(names, OFFSET);
    noteOffset(names + 4);
    const more = names + 8;
    if (kind === 20 && more + 3 * pointer <= end) {
      const list = u32(Number((long(more + pointer) - base) & 0xffffffffn) - address);
      const count = long(more + 2 * pointer);
      if (mayLook(count) && list <= size && BigInt(size - list) >= 8n * count)
        for (let i = 0; i < 2 * Number(count); i++) noteOffset(begin + list + 4 * i);
    }
    if (kind === 21 || (flags & 1) === 0) continue;
    const words: Readonly<Record<number, number>> = { 17: 3, 18: 2, 19: 1, 22: 1, 23: 1, 20: 4, 25: 4 };
    const methods = more + (words[kind] ?? 0) * pointer;
    if (methods + 12 > end) continue;
    const count = view.getUint16(methods + 4, !big);
    const start = methods + word(methods + 8);
    if (!mayLook(BigInt(count)) || start + 16 * count > end) continue;
    noteOffset(methods);
    for (let method = start; method < start + 16 * count; method += 16) {
      noteOffset(method);
      noteOffset(method + 4);
      for (const code of [method + 8, method + 12])
        if (word(code) !== 0 && word(code) !== 0xffffffff) note(code, CODE);
    }
  }
}
