/** Debug information of DWARF in objects: what its entries say of each other, and of other sections where no relocation does. */
import { take } from '../../../memory';
import { State } from '../../state';
import { openAbbreviations, scanUnits } from '../data/dwarf';
import { NOWHERE } from './fields';
import { isBigLayout, withDebug } from './layouts';

/** How names of sections go on, in the order of FORMAT.md, and last that of the section that is looked through: each ends with a 0. */
const NAMES = memory.data<u8>([
  0x61, 0x62, 0x62, 0x72, 0x65, 0x76, 0, 0x73, 0x74, 0x72, 0, 0x6c, 0x69, 0x6e, 0x65, 0x5f, 0x73, 0x74, 0x72,
  0, 0x6c, 0x6f, 0x63, 0, 0x72, 0x61, 0x6e, 0x67, 0x65, 0x73, 0, 0x6c, 0x69, 0x6e, 0x65, 0, 0x6c, 0x6f, 0x63,
  0x6c, 0x69, 0x73, 0x74, 0x73, 0, 0x72, 0x6e, 0x67, 0x6c, 0x69, 0x73, 0x74, 0x73, 0, 0x69, 0x6e, 0x66, 0x6f,
  0,
]);
/** What they begin with, behind a point or two underscores; what they may end with. */
const PREFIX = memory.data<u8>([0x64, 0x65, 0x62, 0x75, 0x67, 0x5f, 0]);
const SPLIT = memory.data<u8>([0x2e, 0x64, 0x77, 0x6f, 0]);
const INFORMATION: u32 = 8;

/** By index where each section begins, or NOWHERE. */
let starts: usize = 0;
/** Where the abbreviations end; the number of the section that is looked through, or 0, and whether it is in a file of its own. */
let tableEnd: u32 = 0;
let information: u32 = 0;
let isSplit: bool = false;

/** False if memory ran out. */
export function openDebug(): bool {
  if (!withDebug) return true;
  if (starts === 0) starts = take(4 * (<usize>INFORMATION + 1));
  return starts !== 0 && openAbbreviations();
}

/** An object begins. */
export function beginDebug(): void {
  information = 0;
  if (withDebug) memory.fill(starts, 0xff, 4 * (<usize>INFORMATION + 1));
}

/** A section of the object, by what its name has from `at` on, at most to `end`. The first of each name counts. */
export function nameSection(section: u32, at: u32, end: u32, content: u32, length: u32): void {
  if (!withDebug || isBigLayout) return;
  const from = behind(at, end, PREFIX);
  if (from === NOWHERE) return;
  let name = NAMES;
  for (let index: u32 = 0; index <= INFORMATION; index++) {
    const last = behind(from, end, name);
    if (last !== NOWHERE && isEnd(last, end)) {
      if (load<u32>(starts + ((<usize>index) << 2)) !== NOWHERE) return;
      store<u32>(starts + ((<usize>index) << 2), content);
      if (index === 0) tableEnd = content + length;
      if (index !== INFORMATION) return;
      information = section;
      isSplit = last < end && load<u8>(State.old + last) !== 0;
      return;
    }
    while (load<u8>(name) !== 0) name++;
    name++;
  }
}

/** Where what is at `at` goes on behind that text, or NOWHERE if it does not begin with it. */
function behind(at: u32, end: u32, text: usize): u32 {
  for (; load<u8>(text) !== 0; text++, at++)
    if (at >= end || load<u8>(State.old + at) !== load<u8>(text)) return NOWHERE;
  return at;
}

/** Whether a name ends there, or is that of a section in a file of its own. */
function isEnd(at: u32, end: u32): bool {
  if (at >= end || load<u8>(State.old + at) === 0) return true;
  const last = behind(at, end, SPLIT);
  return last !== NOWHERE && (last >= end || load<u8>(State.old + last) === 0);
}

/** Whether it is the section with debug information, and has abbreviations. */
export function isInformation(section: u32): bool {
  return information !== 0 && section === information && load<u32>(starts) !== NOWHERE;
}

export function scanInformation(content: u32, length: u32): void {
  scanUnits(content, length, load<u32>(starts), tableEnd, starts, isSplit);
}
