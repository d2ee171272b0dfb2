/** Records that are lines of text: a few characters, and then bytes as two hex digits each, of which the last one is a checksum. */
import { CR_LF, LOWER } from './format.ts';

const [CR, LF] = [13, 10];
/** By character; 255 for what is no digit. */
const VALUES = new Uint8Array(256).fill(255);
/** By character: 1 for upper case, 2 for lower case. */
const CASES = new Uint8Array(256);
for (const [digits, bit] of [
  ['0123456789', 0],
  ['ABCDEF', 1],
  ['abcdef', 2],
] as const) {
  for (const [index, digit] of [...digits].entries()) {
    VALUES[digit.charCodeAt(0)] = index + (bit === 0 ? 0 : 10);
    CASES[digit.charCodeAt(0)] = bit;
  }
}
/** The two digits of each byte, in upper and in lower case. */
const DIGITS = [true, false].map((isUpper) => {
  const all = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('');
  return Buffer.from(isUpper ? all.toUpperCase() : all, 'latin1');
});

export interface Line {
  /** Valid until the next one is read. */
  bytes: Uint8Array;
  end: number;
  style: number;
  tellsCase: boolean;
}

const scratch = new Uint8Array(256 + 8);

/** The bytes of a line from `at` on: the first one says how many more there are, but for `besides`. Null if it is malformed, or has digits of both cases. */
export function readLine(text: Uint8Array, at: number, besides: number, wantedSum: number): Line | null {
  const count = valueAt(text, at);
  if (count < 0) return null;
  const size = 1 + count + besides;
  let [sum, cases] = [0, 0];
  for (let i = 0; i < size; i++) {
    const place = at + 2 * i;
    const value = valueAt(text, place);
    if (value < 0) return null;
    cases |= (CASES[text[place] ?? 0] ?? 0) | (CASES[text[place + 1] ?? 0] ?? 0);
    scratch[i] = value;
    sum += value;
  }
  if ((sum & 255) !== wantedSum || cases === 3) return null;
  const end = at + 2 * size;
  const isCrLf = text[end] === CR;
  if (text[end + (isCrLf ? 1 : 0)] !== LF) return null;
  const style = (isCrLf ? CR_LF : 0) + (cases === 2 ? LOWER : 0);
  return { bytes: scratch.subarray(0, size), end: end + (isCrLf ? 2 : 1), style, tellsCase: cases !== 0 };
}

function valueAt(text: Uint8Array, at: number): number {
  const [high, low] = [VALUES[text[at] ?? 0] ?? 255, VALUES[text[at + 1] ?? 0] ?? 255];
  return high > 15 || low > 15 ? -1 : 16 * high + low;
}

/** Writes bytes as a line writes them; returns where it ends. */
export function writeDigits(into: Uint8Array, at: number, bytes: ArrayLike<number>, style: number): number {
  const digits = DIGITS[(style & LOWER) === 0 ? 0 : 1];
  let to = at;
  for (let i = 0; i < bytes.length; i++) {
    const byte = 2 * ((bytes[i] ?? 0) & 255);
    into[to++] = digits?.[byte] ?? 0;
    into[to++] = digits?.[byte + 1] ?? 0;
  }
  return to;
}

/** Returns where the next line begins. */
export function endLine(into: Uint8Array, at: number, style: number): number {
  if ((style & CR_LF) === 0) {
    into[at] = LF;
    return at + 1;
  }
  into[at] = CR;
  into[at + 1] = LF;
  return at + 2;
}

export function sumOf(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += bytes[i] ?? 0;
  return sum;
}
