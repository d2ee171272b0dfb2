/** Bytecode of JavaScriptCore, for the plain decoder (mixing.ts). Written from FORMAT.md, for the tests. */
import type { Based, Reader } from './based.ts';

export const BYTECODE = 45;
const [OFFSET, FORTH, VARIED] = [46, 62, 63];

/** What a number behind a word is relative to, by file. */
export const SOURCES = [0xc0000000, 0xc0200000] as const;

export function scanBytecode(
  { offset, size, bases: [, strings] }: Based,
  { byte, word }: Reader,
  note: (offset: number, kind: number) => void,
): void {
  const start = Math.ceil(offset / 4) * 4;
  const end = offset + size;
  const words: number[] = [];
  for (let at = start; at + 4 <= end; at += 4) {
    const value = word(at);
    const target = at + (value | 0);
    const before = at === start ? 256 : word(at - 4);
    const isFar = value % 4 === 0 && Math.abs(value | 0) > 256 && target >= start && target < end;
    if (value % 4 === 2) words.push(value - 2 < strings ? OFFSET : 0);
    else if (isFar && (before < 2 ** 21 || before === 0x7fffffff || (words.at(-1) ?? 0) > 0))
      words.push(FORTH);
    else words.push(0);
  }
  for (const [index, kind] of words.entries()) if (kind !== 0) note(start + 4 * index, kind);
  for (const [index, kind] of words.entries()) {
    if (kind !== FORTH) continue;
    let at = start + 4 * index + 4;
    for (let left = 24; left > 0 && at + 8 <= end && (words[(at - start) >> 2] ?? 0) === 0; left--) {
      let length = 1;
      while (length < 5 && byte(at + length - 1) >= 128) length++;
      if (length === 3 || length === 4) note(at, VARIED);
      at += length;
    }
  }
}
