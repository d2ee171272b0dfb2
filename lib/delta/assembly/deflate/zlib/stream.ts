/** Streams as zlib 1.3.1 makes them, with a window of 32 KiB and its default strategy, and as lld makes them with it. */
import { isEmpty, openBlocks, writeBlock, writeStored } from './blocks';
import { Effort } from './matches';
import { openParser, parseLazily, parseQuickly, tellHeld } from './parser';
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
/** Added to it for streams that are made in shards, each by itself, as lld does. */
const SHARDED: i32 = 16;
const SHARD: u32 = 1 << 20;

let levelNow: i32 = 0;
let memoryNow: i32 = 0;
/** Bytes to the end of the shard; of a stream without shards it never comes. */
let shardLeft: u32 = 0;
let sharded: bool = false;

export function beginZlib(level: i32, memory: i32): bool {
  sharded = memory >= SHARDED;
  memoryNow = sharded ? memory - SHARDED : memory;
  if (level < 1 || level > LEVELS || memoryNow < LEAST_MEMORY || memoryNow > MOST_MEMORY) return false;
  levelNow = level;
  const effort = efforts + <usize>(level - 1) * 8;
  Effort.good = load<u16>(effort);
  Effort.lazy = load<u16>(effort, 2);
  Effort.nice = load<u16>(effort, 4);
  Effort.chain = load<u16>(effort, 6);
  openShard();
  return true;
}

function openShard(): void {
  openWindow(memoryNow + 7);
  openBlocks((1 << (memoryNow + 6)) - 1);
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
  if (levelNow < LAZY) parseQuickly();
  else parseLazily();
}

function parseToEnd(): void {
  Window.ended = true;
  parse();
  tellHeld();
}
