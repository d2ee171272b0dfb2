/** Pages of 2 MiB, which Linux gives for memory that is said to need them: what is looked up at random in it is found faster. */
import { type Pointer, ptr } from 'bun:ffi';
import fs from 'node:fs';
import { hugePageCalls } from './libc.ts';

const MADV_HUGEPAGE = 14;
/** Where pages have 64 KiB, huge ones have 512 MiB: too much for what is touched once. */
const SIZE = 2 << 20;
const SIZE_FILE = '/sys/kernel/mm/transparent_hugepage/hpage_pmd_size';

/**
 * Asks for them from `start` to `end` of `memory`, which it may grow to later. Not for what is written once from the beginning to the end:
 * small pages that others have just given back are there faster.
 */
export function preferHugePages(memory: ArrayBufferLike, start: number, end: number): void {
  if (process.platform !== 'linux' || sizeHere() !== SIZE) return;
  const address = (ptr(new Uint8Array(memory)) + start) as Pointer;
  hugePageCalls()?.madvise(address, end - start, MADV_HUGEPAGE);
}

/** Bytes; 0 if there are none. */
function sizeHere(): number {
  try {
    return Number(fs.readFileSync(SIZE_FILE, 'utf8'));
  } catch {
    return 0;
  }
}
