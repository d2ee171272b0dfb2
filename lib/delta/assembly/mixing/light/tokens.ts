/**
 * The light coder, for bulk (as LZMA by I. Pavlov): a token is a byte, a match at some distance, or a match at one of the last
 * four distances, and each of its bits is predicted by one counter. The same code encodes and decodes.
 */
import { take } from '../../memory';
import { codeUncounted, codeUncountedFlag, encoding } from '../coding/coder';

/** Lengths of matches. */
export const SHORTEST: u32 = 2;
export const LONGEST: u32 = 273;
/** What the last three tokens were, two bits each. */
export const STATES: u32 = 64;
/** Distances are in classes of two for each power of 2. */
const CLASSES: u32 = 64;
const ALIGN: u32 = 4;
const FAST: u32 = 127;

/** The bulk, how much of it is coded, and how much there is. */
export let bulk: usize = 0;
export let at: u32 = 0;
export let total: u32 = 0;
/** The last four distances. */
export let rep0: u32 = 1;
export let rep1: u32 = 1;
export let rep2: u32 = 1;
export let rep3: u32 = 1;
/** Of the last three tokens: 0 byte, 1 match, 2 repeated. */
export let state: u32 = 0;

export let isMatch: usize = 0;
export let isRep: usize = 0;
export let repIndex: usize = 0;
export let isShort: usize = 0;
export let lengths: usize = 0;
export let classes: usize = 0;
export let lowBits: usize = 0;
export let alignBits: usize = 0;
export let literals: usize = 0;

/** Takes memory for `size` bytes of bulk. */
export function openTokens(size: u32): bool {
  total = size;
  bulk = take(<usize>size + 64);
  isMatch = take(4 * STATES * 3);
  isRep = take(4 * STATES);
  repIndex = take(4 * STATES * 4);
  isShort = take(4 * STATES);
  lengths = take(4 * 2 * 1024);
  classes = take(4 * 4 * <usize>CLASSES);
  lowBits = take(4 * 64 * 32);
  alignBits = take(4 * 64);
  literals = take(4 * 3 * 256 * 768);
  if (bulk === 0 || literals === 0) return false;
  bulk += 32;
  return true;
}

export function slot(table: usize, index: u32): usize {
  return table + ((<usize>index) << 2);
}

/** The counters of the byte at `place`, by the class of the content and the byte before. */
export function literalsAt(kind: u32, place: u32): usize {
  const before: u32 = place === 0 ? 0 : load<u8>(bulk + place - 1);
  return literals + ((<usize>(kind * 256 + before) * 768) << 2);
}

function codeTree(value: u32, count: u32, counters: usize): u32 {
  let node: u32 = 1;
  for (let i = <i32>count - 1; i >= 0; i--) {
    node = node * 2 + codeUncountedFlag((value >> i) & 1, slot(counters, node), FAST);
  }
  return node - (1 << count);
}

/** Lengths, less the shortest: 3 bits for those below 8, 3 below 16, 8 for the others. */
function codeLength(value: u32, counters: usize): u32 {
  if (!codeUncountedFlag(u32(value >= 8), slot(counters, 0), FAST))
    return codeTree(value, 3, slot(counters, 16));
  if (!codeUncountedFlag(u32(value >= 16), slot(counters, 1), FAST))
    return 8 + codeTree(value - 8, 3, slot(counters, 32));
  return 16 + codeTree(value - 16, 8, slot(counters, 64));
}

/** Class of a distance, less one: itself below 4, else twice the number of the highest bit, + the bit below that. */
export function classOfDistance(less: u32): u32 {
  if (less < 4) return less;
  const high: u32 = 31 - <u32>clz(less);
  return high * 2 + ((less >> (high - 1)) & 1);
}

function codeDistance(less: u32, length: u32): u32 {
  const kind = codeTree(
    encoding ? classOfDistance(less) : 0,
    6,
    slot(classes, min<u32>(length - SHORTEST, 3) * CLASSES),
  );
  if (kind < 4) return kind;
  const count = (kind >> 1) - 1;
  let value: u32 = (2 | (kind & 1)) << count;
  const rest = less - value;
  if (count < 6) {
    let node: u32 = 1;
    for (let i: u32 = 0; i < count; i++) {
      const bit = codeUncountedFlag((rest >> i) & 1, slot(lowBits, kind * 32 + node), FAST);
      node = node * 2 + bit;
      value += bit << i;
    }
    return value;
  }
  value += codeUncounted(rest >> ALIGN, <i32>(count - ALIGN)) << ALIGN;
  let node: u32 = 1;
  for (let i: u32 = 0; i < ALIGN; i++) {
    const bit = codeUncountedFlag((rest >> i) & 1, slot(alignBits, node), FAST);
    node = node * 2 + bit;
    value += bit << i;
  }
  return value;
}

function codeByte(byte: u32, kind: u32): u32 {
  const counters = literalsAt(kind, at);
  let node: u32 = 1;
  if ((state & 3) !== 0) {
    // As long as it is like the byte at the last distance: by that, too.
    const expected: u32 = load<u8>(bulk + at - rep0);
    let like: u32 = 1;
    for (let i: u32 = 0; i < 8; i++) {
      const likely = (expected >> (7 - i)) & 1;
      const bit = codeUncountedFlag(
        (byte >> (7 - i)) & 1,
        slot(counters, node + ((0 - like) & ((1 + likely) << 8))),
        FAST,
      );
      node = node * 2 + bit;
      like &= u32(bit === likely);
    }
    return node & 255;
  }
  for (let i: u32 = 0; i < 8; i++)
    node = node * 2 + codeUncountedFlag((byte >> (7 - i)) & 1, slot(counters, node), FAST);
  return node & 255;
}

/**
 * Codes a token of at most `most` bytes. Encoding, it is a byte if `distance` is 0, else a match, which may have the length 1 at
 * the last distance. False if it is malformed.
 */
export function codeToken(length: u32, distance: u32, kind: u32, most: u32): bool {
  if (!codeUncountedFlag(u32(distance !== 0), slot(isMatch, kind * STATES + state), FAST)) {
    store<u8>(bulk + at, <u8>codeByte(load<u8>(bulk + at), kind));
    at++;
    state = (state << 2) & (STATES - 1);
    return true;
  }
  let repeated: u32 = 0;
  if (encoding)
    repeated =
      distance === rep0 ? 1 : distance === rep1 ? 2 : distance === rep2 ? 3 : distance === rep3 ? 4 : 0;
  if (encoding && length === 1) repeated = 1;
  if (codeUncountedFlag(u32(repeated !== 0), slot(isRep, state), FAST)) {
    let which: u32 = 0;
    while (which < 3 && codeUncountedFlag(u32(repeated > which + 1), slot(repIndex, state * 4 + which), FAST))
      which++;
    if (which === 0) {
      if (codeUncountedFlag(u32(length === 1), slot(isShort, state), FAST)) length = 1;
      else length = SHORTEST + codeLength(length - SHORTEST, slot(lengths, 1024));
    } else {
      const chosen = which === 1 ? rep1 : which === 2 ? rep2 : rep3;
      if (which === 3) rep3 = rep2;
      if (which >= 2) rep2 = rep1;
      rep1 = rep0;
      rep0 = chosen;
      length = SHORTEST + codeLength(length - SHORTEST, slot(lengths, 1024));
    }
    state = ((state << 2) | 2) & (STATES - 1);
  } else {
    length = SHORTEST + codeLength(length - SHORTEST, lengths);
    distance = 1 + codeDistance(distance - 1, length);
    rep3 = rep2;
    rep2 = rep1;
    rep1 = rep0;
    rep0 = distance;
    state = ((state << 2) | 1) & (STATES - 1);
  }
  // A distance of 2^32 is 0 here.
  if (rep0 - 1 >= at || length > most) return false;
  if (!encoding) {
    const to = bulk + at;
    // What is written beyond the match is written again.
    if (rep0 >= 8) for (let i: u32 = 0; i < length; i += 8) store<u64>(to + i, load<u64>(to + i - rep0));
    else for (let i: u32 = 0; i < length; i++) store<u8>(to + i, load<u8>(to + i - rep0));
  }
  at += length;
  return true;
}
