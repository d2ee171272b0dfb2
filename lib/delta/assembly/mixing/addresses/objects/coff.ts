/** Headers of COFF ("PE Format"), as Windows has it. */
import { State } from '../../state';
import { OBJECT_FIELD, OBJECT_HALF, OBJECT_INDEX } from '../kinds';
import { ARM, X86, X86_32 } from '../regions';
import { beginDebug, isInformation, nameSection, scanInformation } from './debug';
import { noteRelative, noteUnlessZero } from './fields';
import { flagsAt, relocationBytes, symbolBytes } from './layouts';
import {
  contentOf,
  headerOf,
  isHere,
  lengthOf,
  noteSection,
  openSections,
  scanCode,
  scanRelocations,
  scanSymbols,
  setMachine,
  spend,
} from './sections';

const HEADER: u32 = 20;
const INSTRUCTIONS: u32 = 0x20;
/** Machines, and their types of relocations that say that a word is added to. */
const X86_64: u32 = 0x8664;
const WORDS_X86_64: u64 = 0xbfe;
const I_386: u32 = 0x14c;
const WORDS_I_386: u64 = 0x1008c0;
const ARM_64: u32 = 0xaa64;
const WORDS_ARM_64: u64 = 0x4106;
/** What is no object, but says of one function that it is imported: how it begins, and its size at least. */
const IMPORT: u32 = 0xffff0000;
/** How the section's name begins with what is imported; what its numbers are relative to: nothing is there. */
const IMPORTED: u64 = ((<u64>0x36246174) << 32) | 0x6164692e;
/** How a header begins whose name is behind the symbols. */
const SLASH: u32 = 0x2f;
const NUMBERS: u32 = 0x80000000;

export function scanCoff(from: u32, length: u32): void {
  if (length < HEADER) return;
  const header = State.old + from;
  if (load<u32>(header) === IMPORT) noteRelative(from + 16, OBJECT_HALF, NUMBERS);
  const machine: u32 = load<u16>(header);
  if (machine === X86_64) setMachine(X86, 0, WORDS_X86_64);
  else if (machine === I_386) setMachine(X86_32, 0, WORDS_I_386);
  else if (machine === ARM_64) setMachine(ARM, 0, WORDS_ARM_64);
  else return;
  const count: u32 = load<u16>(header, 2);
  const at = load<u32>(header, 8);
  const size = <u64>symbolBytes() * load<u32>(header, 12);
  if (load<u16>(header, 16) !== 0 || !openSections(from, length, HEADER, count)) return;
  if (at === 0 || <u64>at + size > <u64>length) return;
  const symbols = from + at;
  nameSections(from, length, count, symbols + <u32>size);
  noteUnlessZero(from + 8, OBJECT_FIELD, from);
  noteUnlessZero(from + 12, OBJECT_INDEX, symbols);
  for (let section: u32 = 1; section <= count; section++)
    if (isHere(section) && isCode(section)) scanCode(section);
  for (let section: u32 = 1; section <= count; section++) {
    noteSection(section);
    noteUnlessZero(headerOf(section) + 24, OBJECT_FIELD, from);
    if (!isHere(section)) continue;
    if (load<u64>(State.old + headerOf(section)) === IMPORTED && lengthOf(section) >= 4)
      noteRelative(contentOf(section), OBJECT_HALF, NUMBERS);
    if (isInformation(section) && spend(lengthOf(section)))
      scanInformation(contentOf(section), lengthOf(section));
    const relocations = load<u32>(State.old + headerOf(section) + 24);
    const bytes = relocationBytes() * <u32>load<u16>(State.old + headerOf(section) + 32);
    if (<u64>relocations + <u64>bytes > <u64>length || !spend(bytes)) continue;
    const begin = from + relocations;
    scanRelocations(begin, begin + bytes, relocationBytes(), section, symbols, <u32>size, isCode(section));
  }
  if (spend(<u32>size)) scanSymbols(symbols, <u32>size, symbols + <u32>size);
}

function isCode(section: u32): bool {
  return (load<u32>(State.old + headerOf(section) + flagsAt()) & INSTRUCTIONS) !== 0;
}

/** By the names behind the symbols, of which headers say where they are, as decimal digits behind a slash. */
function nameSections(from: u32, length: u32, count: u32, names: u32): void {
  beginDebug();
  for (let section: u32 = 1; section <= count; section++) {
    const header = headerOf(section);
    if (load<u8>(State.old + header) !== SLASH || !isHere(section)) continue;
    const name = names + decimalAt(header + 1);
    const end = from + length;
    if (name < end) nameSection(section, name + 1, end, contentOf(section), lengthOf(section));
  }
}

/** The number that up to seven digits are. */
function decimalAt(at: u32): u32 {
  let value: u32 = 0;
  for (let i: u32 = 0; i < 7; i++) {
    const digit = <u32>load<u8>(State.old + at + i) - 48;
    if (digit > 9) break;
    value = 10 * value + digit;
  }
  return value;
}
