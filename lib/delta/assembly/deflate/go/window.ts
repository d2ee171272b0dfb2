/**
 * Twice a window of bytes, and chains of the places in it that have the same hash of four bytes, for chains.ts and later/chains.ts.
 *
 * After compress/flate/deflate.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */

export const WINDOW: i32 = 1 << 15;
/** Bits of a hash that choose a chain are its highest 17. */
const UNUSED_BITS: u32 = 15;
/** Where places are counted from again. */
const LATEST: i32 = 1 << 24;

/** Behind these is room for what is compared at once. */
export const bytes: usize = memory.data((1 << 16) + 8);
/** Of each hash the place where it was last, plus `offset`; of each place in a window that before it. 0 if there is none. */
const heads: usize = memory.data(4 << 17);
const HEADS: usize = 4 << 17;
const earlier: usize = memory.data(4 << 15);
const EARLIER: usize = 4 << 15;
let offset: i32 = 1;

// biome-ignore lint/complexity/noStaticOnlyClass: what is exported otherwise can't be assigned to where it is imported.
export class Window {
  /** Where the bytes end that are known. */
  static filled: i32 = 0;
}

export function openWindow(): void {
  memory.fill(heads, 0, HEADS);
  memory.fill(earlier, 0, EARLIER);
  offset = 1;
  Window.filled = 0;
}

export function isWindowFull(): bool {
  return Window.filled === 2 * WINDOW;
}

/** Takes as many bytes as there is room for, and returns how many. */
export function fillWindow(input: usize, size: u32): u32 {
  const part = min(size, 2 * WINDOW - Window.filled);
  memory.copy(bytes + Window.filled, input, part);
  Window.filled += <i32>part;
  return part;
}

/** Drops the first half. All places are WINDOW less then. */
export function slideWindow(): void {
  memory.copy(bytes, bytes + WINDOW, WINDOW);
  Window.filled -= WINDOW;
  offset += WINDOW;
  if (offset > LATEST) {
    moveEntries(heads, HEADS);
    moveEntries(earlier, EARLIER);
    offset = 1;
  }
}

/** Places are counted from this window. */
function moveEntries(table: usize, size: usize): void {
  const less = offset - 1;
  for (let entry = table; entry < table + size; entry += 4)
    store<i32>(entry, max(load<i32>(entry) - less, 0));
}

/** The place where the hash was last; below 0 if there is none. */
export function lastPlace(hash: u32): i32 {
  return load<i32>(headOf(hash)) - offset;
}

/** Remembers that the hash is at the place; returns the last one before it, as `lastPlace`. */
export function addPlace(place: i32, hash: u32): i32 {
  const head = headOf(hash);
  const before = load<i32>(head);
  store<i32>(entryOf(place), before);
  store<i32>(head, place + offset);
  return before - offset;
}

/** The place before this one in its chain, as `lastPlace`. A place that is a window behind the last one is overwritten. */
export function placeBefore(place: i32): i32 {
  return load<i32>(entryOf(place)) - offset;
}

function headOf(hash: u32): usize {
  return heads + ((<usize>(hash >> UNUSED_BITS)) << 2);
}

function entryOf(place: i32): usize {
  return earlier + ((<usize>(place & (WINDOW - 1))) << 2);
}
