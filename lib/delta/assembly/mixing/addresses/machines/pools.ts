/**
 * Words between functions of arm (32 bits) that are how far something is from an instruction: LDR loads them, and ADD or a second LDR adds what
 * PC is; and so of Thumb. They are converted to where it is (mixing/conversions/words.ts, thumb.ts).
 */
import { take } from '../../../memory';

/** Words that an LDR reaches ahead, and more; a power of 2. */
const PLACES: u32 = 2048;
const REGISTERS: u32 = 16;

/**
 * By word, modulo PLACES: whether it is one of these, of Thumb 4 bytes, its address and what `loadedThumb` says; by register: where its word is, 0
 * if there is none.
 */
let pools: usize = 0;
let loaded: usize = 0;

export function openPools(): bool {
  pools = take(PLACES << 2);
  loaded = take(REGISTERS << 2);
  return pools !== 0 && loaded !== 0;
}

/** A region begins. */
export function forgetPools(): void {
  memory.fill(pools, 0, PLACES << 2);
  memory.fill(loaded, 0, REGISTERS << 2);
}

/** Of Thumb: whether the word at an address is loaded, 1, or what PC is is added to it as well, 3; else 0. */
export function loadedThumb(address: u32): u32 {
  const entry = load<u32>(placeOf(address));
  return (entry & ~3) === address ? entry & 3 : 0;
}

function placeOf(address: u32): usize {
  return pools + (((address >> 2) & (PLACES - 1)) << 2);
}

/** What the instruction at an address, its first half lowest, says of words that follow. */
export function learnThumb(address: u32, word: u32): void {
  const next = (address + 4) & ~3;
  if ((word & 0xf800) === 0x4800) learnLoaded((word >> 8) & 7, next + ((word & 255) << 2));
  else if ((word & 0x3ffff) === 0xf8df) learnLoaded(word >> 28, next + ((word >> 16) & 0xfff));
  else if ((word & 0xff78) === 0x4478) {
    const place = loaded + (((word & 7) | ((word >> 4) & 8)) << 2);
    const to = load<u32>(place);
    if (to > address) store<u32>(placeOf(to), to | 3);
    store<u32>(place, 0);
  }
}

function learnLoaded(register: u32, to: u32): void {
  store<u32>(loaded + (register << 2), to);
  // What is loaded twice, and was added to before, is still a sum.
  if (loadedThumb(to) === 0) store<u32>(placeOf(to), to | 1);
}

/** Whether the word at so many bytes into the region, the next one, is one of these. */
export function isInPool(at: u32): bool {
  const place = pools + ((at >> 2) & (PLACES - 1));
  const isIn = load<u8>(place) !== 0;
  store<u8>(place, 0);
  return isIn;
}

/** What the instruction there says of words that follow. */
export function learnPool(at: u32, word: u32): void {
  if ((word & 0xffff0003) === 0xe59f0000) {
    store<u32>(loaded + ((word >> 10) & 60), at + 8 + (word & 0xfff));
  } else if ((word & 0xffff0ff0) === 0xe08f0000 || (word & 0xffff0ff0) === 0xe79f0000) {
    const place = loaded + ((word & 15) << 2);
    const to = load<u32>(place);
    if (to > at) store<u8>(pools + ((to >> 2) & (PLACES - 1)), 1);
    store<u32>(place, 0);
  }
}
