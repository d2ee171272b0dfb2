/** The symbols of lengths and distances (RFC 1951, 3.2.5), as tables. */
import { SHORTEST } from './window';

export const END_OF_BLOCK: u32 = 256;
const LENGTH_SYMBOLS: u32 = 29;
const DISTANCE_SYMBOLS: u32 = 30;

/** Of each symbol: how many bits follow it, and the least length, or distance less one, that has it. */
const lengthBits = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const lengthBase: usize = memory.data(29);
const distanceBase: usize = memory.data(2 * 30);
/** The symbol of each length less 3, and of each distance less one: below 256 as it is, then by its bits from the seventh on. */
const lengthSymbols: usize = memory.data(256);
const distanceSymbols: usize = memory.data(512);
let filled: bool = false;

export function openSymbols(): void {
  if (filled) return;
  filled = true;
  let length: u32 = 0;
  for (let symbol: u32 = 0; symbol < LENGTH_SYMBOLS - 1; symbol++) {
    store<u8>(lengthBase + symbol, <u8>length);
    for (let i: u32 = 0; i < 1 << extraOfLength(symbol); i++) store<u8>(lengthSymbols + length++, <u8>symbol);
  }
  // The greatest length has a symbol of its own.
  store<u8>(lengthSymbols + 255, <u8>(LENGTH_SYMBOLS - 1));
  store<u8>(lengthBase + LENGTH_SYMBOLS - 1, 255);
  let distance: u32 = 0;
  for (let symbol: u32 = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
    store<u16>(distanceBase + symbol * 2, <u16>distance);
    for (let i: u32 = 0; i < 1 << extraOfDistance(symbol); i++, distance++) {
      if (distance < 256) store<u8>(distanceSymbols + distance, <u8>symbol);
      else store<u8>(distanceSymbols + 256 + (distance >> 7), <u8>symbol);
    }
  }
}

export function symbolOfLength(length: u32): u32 {
  return load<u8>(lengthSymbols + length - SHORTEST);
}

export function symbolOfDistance(distance: u32): u32 {
  const less = distance - 1;
  const row: u32 = less < 256 ? less : 256 + (less >> 7);
  return load<u8>(distanceSymbols + row);
}

export function extraOfLength(symbol: u32): u32 {
  return load<u8>(lengthBits + symbol);
}

export function extraOfDistance(symbol: u32): u32 {
  return symbol < 2 ? 0 : (symbol >> 1) - 1;
}

export function leastOfLength(symbol: u32): u32 {
  return load<u8>(lengthBase + symbol) + SHORTEST;
}

export function leastOfDistance(symbol: u32): u32 {
  return load<u16>(distanceBase + symbol * 2) + 1;
}
