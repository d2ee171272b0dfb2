/** For the encoder: seeks the guide (guide.ts) by which a given stream is made again. */
import { addLiteral, addMatch, DYNAMIC, forgetBlock, hasCodesOfZlib, openLongBlocks, STORED } from './blocks';
import { cutToken, MOST_TOKENS, Token } from './guide';
import {
  bitPlace,
  isAtEnd,
  moveTo,
  openReader,
  Reader,
  readBits,
  readBytes,
  readCodes,
  readFill,
  readToken,
  useFixedCodes,
} from './reader';
import { ACTUAL, FOUND_BLOCKS, FOUND_TOKENS, GUIDE, placeOf, roomFor, STREAM } from './rooms';
import { bytes, SHORTEST } from './window';

/** A guide that is larger than this part of the stream is not worth it. */
const WORTH: u32 = 5;
const LEAST: u32 = 64;
const HEADER: u32 = 512;

/** What was found, and how much there may be of it. */
let most: u32 = 0;
let blocksSize: u32 = 0;
let tokensSize: u32 = 0;
/** Tokens as expected since the last other one. */
let expected: u32 = 0;

/** The block: how many tokens or bytes it has, and are left; what it is; where its codes are told. */
let size: u32 = 0;
let left: u32 = 0;
let kind: u32 = 0;
let last: bool = false;
let headerAt: u32 = 0;
let headerEnd: u32 = 0;

/** Begins with the stream of `bytes` that is in the room STREAM. False if there is no room. */
export function openSearch(streamBytes: u32): bool {
  const stream = placeOf(STREAM);
  most = streamBytes / WORTH + LEAST;
  blocksSize = 0;
  tokensSize = 0;
  expected = 0;
  last = false;
  if (
    stream === 0 ||
    roomFor(ACTUAL, MOST_TOKENS * 4) === 0 ||
    roomFor(FOUND_BLOCKS, most + HEADER) === 0 ||
    roomFor(FOUND_TOKENS, most + HEADER) === 0 ||
    !openLongBlocks(MOST_TOKENS)
  )
    return false;
  openReader(stream, streamBytes);
  openBlock();
  return true;
}

/** Reads the next block that has anything in it. */
function openBlock(): void {
  left = 0;
  while (left === 0 && !last && !Reader.failed) {
    last = readBits(1) !== 0;
    kind = readBits(2);
    headerAt = bitPlace();
    size = 0;
    if (kind === STORED) {
      readFill();
      size = readBits(16);
      if (readBits(16) !== (~size & 0xffff)) Reader.failed = true;
      readBytes(size);
    } else {
      if (kind > DYNAMIC) Reader.failed = true;
      else if (kind === DYNAMIC) readCodes();
      else useFixedCodes();
      headerEnd = bitPlace();
      readTokens();
    }
    left = size;
    if (left === 0) closeBlock();
  }
}

function readTokens(): void {
  const tokens = placeOf(ACTUAL);
  while (!Reader.failed) {
    const token = readToken();
    if (token === <u32>-1) return;
    if (size === MOST_TOKENS) {
      Reader.failed = true;
      return;
    }
    store<u32>(tokens + size++ * 4, token);
  }
}

/** Tells of the block. */
function closeBlock(): void {
  addToBlocks(kind | (u32(last) << 2) | (size << 3));
  if (kind !== DYNAMIC) {
    forgetBlock();
    return;
  }
  const here = bitPlace();
  const failed = Reader.failed;
  moveTo(headerAt);
  const same = hasCodesOfZlib() && bitPlace() === headerEnd;
  moveTo(headerAt);
  if (same) addToBlocks(0);
  else {
    addToBlocks(headerEnd - headerAt);
    for (let bits = headerEnd - headerAt; bits > 0; ) {
      const part = min<u32>(bits, 8);
      store<u8>(placeOf(FOUND_BLOCKS) + blocksSize++, <u8>readBits(part));
      bits -= part;
    }
  }
  moveTo(here);
  Reader.failed = failed;
  checkWorth();
}

function addToBlocks(value: u32): void {
  blocksSize += writeNumber(placeOf(FOUND_BLOCKS) + blocksSize, value);
  checkWorth();
}

function addToTokens(value: u32): void {
  tokensSize += writeNumber(placeOf(FOUND_TOKENS) + tokensSize, value);
  checkWorth();
}

function checkWorth(): void {
  if (blocksSize + tokensSize > most) {
    Reader.failed = true;
    // What follows is not kept.
    blocksSize = min(blocksSize, most);
    tokensSize = min(tokensSize, most);
  }
}

/** Bytes of what was found as yet; the greatest number if there is no guide that is worth it. */
export function foundBytes(): u32 {
  return Reader.failed ? -1 : blocksSize + tokensSize;
}

function writeNumber(place: usize, value: u32): u32 {
  let count: u32 = 0;
  for (; value > 127; value >>= 7) store<u8>(place + count++, <u8>(value | 128));
  store<u8>(place + count++, <u8>value);
  return count;
}

/** Makes of the token that is expected at the place the one of the stream, and tells if it is another one. There are `ahead` bytes. */
export function seekToken(place: u32, ahead: u32): void {
  if (left === 0) Reader.failed = true;
  if (Reader.failed) {
    Token.length = 1;
    Token.distance = 0;
    return;
  }
  if (kind === STORED) {
    cutToken(left);
    return;
  }
  const token = load<u32>(placeOf(ACTUAL) + (size - left) * 4);
  const distance = token & 0xffff;
  const length: u32 = distance === 0 ? 1 : token >> 16;
  if (length > ahead || (distance === 0 && load<u8>(bytes + place) !== token >> 16)) {
    Reader.failed = true;
    return;
  }
  if (Token.length === length && Token.distance === distance) {
    expected++;
    return;
  }
  addToTokens(expected);
  addToTokens(distance === 0 ? 0 : length - SHORTEST + 1);
  if (distance !== 0) addToTokens(distance === Token.distance ? 0 : distance);
  expected = 0;
  Token.length = length;
  Token.distance = distance;
}

export function addSought(place: u32): void {
  if (Reader.failed) return;
  if (kind === STORED) left -= Token.length;
  else {
    if (Token.distance === 0) addLiteral(load<u8>(bytes + place));
    else addMatch(Token.length, Token.distance);
    left--;
  }
  if (left > 0) return;
  closeBlock();
  openBlock();
}

/** Puts the guide into its room, and returns its size; 0 if there is none. */
export function finishSearch(): u32 {
  if (left !== 0 || !last) Reader.failed = true;
  readFill();
  const guide = roomFor(GUIDE, blocksSize + tokensSize + HEADER);
  if (guide === 0 || !isAtEnd()) Reader.failed = true;
  if (Reader.failed) return 0;
  const numberSize = writeNumber(guide, blocksSize);
  memory.copy(guide + numberSize, placeOf(FOUND_BLOCKS), blocksSize);
  memory.copy(guide + numberSize + blocksSize, placeOf(FOUND_TOKENS), tokensSize);
  return numberSize + blocksSize + tokensSize;
}
