/** Where references of the old file begin: a byte for each four bytes of it. */
import { take } from '../../memory';
import { classFieldAt } from './data/classes';
import { rowFieldAt } from './data/managed';
import { isNumberAt } from './data/numbers';
import { MARK, NUMBER, TABLE } from './kinds';

/** kind * 4 + where among the four bytes the reference begins; 0 if none does. */
let map: usize = 0;

/** False if memory ran out. Without it, there are no references. */
export function openFound(oldSize: u32): bool {
  map = take((<usize>oldSize >> 2) + 64);
  return map !== 0;
}

export function note(offset: u32, kind: u32): void {
  store<u8>(map + (offset >> 2), <u8>((kind << 2) | (offset & 3)));
}

/** Of what is begun by references as `isNumberAt` says, as `rowFieldAt` does, and as `classFieldAt` does. */
const NUMBERS: u8 = <u8>((MARK << 2) | 1);
const ROW_FIELDS: u8 = <u8>((MARK << 2) | 2);
const CLASS_FIELDS: u8 = <u8>((MARK << 2) | 3);

export function noteNumbers(start: u32, size: u32): void {
  fill(start, size, NUMBERS);
}

export function noteRows(start: u32, size: u32): void {
  fill(start, size, ROW_FIELDS);
}

export function noteFields(start: u32, size: u32): void {
  fill(start, size, CLASS_FIELDS);
}

function fill(start: u32, size: u32, entry: u8): void {
  memory.fill(map + (start >> 2), entry, ((start + size + 3) >> 2) - (start >> 2));
}

function isOfMany(entry: u32): bool {
  return entry === NUMBERS || entry === ROW_FIELDS || entry === CLASS_FIELDS;
}

/** As `referenceAt`, where more than one may begin in four bytes. */
function referenceOf(entry: u32, offset: u32): u32 {
  if (entry === ROW_FIELDS) return rowFieldAt(offset);
  if (entry === CLASS_FIELDS) return classFieldAt(offset);
  return isNumberAt(offset) ? NUMBER : 0;
}

export function forget(offset: u32): void {
  store<u8>(map + (offset >> 2), 0);
}

/** Whether the last that was noted for these four bytes begins at `offset` and is of that kind. */
export function isNoted(offset: u32, kind: u32): bool {
  return load<u8>(map + (offset >> 2)) === <u8>((kind << 2) | (offset & 3));
}

/** The first four bytes from `offset` on, a multiple of 4, of which something is noted, or some place above `last` if there are none. */
export function nextNoted(offset: u32, last: u32): u32 {
  while (offset <= last) {
    const entry = map + (offset >> 2);
    if (load<u8>(entry) !== 0) break;
    offset += v128.any_true(v128.load(entry)) ? 4 : 64;
  }
  return offset;
}

/** The kind of the reference that begins at `offset` of the old file, or 0. */
export function referenceAt(offset: u32): u32 {
  if (map === 0) return 0;
  const entry: u32 = load<u8>(map + (offset >> 2));
  if (isOfMany(entry)) return referenceOf(entry, offset);
  return entry !== 0 && (entry & 3) === (offset & 3) && entry >> 2 !== MARK ? entry >> 2 : 0;
}

/** How many bytes from `offset` on, at most `most`, no reference begins at. */
export function freeOfReferences(offset: u32, most: u32): u32 {
  if (map === 0) return most;
  const end = offset + most;
  for (let quad = offset >> 2; quad << 2 < end; ) {
    const entry: u32 = load<u8>(map + quad);
    if (entry === 0) {
      quad += load<u64>(map + quad) === 0 ? 8 : 1;
      continue;
    }
    if (isOfMany(entry)) {
      for (let place = max(offset, quad << 2); place < min(end, (quad << 2) + 4); place++)
        if (referenceOf(entry, place) !== 0) return place - offset;
      quad++;
      continue;
    }
    const place = (quad << 2) | (entry & 3);
    if (entry >> 2 !== MARK && place >= offset && place < end) return place - offset;
    quad++;
  }
  return most;
}

/** Where the jump table begins whose entry is at `offset`. */
export function tableStart(offset: u32): u32 {
  while (referenceAt(offset) === TABLE && offset >= 4) offset -= 4;
  return offset;
}
