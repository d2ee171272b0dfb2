/**
 * The last 32 KiB and what is to come, and where in them each sequence of three bytes was: after zlib 1.3.1 (deflate.c) by
 * Jean-loup Gailly and Mark Adler, (C) 1995-2024, under the zlib licence. This is no original zlib.
 *
 * The window slides by half of its size when the second half is used up. All of it is filled before any of it is parsed, so that it
 * makes no difference how the input arrives: it is as if zlib were given all at once.
 */

/** Half of the window. */
const HALF: u32 = 1 << 15;
const WINDOW: u32 = HALF * 2;
export const SHORTEST: u32 = 3;
export const LONGEST: u32 = 258;
/** Bytes that are known ahead, but at the end of the input. */
const AHEAD: u32 = LONGEST + SHORTEST + 1;
export const FARTHEST: u32 = HALF - AHEAD;
const MOST_HASH_BITS: u32 = 16;

/** The bytes, and room for what is read beyond their end and not regarded. */
export const bytes: usize = memory.data((1 << 16) + 16, 16);
/** The newest place of each hash, and for each place the one before it that has its hash; 0 is none. */
const newest: usize = memory.data(2 << 16, 16);
const before: usize = memory.data(2 << 15, 16);

// biome-ignore lint/complexity/noStaticOnlyClass: what is exported otherwise can't be assigned to where it is imported.
export class Window {
  /** The next byte to parse, and where the known ones end. */
  static at: u32 = 0;
  static end: u32 = 0;
  /** The first place that is not indexed. */
  static indexed: u32 = 0;
  /** Where the block began; below 0 if that has left the window. */
  static blockStart: i32 = 0;
  /** Whether no input follows. */
  static ended: bool = false;
  /** Up to which place matches are looked for, and how many bytes behind the end may be in them. */
  static lastLook: u32 = 0;
  static beyond: u32 = 0;
}

/** As gzip has it: once it has seen the end it does not slide any more. */
let ofGzip: bool = false;
let endSeen: bool = false;

let hashShift: u32 = 0;
let hashMask: u32 = 0;

export function openWindow(hashBits: u32, asGzip: bool): void {
  ofGzip = asGzip;
  Window.lastLook = ofGzip ? WINDOW - AHEAD : WINDOW;
  Window.beyond = ofGzip ? LONGEST : 0;
  endSeen = false;
  if (ofGzip) memory.fill(bytes, 0, WINDOW);
  hashShift = (min(hashBits, MOST_HASH_BITS) + 2) / 3;
  hashMask = (1 << min(hashBits, MOST_HASH_BITS)) - 1;
  memory.fill(newest, 0, 2 << MOST_HASH_BITS);
  Window.at = 0;
  Window.end = 0;
  Window.indexed = 0;
  Window.blockStart = 0;
  Window.ended = false;
}

/** Takes as many bytes as there is room for, and returns how many. */
export function fillWindow(input: usize, size: u32): u32 {
  const count = min(size, WINDOW - Window.end);
  memory.copy(bytes + Window.end, input, count);
  Window.end += count;
  return count;
}

/** Whether enough is known ahead of the next byte. */
export function isReady(): bool {
  if (Window.end - Window.at >= AHEAD || endSeen) return true;
  if (Window.at >= HALF + FARTHEST) slide();
  if (Window.ended && ofGzip) {
    endSeen = true;
    store<u16>(bytes + Window.end, 0);
  }
  return Window.ended || Window.end === WINDOW;
}

function slide(): void {
  memory.copy(bytes, bytes + HALF, Window.end - HALF);
  Window.at -= HALF;
  Window.end -= HALF;
  Window.indexed -= HALF;
  Window.blockStart -= HALF;
  forgetHalf(newest, 2 * (hashMask + 1));
  forgetHalf(before, 2 * HALF);
}

/** Places in the first half are forgotten, others move. */
function forgetHalf(places: usize, size: u32): void {
  const half = i16x8.splat(<i16>HALF);
  for (let i: u32 = 0; i < size; i += 16) {
    v128.store(places + i, i16x8.sub_sat_u(v128.load(places + i), half));
  }
}

/** Indexes all places below `limit` that are not yet, as far as three bytes are known. */
export function indexTo(limit: u32): void {
  const last = min(limit, Window.end - min(Window.end, SHORTEST - 1));
  for (let place = Window.indexed; place < last; place++) {
    const three = load<u32>(bytes + place);
    const hash =
      (((three & 255) << (hashShift * 2)) ^ (((three >> 8) & 255) << hashShift) ^ ((three >> 16) & 255)) &
      hashMask;
    const slot = newest + hash * 2;
    store<u16>(before + (place & (HALF - 1)) * 2, load<u16>(slot));
    store<u16>(slot, <u16>place);
  }
  Window.indexed = limit;
}

/** The place before this one that has the same hash, or 0. */
export function placeBefore(place: u32): u32 {
  return load<u16>(before + (place & (HALF - 1)) * 2);
}
