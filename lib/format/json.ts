/**
 * JSON from outside, read strictly: UTF-8 without a byte order mark, bounded, and no name twice in one object (two readers
 * could each take another of the two values). The decoders (decoder.ts) check what the value means.
 */
import { DamagedError, errorMessage } from '../errors.ts';
import { printable } from './printable.ts';

/** 1 MiB: far more than any of our documents has, and far less than could do harm. */
export const MAX_DOCUMENT = 1 << 20;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `what` is the name of the document in messages. Throws DamagedError if it is too long, not UTF-8, not JSON, or ambiguous. */
export function parseJson(bytes: Uint8Array, what: string, limit = MAX_DOCUMENT): unknown {
  if (bytes.length > limit) {
    throw new DamagedError(`${what}: wanted at most ${limit} bytes, found ${bytes.length}`);
  }
  const text = decodeText(bytes, what);
  const value = parse(text, what);
  const name = isAsWritten(text, value) ? null : repeatedName(text);
  if (name !== null) {
    throw new DamagedError(`${what}: wanted each name once in an object, found ${printable(name)} twice`);
  }
  return value;
}

const MARK = [0xef, 0xbb, 0xbf];

/** The same of a file that people edit: editors of Windows put a byte order mark before the text. */
export function parseEdited(bytes: Uint8Array, what: string, limit = MAX_DOCUMENT): unknown {
  const isMarked = MARK.every((byte, at) => bytes[at] === byte);
  return parseJson(isMarked ? bytes.subarray(MARK.length) : bytes, what, limit);
}

function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new DamagedError(`${what}: wanted UTF-8 text, found other bytes`, { cause });
  }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DamagedError(
      `${what}: wanted JSON, found text that is not (${printable(errorMessage(cause))})`,
      {
        cause,
      },
    );
  }
}

/**
 * Whether the text is what JSON.stringify makes of the value, in one line or indented by two, as all our documents are. Then no
 * object has a name twice, since each is written once. This takes a tenth of the time that reading the text for it takes.
 */
function isAsWritten(text: string, value: unknown): boolean {
  try {
    const written = JSON.stringify(value, null, text.startsWith('{\n') ? 2 : 0);
    return text === written || text === `${written}\n`;
  } catch (error) {
    // It is nested more deeply than can be written; parsing has no such limit.
    if (!(error instanceof RangeError)) throw error;
    return false;
  }
}

/**
 * The first name that an object has twice. In text that is known to be JSON, a string before a colon is a name, and braces
 * outside strings nest. Not a regular expression: on a string with a million escapes it runs out of stack, and then it
 * finds nothing at all.
 */
function repeatedName(text: string): string | null {
  const open: Set<string>[] = [];
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '{') open.push(new Set());
    else if (character === '}') open.pop();
    else if (character === '"') {
      const end = endOfString(text, index);
      const string = text.slice(index, end);
      index = end - 1;
      if (!isBeforeColon(text, end)) continue;
      const name: string = JSON.parse(string);
      const names = open.at(-1);
      if (names?.has(name)) return string;
      names?.add(name);
    }
  }
  return null;
}

/** The position after the closing quote; `start` is that of the opening one. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}

function isBeforeColon(text: string, start: number): boolean {
  let index = start;
  while (text[index] === ' ' || text[index] === '\t' || text[index] === '\n' || text[index] === '\r') index++;
  return text[index] === ':';
}
