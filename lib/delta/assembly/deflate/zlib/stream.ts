/**
 * Streams as zlib 1.3.1 makes them with a window of 32 KiB; as lld makes them with it, in shards; and as gzip 1.12 and Info-ZIP's
 * zip 3.0 do, from which zlib came.
 */
import { isEmpty, openBlocks, writeBlock, writeStored } from './blocks';
import { Effort } from './matches';
import { addHeld, openParser, parseLazily, parseQuickly } from './parser';
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
/** In its place: as gzip and as zip. */
const GZIP: i32 = 10;
const ZIP: i32 = 11;
const MEMORIES: i32 = 15;
/** Added to memLevel for streams that are made in shards, each by itself, as lld does. */
const SHARDED: i32 = 16;
const SHARD: u32 = 1 << 20;
/** Added to memLevel for zlib's strategy Z_FILTERED, by which libpng compresses. */
const FILTERED: i32 = 64;
/** Matches that wait have so many bytes or more then. */
const LEAST_FILTERED: u32 = 6;

/** memLevels of the hash and of the blocks of gzip and zip. From this level on their blocks may end early. */
const HASH_OF_OLDER: i32 = 8;
const BLOCKS_OF_OLDER: i32 = 9;
const ENDS_EARLY: i32 = 3;

let level: i32 = 0;
/** memLevel, GZIP or ZIP. */
let base: i32 = 0;
let sharded: bool = false;
/** Bytes to the end of the shard; of a stream without shards it never comes. */
let shardLeft: u32 = 0;

/** Begins a stream. False if there is no such level or `memory`. */
export function beginZlib(by: i32, memory: i32): bool {
  level = by;
  base = memory & MEMORIES;
  sharded = (memory & SHARDED) !== 0;
  const filtered = (memory & FILTERED) !== 0;
  if (level < 1 || level > LEVELS || base < LEAST_MEMORY || base > ZIP) return false;
  if ((memory & ~(MEMORIES | SHARDED | FILTERED)) !== 0) return false;
  if (base > MOST_MEMORY && (sharded || filtered)) return false;
  const effort = efforts + <usize>(level - 1) * 8;
  Effort.good = load<u16>(effort);
  Effort.lazy = load<u16>(effort, 2);
  Effort.nice = load<u16>(effort, 4);
  Effort.chain = load<u16>(effort, 6);
  Effort.least = filtered ? LEAST_FILTERED : 0;
  openShard();
  return true;
}

function openShard(): void {
  const isOlder = base > MOST_MEMORY;
  openWindow((isOlder ? HASH_OF_OLDER : base) + 7, base === GZIP);
  openBlocks((1 << ((isOlder ? BLOCKS_OF_OLDER : base) + 6)) - 1, isOlder && level >= ENDS_EARLY);
  openParser();
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
  writeBlock(true);
}

/** Ends a shard that is not the last: by an empty block, which is stored, so that the next one begins with a byte. */
function finishShard(): void {
  parseToEnd();
  if (!isEmpty()) writeBlock(false);
  writeStored(0, 0, false);
}

function parse(): void {
  if (level < LAZY) parseQuickly();
  else parseLazily();
}

function parseToEnd(): void {
  Window.ended = true;
  parse();
  addHeld();
}
