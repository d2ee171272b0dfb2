/**
 * Bytecode that JavaScriptCore has written down (Bun's `--bytecode`): words that are how far something else is from them, words that name a string by
 * its number, and, behind the former, numbers of a variable number of bytes, of which the large ones are places in the source.
 */
import { State } from '../../state';
import { isNoted, note } from '../found';
import { FORTH, OFFSET, VARIED, variedSize } from '../kinds';

/** The lowest two bits of a word that names a string; the others are its number. */
const STRING: u32 = 2;
/** Words that are nearer to 0 are taken for other numbers. */
const NEAR: u32 = 256;
/** The word before one that is how far something is: small, all bits but the highest, that of a string, or another such. In instructions it is seldom so. */
const SMALL: u32 = 1 << 21;
const NONE: u32 = 0x7fffffff;
/** Numbers behind a word that are looked at, and bytes that a place in the source has. */
const MOST: u32 = 24;
const LEAST_BYTES: u32 = 3;
const MOST_BYTES: u32 = 4;
/** What places in the source are relative to: they have no addresses, and what has not moved is to be told from what is unknown. */
const SOURCE: u32 = 0xc0000000;
const APART: u32 = 0x200000;

/** Words begin at multiples of 4. The region's second base is four times the number of strings; the first is what a 0 would stand for. */
export function scanBytecode(region: usize): void {
  const start = (load<u32>(region) + 3) & ~3;
  const end = load<u32>(region) + load<u32>(region, 4);
  const strings = load<u32>(region, 20);
  let last: u32 = NEAR;
  let isBehind = false;
  for (let at = start; at + 4 <= end; at += 4) {
    const word = load<u32>(State.old + at);
    let kind: u32 = 0;
    if ((word & 3) === STRING) {
      if (word - STRING < strings) kind = OFFSET;
    } else if ((word & 3) === 0 && word + NEAR > 2 * NEAR && at + word - start < end - start) {
      if (isBehind || last < SMALL || last === NONE) kind = FORTH;
    }
    if (kind !== 0) note(at, kind);
    isBehind = kind !== 0;
    last = word;
  }
  for (let at = start; at + 4 <= end; at += 4) if (isNoted(at, FORTH)) scanNumbers(at + 4, end);
}

/** Numbers, up to the next word that is a reference. */
function scanNumbers(from: u32, end: u32): void {
  let at = from;
  for (let i: u32 = 0; i < MOST && at + 8 <= end; i++) {
    const place = at & ~3;
    if (isNoted(place, OFFSET) || isNoted(place, FORTH)) break;
    const bytes = variedSize(State.old + at);
    if (bytes >= LEAST_BYTES && bytes <= MOST_BYTES) note(at, VARIED);
    at += bytes;
  }
}

/** What a place in the source is relative to, in either file. */
export function sourceOrigin(file: usize): u32 {
  return SOURCE + <u32>file * APART;
}
