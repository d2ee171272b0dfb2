/**
 * Streams that are nearly zlib's: a guide says which blocks they have, and where their tokens are others than those that zlib would
 * make here. The way of preflate (deus-libris/preflate), in little.
 *
 * A guide is: how many bytes tell of blocks; these; what tells of tokens. Numbers are in groups of seven bits, lowest first, all but the
 * last with 128 added. Of each block: its kind, + 4 if it is the last, + 8 * how many tokens it has, or bytes if it is stored. If it has
 * codes of its own, how many bits tell them if they are not zlib's, and these, in whole bytes; else 0. Of each token that is another one:
 * how many before it are as expected; 0 for a literal, else its length - 2; and for a match its distance, 0 if it is as expected.
 */
import { fillByte, putBits, putBytes } from '../output';
import {
  addLiteral,
  addMatch,
  DYNAMIC,
  FIXED,
  openLongBlocks,
  STORED,
  writeDynamic,
  writeDynamicBy,
  writeFixed,
} from './blocks';
import { GUIDE, placeOf } from './rooms';
import { bytes, HALF, LONGEST, SHORTEST } from './window';

const NEVER: u32 = -1;
/** No block has more tokens. */
export const MOST_TOKENS: u32 = 1 << 20;
const MOST_STORED: u32 = 0xffff;

// biome-ignore lint/complexity/noStaticOnlyClass: what is exported otherwise can't be assigned to where it is imported.
export class Guide {
  /** The guide tells nothing possible; then what is made is of no use. */
  static damaged: bool = false;
}

/** The token that is told now: 1 byte and no distance if it is a literal. */
// biome-ignore lint/complexity/noStaticOnlyClass: as above.
export class Token {
  static length: u32 = 0;
  static distance: u32 = 0;
}

/** Where it reads of blocks and of tokens, and where these end. */
let blockPlace: usize = 0;
let blockEnd: usize = 0;
let tokenPlace: usize = 0;
let tokenEnd: usize = 0;
/** Tokens as expected before the next other one. */
let expected: u32 = 0;

/** The block: tokens or bytes that are left, what it is, and of its codes. */
let left: u32 = 0;
let kind: u32 = 0;
let last: bool = false;
let headerBits: u32 = 0;
let headerPlace: usize = 0;

/** Begins with what is in the room GUIDE. False if it can't be. */
export function openGuide(size: u32): bool {
  Guide.damaged = false;
  blockPlace = placeOf(GUIDE);
  if (blockPlace === 0 || !openLongBlocks(MOST_TOKENS)) return false;
  tokenEnd = blockPlace + size;
  blockEnd = tokenEnd;
  const blocksSize = blockNumber();
  tokenPlace = blockPlace + min(blocksSize, <u32>(tokenEnd - blockPlace));
  blockEnd = tokenPlace;
  expectTokens();
  openBlock();
  return !Guide.damaged;
}

function blockNumber(): u32 {
  let value: u32 = 0;
  for (let shift: u32 = 0; shift < 32; shift += 7) {
    if (blockPlace >= blockEnd) break;
    const byte: u32 = load<u8>(blockPlace++);
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
  Guide.damaged = true;
  return 0;
}

function tokenNumber(): u32 {
  let value: u32 = 0;
  for (let shift: u32 = 0; shift < 32; shift += 7) {
    if (tokenPlace >= tokenEnd) break;
    const byte: u32 = load<u8>(tokenPlace++);
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
  Guide.damaged = true;
  return 0;
}

function expectTokens(): void {
  expected = tokenPlace < tokenEnd ? tokenNumber() : NEVER;
}

/** Begins the next block that has anything in it; those that have nothing are written. */
function openBlock(): void {
  left = 0;
  while (left === 0 && blockPlace < blockEnd) {
    const head = blockNumber();
    kind = head & 3;
    last = (head & 4) !== 0;
    left = head >> 3;
    if (kind > DYNAMIC || left > (kind === STORED ? MOST_STORED : MOST_TOKENS)) Guide.damaged = true;
    headerBits = kind === DYNAMIC ? blockNumber() : 0;
    headerPlace = blockPlace;
    const headerSize = (headerBits >> 3) + u32((headerBits & 7) > 0);
    if (<usize>headerSize > blockEnd - blockPlace) Guide.damaged = true;
    if (Guide.damaged) return;
    blockPlace += headerSize;
    if (kind === STORED) {
      putBits(u32(last), 3);
      fillByte();
      putBits(left | ((~left & 0xffff) << 16), 32);
    } else if (left === 0) writeTokens();
  }
}

function writeTokens(): void {
  if (kind === FIXED) writeFixed(last);
  else if (headerBits === 0) writeDynamic(last);
  else writeDynamicBy(last, headerPlace, headerBits);
}

/** Whether all blocks are complete. */
export function isGuideDone(): bool {
  return left === 0 && blockPlace === blockEnd && tokenPlace === tokenEnd && !Guide.damaged;
}

/** Makes of the token that is expected at the place the one that it is. There are `most` bytes. */
export function guideToken(most: u32): void {
  if (left === 0) Guide.damaged = true;
  if (Guide.damaged) {
    Token.length = 1;
    Token.distance = 0;
    return;
  }
  if (kind === STORED) {
    cutToken(left);
    return;
  }
  if (expected > 0) {
    expected--;
    return;
  }
  const length = tokenNumber();
  if (length === 0) {
    Token.length = 1;
    Token.distance = 0;
  } else {
    const distance = tokenNumber();
    Token.length = length + SHORTEST - 1;
    if (distance > 0) Token.distance = distance;
    if (length > LONGEST - SHORTEST + 1 || Token.length > most || Token.distance - 1 >= HALF) {
      Guide.damaged = true;
      Token.length = 1;
      Token.distance = 0;
    }
  }
  expectTokens();
}

/** What is expected in a stored block does not go beyond its end. */
export function cutToken(most: u32): void {
  if (Token.length <= most) return;
  Token.length = most < SHORTEST ? 1 : most;
  if (most < SHORTEST) Token.distance = 0;
}

/** Tells the token at the place. */
export function addGuided(place: u32): void {
  if (Guide.damaged) return;
  if (kind === STORED) {
    putBytes(bytes + place, Token.length);
    left -= Token.length;
  } else {
    if (Token.distance === 0) addLiteral(load<u8>(bytes + place));
    else addMatch(Token.length, Token.distance);
    left--;
    if (left === 0) writeTokens();
  }
  if (left === 0) openBlock();
}
