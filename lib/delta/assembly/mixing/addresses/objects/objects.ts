/**
 * Objects that are linked no further, alone or in archives: what they say of places is relative to their sections, and stands in tables of sections,
 * symbols and relocations. Addresses are offsets in the file. The layout (objects/layouts.ts) says where in these tables what is; only the headers of
 * ELF (elf.h), COFF and Mach-O differ by more.
 */
import { State } from '../../state';
import { OBJECT_BIG, OBJECT_FIELD } from '../kinds';
import { scanCoff } from './coff';
import { scanElf } from './elf';
import { LONG_NAMES, noteDecimal, noteUnlessZero, TO_LAST } from './fields';
import { COFF, ELF_64, isBigLayout, isLaterLayout, layout, MACH_O, WASM, wordAt } from './layouts';
import { scanMachO } from './mach-o';
import { scanModule } from './wasm';

/** Bytes of the header of a member of an archive. */
const MEMBER: u32 = 60;
/** Where in that its size is; how it begins if the name is among the long ones. */
const SIZE: u32 = 48;
const SLASH: u32 = 0x2f;
/** How archives begin, in two words; how names do that are in front of the member; those of an index of macOS. */
const ARCHIVE: u32 = 0x72613c21;
const ARCHIVE_END: u32 = 0x0a3e6863;
const IN_FRONT: u32 = 0x2f3123;
const SORTED_INDEX: u32 = 0x532e5f5f;

/** Whether the archive has had an index. */
let hasIndex: bool = false;

export function scanObjects(from: u32, length: u32): void {
  if (length < 64) return;
  if (load<u32>(State.old + from) !== ARCHIVE || load<u32>(State.old + from + 4) !== ARCHIVE_END) {
    scanObject(from, length);
    return;
  }
  const end = from + length;
  hasIndex = false;
  for (let at = from + 8; at <= end - MEMBER; ) {
    const content = at + MEMBER;
    const length = decimal(at + SIZE);
    if (length > end - content) break;
    if (isLaterLayout) noteHeader(at);
    scanMember(from, at, content, length);
    at = content + length + (length & 1);
  }
}

/** Of a member: where its long name is, and how long it is. */
function noteHeader(at: u32): void {
  if (load<u8>(State.old + at) === SLASH) noteDecimal(at + 1, LONG_NAMES);
  noteDecimal(at + SIZE, at + SIZE + TO_LAST);
}

function decimal(at: u32): u32 {
  let value: u32 = 0;
  for (let i: u32 = 0; i < 9; i++) {
    const digit = <u32>load<u8>(State.old + at + i) - 48;
    if (digit > 9) break;
    value = 10 * value + digit;
  }
  return value;
}

/** Of the archive that begins at `archive` the member whose header is at `at`. */
function scanMember(archive: u32, at: u32, content: u32, length: u32): void {
  const name = load<u32>(State.old + at);
  if ((name & 0xffff) === 0x202f) {
    if (layout === COFF && hasIndex) scanSecondIndex(archive, content, length);
    else scanIndex(archive, content, length);
    hasIndex = true;
    return;
  }
  if (layout === ELF_64 || (name & 0xffffff) !== IN_FRONT) {
    scanObject(content, length);
    return;
  }
  const size = min(decimal(at + 3), length);
  if (size >= 4 && load<u32>(State.old + content) === SORTED_INDEX)
    scanSortedIndex(archive, content + size, length - size);
  else scanObject(content + size, length - size);
}

/** Where in the archive the members are that have the symbols. */
function scanIndex(archive: u32, content: u32, length: u32): void {
  if (length < 4) return;
  const symbols = min(bswap<u32>(load<u32>(State.old + content)), length / 4 - 1);
  const kind = isBigLayout ? OBJECT_FIELD : OBJECT_BIG;
  for (let i: u32 = 1; i <= symbols; i++) noteUnlessZero(content + 4 * i, kind, archive);
}

/** As Windows has it besides: where the members are. */
function scanSecondIndex(archive: u32, content: u32, length: u32): void {
  if (length < 4) return;
  const members = min(load<u32>(State.old + content), length / 4 - 1);
  for (let i: u32 = 1; i <= members; i++) noteUnlessZero(content + 4 * i, OBJECT_FIELD, archive);
}

/** As macOS has it: pairs of where the name of a symbol is and where its member is, behind their size; then the size of the names, and these. */
function scanSortedIndex(archive: u32, content: u32, length: u32): void {
  if (length < 8) return;
  const size = min(wordAt(content), length - 8) & ~7;
  const names = content + 8 + size;
  for (let at = content + 4; at < content + 4 + size; at += 8) {
    noteUnlessZero(at, OBJECT_FIELD, names);
    noteUnlessZero(at + 4, OBJECT_FIELD, archive);
  }
}

function scanObject(from: u32, length: u32): void {
  if (layout === COFF) scanCoff(from, length);
  else if (layout === MACH_O) scanMachO(from, length);
  else if (layout === WASM) scanModule(from, length);
  else scanElf(from, length);
}
