/** Fields of objects (objects.ts): what each is relative to, and where the old file has code. */
import { take } from '../../../memory';
import { State } from '../../state';
import { note } from '../found';
import { OBJECT_BIG, OBJECT_SECTION, OBJECT_SYMBOL } from '../kinds';

/** For each four bytes of the old file what the field that begins there is relative to, or CODE + the kind of code. */
let bases: usize = 0;
const CODE: u32 = 0xffffff00;

/** Bytes of the header of a section, and of a symbol. */
export const SECTION: u32 = 64;
export const SYMBOL: u32 = 24;

/** False if memory ran out. */
export function openObjects(): bool {
  if (bases === 0) bases = take((<usize>State.oldSize & ~3) + 64);
  return bases !== 0;
}

/** What the field at `offset` of the old file is relative to: an address. */
export function objectBase(offset: u32): u32 {
  return load<u32>(bases + (offset & ~3));
}

/** What such a field refers to that is relative to `base`. */
export function objectTarget(base: u32, kind: u32, word: u32): u32 {
  if (kind === OBJECT_SYMBOL) return base + SYMBOL * word;
  if (kind === OBJECT_BIG) return base + bswap<u32>(word);
  return base + (kind === OBJECT_SECTION ? SECTION * (word >> 16) : word);
}

/** Such a field that refers to what is `distance` behind the place that it is relative to; `word` is the old one. */
export function objectField(kind: u32, distance: u32, word: u32): u32 {
  if (kind === OBJECT_SYMBOL) return distance / SYMBOL;
  if (kind === OBJECT_BIG) return bswap<u32>(distance);
  return kind === OBJECT_SECTION ? ((distance / SECTION) << 16) | (word & 0xffff) : distance;
}

/** The kind of code at `offset` of the old file, or 0. */
export function objectCode(offset: u32): u32 {
  if (offset >= State.oldSize) return 0;
  const base = objectBase(offset);
  return base >= CODE ? base - CODE : 0;
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

export function noteRelative(field: u32, kind: u32, base: u32): void {
  if (base >= CODE) return;
  note(field, kind);
  store<u32>(bases + (field & ~3), base);
}

export function noteUnlessZero(field: u32, kind: u32, base: u32): void {
  if (load<u32>(State.old + field) !== 0) noteRelative(field, kind, base);
}

/** There is code of that kind. */
export function noteCode(from: u32, length: u32, kind: u32): void {
  for (let at = from & ~3; at < from + length; at += 4) store<u32>(bases + at, CODE + kind);
}
