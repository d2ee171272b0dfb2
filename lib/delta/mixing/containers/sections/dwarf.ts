/** Where debug information of DWARF is, and what it refers to, by the names of sections. */
import { type Part, REGION_KINDS } from '../image.ts';

/** What it refers to, in the order of FORMAT.md: abbreviations, text, text of lines, variables, ranges, lines, and of version 5 variables and ranges. */
const SECTIONS = ['abbrev', 'str', 'line_str', 'loc', 'ranges', 'line', 'loclists', 'rnglists'];
const PREFIX = '.debug_';

/** The name of the section once it is decompressed: linkers put a z before it, unless a flag of the section says that it is. */
export function plainName(name: string): string {
  return name.replace(/^\.zdebug_/, PREFIX);
}

/** Tells the part that holds debug information, once addresses are known, and how far the others are from it; also the one with places of text, which clang writes. */
export function tellDwarf(sections: ReadonlyMap<string, Part>): void {
  const information = sections.get(`${PREFIX}info`);
  if (information === undefined || !sections.has(`${PREFIX}abbrev`)) return;
  const { address } = information;
  const [places, text] = [sections.get(`${PREFIX}str_offsets`), sections.get(`${PREFIX}str`)];
  if (places !== undefined && text !== undefined) {
    places.kind = REGION_KINDS.pairs;
    places.bases = [text.address, text.address];
  }
  information.kind = REGION_KINDS.dwarf;
  information.sections = SECTIONS.map(
    (name) => (sections.get(`${PREFIX}${name}`)?.address ?? address) - address,
  );
}

/** A section that debuggers read, in bytes of the file. */
export interface DebugSection {
  name: string;
  offset: number;
  size: number;
}

export function isDwarf(name: string): boolean {
  return name.startsWith(PREFIX);
}
