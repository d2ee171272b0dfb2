/**
 * Streams as Go's compress/flate makes them when it is given all bytes at once.
 *
 * After compress/flate/deflate.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { writeBytesBlock, writeDynamicBlock } from './blocks';
import { closeChains, openChains, writeChains } from './chains';
import { FAST_BLOCK, fastBlock, findFast, openFast } from './fast';
import { beginLater, finishLater, writeLater } from './later/stream';
import { storeBlock, storeEnd } from './stored';
import { tokenCount } from './tokens';

/** Levels as Go 1.8 to 1.26 has them. 2 to 9 are those of chains.ts. Go 1.27's are by LATER more. */
const LATER: i32 = 100;
const HUFFMAN_ONLY: i32 = -2;
const STORE: i32 = 0;
const FAST: i32 = 1;
const LAST: i32 = 9;
/** Bytes that level 1 stores, and from how many on it looks for copies. */
const FEW: u32 = 16;
const ENOUGH: u32 = 128;

let level: i32 = STORE;
let isLater: bool = false;
/** Bytes of the block that wait, if it is not of chains.ts. */
let waiting: u32 = 0;

/** False if there is no such level. Go's -1 is 6. */
export function beginGo(by: i32): bool {
  isLater = by >= LATER + HUFFMAN_ONLY;
  if (isLater) return beginLater(by - LATER);
  if (by !== HUFFMAN_ONLY && (by < STORE || by > LAST)) return false;
  level = by;
  waiting = 0;
  if (level === FAST) openFast();
  else if (level > FAST) openChains(level);
  return true;
}

export function writeGo(input: usize, size: u32): void {
  if (isLater) {
    writeLater(input, size);
    return;
  }
  if (level > FAST) {
    writeChains(input, size);
    return;
  }
  while (size > 0) {
    if (waiting === FAST_BLOCK) writeWaiting();
    const part = min(size, FAST_BLOCK - waiting);
    memory.copy(fastBlock + waiting, input, part);
    waiting += part;
    input += part;
    size -= part;
  }
}

export function finishGo(): void {
  if (isLater) {
    finishLater();
    return;
  }
  if (level > FAST) closeChains();
  else if (waiting > 0) writeWaiting();
  storeEnd();
}

/** Writes the block that waits. */
function writeWaiting(): void {
  const size = waiting;
  waiting = 0;
  if (level === STORE || (level === FAST && size <= FEW)) {
    storeBlock(fastBlock, size);
  } else if (level === HUFFMAN_ONLY || size < ENOUGH) {
    writeBytesBlock(fastBlock, size);
  } else {
    findFast(size);
    if (tokenCount > size - (size >> 4)) writeBytesBlock(fastBlock, size);
    else writeDynamicBlock(fastBlock, size);
  }
}
