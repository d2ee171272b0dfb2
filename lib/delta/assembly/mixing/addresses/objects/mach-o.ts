/** Headers of Mach-O (mach-o/loader.h) of 64 bits, the lowest byte first. */
import { State } from '../../state';
import { scanUnwinding } from '../data/unwinding';
import { OBJECT_FIELD, OBJECT_INDEX } from '../kinds';
import { ARM, OTHER_CODE, X86 } from '../regions';
import { beginDebug, isInformation, nameSection, scanInformation } from './debug';
import { noteUnlessZero } from './fields';
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

const MAGIC: u32 = 0xfeedfacf;
const OBJECT: u32 = 1;
const X86_64: u32 = 0x1000007;
const ARM_64: u32 = 0x100000c;
/** Bytes of the header, of a command with sections without these. Commands: sections, symbols, which of these are of which kind. */
const HEADER: u32 = 32;
const SEGMENT: u32 = 72;
const SECTIONS: u32 = 0x19;
const SYMBOLS: u32 = 2;
const KINDS: u32 = 11;
/** Flags of sections with code; how the name of that begins that says how functions are unwound. */
const INSTRUCTIONS: u32 = 0x80000400;
const UNDERSCORES: u32 = 0x5f5f;
const UNWINDING: u64 = ((<u64>0x6172665f) << 32) | 0x68655f5f;

export function scanMachO(from: u32, length: u32): void {
  const header = State.old + from;
  if (length < HEADER || load<u32>(header) !== MAGIC || load<u32>(header, 12) !== OBJECT) return;
  const machine = load<u32>(header, 4);
  setMachine(machine === X86_64 ? X86 : machine === ARM_64 ? ARM : OTHER_CODE, 0, 0);
  const segment = commandOf(from, length, SECTIONS, SEGMENT);
  const table = commandOf(from, length, SYMBOLS, 24);
  if (segment === 0 || table === 0) return;
  const count = load<u32>(State.old + segment, 64);
  const at = load<u32>(State.old + table, 8);
  const size = <u64>symbolBytes() * load<u32>(State.old + table, 12);
  if (count > 255 || !openSections(from, length, segment + SEGMENT - from, count)) return;
  if (<u64>at + size > <u64>length) return;
  const origin = from + load<u32>(State.old + segment, 40);
  const symbols = from + at;
  for (let field: u32 = 32; field <= 48; field += 8)
    noteUnlessZero(segment + field, OBJECT_FIELD, field === 40 ? from : origin);
  noteUnlessZero(table + 8, OBJECT_FIELD, from);
  noteUnlessZero(table + 12, OBJECT_INDEX, symbols);
  noteUnlessZero(table + 16, OBJECT_FIELD, from);
  const names = from + load<u32>(State.old + table, 16);
  noteUnlessZero(table + 20, OBJECT_FIELD, names);
  beginDebug();
  for (let section: u32 = 1; section <= count; section++) {
    const name = headerOf(section);
    if (load<u16>(State.old + name) === UNDERSCORES && isHere(section))
      nameSection(section, name + 2, name + 16, contentOf(section), lengthOf(section));
  }
  noteKinds(commandOf(from, length, KINDS, 32), symbols);
  for (let section: u32 = 1; section <= count; section++)
    if (isHere(section) && isCode(section)) scanCode(section);
  for (let section: u32 = 1; section <= count; section++) {
    noteSection(section);
    noteUnlessZero(headerOf(section) + 32, OBJECT_FIELD, origin);
    noteUnlessZero(headerOf(section) + 56, OBJECT_FIELD, from);
    if (isHere(section)) scanSection(from, length, section, symbols, <u32>size);
  }
  if (spend(<u32>size)) scanSymbols(symbols, <u32>size, names);
}

function isCode(section: u32): bool {
  return (load<u32>(State.old + headerOf(section) + flagsAt()) & INSTRUCTIONS) !== 0;
}

/** Where the first command of that number is, if it has so many bytes; else 0. */
function commandOf(from: u32, length: u32, number: u32, least: u32): u32 {
  const end = from + HEADER + min(load<u32>(State.old + from, 20), length - HEADER);
  for (let at = from + HEADER; at + 8 <= end; ) {
    const bytes = load<u32>(State.old + at, 4);
    if (bytes < 8 || bytes > end - at) return 0;
    if (load<u32>(State.old + at) === number) return bytes < least ? 0 : at;
    at += bytes;
  }
  return 0;
}

/** From which symbol on, and how many, are of which kind. */
function noteKinds(command: u32, symbols: u32): void {
  if (command === 0) return;
  for (let field: u32 = 8; field < 32; field += 4) noteUnlessZero(command + field, OBJECT_INDEX, symbols);
}

function scanSection(from: u32, length: u32, section: u32, symbols: u32, size: u32): void {
  const header = headerOf(section);
  const content = contentOf(section);
  if (load<u64>(State.old + header) === UNWINDING && spend(lengthOf(section)))
    scanUnwinding(content, lengthOf(section), content, true);
  if (isInformation(section) && spend(lengthOf(section))) scanInformation(content, lengthOf(section));
  const relocations = load<u32>(State.old + header, 56);
  const bytes = <u64>relocationBytes() * load<u32>(State.old + header, 60);
  if (<u64>relocations + bytes > <u64>length || !spend(<u32>bytes)) return;
  const begin = from + relocations;
  const end = begin + <u32>bytes;
  scanRelocations(begin, end, relocationBytes(), section, symbols, size, isCode(section));
}
