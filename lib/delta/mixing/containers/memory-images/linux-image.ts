/** A kernel of Linux that is not compressed (`Image` of arm64 and RISC-V): its header does not say where it is loaded, and that of arm64 not what is code. */
import { raw } from '../../raw-code.ts';
import { isCode, type Parts, REGION_KINDS } from '../image.ts';
import { isPe, pe } from '../pe.ts';

/** "ARM\x64" and "RSC\x05", where the header has them, and where that says how many bytes of memory the kernel takes. */
const [MAGIC, RISC_V, MAGIC_AT, SIZE_AT] = [0x644d5241, 0x05435352, 56, 16];
/** Where the one for RISC-V is loaded, in the last 2 GiB of what 64 bits can address. */
const RISC_V_BASE = 0xffffffff80000000n;
/** It is loaded at a multiple of this, in the highest part of what 64 bits can address, but not at its end, where numbers below 0 are. */
const GRAIN = 1 << 21;
const [HIGHEST, NEGATIVE] = [0xffff0000, 0xffffffff];
/** Of so many words that may be addresses of it, one at least is near its start. */
const SHARE = 256;

export function isLinuxImage(bytes: Buffer): boolean {
  const magic = bytes.readUInt32LE(MAGIC_AT);
  return magic === MAGIC || magic === RISC_V;
}

export function linuxImage(bytes: Buffer): Parts {
  const isRiscV = bytes.readUInt32LE(MAGIC_AT) === RISC_V;
  const base = isRiscV ? RISC_V_BASE : baseOf(bytes);
  const found = isRiscV && isPe(bytes) ? pe(bytes) : raw(bytes);
  // The table of its symbols has offsets, not addresses.
  const parts = found.parts.map((part) => ({
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
