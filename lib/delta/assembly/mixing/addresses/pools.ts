/**
 * Words between functions of arm (32 bits) that are how far something is from an instruction: LDR loads them, and ADD or a second LDR adds what
 * PC is. They are converted to where it is (mixing/conversions/words.ts).
 */
import { take } from '../../memory';

/** Words that an LDR reaches ahead, and more; a power of 2. */
const PLACES: u32 = 2048;
const REGISTERS: u32 = 16;

/** By word, modulo PLACES: whether it is one of these; by register: where its word is, 0 if there is none. */
let pools: usize = 0;
let loaded: usize = 0;

export function openPools(): bool {
  pools = take(PLACES);
  loaded = take(REGISTERS << 2);
  return pools !== 0 && loaded !== 0;
}

/** A region begins. */
export function forgetPools(): void {
  memory.fill(pools, 0, PLACES);
  memory.fill(loaded, 0, REGISTERS << 2);
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
