/** A kernel of Linux that is not compressed (`Image` of arm64): its header says neither what is code nor where it is loaded. */
import { raw } from '../../raw-code.ts';
import { isCode, type Parts, REGION_KINDS } from '../image.ts';

/** "ARM\x64", where the header has it, and where that says how many bytes of memory the kernel takes. */
const [MAGIC, MAGIC_AT, SIZE_AT] = [0x644d5241, 56, 16];
/** It is loaded at a multiple of this, in the highest part of what 64 bits can address, but not at its end, where numbers below 0 are. */
const GRAIN = 1 << 21;
const [HIGHEST, NEGATIVE] = [0xffff0000, 0xffffffff];
/** Of so many words that may be addresses of it, one at least is near its start. */
const SHARE = 256;

export function isLinuxImage(bytes: Buffer): boolean {
  return bytes.readUInt32LE(MAGIC_AT) === MAGIC;
}

export function linuxImage(bytes: Buffer): Parts {
  const base = baseOf(bytes);
  // The table of its symbols has offsets, not addresses.
  const parts = raw(bytes).parts.map((part) => ({
    ...part,
    address: base + part.address,
    kind: isCode(part.kind) ? part.kind : REGION_KINDS.relative,
  }));
  return { parts, end: base + BigInt(Math.max(bytes.length, bytes.readUInt32LE(SIZE_AT))) };
}

/** Where it is loaded, by the addresses in its data: the upper half of most of them, and the lowest that is usual. */
function baseOf(bytes: Buffer): bigint {
  const byUpper = new Map<number, number[]>();
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const upper = bytes.readUInt32LE(at + 4);
    if (upper < HIGHEST || upper === NEGATIVE) continue;
    const lower = bytes.readUInt32LE(at);
    const before = byUpper.get(upper);
    if (before === undefined) byUpper.set(upper, [lower]);
    else before.push(lower);
  }
  const [upper, lowers] = [...byUpper].sort((a, b) => b[1].length - a[1].length)[0] ?? [0, [0]];
  const starts = new Map<number, number>();
  for (const lower of lowers) {
    const start = lower - (lower % GRAIN);
    starts.set(start, (starts.get(start) ?? 0) + 1);
  }
  const usual = [...starts].filter(([, count]) => count * SHARE >= lowers.length);
  return BigInt(upper) * 2n ** 32n + BigInt(Math.min(...usual.map(([start]) => start)));
}
