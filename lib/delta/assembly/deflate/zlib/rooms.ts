/** Memory for what is as large as the caller says. It is never given back, but used again. */

const PAGE: usize = 1 << 16;
/** No more than this. */
const LARGEST: usize = 1 << 28;
/** Bytes behind a room that may be read. */
const SPARE: usize = 16;

/** A list of corrections that is given; a stream in which they are sought; its tokens, or those of a long block; corrections that were found, of blocks and of tokens. */
export const GUIDE: u32 = 0;
export const STREAM: u32 = 1;
export const TOKENS: u32 = 2;
export const ACTUAL: u32 = 3;
export const FOUND_BLOCKS: u32 = 4;
export const FOUND_TOKENS: u32 = 5;
const ROOMS: u32 = 6;
const places: usize = memory.data(4 * 6);
const sizes: usize = memory.data(4 * 6);

/** Where `size` bytes have room; 0 if they have not. */
export function roomFor(room: u32, size: usize): usize {
  if (room >= ROOMS || size > LARGEST) return 0;
  const place = placeOf(room);
  if (place !== 0 && size + SPARE <= load<u32>(sizes + room * 4)) return place;
  const pages = (size + size / 2 + SPARE + PAGE - 1) / PAGE;
  const before = memory.grow(<i32>pages);
  if (before < 0) return 0;
  store<u32>(places + room * 4, (<u32>before) << 16);
  store<u32>(sizes + room * 4, pages * PAGE);
  return placeOf(room);
}

export function placeOf(room: u32): usize {
  return load<u32>(places + room * 4);
}
