/**
 * File names that are not UTF-8, as strings: a byte that is not part of a valid character is represented by the lone
 * surrogate U+DC00 + byte (PEP 383, "surrogateescape"). Other strings are passed to the system as they are.
 */

const ESCAPED = /[\udc80-\udcff]/;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Whether a name in the path is not UTF-8. */
export function hasRawBytes(path: string): boolean {
  return ESCAPED.test(path);
}

/** The path in the form that node:fs needs. */
export function systemPath(path: string): string | Buffer {
  if (process.platform === 'win32' || !ESCAPED.test(path)) return path;
  const parts: Buffer[] = [];
  // A surrogate that is part of a pair belongs to a character.
  for (const piece of path.split(/((?<![\ud800-\udbff])[\udc80-\udcff])/)) {
    const code = piece.length === 1 ? piece.charCodeAt(0) : 0;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(piece, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** The string that represents these bytes. */
export function nameOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return escaped(bytes);
  }
}

function escaped(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at] ?? 0);
    const character = length === 0 ? null : decoded(bytes.subarray(at, at + length), length);
    if (character === null) text += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
    else text += character;
    at += character === null ? 1 : length;
  }
  return text;
}

function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

function decoded(bytes: Uint8Array, length: number): string | null {
  if (bytes.length < length) return null;
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}
