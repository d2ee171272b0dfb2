/**
 * The model: predicts each byte of the new file by the old one and codes whether that was right, and what it is if not. One
 * code path for encoding and decoding (lib/delta/FORMAT.md describes it), in units of at most a few bytes or one run, between
 * which it can be interrupted.
 */
import { take, takeFrom } from '../memory';
import { hasClasses } from './addresses/data/classes';
import { openConstants, sizeOfConstants } from './addresses/data/constants';
import { objectCode, objectStretch } from './addresses/objects/fields';
import { scan, scanBySteps } from './addresses/references';
import {
  areObjects,
  classOf,
  codeBase,
  codeRegions,
  copyRegions,
  hasObjects,
  isInWords,
  openRegions,
  regionEnd,
  regionOf,
} from './addresses/regions';
import {
  BULK,
  codeStep,
  isFast,
  MOST,
  openSteps,
  sortSteps,
  stepCount,
  stepOld,
  stepStart,
  takeSteps,
} from './addresses/steps';
import { openTargets, sizeOfTargets } from './addresses/targets';
import { codeBlock, codeSuspectHere, openBlocks } from './blocks';
import {
  BUFFER,
  bits,
  buffer,
  bufferAt,
  bufferEnd,
  charge,
  codeNumber,
  codeRaw,
  costOfAll,
  countAsFast,
  effort,
  encoding,
  endsAsEncoded,
  finishEncoding,
  NUMBER,
  openCoder,
  overrun,
  restartCoder,
  STEPS,
  startDecoding,
} from './coding/coder';
import { openLayers } from './coding/layers';
import { Limits } from './coding/limits';
import { openLiterals, sizeOfBuckets } from './coding/literals';
import { openMixer } from './coding/mixer';
import { BULK_PIECE, bulkBefore, openBulk } from './contents/bulk';
import { CALM, codeByte, openBytes } from './contents/bytes';
import { codeFastByte, openFast, sizeOfFast } from './contents/fast';
import { areUnlikely, codeReference, openFields, referenceHere } from './contents/fields';
import { openInstructions } from './contents/instruction';
import { openJumps } from './contents/jumps';
import { learned, learnOld } from './contents/lessons';
import { HISTORY, indexOld, openIndex, openMatches } from './contents/matches';
import { codeWordHere, isWatched, wordHere } from './contents/renames';
import { isSuspect, openSuspects } from './contents/suspects';
import { openWords } from './contents/words';
import { CODE, State, VARIABLES } from './state';

/** What `run` returns. */
const DONE: i32 = 0;
const BUFFER_DUE: i32 = 1;
const WINDOW_FULL: i32 = 2;
const BULK_DUE: i32 = 3;
const SECOND_DUE: i32 = 4;
const IMAGES_DUE: i32 = 5;
const MALFORMED: i32 = -1;
const NO_MEMORY: i32 = -2;

/** Input that one unit takes, at most. */
const MARGIN: u32 = 2048;
/** Bits that a patch may have: a bound on the time that any patch takes. */
const MOST_BITS: u32 = 1 << 28;
/** Bytes between calls for the window to be written out: with fewer, what it keeps is moved more often. */
const CHUNK: u32 = 1 << 22;
const LOOK: u32 = 1 << 18;
const PADDING: u32 = 64;
/** References of these kinds and above are unlikely to be found where none is. */
const EVEN_IF_WARY: u32 = 12;

/** The second lane: bytes of the new file that it makes, at most, since they are in memory. */
const MOST_SECOND: u32 = 1 << 26;
const MOST_SECOND_FAST: u32 = 1 << 28;
/** All that a lane takes but for its window, buckets and targets. */
const LANE_TABLES: usize = 13 << 20;

/** How many buckets contexts may have. With COMPACT added, which encoders do, base addresses take only what they need. */
const LEAST_BUCKET_BITS: u32 = 8;
const MOST_BUCKET_BITS: u32 = 20;
const COMPACT: u32 = 13;

/** Of the old file, 2^20 bytes may be learned before all else, in the fourth model. */
const MOST_LESSONS: u32 = 20;

/** Of this patch. */
let bucketBits: u32 = 18;
/** In the fourth model: 2 to that power are the bytes of the old file that are learned, at most. */
let lessons: u32 = 0;

/** The window: what of the new file is kept. */
let window: usize = 0;
let windowSize: u32 = 0;

let phase: u32 = 0;
let step: u32 = 0;
let inBulk: bool = false;
/** Whether there is a second lane; the step that it begins with. */
let isSplit: bool = false;
let measures: usize = 0;
let split: u32 = 0;
let isSecond: bool = false;
/** After so many bytes and bits the second lane returns, and the encoder, that the caller may look how far they are. */
let nextLook: u32 = 0;
let nextBits: u32 = 0;

let numbers: usize = 0;

/** Takes memory for both files. Decoding, that of the new one is a window. */
export function open(encode: bool, oldBytes: u32, newBytes: u32): bool {
  State.oldSize = oldBytes;
  State.newSize = newBytes;
  State.end = newBytes;
  if (!openCoder(encode) || !openRegions() || !openSteps(oldBytes, newBytes)) return false;
  numbers = take(2 * NUMBER);
  State.bases = take(16);
  State.old = take(<usize>oldBytes + 2 * PADDING);
  windowSize = encode ? newBytes : min(newBytes, HISTORY + CHUNK + BULK_PIECE);
  window = take(<usize>windowSize + 2 * PADDING);
  if (numbers === 0 || State.bases === 0 || State.old === 0 || window === 0) return false;
  State.old += PADDING;
  window += PADDING;
  State.fresh = window;
  return !encode || openBulk();
}

export function oldFile(): usize {
  return State.old;
}

/** The whole new file, for the encoder. */
export function newFile(): usize {
  return window;
}

export function baseAddresses(): usize {
  return State.bases;
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

/** How long that takes, about: the measure by which lanes are balanced. */
export function spent(): u32 {
  return effort;
}

/** For the encoder: what is chosen for this patch. */
export function choose(buckets: u32, learns: u32): void {
  bucketBits = buckets;
  lessons = learns;
}

/** Bytes of the old file that were learned. */
export function lessonBytes(): u32 {
  return learned;
}

/**
 * For the encoder: of each step, two words: bits that were coded when it began, and bytes of the patch that they cost; of those that are
 * behind it 0. 0 if memory ran out.
 */
export function measureSteps(): usize {
  measures = take(8 * <usize>stepCount);
  return measures;
}

/** A second lane makes what begins with that step. The decoder takes from the patch which step it is. */
export function splitAt(index: u32): void {
  isSplit = true;
  split = index;
}

/**
 * When SECOND_DUE: takes memory for the second lane, whose stream has so many bytes. First there is room for this module's
 * variables, then for the stream.
 */
export function takeSecond(size: u32): usize {
  return take(secondSize(size));
}

function secondSize(size: u32): usize {
  const window = <usize>(State.newSize - State.end) + 2 * PADDING;
  return (
    VARIABLES +
    window +
    <usize>size +
    sizeOfBuckets(bucketBits) +
    sizeOfTargets(State.oldSize) +
    LANE_TABLES +
    (hasClasses ? sizeOfConstants() : 0) +
    sizeOfFast()
  );
}

export function secondStream(address: usize): usize {
  return address + VARIABLES;
}

/** Where byte 0 of the new file would be, of which the second lane makes the end. */
export function secondWindow(address: usize, size: u32): usize {
  return ((secondStream(address) + <usize>size + 15) & ~15) + PADDING - <usize>secondStart();
}

/** Where the steps of the second lane begin in the new file; how much bulk precedes what they take. */
export function secondStart(): u32 {
  return stepStart(split);
}

export function secondBulk(): u32 {
  return bulkBefore(split);
}

/**
 * In a copy of the module on the same memory, whose variables are those that it had when SECOND_DUE: begins the second lane in
 * what `takeSecond` has returned. False if memory ran out.
 */
export function beginSecond(address: usize, size: u32): bool {
  takeFrom((address + VARIABLES + <usize>size + 15) & ~15, address + secondSize(size));
  isSecond = true;
  isSplit = false;
  step = split;
  State.start = State.end;
  State.at = State.start;
  State.end = State.newSize;
  window = take(<usize>(State.end - State.start) + 2 * PADDING);
  if (window === 0 || !restartCoder(secondStream(address), size) || !copyRegions()) return false;
  window += PADDING;
  State.fresh = window - <usize>State.start;
  return (!encoding || openBulk()) && openLane();
}

/** How much of the new file is made. */
export function made(): u32 {
  return State.at;
}

/** The address of the byte of the new file at `place`, which must be in the window. */
export function freshAt(place: u32): usize {
  return State.fresh + place;
}

/** After what was made is written out: keeps only as much of it as matches may use. */
export function slide(): void {
  const keep = min(State.at, HISTORY);
  memory.copy(window - PADDING, State.fresh + State.at - keep - PADDING, keep + PADDING);
  State.fresh = window - (State.at - keep);
}

/** Works until it is done or something is due; negative if the patch is malformed, or memory ran out. */
export function run(last: bool): i32 {
  while (true) {
    if (encoding ? bufferAt > BUFFER - MARGIN : !last && bufferEnd - bufferAt < MARGIN) return BUFFER_DUE;
    if (overrun !== 0 || bits > MOST_BITS) return MALFORMED;
    if (phase === 3) {
      if (isSplit) {
        isSplit = false;
        State.end = secondStart();
        const most = Limits.fast ? MOST_SECOND_FAST : MOST_SECOND;
        return State.newSize - State.end <= most ? SECOND_DUE : MALFORMED;
      }
      if (State.at === State.end) {
        if (encoding) finishEncoding();
        phase = 4;
        continue;
      }
      if (State.at >= State.stepEnd && !nextStep()) return MALFORMED;
      if ((isSecond || encoding) && (State.at >= nextLook || bits >= nextBits)) {
        nextLook = State.at + CHUNK;
        nextBits = bits + LOOK;
        return WINDOW_FULL;
      }
      if (
        !encoding &&
        !isSecond &&
        State.newSize > windowSize &&
        windowSize - <u32>(State.fresh + State.at - window) < BULK_PIECE
      )
        return WINDOW_FULL;
      if (inBulk) return BULK_DUE;
      unit();
    } else if (phase === 2) {
      charge(STEPS);
      const before = bits;
      const result = codeStep();
      if (Limits.fast) countAsFast(before);
      if (result < 0) return MALFORMED;
      if (result > 0) {
        if (!sortSteps() || !scanBySteps()) return NO_MEMORY;
        if (Limits.fourth && !learnOld(lessons)) return NO_MEMORY;
        phase = 3;
      }
    } else if (phase === 4) {
      return encoding || endsAsEncoded() ? DONE : MALFORMED;
    } else if (phase === 1) {
      if (!beginImages()) return MALFORMED;
      phase = 5;
      if (!encoding) return IMAGES_DUE;
    } else if (phase === 5) {
      const result = begin();
      if (result < 0) return result;
      phase = 2;
    } else {
      if (!encoding) startDecoding();
      phase = 1;
    }
  }
}

/** What the patch says of both files. False if it is malformed. */
function beginImages(): bool {
  const form = codeRaw(bucketBits + (Limits.fourth ? 0 : COMPACT), 5);
  const isCompact = Limits.fourth || form > MOST_BUCKET_BITS;
  bucketBits = form > MOST_BUCKET_BITS ? form - COMPACT : form;
  if (bucketBits < LEAST_BUCKET_BITS || (Limits.fourth && form > MOST_BUCKET_BITS)) return false;
  if (Limits.fourth) {
    lessons = codeRaw(lessons, 5);
    if (lessons > MOST_LESSONS) return false;
  }
  for (let i: usize = 0; i < 16; i += 4) {
    const place = State.bases + i;
    if (isCompact) store<u32>(place, codeBase(load<u32>(place), i < 8 ? 0 : load<u32>(place - 8)));
    else store<u32>(place, codeRaw(load<u32>(place), 32));
  }
  return codeRegions(0, State.oldSize) && codeRegions(1, State.newSize);
}

/** The steps, and what is made of the old file alone. */
function begin(): i32 {
  const count = codeNumber(stepCount, numbers);
  if (count === 0 || count > State.newSize || count > MOST) return MALFORMED;
  if (!encoding && takeSteps(count) === 0) return NO_MEMORY;
  if (isSplit) {
    split = codeNumber(split, numbers + NUMBER);
    if (split === 0 || split >= count) return MALFORMED;
  }
  if (!openLane() || !openIndex(State.old, State.oldSize) || !scan()) return NO_MEMORY;
  indexOld();
  return DONE;
}

/** What is learned while the file is made. */
function openLane(): bool {
  return (
    openMixer() &&
    openLiterals(bucketBits) &&
    (!Limits.fourth || openLayers()) &&
    openBlocks() &&
    openFields() &&
    openInstructions() &&
    openBytes() &&
    openFast() &&
    openJumps() &&
    openMatches() &&
    openTargets(State.oldSize) &&
    openWords(State.old, State.oldSize) &&
    openSuspects(State.old) &&
    (!hasClasses || openConstants())
  );
}

/** Goes on to the step that begins here. False if there is none. */
function nextStep(): bool {
  if (step === stepCount || stepStart(step) !== State.at) return false;
  State.oldAt = stepOld(step);
  if (measures !== 0) {
    store<u32>(measures + ((<usize>step) << 3), bits);
    store<u32>(measures + ((<usize>step) << 3), costOfAll(), 4);
  }
  step++;
  State.stepEnd = stepStart(step);
  inBulk = State.oldAt === BULK;
  State.fast = isFast(step - 1);
  State.kindEnd = 0;
  State.wary = true;
  State.calm = CALM - 4;
  State.history = 255;
  State.blockLeft = -1;
  State.cleanBlocks = 0;
  State.matched = 0;
  State.misses = 0;
  State.pendingAt = 0;
  return true;
}

function unit(): void {
  if (State.at >= State.kindEnd) {
    const region = regionOf(1, State.at);
    State.code = region === 0 ? 0 : load<u32>(region, 12);
    State.inWords = isInWords(region);
    State.kindEnd = regionEnd(1, State.at, State.newSize);
    if (hasObjects && areObjects(State.code)) {
      // What has not been made says nothing of its sections, but the aligned place does.
      State.code = objectCode(State.oldAt);
      State.kindEnd = State.at + objectStretch(State.oldAt, min(State.stepEnd, State.kindEnd) - State.at);
    }
    State.kind = classOf(State.code);
    State.blockLeft = -1;
  }
  State.attentive = State.kind !== CODE && !State.fast;
  const reference = referenceHere(State.at, State.oldAt);
  if (
    reference !== 0 &&
    (!State.wary || (((State.history & 15) === 15 || reference >= EVEN_IF_WARY) && !areUnlikely()))
  ) {
    codeReference(reference);
  } else if (State.attentive && wordHere(State.at, State.oldAt)) {
    codeWordHere();
  } else if (State.wary || State.oldAt >= State.oldSize) {
    if (!State.wary) {
      State.wary = true;
      State.calm = 0;
      State.matched = 0;
    }
    if (State.fast) codeFastByte();
    else codeByte();
  } else if (State.attentive && isWatched(State.at) && isSuspect(State.fresh + State.at, State.oldAt)) {
    codeSuspectHere();
  } else {
    codeBlock();
  }
}

export { nameConstants } from './addresses/data/classes';
export { goBaseAt } from './addresses/data/go';
export { takeMoves } from './addresses/moves';
export {
  dwarfSectionAt,
  regionAt,
  regionCount,
  setImageSpan,
  setRegionCount,
} from './addresses/regions';
export { takeSteps } from './addresses/steps';
export { costOf, countCosts, refill } from './coding/coder';
export { useFastSteps, useFourthModel, useSecondModel, useThirdModel } from './coding/limits';
export {
  bulkClass,
  bulkHashes,
  bulkPlaced,
  bulkSize,
  bulkTaken,
  careful,
  hashedPages,
} from './contents/bulk';
