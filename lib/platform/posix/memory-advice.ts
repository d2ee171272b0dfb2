/** What Linux is told about memory: what is looked up at random in pages of 2 MiB is found faster, and what is not needed is given back. */
import { type Pointer, ptr } from 'bun:ffi';
import fs from 'node:fs';
import { memoryCalls } from './libc.ts';

const MADV_DONTNEED = 4;
const MADV_HUGEPAGE = 14;
/** A multiple of the size of pages, whatever that is. */
const PAGES = 1 << 16;
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
  memoryCalls()?.madvise(address, end - start, MADV_HUGEPAGE);
}

/** Gives the whole pages from `start` to `end` of `memory` back, which are zero from then on. Returns where those end that were given back. */
export function giveBack(memory: ArrayBufferLike, start: number, end: number): number {
  if (process.platform !== 'linux') return end;
  const base = ptr(new Uint8Array(memory));
  const from = Math.ceil((base + start) / PAGES) * PAGES;
  const to = Math.floor((base + end) / PAGES) * PAGES;
  if (to <= from) return start;
  memoryCalls()?.madvise(from as Pointer, to - from, MADV_DONTNEED);
  return to - base;
}

/** Bytes; 0 if there are none. */
function sizeHere(): number {
  try {
    return Number(fs.readFileSync(SIZE_FILE, 'utf8'));
  } catch {
    return 0;
  }
}
