/**
 * Streams as Go makes them since 1.27, when it is given all bytes at once.
 *
 * After compress/flate/deflate.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { tokenCount } from '../tokens';
import { endBlocks, openBlocks, storeBytes, writeBytes, writeDynamic } from './blocks';
import { findByLength } from './by-length';
import { findByOne } from './by-one';
import { findByTwo } from './by-two';
import { closeChains, openChains, writeChains } from './chains';
import { addBlock, BLOCK, openHistory } from './history';

const HUFFMAN_ONLY: i32 = -2;
const STORE: i32 = 0;
/** From here on by chains.ts. */
const CHAINS: i32 = 7;
const LAST: i32 = 9;
/** Bytes of a block of HUFFMAN_ONLY. */
const HUFFMAN_BLOCK: u32 = 1 << 15;
/** Bytes that are stored, and from how many on copies are looked for. */
const FEW: u32 = 32;
const ENOUGH: u32 = 128;

const block: usize = memory.data(65535);
let level: i32 = STORE;
let blockSize: u32 = BLOCK;
/** Bytes of the block that wait. */
let waiting: u32 = 0;

/** False if there is no such level. */
export function beginLater(by: i32): bool {
  if (by !== HUFFMAN_ONLY && (by < STORE || by > LAST)) return false;
  level = by;
  waiting = 0;
  blockSize = level === HUFFMAN_ONLY ? HUFFMAN_BLOCK : BLOCK;
  openBlocks(level === HUFFMAN_ONLY ? 10 : level < CHAINS ? 7 : 8);
  if (level < CHAINS) openHistory();
  else openChains(level);
  return true;
}

export function writeLater(input: usize, size: u32): void {
  if (level >= CHAINS) {
    writeChains(input, size);
    return;
  }
  while (size > 0) {
    if (waiting === blockSize) writeWaiting(false);
    const part = min(size, blockSize - waiting);
    memory.copy(block + waiting, input, part);
    waiting += part;
    input += part;
    size -= part;
  }
}

export function finishLater(): void {
  if (level >= CHAINS) closeChains();
  else if (waiting > 0) writeWaiting(true);
  endBlocks();
}

/** Writes the block that waits. */
function writeWaiting(last: bool): void {
  const size = waiting;
  waiting = 0;
  if (level === STORE || (level !== HUFFMAN_ONLY && size <= FEW)) {
    storeBytes(block, size);
  } else if (level === HUFFMAN_ONLY || size < ENOUGH) {
    writeBytes(block, size, last);
  } else {
    findCopies(addBlock(block, size), size);
    if (tokenCount === 0) storeBytes(block, size);
    else if (tokenCount > size - (size >> 4)) writeBytes(block, size, last);
    else writeDynamic(block, size, true, last);
  }
}

function findCopies(place: usize, size: u32): void {
  const end = place + size;
  if (level < 3) findByOne(place, end, level);
  else if (level === 3) findByTwo(place, end);
  else findByLength(place, end, level);
}
