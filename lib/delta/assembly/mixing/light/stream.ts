/**
 * A stream by the light coder: which class of content is where, then tokens. It has a module instance of its own, as it has its own
 * arithmetic code.
 */
import { take } from '../../memory';
import {
  BUFFER,
  bufferAt,
  bufferEnd,
  codeNumber,
  codeRaw,
  encoding,
  endsAsEncoded,
  finishEncoding,
  NUMBER,
  openCoder,
  overrun,
  startDecoding,
} from '../coding/coder';
import { VARIABLES } from '../state';
import { nextToken, openParse, parse, tokenDistance, tokenLength } from './parse';
import { at, bulk, codeToken, openTokens, total } from './tokens';

/** What `runLight` returns, as `run` does. */
const DONE: i32 = 0;
const BUFFER_DUE: i32 = 1;
const MALFORMED: i32 = -1;

/** Input that one unit takes, at most. */
const MARGIN: u32 = 2048;
const TOKENS_OF_UNIT: u32 = 32;
/** Stretches of one class of content: a region is in one, and a file has 255 of them at most. */
const MOST_STRETCHES: u32 = 1024;
const CLASSES: u32 = 3;

let numbers: usize = 0;
/** Of each stretch: where it ends, and its class. */
let stretches: usize = 0;
let stretchCount: u32 = 0;
let stretch: u32 = 0;
let phase: u32 = 0;

/** Takes memory for `size` bytes of bulk. */
export function openLight(encode: bool, size: u32): bool {
  if (!openCoder(encode) || !openTokens(size)) return false;
  numbers = take(2 * NUMBER);
  stretches = take(8 * (MOST_STRETCHES + 1));
  if (numbers === 0 || stretches === 0) return false;
  return !encode || openParse();
}

/** For a copy of this module on the same memory: room for its variables. */
export function lightVariables(): usize {
  return take(VARIABLES);
}

export function lightBulk(): usize {
  return bulk;
}

/** How much of the bulk is decoded. */
export function lightMade(): u32 {
  return at;
}

/** For the encoder: where the stretches are, two words each (end, class). */
export function lightStretches(count: u32): usize {
  stretchCount = count;
  return stretches;
}

function codeStretches(): bool {
  stretchCount = codeNumber(stretchCount, numbers);
  if (stretchCount > MOST_STRETCHES) return false;
  let start: u32 = 0;
  for (let i: u32 = 0; i < stretchCount; i++) {
    const entry = stretches + ((<usize>i) << 3);
    const less = codeNumber(load<u32>(entry) - start - 1, numbers + NUMBER);
    if (less >= total - start) return false;
    start += less + 1;
    store<u32>(entry, start);
    const kind = codeRaw(load<u32>(entry, 4), 2);
    if (kind >= CLASSES) return false;
    store<u32>(entry, kind, 4);
  }
  return start === total;
}

/** Codes some tokens. False if they are malformed. */
function unit(): bool {
  for (let i: u32 = 0; i < TOKENS_OF_UNIT && at < total; i++) {
    while (load<u32>(stretches + ((<usize>stretch) << 3)) <= at) stretch++;
    const entry = stretches + ((<usize>stretch) << 3);
    const kind = load<u32>(entry, 4);
    if (encoding && !nextToken()) {
      parse(kind, load<u32>(entry));
      nextToken();
    }
    if (!codeToken(tokenLength, tokenDistance, kind, total - at)) return false;
  }
  return true;
}

/** Works until it is done or the buffer is due; negative if it is malformed. */
export function runLight(last: bool): i32 {
  while (true) {
    if (encoding ? bufferAt > BUFFER - MARGIN : !last && bufferEnd - bufferAt < MARGIN) return BUFFER_DUE;
    if (overrun !== 0) return MALFORMED;
    if (phase === 0) {
      if (!encoding) startDecoding();
      phase = 1;
    } else if (phase === 1) {
      if (!codeStretches()) return MALFORMED;
      phase = 2;
    } else if (at < total) {
      if (!unit()) return MALFORMED;
    } else if (phase === 2) {
      if (encoding) finishEncoding();
      phase = 3;
    } else {
      return encoding || endsAsEncoded() ? DONE : MALFORMED;
    }
  }
}
