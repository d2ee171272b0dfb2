/**
 * References in Thumb code of arm, the lowest byte first: BL, BLX and B.W, and the words between functions that LDR loads. Without
 * a fixed address, these are how far something is, from near them on, or where its address is in the global offset table, which is from the
 * first of the region's two bases to the second.
 */
import { State } from '../../state';
import { note, referenceAt } from '../found';
import { ABSOLUTE, BRANCH_24, FORTH, IMAGE_RELATIVE, OFFSET } from '../kinds';
import { imageSpan, regionOf, THUMB, wordsAt } from '../regions';
import { signed } from './other-code';
import { forgetPools, learnThumb, loadedThumb } from './pools';
import { codeWord } from './words';

const LEAST: u32 = 0x1000;

export function scanThumb(region: usize): void {
  const start = load<u32>(region);
  if (wordsAt(start) !== 0) scanWords(region);
  else scanPlain(region);
}

/** What is in converted words (mixing/conversions/thumb.ts), where words that are sums have become addresses. */
function scanWords(region: usize): void {
  const start = load<u32>(region);
  const size = load<u32>(region, 4);
  const address = load<u32>(region, 8);
  const span = imageSpan(0);
  forgetPools();
  for (let at: u32 = address & 1; at + 4 <= size; ) {
    const field = start + at;
    const loaded = loadedThumb(address + at);
    if (loaded !== 0) {
      const word = bswap<u32>(load<u32>(State.old + field));
      if (loaded === 1) noteWord(region, at, word);
      else if (word < span) note(field, IMAGE_RELATIVE);
      at += 4;
      continue;
    }
    const word = codeWord(field);
    learnThumb(address + at, word);
    if ((word & 0xffff) >> 11 < 29) {
      at += 2;
      continue;
    }
    if (isBranch(word) && thumbTarget(address + at, word) < span) note(field, BRANCH_24);
    at += 4;
  }
}

function scanPlain(region: usize): void {
  const start = load<u32>(region);
  const size = load<u32>(region, 4);
  const address = load<u32>(region, 8);
  const span = imageSpan(0);
  for (let at: u32 = address & 1; at + 4 <= size; ) {
    const field = start + at;
    // What was loaded before is no instruction.
    if (referenceAt(field) !== 0) {
      at += 4;
      continue;
    }
    const word = load<u32>(State.old + field);
    const next = ((address + at + 4) & ~3) - address;
    if ((word & 0xffff) >> 11 < 29) {
      if ((word & 0xf800) === 0x4800) noteLoaded(region, next + ((word & 255) << 2));
      at += 2;
      continue;
    }
    const distance = (word >> 16) & 0xfff;
    if ((word & 0xff7f) === 0xf85f)
      noteLoaded(region, (word & 0x80) !== 0 ? next + distance : next - distance);
    else if (isBranch(word) && thumbTarget(address + at, word) < span) note(field, BRANCH_24);
    at += 4;
  }
}

/** What is loaded from so many bytes into the region. */
function noteLoaded(region: usize, into: u32): void {
  const size = load<u32>(region, 4);
  if (into >= size || size - into < 4) return;
  noteWord(region, into, load<u32>(State.old + load<u32>(region) + into));
}

/** That word, so many bytes into the region. */
function noteWord(region: usize, into: u32, word: u32): void {
  const field = load<u32>(region) + into;
  const base = load<u32>(State.bases);
  if (base >= LEAST) {
    if (word - base >= LEAST && word - base < imageSpan(0)) note(field, ABSOLUTE);
  } else if (word < load<u32>(region, 20) - load<u32>(region, 16)) {
    if (word !== 0) note(field, OFFSET);
  } else if (word + LEAST >= 2 * LEAST && load<u32>(region, 8) + into + word < imageSpan(0)) {
    note(field, FORTH);
  }
}

/** B.W and BL, and BLX, whose target is a multiple of 4. */
function isBranch(word: u32): bool {
  if ((word & 0xf800) !== 0xf000) return false;
  const second = word >> 16;
  return (second & 0x9000) === 0x9000 || (second & 0xd001) === 0xc000;
}

/** Whether there is such code around an offset of the old file. */
export function isThumb(offset: u32): bool {
  const region = regionOf(0, offset);
  return region !== 0 && load<u32>(region, 12) === THUMB;
}

/** From where on a branch counts. BLX, which has no bit 12 in its second half, is for code whose instructions have 4 bytes. */
function origin(address: u32, word: u32): u32 {
  return (word & 0x10000000) === 0 ? (address + 4) & ~3 : address + 4;
}

export function thumbTarget(address: u32, word: u32): u32 {
  const sign = (word >> 10) & 1;
  const high = (((word >> 29) ^ sign ^ 1) & 1) << 23;
  const low = (((word >> 27) ^ sign ^ 1) & 1) << 22;
  const distance = (sign << 24) | high | low | ((word & 0x3ff) << 12) | ((word >> 15) & 0xffe);
  return origin(address, word) + signed(distance, 25);
}

export function thumbField(word: u32, address: u32, to: u32): u32 {
  const distance = to - origin(address, word);
  const sign = (distance >> 24) & 1;
  const high = (((distance >> 23) ^ sign ^ 1) & 1) << 29;
  const low = (((distance >> 22) ^ sign ^ 1) & 1) << 27;
  return (
    (word & 0xd000f800) | (sign << 10) | ((distance >> 12) & 0x3ff) | high | low | ((distance & 0xffe) << 15)
  );
}
