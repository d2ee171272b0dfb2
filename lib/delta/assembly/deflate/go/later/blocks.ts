/**
 * Blocks of a stream as Go writes them since 1.27: codes go on over several of what is written at once, while new ones would take more.
 *
 * After compress/flate/huffman_bit_writer.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { fillByte, putBits } from '../../output';
import { lengthOf, makeCodes } from '../codes';
import { planHeader, writeHeader } from '../header';
import { STORED, storeBlock, storedBits } from '../stored';
import {
  codedBits,
  countBytes,
  countTokens,
  DISTANCES,
  distances,
  END_OF_BLOCK,
  extraBits,
  fixedBits,
  frequency,
  LITERALS,
  literals,
  putCode,
  usedSymbols,
  writeFixedBlock,
  writeTokens,
} from '../symbols';
import { tokenCount } from '../tokens';
import { estimatedBits } from './estimate';

/** Symbols of a code for bytes alone, and bits that its header is believed to take. */
const OF_BYTES: u32 = 257;
const HEADER: u32 = 560;
/** More bytes than these are looked at for being noise. */
const FEW_BYTES: u32 = 1024;
/** Tokens of a fixed block are fewer. */
const FEW_TOKENS: u32 = 250;
const IMPOSSIBLE: u32 = 0x7fffffff;

/** The codes in use, and others for bytes alone. */
let literalCodes: usize = memory.data(286 * 4);
let otherCodes: usize = memory.data(286 * 4);
const distanceCodes: usize = memory.data(30 * 4);
/** The only distance of a code for bytes alone, which is never written. */
const noDistances: usize = memory.data<u32>([1 << 16]);
/** Bits of the header of the block that has not ended; 0 if there is none. */
let openHeader: u32 = 0;
/** Whether that is of bytes alone. */
let isOfBytes: bool = false;
/** A block is believed to take more than what it would take at best, by what is above these bits. */
let penalty: u32 = 0;

export function openBlocks(by: u32): void {
  penalty = by;
  openHeader = 0;
  isOfBytes = false;
}

/** Ends the stream by an empty fixed block. */
export function endBlocks(): void {
  endOpen();
  putBits(3, 10);
  fillByte();
}

/** Stores bytes. */
export function storeBytes(place: usize, size: u32): void {
  endOpen();
  storeBlock(place, size);
}

/** Writes bytes by codes for bytes alone, or those in use, or stores them. */
export function writeBytes(place: usize, size: u32, last: bool): void {
  countBytes(place, size);
  if (size > FEW_BYTES && isNoise(size)) {
    storeBytes(place, size);
    return;
  }
  makeCodes(literals, OF_BYTES, 15, otherCodes);
  let bits = codedBits(literals, OF_BYTES, otherCodes) + (openHeader > 0 ? openHeader : HEADER);
  bits += bits >> penalty;
  if (storedBits(size) <= bits) {
    storeBytes(place, size);
    return;
  }
  if (openHeader > 0 && bits < bitsInUse(OF_BYTES - 1)) endOpen();
  if (openHeader === 0) {
    const codes = literalCodes;
    literalCodes = otherCodes;
    otherCodes = codes;
    openHeader = planHeader(literalCodes, OF_BYTES, noDistances, 1);
    writeHeader();
    isOfBytes = true;
  }
  for (let i: u32 = 0; i < size; i++) putCode(literalCodes, load<u8>(place + i));
  if (last) endOpen();
}

/** Writes the tokens by new codes or those in use, or by fixed ones, or stores the bytes, if it has them and they are not too many. */
export function writeDynamic(place: usize, size: u32, hasBytes: bool, last: bool): void {
  countTokens();
  const few = tokenCount + u32(last) < FEW_TOKENS;
  const stored = hasBytes && size <= STORED ? storedBits(size) : IMPOSSIBLE;
  const extra = extraBits();
  if (openHeader > 0 && (isOfBytes || !isUsable())) endOpen();
  // What the estimate counts as distances is as it was counted.
  const estimate = openHeader > 0 ? estimatedBits(tokenCount + u32(last)) : 0;
  if (usedSymbols(distances, DISTANCES) === 0) store<u32>(distances, 1);
  if (openHeader > 0) {
    const fresh = openHeader + estimate;
    const renewed = fresh + (fresh >> penalty) + lengthOf(literalCodes, END_OF_BLOCK);
    const kept =
      codedBits(literals, LITERALS, literalCodes) + codedBits(distances, DISTANCES, distanceCodes) + extra;
    if (renewed < kept) endOpen();
    const bits = min(renewed, kept);
    const isFixed = few && fixedBits() + extra + 7 < bits;
    if (stored <= bits) {
      storeBytes(place, size);
      return;
    }
    if (isFixed) {
      endOpen();
      writeFixedBlock();
      return;
    }
  }
  if (openHeader === 0) {
    makeCodes(literals, LITERALS, 15, literalCodes);
    makeCodes(distances, DISTANCES, 15, distanceCodes);
    const header = planHeader(
      literalCodes,
      usedSymbols(literals, LITERALS),
      distanceCodes,
      usedSymbols(distances, DISTANCES),
    );
    const own = codedBits(literals, LITERALS, literalCodes) + codedBits(distances, DISTANCES, distanceCodes);
    const fixed = few ? fixedBits() : IMPOSSIBLE;
    if (stored <= min(fixed, header + own) + extra) {
      storeBytes(place, size);
      return;
    }
    if (fixed <= header + own) {
      writeFixedBlock();
      return;
    }
    writeHeader();
    openHeader = header;
    isOfBytes = false;
  }
  writeTokens(literalCodes, distanceCodes);
  if (last) endOpen();
}

/** Ends the block that has not ended, if there is one. */
function endOpen(): void {
  if (openHeader > 0) putCode(literalCodes, END_OF_BLOCK);
  openHeader = 0;
}

/** Whether all bytes occur about as often as the others. */
function isNoise(size: u32): bool {
  let sum: u64 = 0;
  for (let i: u32 = 0; i < 256; i++) {
    const difference = <i64>(frequency(literals, i) << 8) - <i64>size;
    sum += <u64>(difference * difference);
  }
  return sum < (<u64>size) << 17;
}

/** Bits of the first `size` literals by the codes in use, if all have one. */
function bitsInUse(size: u32): u32 {
  let bits: u32 = 0;
  for (let i: u32 = 0; i < size; i++) {
    const occurs = frequency(literals, i);
    if (occurs === 0) continue;
    const length = lengthOf(literalCodes, i);
    if (length === 0) return IMPOSSIBLE;
    bits += occurs * length;
  }
  return bits;
}

/** Whether the codes in use have all symbols that occur. */
function isUsable(): bool {
  for (let i: u32 = 0; i < DISTANCES; i++)
    if (frequency(distances, i) > 0 && lengthOf(distanceCodes, i) === 0) return false;
  return bitsInUse(LITERALS) < IMPOSSIBLE;
}
