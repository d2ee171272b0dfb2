/** Fields of objects (objects/objects.ts): what each is relative to, and where the old file has code. */
import { take } from '../../../memory';
import { State } from '../../state';
import { note } from '../found';
import { OBJECT_BIG, OBJECT_HALF, OBJECT_INDEX, OBJECT_SECTION, OBJECT_SYMBOL } from '../kinds';
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

/** What such a field refers to that is relative to `base`. */
export function objectTarget(base: u32, kind: u32, word: u32): u32 {
  if (kind === OBJECT_SYMBOL) return base + symbolBytes() * symbolIn(word);
  if (kind === OBJECT_INDEX) return base + symbolBytes() * word;
  if (kind === OBJECT_BIG) return base + bswap<u32>(word);
  if (kind === OBJECT_HALF) return base + (word & 0xffff);
  return base + (kind === OBJECT_SECTION ? sectionBytes() * (sectionIn(word) - firstSection()) : word);
}

/** Such a field that refers to what is `distance` behind the place that it is relative to; `word` is the old one. */
export function objectField(kind: u32, distance: u32, word: u32): u32 {
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

/** There is code of that kind. */
export function noteCode(from: u32, length: u32, kind: u32): void {
  for (let at = from & ~3; at < from + length; at += 4) store<u8>(codes + (at >> 2), <u8>kind);
}
