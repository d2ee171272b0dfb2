/**
 * The model: predicts each byte of the new file by the old one and codes whether that was right, and what it is if not. One
 * code path for encoding and decoding (lib/delta/FORMAT.md describes it), in units of at most a few bytes or one run, between
 * which it can be interrupted.
 */
import { take } from '../memory';
import {
  BUFFER,
  bits,
  buffer,
  bufferAt,
  bufferEnd,
  codeFlag,
  codeNumber,
  codeRaw,
  encoding,
  endsAsEncoded,
  finishEncoding,
  NUMBER,
  openCoder,
  overrun,
  startDecoding,
} from './coder';
import {
  findLocal,
  findMatch,
  HISTORY,
  indexFresh,
  indexLocal,
  indexOld,
  matchAt,
  matchIsFresh,
  matchLength,
  openMatches,
} from './matches';
import { codeLiteral, codeMixed, contexts, counterOfFlag, openMixer } from './mixer';
import {
  actual,
  field,
  freeOfReferences,
  isTable,
  openReferences,
  referenceAt,
  scan,
  sizeOf,
  tableStart,
  target,
} from './references';
import {
  addressOf,
  classOf,
  codeRegions,
  HASHES_OF_LARGE,
  isHashes,
  openRegions,
  regionAt,
  regionCount,
  regionEnd,
  regionOf,
  X86,
} from './regions';
import {
  BULK,
  codeStep,
  MOST,
  openSteps,
  sortSteps,
  stepCount,
  stepOld,
  stepStart,
  takeSteps,
} from './steps';
import { hash } from './tables';
import { confidence, learnTarget, neighbours, openTargets, predictTarget } from './targets';
import { decode, relativeAt } from './x86';

/** What `run` returns. */
const DONE: i32 = 0;
const BUFFER_DUE: i32 = 1;
const WINDOW_FULL: i32 = 2;
const BULK_DUE: i32 = 3;
const MALFORMED: i32 = -1;
const NO_MEMORY: i32 = -2;

/** Input that one unit takes, at most. */
const MARGIN: u32 = 2048;
/** Bits that a patch may have: a bound on the time that any patch takes. */
const MOST_BITS: u32 = 1 << 28;
/** Bytes between calls for the window to be written out. */
const CHUNK: u32 = 1 << 20;
const BULK_PIECE: u32 = 1 << 16;
const PADDING: u32 = 64;
/** So many bytes in a row as predicted end the coding byte by byte. */
const CALM: u32 = 16;
const LARGEST_BLOCK: u32 = 15;
/** New bytes before a wrong one that are indexed. */
const RETROSPECT: u32 = 256;
const REFERENCE_SETS: u32 = 1024;

/** Of this patch. */
let bucketBits: u32 = 18;
let withReferences: bool = true;

let old: usize = 0;
let oldSize: u32 = 0;
let newSize: u32 = 0;
let bases: usize = 0;
/** The window: `fresh` + a new place is the address of its byte. */
let window: usize = 0;
let windowSize: u32 = 0;
let fresh: usize = 0;
let scratch: usize = 0;

let phase: u32 = 0;
/** The present places in both files, and where the step ends. */
let at: u32 = 0;
let oldAt: u32 = 0;
let step: u32 = 0;
let stepEnd: u32 = 0;
let inBulk: bool = false;

/** Byte by byte, or in blocks that are as predicted. */
let wary: bool = true;
let calm: u32 = 0;
let misses: u32 = 0;
/** Whether the last bytes were the aligned ones, a bit each. */
let history: u32 = 0;
/** Of the block: bytes left (-1: none), bytes to its first wrong one (-1: none). */
let blockLeft: i32 = -1;
let blockMiss: i32 = -1;
let cleanBlocks: u32 = 0;

let kind: u32 = 0;
let kindEnd: u32 = 0;
let wordHash: u32 = 0;
/** Of the match: 0 none. */
let matched: u32 = 0;
let matchedAt: u32 = 0;
let matchedFresh: bool = false;
let lostAt: u32 = 0;
let lostFresh: bool = false;
let lostMisses: u32 = 0;
let referenceHistory: u32 = 0;
let lastMiss: u32 = 0;
let indexedTo: u32 = 0;
/** Where bytes began to be wrong, and by how much the last two words were that were. */
let wrongAt: u32 = 0;
let wrongOld: u32 = 0;
let shift0: u32 = 0;
let shift1: u32 = 0;

/** Counters. */
let numbers: usize = 0;
let blockFlags: usize = 0;
let blockPlaces: usize = 0;
let referenceFlags: usize = 0;
let secondFlags: usize = 0;
let hits: usize = 0;

/** Takes memory for both files. Decoding, that of the new one is a window. */
export function open(encode: bool, oldBytes: u32, newBytes: u32): bool {
  oldSize = oldBytes;
  newSize = newBytes;
  if (!openCoder(encode) || !openRegions() || !openSteps(oldBytes, newBytes)) return false;
  numbers = take(NUMBER);
  bases = take(16);
  old = take(<usize>oldBytes + 2 * PADDING);
  windowSize = encode ? newBytes : min(newBytes, HISTORY + CHUNK + BULK_PIECE);
  window = take(<usize>windowSize + 2 * PADDING);
  if (numbers === 0 || bases === 0 || old === 0 || window === 0) return false;
  old += PADDING;
  window += PADDING;
  fresh = window;
  if (encode) {
    scratch = take(BULK_PIECE);
    if (scratch === 0) return false;
  }
  return true;
}

export function oldFile(): usize {
  return old;
}

/** The whole new file, for the encoder. */
export function newFile(): usize {
  return window;
}

export function baseAddresses(): usize {
  return bases;
}

export function bufferAddress(): usize {
  return buffer;
}

/** Bytes of the buffer that were not decoded yet, which are moved to its beginning; of those that were encoded. */
export function bufferFilled(): u32 {
  if (encoding) return bufferAt;
  const left = bufferEnd - bufferAt;
  memory.copy(buffer, buffer + bufferAt, left);
  return left;
}

/** Bits that were coded so far. */
export function work(): u32 {
  return bits;
}

/** For the encoder: what is chosen for this patch. */
export function choose(buckets: u32, references: bool): void {
  bucketBits = buckets;
  withReferences = references;
}

/** How much of the new file is made. */
export function made(): u32 {
  return at;
}

/** The address of the byte of the new file at `place`, which must be in the window. */
export function freshAt(place: u32): usize {
  return fresh + place;
}

/** After what was made is written out: keeps only as much of it as matches may use. */
export function slide(): void {
  const keep = min(at, HISTORY);
  memory.copy(window - PADDING, fresh + at - keep - PADDING, keep + PADDING);
  fresh = window - (at - keep);
}

/** How much of the bulk is due now. */
export function bulkSize(): u32 {
  return min(BULK_PIECE, min(stepEnd, regionEnd(1, at, newSize)) - at);
}

/** If the bulk that is due is the SHA-256 of pages: which of their bytes, + 1; else 0. */
export function bulkHashes(): u32 {
  const region = regionOf(1, at);
  return region !== 0 && isHashes(load<u32>(region, 12)) ? at - load<u32>(region) + 1 : 0;
}

/** Bytes of the pages that are digested. */
export function pageSize(): u32 {
  for (let i: u32 = 0; i < regionCount(1); i++) {
    if (load<u32>(regionAt(1, i), 12) === HASHES_OF_LARGE) return 16384;
  }
  return 4096;
}

/** How many bytes of the new file are digested, page by page; 0 if none are. */
export function hashedBytes(): u32 {
  for (let i: u32 = 0; i < regionCount(1); i++) {
    if (isHashes(load<u32>(regionAt(1, i), 12))) return load<u32>(regionAt(1, i), 8);
  }
  return 0;
}

/** Decoding: the piece was placed at `freshAt(made())`. */
export function bulkPlaced(): void {
  const size = bulkSize();
  convert(fresh + at, size, false);
  at += size;
}

/** Encoding: the address of the piece as it goes to the other stream. */
export function bulkTaken(): usize {
  const size = bulkSize();
  memory.copy(scratch, fresh + at, size);
  convert(scratch, size, true);
  at += size;
  return scratch;
}

/** Makes the relative displacements of x86-64 code absolute, or relative again. */
function convert(piece: usize, size: u32, absolute: bool): void {
  const region = regionOf(1, at);
  if (region === 0 || load<u32>(region, 12) !== X86) return;
  const address = addressOf(1, at);
  let done: u32 = 0;
  while (done + 24 <= size) {
    const length = decode(piece + done);
    if (length === 0) {
      done++;
      continue;
    }
    if (relativeAt !== 0) {
      const place = piece + done + relativeAt;
      const next = address + done + length;
      store<u32>(place, load<u32>(place) + (absolute ? next : 0 - next));
    }
    done += length;
  }
}

/** Works until it is done or something is due; negative if the patch is malformed, or memory ran out. */
export function run(last: bool): i32 {
  while (true) {
    if (encoding ? bufferAt > BUFFER - MARGIN : !last && bufferEnd - bufferAt < MARGIN) return BUFFER_DUE;
    if (overrun !== 0 || bits > MOST_BITS) return MALFORMED;
    if (phase === 3) {
      if (at === newSize) {
        if (encoding) finishEncoding();
        phase = 4;
        continue;
      }
      if (at >= stepEnd && !nextStep()) return MALFORMED;
      if (!encoding && newSize > windowSize && windowSize - <u32>(fresh + at - window) < BULK_PIECE)
        return WINDOW_FULL;
      if (inBulk) return BULK_DUE;
      unit();
    } else if (phase === 2) {
      const result = codeStep();
      if (result < 0) return MALFORMED;
      if (result > 0) {
        if (!sortSteps()) return NO_MEMORY;
        phase = 3;
      }
    } else if (phase === 4) {
      return encoding || endsAsEncoded() ? DONE : MALFORMED;
    } else if (phase === 1) {
      const result = begin();
      if (result < 0) return result;
      phase = 2;
    } else {
      if (!encoding) startDecoding();
      phase = 1;
    }
  }
}

function begin(): i32 {
  bucketBits = codeRaw(bucketBits, 5);
  if (bucketBits < 8 || bucketBits > 20) return MALFORMED;
  withReferences = codeRaw(u32(withReferences), 1) !== 0;
  for (let i: usize = 0; i < 16; i += 4) {
    store<u32>(bases + i, codeRaw(load<u32>(bases + i), 32));
  }
  if (!codeRegions(0, oldSize) || !codeRegions(1, newSize)) return MALFORMED;
  const count = codeNumber(stepCount, numbers);
  if (count === 0 || count > newSize || count > MOST) return MALFORMED;
  if (!encoding && takeSteps(count) === 0) return NO_MEMORY;
  blockFlags = take(16 * 3 * 4);
  blockPlaces = take(16 * 4096 * 4);
  referenceFlags = take(4 * 4096 * 4);
  secondFlags = take(64 * 4 * 4);
  hits = take(4 << 20);
  if (hits === 0 || !openMixer(bucketBits)) return NO_MEMORY;
  if (!openMatches(old, oldSize) || !openTargets(oldSize)) return NO_MEMORY;
  openReferences(old, oldSize, bases);
  if (withReferences && !scan()) return NO_MEMORY;
  indexOld();
  return DONE;
}

/** Goes on to the step that begins here. False if there is none. */
function nextStep(): bool {
  if (step === stepCount || stepStart(step) !== at) return false;
  oldAt = stepOld(step);
  step++;
  stepEnd = stepStart(step);
  inBulk = oldAt === BULK;
  kindEnd = 0;
  wary = true;
  calm = CALM - 4;
  history = 255;
  blockLeft = -1;
  cleanBlocks = 0;
  matched = 0;
  misses = 0;
  return true;
}

function unit(): void {
  if (at >= kindEnd) {
    const region = regionOf(1, at);
    kind = region === 0 ? 0 : classOf(load<u32>(region, 12));
    kindEnd = regionEnd(1, at, newSize);
  }
  const reference = referenceHere(at, oldAt);
  if (reference !== 0 && (!wary || (history & 15) === 15 || reference >= 12)) {
    codeReference(reference);
  } else if (!wary && oldAt < oldSize) {
    codeBlock();
  } else {
    if (!wary) {
      wary = true;
      calm = 0;
      matched = 0;
    }
    codeByte();
  }
}

function referenceHere(place: u32, oldPlace: u32): u32 {
  return oldPlace < oldSize && place + 8 <= stepEnd && oldPlace + 8 <= oldSize ? referenceAt(oldPlace) : 0;
}

function counter(table: usize, index: u32): usize {
  return table + ((<usize>index) << 2);
}

function codeReference(reference: u32): void {
  const size = sizeOf(reference);
  const refersTo = target(oldAt, reference);
  const address = addressOf(1, at);
  let table: u32 = 0;
  if (isTable(reference)) table = predictTarget(addressOf(0, tableStart(oldAt)));
  const expected = predictTarget(refersTo);
  const trust = confidence;
  const wanted = field(oldAt, reference, address, expected, table);
  const before = word(old + oldAt, size);
  const same = u32(wanted === before);
  const actualWord = encoding ? word(fresh + at, size) : 0;
  const apart = min<u32>(16, (oldAt - lastMiss) >> 2);
  const set = (reference * 8 + trust) * 2 + same;
  counterOfFlag(0, counter(referenceFlags, set));
  counterOfFlag(1, counter(referenceFlags, 4096 + (referenceHistory & 255) * 8 + trust));
  counterOfFlag(2, counter(referenceFlags, 2 * 4096 + (hash(refersTo, 5) & 4095)));
  counterOfFlag(3, counter(referenceFlags, 3 * 4096 + (apart * 8 + trust) * 4 + (referenceHistory & 3)));
  const right = codeMixed(u32(actualWord === wanted), 4, REFERENCE_SETS + set, 1000);
  referenceHistory = (referenceHistory << 1) | right;
  let value = wanted;
  if (!right) {
    const other = field(oldAt, reference, address, refersTo + neighbours(refersTo), table);
    let found = false;
    if (!same) {
      found = codeFlag(u32(actualWord === before), counter(secondFlags, reference * 4), 255) !== 0;
      if (found) value = before;
    }
    if (!found && other !== wanted && (same || other !== before)) {
      found = codeFlag(u32(actualWord === other), counter(secondFlags, reference * 4 + 2 + same), 255) !== 0;
      if (found) value = other;
    }
    if (!found) value = codeField(reference, size, refersTo, wanted, before);
  }
  if (size === 8) store<u64>(fresh + at, value);
  else store<u32>(fresh + at, <u32>value);
  learnTarget(refersTo, actual(reference, address, value, expected, table));
  if (!right) lastMiss = oldAt;
  at += size;
  oldAt += size;
  if (matched > 0) matchedAt += size;
  if (wary && right) advanceCalm(size);
}

function word(place: usize, size: u32): u64 {
  return size === 8 ? load<u64>(place) : <u64>load<u32>(place);
}

/** A field that nothing predicted, byte by byte from its highest. */
function codeField(reference: u32, size: u32, refersTo: u32, wanted: u64, before: u64): u64 {
  let value: u64 = 0;
  for (let i = <i32>size - 1; i >= 0; i--) {
    const shift: u64 = (<u64>i) << 3;
    const guess = <u32>(wanted >> shift) & 255;
    const was = <u32>(before >> shift) & 255;
    const place = reference * 8 + <u32>i;
    const higher = <u32>(value & 255);
    const equal = u32(value === (i === 7 ? 0 : wanted >> (shift + 8)));
    const close = higher - (<u32>(i === 7 ? 0 : wanted >> (shift + 8)) & 255);
    context(0, hash(hash(place, guess), 1));
    context(1, hash(hash(place, higher), 2));
    context(2, hash(hash(place, guess), was + 256));
    context(3, hash(hash(place, <u32>value), 3));
    context(4, hash(hash(place, guess), (close & 255) + 512));
    context(5, hash(hash(refersTo, 4), <u32>value));
    const y = encoding ? <u32>(word(fresh + at, size) >> shift) & 255 : 0;
    const byte = codeLiteral(y, 6, <i32>guess, 32 + (<u32>i & 3) * 2 + equal, -1, 0, 96 + <u32>i);
    value = (value << 8) | <u64>byte;
  }
  return value;
}

function context(index: usize, value: u32): void {
  store<u32>(contexts + (index << 2), value);
}

function advanceCalm(by: u32): void {
  calm += by;
  if (calm >= CALM) {
    wary = false;
    blockLeft = -1;
    cleanBlocks = 0;
  }
}

/** A run of bytes as they are in the old file, or the wrong one at its end. */
function codeBlock(): void {
  if (blockLeft < 0) {
    const growth = min(cleanBlocks, LARGEST_BLOCK);
    const length = min<u32>(32 << growth, stepEnd - at);
    blockLeft = length;
    const miss: i32 = encoding ? firstMiss(length) : -1;
    blockMiss = -1;
    if (codeFlag(u32(miss >= 0), counter(blockFlags, growth * 3 + kind), 1000)) {
      let node: u32 = 1;
      let place: u32 = 0;
      for (let bit = 31 - <i32>clz(length); bit >= 0; bit--) {
        const wanted = (<u32>miss >> bit) & 1;
        const y =
          node < 4096
            ? codeFlag(wanted, counter(blockPlaces, growth * 4096 + node), 255)
            : codeRaw(wanted, 1);
        node = node * 2 + y;
        place = place * 2 + y;
      }
      blockMiss = <i32>min(place, length - 1);
    }
  }
  if (blockMiss === 0) {
    miss();
    return;
  }
  const most = min<u32>(
    min<u32>(blockMiss > 0 ? blockMiss : blockLeft, stepEnd - at),
    min<u32>(oldSize - oldAt, CHUNK / 16),
  );
  const count = stopAtReference(most);
  if (count > 0) {
    if (!encoding) memory.copy(fresh + at, old + oldAt, count);
    at += count;
    oldAt += count;
    blockLeft -= count;
    if (blockMiss > 0) blockMiss -= count;
  }
  if (blockLeft === 0) {
    blockLeft = -1;
    cleanBlocks++;
  }
}

/** How many of the next bytes, at most `most`, are coded as such: up to the next reference that is coded as one. */
function stopAtReference(most: u32): u32 {
  let count = freeOfReferences(oldAt, most);
  // One at the very end of the step is not coded as a reference.
  while (count < most && referenceHere(at + count, oldAt + count) === 0) {
    count++;
    count += freeOfReferences(oldAt + count, most - count);
  }
  return count;
}

/** For the encoder: after how many bytes outside of references the first one is wrong, among the next `length`; or -1. */
function firstMiss(length: u32): i32 {
  let place = at;
  let oldPlace = oldAt;
  let count: u32 = 0;
  while (count < length && place < stepEnd && oldPlace < oldSize) {
    const reference = referenceHere(place, oldPlace);
    if (reference !== 0) {
      const size = sizeOf(reference);
      place += size;
      oldPlace += size;
      continue;
    }
    if (load<u8>(fresh + place) !== load<u8>(old + oldPlace)) return count;
    count++;
    place++;
    oldPlace++;
  }
  return -1;
}

/** The byte is known not to be the aligned one. */
function miss(): void {
  wary = true;
  calm = 0;
  misses = 0;
  blockLeft = -1;
  cleanBlocks = 0;
  history = 255;
  indexLocal(oldAt);
  for (
    let place = max<u32>(max<u32>(8, indexedTo), at > RETROSPECT ? at - RETROSPECT : 0);
    place < at;
    place++
  ) {
    indexFresh(fresh, place);
  }
  wordHash = 0;
  for (let back: u32 = 16; back > 0; back--) {
    if (back <= at)
      wordHash = isIdentifier(load<u8>(fresh + at - back)) ? hash(wordHash, load<u8>(fresh + at - back)) : 0;
  }
  matched = 0;
  findMatch(fresh, at);
  takeMatch();
  const byte = literal(oldAt, true, false);
  store<u8>(fresh + at, <u8>byte);
  after(byte, true, load<u8>(old + oldAt));
}

function takeMatch(): void {
  matched = matchLength;
  matchedAt = matchAt;
  matchedFresh = matchIsFresh;
}

function isIdentifier(byte: u32): bool {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x5f ||
    byte === 0x24 ||
    byte >= 0x80
  );
}

function matchByte(): i32 {
  return matched === 0 ? -1 : <i32>load<u8>((matchedFresh ? fresh : old) + matchedAt);
}

function matchContext(): u32 {
  const length = min<u32>(matched, 31);
  return length < 16 ? length : 16 + ((length - 16) >> 2);
}

/** Byte by byte: whether it is as predicted, by the aligned place or by a match; if not, what it is. */
function codeByte(): void {
  if (matched === 0 || matchedAt >= (matchedFresh ? at : oldSize)) {
    findMatch(fresh, at);
    takeMatch();
    if (matched === 0 && lostAt !== 0 && lostMisses < 8) {
      const least: u32 = at > HISTORY ? at - HISTORY + 64 : 0;
      if (lostFresh ? lostAt >= least && lostAt < at : lostAt < oldSize) {
        matched = 1;
        matchedAt = lostAt;
        matchedFresh = lostFresh;
      }
    }
  }
  const hasAligned = oldAt < oldSize;
  const aligned: i32 = hasAligned ? load<u8>(old + oldAt) : -1;
  const match = matchByte();
  const byMatch =
    match >= 0 && (!hasAligned || (matched >= 12 && (history & 3) !== 3) || (history & 7) === 0);
  const prediction = byMatch ? match : aligned;
  let byte: u32 = 0;
  let hit: u32 = 0;
  if (prediction >= 0) {
    const agree: u32 = match >= 0 && hasAligned ? (match === aligned ? 2 : 1) : 0;
    const base = (u32(byMatch) * 3 + agree) * 4 + kind;
    const length = byMatch ? matchContext() : 0;
    const last = load<u32>(fresh + at - 4);
    counterOfFlag(0, hitCounter(hash((base << 13) | (length << 8) | history, 1)));
    counterOfFlag(1, hitCounter(hash(hash(base, <u32>prediction), last >> 24)));
    counterOfFlag(2, hitCounter(hash(hash(base + 99, <u32>prediction), last >> 8)));
    counterOfFlag(
      3,
      hitCounter(hash(hash(base + 7, length), (min<u32>(calm, 31) << 8) | min<u32>(misses, 15))),
    );
    counterOfFlag(4, hitCounter(hash(hash(base + 3, wordHash), <u32>prediction)));
    let around: u32 = 0;
    if (hasAligned) around = load<u16>(old + oldAt - 2) | ((<u32>load<u8>(old + oldAt + 1)) << 16);
    counterOfFlag(5, hitCounter(hash(hash(base + 55, <u32>prediction), around)));
    const set = base * 16 + (byMatch ? min<u32>(length, 15) : history & 15);
    hit = codeMixed(u32(encoding && <i32>load<u8>(fresh + at) === prediction), 6, set, 255);
  }
  if (hit) byte = <u32>prediction;
  else byte = literal(oldAt, !byMatch && prediction >= 0, byMatch);
  store<u8>(fresh + at, <u8>byte);
  after(byte, hasAligned, <u32>aligned & 255);
}

function hitCounter(key: u32): usize {
  return hits + ((<usize>(key >> 12)) << 2);
}

/** Codes a byte. `notAligned`, `notMatched`: it is known not to be that one. */
function literal(place: u32, notAligned: bool, notMatched: bool): u32 {
  const hasAligned = place < oldSize;
  const was: u32 = hasAligned ? load<u8>(old + place) : 256;
  const match = matchByte();
  const length = matchContext();
  if (at >= wrongAt + 4 || at < wrongAt) {
    if (wrongAt !== 0 && at - wrongAt <= BULK_PIECE && wrongOld + 4 <= oldSize) {
      const by = load<u32>(fresh + wrongAt) - load<u32>(old + wrongOld);
      if (by !== shift0) {
        shift1 = shift0;
        shift0 = by;
      }
    }
    wrongAt = at;
    wrongOld = place;
  }
  const end = fresh + at;
  const last = load<u32>(end - 4);
  const last1 = last >> 24;
  const next: u32 = hasAligned ? load<u16>(old + place) : 0x10000;
  context(0, hash((last1 << 8) | kind, 0x100));
  context(1, hash(last >> 16, 0x200));
  context(2, hash(hash(next, last1), 0x300));
  context(3, hash(hash(((<u32>(match + 1)) << 8) | length, was), 0x400));
  let count: usize;
  if (kind === 2) {
    context(4, hash(last >> 8, 0x500));
    context(5, hash(last, 0x600));
    context(6, hash(hash(last, load<u16>(end - 6)), 0x700));
    context(7, hash(hash(wordHash, last1), 0x800));
    context(8, hash(hash(hasAligned ? oldWord(place) : 0, wordHash), 0x900));
    context(9, hash(hash((kind << 4) | (hasAligned ? history & 7 : 8), was), 0xa00));
    count = 10;
  } else {
    const into = at - wrongAt;
    let first: u32 = 0x100;
    let second: u32 = 0x100;
    if (hasAligned && wrongOld + 4 <= oldSize && place - wrongOld === into) {
      first = ((load<u32>(old + wrongOld) + shift0) >> (into << 3)) & 255;
      second = ((load<u32>(old + wrongOld) + shift1) >> (into << 3)) & 255;
    }
    context(4, hash(hash(first | (into << 9), was), 0xb00));
    context(5, hash(hash(first | (second << 9), was | ((history & 15) << 9)), 0xc00));
    context(
      6,
      hash(hash(load<u8>(end - 8) | ((<u32>load<u8>(end - 4)) << 8), (at & 3) | (kind << 2)), 0xd00),
    );
    context(7, hash(last >> 8, 0xe00));
    count = 8;
  }
  const set = (kind * 4 + (history & 3)) * 8 + (match < 0 ? 0 : min<u32>(7, 1 + (length >> 2)));
  return codeLiteral(
    encoding ? load<u8>(end) : 0,
    count,
    hasAligned && !notAligned ? <i32>was : -1,
    history & 31,
    notMatched ? -1 : match,
    length,
    set,
  );
}

/** The word of the old text around `place`. */
function oldWord(place: u32): u32 {
  let from = place;
  for (let i = 0; i < 16 && from > 0 && isIdentifier(load<u8>(old + from - 1)); i++) from--;
  let key: u32 = 0;
  for (let i = 0; i < 20 && from < oldSize && isIdentifier(load<u8>(old + from)); i++)
    key = hash(key, load<u8>(old + from++));
  return key;
}

/** What a byte changes, `aligned` being the old one. */
function after(byte: u32, hasAligned: bool, aligned: u32): void {
  if (matched > 0) {
    if (matchByte() === <i32>byte) {
      matched = min<u32>(matched + 1, 1000);
      matchedAt++;
      if (matched > 8) lostMisses = 0;
    } else {
      lostMisses = matched > 1 ? 1 : lostMisses + 1;
      matched = 0;
      lostAt = matchedAt + 1;
      lostFresh = matchedFresh;
    }
  }
  const hit = hasAligned && aligned === byte;
  history = ((history << 1) | u32(hit)) & 255;
  if (hit) {
    oldAt++;
    misses = 0;
  } else {
    calm = 0;
    if (hasAligned) stepOver(byte, aligned);
    else misses++;
    lastMiss = oldAt;
  }
  wordHash = isIdentifier(byte) ? hash(wordHash, byte) : 0;
  at++;
  if (at >= 8) indexFresh(fresh, at);
  indexedTo = at + 1;
  if (!hit && matched === 0) {
    const place = findLocal(fresh, at);
    if (place !== 0 && place !== oldAt && place < oldSize) {
      oldAt = place;
      history = 15;
      misses = 0;
    }
  }
  if (
    !matchedFresh &&
    matched >= 16 &&
    history !== 255 &&
    matchedAt < oldSize &&
    matchedAt !== oldAt &&
    (history & 7) !== 7
  ) {
    oldAt = matchedAt;
    history = 255;
    calm = CALM / 2;
    misses = 0;
  }
  if (hit) advanceCalm(1);
}

/** Where the aligned place goes after a byte that was not the aligned one. */
function stepOver(byte: u32, aligned: u32): void {
  misses++;
  if (kind !== 2) {
    if (misses <= 64) oldAt++;
    return;
  }
  if (misses > 24) return;
  const isWord = isIdentifier(byte);
  const wasWord = isIdentifier(aligned);
  if (isWord && !wasWord) return;
  if (isWord || !wasWord) {
    oldAt++;
    return;
  }
  let place = oldAt;
  for (let i = 0; i < 40 && place < oldSize && isIdentifier(load<u8>(old + place)); i++) place++;
  if (place < oldSize && <u32>load<u8>(old + place) === byte) {
    oldAt = place + 1;
    misses = 0;
  } else {
    oldAt++;
  }
}

export { refill } from './coder';
export { regionAt, setImageSpan, setRegionCount } from './regions';
export { takeSteps } from './steps';
