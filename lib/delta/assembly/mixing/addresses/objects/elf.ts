/** Headers of ELF (elf.h), of 64 or 32 bits. */
import { State } from '../../state';
import { OBJECT_FIELD, OBJECT_INDEX, OBJECT_SYMBOL } from '../kinds';
import { ARM, OTHER_CODE, S390, X86, X86_32 } from '../regions';
import { beginDebug, isInformation, nameSection, scanInformation } from './debug';
import { NOWHERE, noteUnlessZero } from './fields';
import { ELF_64, flagsAt, halfAt, layout, relocationBytes, wordAt } from './layouts';
import { scanTypes } from './linux-types';
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

const ELF: u32 = 0x464c457f;
/** Types of sections; a flag of sections; machines. */
const SYMBOLS: u32 = 2;
const RELOCATIONS: u32 = 4;
const RELOCATIONS_SHORT: u32 = 9;
const INSTRUCTIONS: u32 = 4;
const I_386: u32 = 3;
const S_390: u32 = 22;
const ARM_32: u32 = 40;
const X86_64: u32 = 62;
const ARM_64: u32 = 183;
/** Types of relocations that say that a word is added to, of x86 and arm with 32 bits. */
const WORDS_I_386: u64 = 0x206;
const WORDS_ARM_32: u64 = 0x4400000000c;

function isWide(): bool {
  return (layout & 1) === 0;
}

/** The class and the order of bytes, as the header says them. */
function form(): u32 {
  return (isWide() ? 2 : 1) | (layout < 2 ? 0x100 : 0x200);
}

/** The section that another one names, in the header: that of its symbols or names, that which it changes. */
function linkOf(section: u32): u32 {
  return wordAt(headerOf(section) + (isWide() ? 40 : 24));
}

function infoAt(section: u32): u32 {
  return headerOf(section) + (isWide() ? 44 : 28);
}

function isCode(section: u32): bool {
  return (wordAt(headerOf(section) + flagsAt()) & INSTRUCTIONS) !== 0;
}

export function scanElf(from: u32, length: u32): void {
  if (length < 64 || load<u32>(State.old + from) !== ELF || load<u16>(State.old + from + 4) !== form())
    return;
  const headers = from + (isWide() ? (layout === ELF_64 ? 40 : 44) : 32);
  const count = halfAt(from + (isWide() ? 60 : 48));
  const names = halfAt(from + (isWide() ? 62 : 50));
  if (!openSections(from, length, wordAt(headers), count)) return;
  openMachine(halfAt(from + 18));
  noteUnlessZero(headers, OBJECT_FIELD, from);
  beginDebug();
  for (let section: u32 = 1; section < count && isHere(names); section++) {
    const name = wordAt(headerOf(section));
    const end = contentOf(names) + lengthOf(names);
    if (name < lengthOf(names) && isHere(section))
      nameSection(section, contentOf(names) + name + 1, end, contentOf(section), lengthOf(section));
  }
  for (let section: u32 = 1; section < count; section++)
    if (isHere(section) && isCode(section)) scanCode(section);
  for (let section: u32 = 1; section < count; section++) {
    if (isHere(names)) noteUnlessZero(headerOf(section), OBJECT_FIELD, contentOf(names));
    noteSection(section);
    if (isHere(section)) scanSection(section);
  }
}

function openMachine(machine: u32): void {
  if (machine === X86_64) setMachine(X86, 4, 0);
  else if (machine === ARM_64) setMachine(ARM, 0, 0);
  else if (layout === ELF_64) setMachine(OTHER_CODE, 0, 0);
  else if (machine === I_386) setMachine(X86_32, 0, WORDS_I_386);
  else if (machine === S_390) setMachine(S390, 2, 0);
  else setMachine(OTHER_CODE, 0, machine === ARM_32 ? WORDS_ARM_32 : 0);
}

function scanSection(section: u32): void {
  const type = wordAt(headerOf(section) + 4);
  const from = contentOf(section);
  const length = lengthOf(section);
  if (type === SYMBOLS) {
    if (!spend(length)) return;
    noteUnlessZero(infoAt(section), isWide() ? OBJECT_SYMBOL : OBJECT_INDEX, from);
    scanSymbols(from, length, isHere(linkOf(section)) ? contentOf(linkOf(section)) : NOWHERE);
  } else if (type === RELOCATIONS || (type === RELOCATIONS_SHORT && layout !== ELF_64)) {
    const symbols = linkOf(section);
    const changed = wordAt(infoAt(section));
    if (!isHere(symbols) || !isHere(changed) || !spend(length)) return;
    const bytes = relocationBytes() - (type === RELOCATIONS ? 0 : isWide() ? 8 : 4);
    scanRelocations(
      from,
      from + length,
      bytes,
      changed,
      contentOf(symbols),
      lengthOf(symbols),
      isCode(changed),
    );
  } else if (isInformation(section)) {
    if (spend(length)) scanInformation(from, length);
  } else if (layout === ELF_64 && !isCode(section) && spend(length)) scanTypes(from, length);
}
