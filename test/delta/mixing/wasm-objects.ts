/** Small objects of WebAssembly with debug information, alone and in archives. The later version has functions more. */
import { randomNumbers } from '../pairs.ts';
import { debugSections } from './dwarf-executables.ts';
import { archiveOf, idsOf, nameOf } from './object-files.ts';

/** Types of relocations: the number of a function, an address of data, a place in code, one in a section. */
const [FUNCTION, ADDRESS, PLACE, IN_SECTION] = [0, 4, 8, 9];
/** What follows the number of a symbol where something is added: all have that. */
const ADDED = 200;

interface Relocation {
  type: number;
  place: number;
  symbol: number;
  added?: number;
}

/** A number of a variable number of bytes, at least so many. */
function number(value: number, bytes = 1): number[] {
  if (value < 128 && bytes <= 1) return [value];
  return [(value & 127) | 128, ...number(Math.floor(value / 128), bytes - 1)];
}

const named = (text: string) => [...number(text.length), ...Buffer.from(text, 'latin1')];
const section = (id: number, content: readonly number[]) => [id, ...number(content.length, 5), ...content];
const custom = (name: string, content: readonly number[]) => section(0, [...named(name), ...content]);

function relocations(name: string, changed: number, all: readonly Relocation[]): number[] {
  const entries = all.flatMap(({ type, place, symbol, added }) => [
    ...[type, ...number(place), symbol],
    ...(added === undefined ? [] : number(added)),
  ]);
  return custom(`reloc.${name}`, [...number(changed), ...number(all.length), ...entries]);
}

/** Functions from `first` on. */
export function wasmObject(later: boolean, first = 0): Uint8Array {
  const ids = idsOf(first, later);
  const code = number(ids.length, 2);
  const starts = new Map<number, number>();
  const inCode: Relocation[] = [];
  for (const id of ids) {
    const next = randomNumbers(id * 31 + 5);
    const body = Array.from({ length: 40 + (next() % 60) }, () => next() % 250);
    code.push(...number(body.length, 2));
    starts.set(id, code.length);
    for (let at = 9; at + 5 < body.length; at += 8 + (next() % 12)) {
      const place = code.length + at;
      const symbol = next() % 100;
      inCode.push(
        next() % 3 === 0 ? { type: ADDRESS, place, symbol, added: ADDED } : { type: FUNCTION, place, symbol },
      );
      body.splice(at, 5, ...number(next() % 99, 5));
    }
    code.push(...body);
  }
  const { sections, pointers } = debugSections({ starts, address: 0, code, base: 0n }, 4, 'object');
  const information = sections.findIndex(({ name }) => name === '.debug_info');
  const bytes = Buffer.from(sections[information]?.bytes ?? []);
  // Before the address of a function are the places of its type and of its name.
  const inEntries = pointers.flatMap(({ at }) => [
    { type: IN_SECTION, place: at - 8, symbol: 1, added: bytes.readUInt32LE(at - 8) },
    { type: PLACE, place: at, symbol: 0, added: ADDED },
  ]);
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [...number(ids.length, 2), ...ids.map(() => 0)]),
    ...section(10, code),
    ...sections.flatMap(({ name, bytes: content }) => custom(name, content)),
    ...custom('linking', [2]),
    ...relocations('CODE', 2, inCode),
    ...relocations('.debug_info', 3 + information, inEntries),
  ]);
}

export function wasmArchive(later: boolean): Uint8Array {
  const firsts = [0, 100];
  const objects = firsts.map((first) => wasmObject(later, first));
  return archiveOf(
    ['a.o/', 'b.o/'],
    objects,
    firsts.map((first) => idsOf(first, later).map(nameOf)),
  );
}
