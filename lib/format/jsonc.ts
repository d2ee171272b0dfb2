/**
 * JSON with comments and trailing commas, as people write it in configuration files. A damaged document can be salvaged: the
 * fields of its outermost object that can still be read.
 */
import { DamagedError, errorMessage } from '../errors.ts';

const MAX_DEPTH = 200;

/** The value. Throws DamagedError, which names the place, if the bytes are not UTF-8 or not JSON. */
export function parseJsonc(bytes: Uint8Array, name: string): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DamagedError(`${name}: wanted text in UTF-8, found other bytes`);
  }
  try {
    const value: unknown = JSON.parse(asJson(text));
    return value;
  } catch (error) {
    throw new DamagedError(`${name}: wanted JSON, found that it is not: ${errorMessage(error)}`);
  }
}

/** The fields of the outermost object that can be read, whatever stands between them. */
export function salvageJsonc(bytes: Uint8Array): Record<string, unknown> {
  const text = new TextDecoder().decode(bytes);
  const found: [string, unknown][] = [];
  let at = text.indexOf('{') + 1;
  while (at > 0 && at < text.length) {
    const key = /[\s,]*("(?:[^"\\]|\\.)*")\s*:/y;
    key.lastIndex = skipComments(text, at);
    const match = key.exec(text);
    const end = match === null ? -1 : endOfValue(text, key.lastIndex);
    const name = match === null || end === -1 ? undefined : read(match[1] ?? '');
    const value = match === null || end === -1 ? undefined : read(asJson(text.slice(key.lastIndex, end)));
    if (typeof name === 'string' && value !== undefined) {
      found.push([name, value]);
      at = end;
    } else {
      // What can't be read is skipped, up to what may be the next field.
      const next = /\n\s*"|,\s*"/g;
      next.lastIndex = at + 1;
      at = next.exec(text)?.index ?? text.length;
    }
  }
  return Object.fromEntries(found);
}

function read(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const SKIPPED = /(?:\s|,|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;

function skipComments(text: string, at: number): number {
  SKIPPED.lastIndex = at;
  SKIPPED.exec(text);
  return Math.max(at, SKIPPED.lastIndex);
}

const STRING_OR_COMMENT = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//y;

/** Where the value that begins at `at` ends: before the comma or the bracket that closes the object. -1 if it does not. */
function endOfValue(text: string, at: number): number {
  let depth = 0;
  for (let position = at; position < text.length; ) {
    STRING_OR_COMMENT.lastIndex = position;
    if (STRING_OR_COMMENT.test(text)) {
      position = STRING_OR_COMMENT.lastIndex;
      continue;
    }
    const character = text[position];
    if (character === '"') return -1;
    if (depth === 0 && (character === ',' || character === '}')) return position;
    if (character === '{' || character === '[') depth++;
    if ((character === '}' || character === ']') && --depth === 0) return position + 1;
    if (depth > MAX_DEPTH) return -1;
    position++;
  }
  return -1;
}

/** Without comments and trailing commas. What is inside of strings stays. */
function asJson(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replaceAll(
      /("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
      (_, string: string | undefined) => string ?? ' ',
    )
    .replaceAll(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_, string: string | undefined) => string ?? '');
}
