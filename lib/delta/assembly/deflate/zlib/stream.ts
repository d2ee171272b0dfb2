/** Streams as zlib 1.3.1 makes them, with a window of 32 KiB and its default strategy, and as lld makes them with it. */
import { isEmpty, openBlocks, writeBlock, writeStored } from './blocks';
import { openGuide } from './guide';
import { Effort } from './matches';
import { GUIDED, OWN, openParser, parseLazily, parseQuickly, SOUGHT, tellHeld } from './parser';
import { GUIDE, roomFor, STREAM } from './rooms';
import { finishSearch, openSearch } from './search';
import { fillWindow, openWindow, Window } from './window';

/** From this level on a match waits for a longer one at the next byte. */
const LAZY: i32 = 4;
const LEVELS: i32 = 9;
/** Of each level: good, lazy, nice, chain (see Effort). */
const efforts = memory.data<u16>([
  4, 4, 8, 4, 4, 5, 16, 8, 4, 6, 32, 32, 4, 4, 16, 16, 8, 16, 32, 32, 8, 16, 128, 128, 8, 32, 128, 256, 32,
  128, 258, 1024, 32, 258, 258, 4096,
]);

/** zlib's memLevel: bits of a hash less 7, and of the number of tokens of a block less 6. */
const LEAST_MEMORY: i32 = 1;
const MOST_MEMORY: i32 = 9;
/** None of zlib's: as gzip and Info-ZIP's zip do it, from which zlib came. Their blocks may end earlier, from this level on. */
const GZIP: i32 = 10;
const ZIP: i32 = 11;
const ENDS_EARLY: i32 = 3;
const USUAL_MEMORY: i32 = 8;
/** Added to it for streams that are made in shards, each by itself, as lld does. */
const SHARDED: i32 = 16;
const SHARD: u32 = 1 << 20;
/** Added to it for streams that are made by a guide (guide.ts). */
const WITH_GUIDE: i32 = 32;
/** Added to it for zlib's strategy Z_FILTERED, by which PNG's are made. */
const FILTERED: i32 = 64;
/** Then shorter matches are none, where a match waits. */
const LEAST_FILTERED: u32 = 6;

let way: u32 = OWN;
let guideSize: u32 = 0;
let streamSize: u32 = 0;

let levelNow: i32 = 0;
let memoryNow: i32 = 0;
/** Bytes to the end of the shard; of a stream without shards it never comes. */
let shardLeft: u32 = 0;
let sharded: bool = false;

/** Begins a stream, as `memory` says. False if there is nothing like that. */
export function beginZlib(level: i32, memory: i32): bool {
  if ((memory & ~(FILTERED | WITH_GUIDE | SHARDED | 15)) !== 0) return false;
  way = (memory & WITH_GUIDE) !== 0 ? GUIDED : OWN;
  sharded = (memory & SHARDED) !== 0;
  if ((memory & 15) > MOST_MEMORY && (memory & (FILTERED | SHARDED)) !== 0) return false;
  if ((sharded && way === GUIDED) || !setLevel(level, memory & (FILTERED | 15))) return false;
  openShard();
  return way === OWN || openGuide(guideSize);
}

/** Begins the search for a guide: what is written then is what the stream in its room was made of. In the end the guide is in its room. */
export function beginSearch(level: i32, memory: i32): bool {
  way = SOUGHT;
  sharded = false;
  if (!setLevel(level, memory)) return false;
  openShard();
  return openSearch(streamSize);
}

/** How large the guide in its room is. */
export function guideBytes(): u32 {
  return guideSize;
}

/** Room for a guide, and for a stream; 0 if there is none. They are kept, and others may move. */
export function guidePlace(size: u32): usize {
  guideSize = size;
  return roomFor(GUIDE, size);
}

export function streamPlace(size: u32): usize {
  streamSize = size;
  return roomFor(STREAM, size);
}

function setLevel(level: i32, memory: i32): bool {
  memoryNow = memory & ~FILTERED;
  Effort.least = (memory & FILTERED) !== 0 ? LEAST_FILTERED : 0;
  if (level < 1 || level > LEVELS || memoryNow < LEAST_MEMORY || memoryNow > ZIP) return false;
  levelNow = level;
  const effort = efforts + <usize>(level - 1) * 8;
  Effort.good = load<u16>(effort);
  Effort.lazy = load<u16>(effort, 2);
  Effort.nice = load<u16>(effort, 4);
  Effort.chain = load<u16>(effort, 6);
  return true;
}

function openShard(): void {
  const isOlder = memoryNow > MOST_MEMORY;
  openWindow((isOlder ? USUAL_MEMORY : memoryNow) + 7, memoryNow === GZIP);
  openBlocks((1 << ((isOlder ? MOST_MEMORY : memoryNow) + 6)) - 1, isOlder && levelNow >= ENDS_EARLY);
  openParser(way);
  shardLeft = SHARD;
}

export function writeZlib(input: usize, size: u32): void {
  while (size > 0) {
    if (sharded && shardLeft === 0) {
      finishShard();
      openShard();
    }
    const taken = fillWindow(input, sharded ? min(size, shardLeft) : size);
    shardLeft -= taken;
    input += taken;
    size -= taken;
    // Only a full window is parsed.
    if (size > 0 && !(sharded && shardLeft === 0)) parse();
  }
}

export function finishZlib(): void {
  parseToEnd();
  if (way === OWN) writeBlock(true);
  else if (way === SOUGHT) guideSize = finishSearch();
}

/** Ends a shard that is not the last: by an empty block, which is stored, so that the next one begins with a byte. */
function finishShard(): void {
  parseToEnd();
  if (!isEmpty()) writeBlock(false);
  writeStored(0, 0, false);
}

function parse(): void {
  if (levelNow < LAZY) parseQuickly();
  else parseLazily();
}

function parseToEnd(): void {
  Window.ended = true;
  parse();
  tellHeld();
}
