/** Fields of objects (objects/objects.ts): what each is relative to, and where the old file has code. */
import { take } from '../../../memory';
import { State } from '../../state';
import { note, referenceAt } from '../found';
import {
  DECIMAL,
  OBJECT_BIG,
  OBJECT_FIELD,
  OBJECT_HALF,
  OBJECT_INDEX,
  OBJECT_SECTION,
  OBJECT_SYMBOL,
  OBJECT_VARIED,
  variedSize,
} from '../kinds';
import { variedBytes, variedNumber } from '../wasm';
import {
  firstSection,
  sectionBytes,
  sectionIn,
  symbolBytes,
  symbolIn,
  withSection,
  withSymbol,
} from './layouts';

/** For each four bytes of the old file what the field that begins there is relative to, and the kind of code there. */
let bases: usize = 0;
let codes: usize = 0;
/** No base is that high; one that is none. */
const LIMIT: u32 = 0xffffff00;
export const NOWHERE: u32 = 0xffffffff;
/** What places of long names are relative to: nothing is there. Sizes of members are relative to the last byte of the header. */
export const LONG_NAMES: u32 = 0xc0000000;
/** What lengths of functions in debug information are relative to, unless a relocation says where the function begins. */
export const LENGTHS: u32 = 0xd0000000;
export const TO_LAST: u32 = 11;
const SPACES: u32 = 0x20202020;

/** False if memory ran out. */
export function openObjects(): bool {
  if (bases === 0) bases = take((<usize>State.oldSize & ~3) + 64);
  if (codes === 0) codes = take((<usize>State.oldSize >> 2) + 64);
  return codes !== 0;
}

/** What the field at `offset` of the old file is relative to: an address. */
export function objectBase(offset: u32): u32 {
  return load<u32>(bases + (offset & ~3));
}

/** That of one of the same kind at `place` of the new file, if where that is now need not be predicted. */
export function newObjectBase(offset: u32, kind: u32, place: u32): u32 {
  const base = objectBase(offset);
  return kind === DECIMAL && base !== LONG_NAMES ? place + TO_LAST : base;
}

/** Such a field that is a number in decimal digits, if it has nothing else but spaces behind it. */
export function noteDecimal(field: u32, base: u32): void {
  const digits = bswap<u64>(load<u64>(State.old + field));
  if (digitsOf(decimalOf(digits)) === digits) noteRelative(field, DECIMAL, base);
}

/** The number that up to eight digits are, the first one in the highest byte. */
function decimalOf(digits: u64): u32 {
  let value: u32 = 0;
  for (let shift = 56; shift >= 0; shift -= 8) {
    const digit = (<u32>(digits >> shift) & 255) - 48;
    if (digit > 9) break;
    value = 10 * value + digit;
  }
  return value;
}

/** The lowest eight digits of a number, with spaces behind them. */
function digitsOf(value: u32): u64 {
  let digits: u64 = 0;
  let rest = value % 100000000;
  const shift: u64 = 56;
  let count: u64 = 0;
  do {
    digits = (digits >> 8) | ((<u64>(48 + (rest % 10))) << shift);
    rest /= 10;
    count++;
  } while (rest > 0);
  const spaces = SPACES | ((<u64>SPACES) << 32);
  return count === 8 ? digits : digits | (spaces >> (8 * count));
}

/** What such a field refers to that is relative to `base`. */
export function objectTarget(base: u32, kind: u32, value: u64): u32 {
  const word = <u32>value;
  if (kind === DECIMAL) return base + decimalOf(value);
  if (kind === OBJECT_VARIED) return base + variedNumber(value);
  if (kind === OBJECT_SYMBOL) return base + symbolBytes() * symbolIn(word);
  if (kind === OBJECT_INDEX) return base + symbolBytes() * word;
  if (kind === OBJECT_BIG) return base + bswap<u32>(word);
  if (kind === OBJECT_HALF) return base + (word & 0xffff);
  return base + (kind === OBJECT_SECTION ? sectionBytes() * (sectionIn(word) - firstSection()) : word);
}

/** Such a field as at `offset` of the old file that refers to what is `distance` behind the place that it is relative to; `word` is the old one. */
export function objectField(offset: u32, kind: u32, distance: u32, word: u32): u64 {
  if (kind === DECIMAL) return digitsOf(distance);
  if (kind === OBJECT_VARIED) return variedBytes(distance, variedSize(State.old + offset));
  return <u64>wordField(kind, distance, word);
}

function wordField(kind: u32, distance: u32, word: u32): u32 {
  if (kind === OBJECT_SYMBOL) return withSymbol(word, distance / symbolBytes());
  if (kind === OBJECT_INDEX) return distance / symbolBytes();
  if (kind === OBJECT_BIG) return bswap<u32>(distance);
  if (kind === OBJECT_HALF) return (word & 0xffff0000) | (distance & 0xffff);
  return kind === OBJECT_SECTION ? withSection(word, distance / sectionBytes() + firstSection()) : distance;
}

/** The kind of code at `offset` of the old file, or 0. */
export function objectCode(offset: u32): u32 {
  return offset >= State.oldSize ? 0 : load<u8>(codes + (offset >> 2));
}

/** How many bytes from `offset` on, at most `most`, are the same kind of code, or none. */
export function objectStretch(offset: u32, most: u32): u32 {
  if (offset >= State.oldSize) return most;
  const code = objectCode(offset);
  const end = min(State.oldSize, offset + most);
  let at = (offset & ~3) + 4;
  while (at < end && objectCode(at) === code) at += 4;
  return at >= State.oldSize ? most : min(most, at - offset);
}

/** What is not code. */
export function noteRelative(field: u32, kind: u32, base: u32): void {
  if (base >= LIMIT) return;
  noteWithin(field, kind, base);
  store<u8>(codes + (field >> 2), 0);
}

export function noteUnlessZero(field: u32, kind: u32, base: u32): void {
  if (load<u32>(State.old + field) !== 0) noteRelative(field, kind, base);
}

/** As above, but if there is code, it stays that. */
export function noteWithin(field: u32, kind: u32, base: u32): void {
  if (base >= LIMIT) return;
  note(field, kind);
  store<u32>(bases + (field & ~3), base);
}

/** How long a function is, if that is said there: what it is relative to is `code`, where the function begins. */
export function noteLength(field: u32, code: u32): bool {
  if (referenceAt(field) !== OBJECT_FIELD || objectBase(field) !== LENGTHS) return false;
  noteRelative(field, OBJECT_FIELD, code);
  return true;
}

/** There is code of that kind. */
export function noteCode(from: u32, length: u32, kind: u32): void {
  for (let at = from & ~3; at < from + length; at += 4) store<u8>(codes + (at >> 2), <u8>kind);
}
