/**
 * JSON from outside, read strictly: UTF-8 without a mark, bounded, and no name twice in one object (two readers
 * could each believe another of the two values). What the value means is for the decoders (decoder.ts).
 */
import { DamagedError, errorMessage } from '../errors.ts';
import { printable } from './printable.ts';

/** 1 MiB: far above any document of ours, far below what could hurt. */
export const MAX_DOCUMENT = 1 << 20;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `what` names the document in errors. DamagedError where it is too long, not UTF-8, not JSON, or ambiguous. */
export function parseJson(bytes: Uint8Array, what: string, limit = MAX_DOCUMENT): unknown {
  if (bytes.length > limit) {
    throw new DamagedError(`${what}: wanted at most ${limit} bytes, found ${bytes.length}`);
  }
  const text = decodeText(bytes, what);
  const value = parse(text, what);
  const name = repeatedName(text);
  if (name !== null) {
    throw new DamagedError(`${what}: wanted each name once in an object, found ${printable(name)} twice`);
  }
  return value;
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

/** In text that is known to be JSON a string before a colon is a name, and braces outside strings nest. */
const TOKENS = /("[^"\\]*(?:\\.[^"\\]*)*")[ \t\n\r]*(:)?|[{}]/g;

function repeatedName(text: string): string | null {
  const open: Set<unknown>[] = [];
  for (const [token, string, colon] of text.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (string !== undefined && colon !== undefined) {
      const name: unknown = JSON.parse(string);
      const names = open.at(-1);
      if (names?.has(name)) return string;
      names?.add(name);
    }
  }
  return null;
}
