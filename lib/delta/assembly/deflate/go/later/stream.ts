/**
 * Streams as Go makes them since 1.27, when it is given all bytes at once.
 *
 * After compress/flate/deflate.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { tokenCount } from '../tokens';
import { endBlocks, openBlocks, storeBytes, writeBytes, writeDynamic } from './blocks';
import { BLOCK, block, openHistory } from './history';
import { findLevel1 } from './level1';

const HUFFMAN_ONLY: i32 = -2;
const STORE: i32 = 0;
const LAST: i32 = 1;
/** Bytes of a block of HUFFMAN_ONLY. */
const HUFFMAN_BLOCK: u32 = 1 << 15;
/** Bytes that are stored, and from how many on copies are looked for. */
const FEW: u32 = 32;
const ENOUGH: u32 = 128;

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
  openBlocks(level === HUFFMAN_ONLY ? 10 : 7);
  openHistory();
  return true;
}

export function writeLater(input: usize, size: u32): void {
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
  if (waiting > 0) writeWaiting(true);
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
    findLevel1(size);
    if (tokenCount === 0) storeBytes(block, size);
    else if (tokenCount > size - (size >> 4)) writeBytes(block, size, last);
    else writeDynamic(block, size, last);
  }
}
