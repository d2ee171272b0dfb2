/**
 * Blocks of a stream as Go 1.8 to 1.26 writes them: which of the three types of DEFLATE one has.
 *
 * After compress/flate/huffman_bit_writer.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { makeCodes } from './codes';
import { planHeader, writeHeader } from './header';
import { STORED, storeBlock, storedBits } from './stored';
import {
  codedBits,
  countBytes,
  countTokens,
  DISTANCES,
  distances,
  END_OF_BLOCK,
  extraBits,
  fixedBits,
  LITERALS,
  literals,
  putCode,
  usedSymbols,
  writeFixedBlock,
  writeTokens,
} from './symbols';

const literalCodes: usize = memory.data(286 * 4);
const distanceCodes: usize = memory.data(30 * 4);

/** A block of codes for bytes alone, or stored if that is not a sixteenth longer. */
export function writeBytesBlock(place: usize, size: u32): void {
  countBytes(place, size);
  const bits = planDynamic();
  if (isStoredBetter(size, bits)) {
    storeBlock(place, size);
    return;
  }
  writeHeader();
  for (let i: u32 = 0; i < size; i++) putCode(literalCodes, load<u8>(place + i));
  putCode(literalCodes, END_OF_BLOCK);
}

/** A dynamic block of the tokens, or stored if that is not a sixteenth longer. */
export function writeDynamicBlock(place: usize, size: u32): void {
  countTokens();
  const bits = planDynamic();
  if (isStoredBetter(size, bits)) storeBlock(place, size);
  else writePlanned();
}

/** A block of the tokens, of the type that takes least. It can't be a stored one without its bytes, or if they are too many. */
export function writeBlock(place: usize, size: u32, hasBytes: bool): void {
  countTokens();
  const extra = extraBits();
  const dynamic = planDynamic() + extra;
  const fixed = fixedBits() + extra;
  if (hasBytes && size <= STORED && storedBits(size) < min(dynamic, fixed)) storeBlock(place, size);
  else if (dynamic < fixed) writePlanned();
  else writeFixedBlock();
}

/** The extra bits of the block are not in `bits`: Go does not count them here. */
function isStoredBetter(size: u32, bits: u32): bool {
  return size <= STORED && storedBits(size) < bits + (bits >> 4);
}

/** Makes the codes of a dynamic block; returns its bits, without the extra ones of lengths and distances. */
function planDynamic(): u32 {
  // A block without copies has a code for one distance, of which Go believes that it occurs.
  if (usedSymbols(distances, DISTANCES) === 0) store<u32>(distances, 1);
  makeCodes(literals, LITERALS, 15, literalCodes);
  makeCodes(distances, DISTANCES, 15, distanceCodes);
  return (
    planHeader(
      literalCodes,
      usedSymbols(literals, LITERALS),
      distanceCodes,
      usedSymbols(distances, DISTANCES),
    ) +
    codedBits(literals, LITERALS, literalCodes) +
    codedBits(distances, DISTANCES, distanceCodes)
  );
}

function writePlanned(): void {
  writeHeader();
  writeTokens(literalCodes, distanceCodes);
  putCode(literalCodes, END_OF_BLOCK);
}
