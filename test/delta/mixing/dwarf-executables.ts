/** Executables with debug information of DWARF, of versions 2 to 5, as compilers write it: functions more in the later one, so that all places move. */
import { randomNumbers } from '../pairs.ts';

export interface Linked {
  /** In the file; loaded from `address` on. */
  code: readonly number[];
  address: number;
  base: bigint;
  /** Where functions begin, by their numbers; ascending. */
  starts: ReadonlyMap<number, number>;
}

export interface Section {
  name: string;
  bytes: readonly number[];
  address?: bigint;
}

const number = (value: bigint | number, size: number) =>
  Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));
const uleb = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...uleb(Math.floor(value / 128))];

/** Pieces of text, each once, and where each is. */
class Text {
  readonly bytes: number[] = [];
  readonly #places = new Map<string, number>();

  at(text: string): number {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    const place = this.bytes.length;
    this.#places.set(text, place);
    this.bytes.push(...Buffer.from(`${text}\0`, 'latin1'));
    return place;
  }
}

const [LOCATION, NAME, SIZE, LINES, LOW, HIGH, RANGES, TYPE] = [2, 3, 0xb, 0x10, 0x11, 0x12, 0x55, 0x49];
/** A block, an attribute of each form that is passed over, in the order of FORMAT.md. */
const OTHERS = (version: number) => [
  ...[0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0f, 0x10, 0x11, 0x12, 0x14, 0x15],
  ...(version < 4 ? [] : [0x18, 0x19, 0x20, 0x1f01, 0x1f02, 0x1f20, 0x1f21]),
  ...(version < 5 ? [] : [0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29]),
  ...(version < 5 ? [] : [0x2a, 0x2b, 0x2c]),
];
const BYTES: Readonly<Record<number, readonly number[]>> = {
  3: [2, 0, 7, 7],
  4: [1, 0, 0, 0, 7],
  9: [3, 5, 5, 5],
  10: [1, 9],
  13: [0x80, 0x7f],
  15: [0x81, 1],
  21: [5],
  24: [2, 0x91, 4],
  25: [],
};
const FIXED: Readonly<Record<number, number>> = {
  ...{ 5: 2, 6: 4, 7: 8, 11: 1, 12: 1, 17: 1, 18: 2, 20: 8, 28: 4, 29: 4, 30: 16, 32: 8, 36: 8 },
  ...{ 37: 1, 38: 2, 39: 3, 40: 4, 41: 1, 42: 2, 43: 3, 44: 4, 7968: 4, 7969: 4 },
};

/** Abbreviations of a unit; number 300 takes two bytes. */
function abbreviations(version: number): number[] {
  const offset = version < 4 ? 6 : 0x17;
  const entry = (code: number, tag: number, children: number, attributes: (number | undefined)[]) => [
    ...[...uleb(code), tag, children],
    ...attributes.flatMap((each) => uleb(each ?? 0)),
    ...[0, 0],
  ];
  const text = version < 5 ? 0x0e : 0x1f;
  const expression = version < 4 ? 0x09 : 0x18;
  return [
    ...entry(1, 0x11, 1, [NAME, text, LINES, offset, LOW, 1, RANGES, offset]),
    ...entry(2, 0x24, 0, [SIZE, 0x0b, NAME, 0x08]),
    ...entry(3, 0x2e, 1, [NAME, 0x0e, TYPE, 0x13, LOW, 1, HIGH, version < 4 ? 1 : version < 5 ? 6 : 7]),
    ...entry(4, 0x34, 0, [NAME, 0x0e, TYPE, 0x13, LOCATION, expression]),
    ...entry(300, 5, 0, [NAME, 0x0e, TYPE, 0x13, LOCATION, offset]),
    ...(version < 5 ? [] : [...uleb(6), 5, 0, SIZE, 0x21, 0xe5, 0x80, 1, 0, 0]),
    ...entry(
      7,
      5,
      0,
      OTHERS(version).flatMap((form) => [0x3f, form]),
    ),
    0,
  ];
}

/** Where else it may be. In a module of WebAssembly there are addresses in lines, and lists of variables begin with one; in a file of its own each unit says that its abbreviations are the first. */
export type Where = 'executable' | 'module' | 'object' | 'own file';

/** `pointers`: where in the entries an address is, and of which place of the code. */
export function debugSections(
  { starts, address, code, base }: Linked,
  wide: 4 | 8,
  where: Where = 'executable',
): { sections: Section[]; pointers: { at: number; to: number }[] } {
  const [text, lines] = [new Text(), new Text()];
  const info: number[] = [];
  const abbrev: number[] = [];
  const line: number[] = [];
  const [loc, ranges]: [number[], number[]] = [[], []];
  const [loclists, rnglists]: [number[], number[]] = [[], []];
  const pointers: { at: number; to: number }[] = [];
  // Of small objects there is more to say, and those that are new are in the units of their neighbours.
  const isObject = where === 'object' || where === 'own file';
  const more = isObject ? 4 : 0;
  const all = [...starts].sort((a, b) => a[1] - b[1]);
  const share = Math.ceil(all.length / 8);
  for (let unit = 0; unit < 8; unit++) {
    const version = 2 + (unit % 4);
    const own = isObject
      ? all.filter(([id]) => Math.floor(((id % 1000) * 8) / 60) === unit)
      : all.slice(share * unit, share * (unit + 1));
    const start = info.length;
    const [variables, spans] = version < 5 ? [loc, ranges] : [loclists, rnglists];
    const out: number[] = [];
    const header = version < 5 ? 11 : 12;
    const here = () => header + out.length;
    const pointer = (place: number) => number(base + BigInt(place), wide);
    const at = abbrev.length;
    abbrev.push(...abbreviations(version));
    const name = `unit-${unit}.c`;
    out.push(1, ...number(version < 5 ? text.at(name) : lines.at(name), 4), ...number(line.length, 4));
    out.push(...pointer(0), ...number(spans.length, 4));
    line.push(...number(unit, 4), 9, 9, unit);
    const types = Array.from({ length: 12 }, (_, i) => {
      const place = here();
      out.push(2, i, ...Buffer.from(`type${i}\0`, 'latin1'));
      return place;
    });
    const next = randomNumbers(unit + 1);
    for (const [id, begin] of own) {
      const random = randomNumbers(id + 7);
      const end = all[all.findIndex(([other]) => other === id) + 1]?.[1] ?? address + code.length;
      out.push(3, ...number(text.at(`function_${id}`), 4), ...number(types[random() % 12] ?? 0, 4));
      pointers.push({ at: start + here(), to: begin });
      out.push(...pointer(begin));
      if (where === 'module') line.push(0, 5, 2, ...pointer(begin), 1, id & 127);
      if (where === 'module') variables.push(255, 255, 255, 255, ...pointer(begin));
      out.push(...(version < 4 ? pointer(end) : number(end - begin, version < 5 ? 4 : 8)));
      for (let i = (random() % 4) + more; i >= 0; i--) {
        out.push(...uleb(300), ...number(text.at(`variable_${random() % 99}`), 4));
        out.push(...number(types[random() % 12] ?? 0, 4), ...number(variables.length, 4));
        variables.push(...number(random() % 64, 1), ...number(id, 2), 0);
      }
      out.push(4, ...number(text.at(`global_${id}`), 4), ...number(types[random() % 12] ?? 0, 4));
      out.push(...uleb(1 + wide), 3, ...pointer(0x9000 + 8 * (id % 64)), 0);
      spans.push(...number(begin, 4), ...number(end, 4));
    }
    if (version === 5) out.push(6);
    out.push(7);
    for (const form of OTHERS(version)) {
      const size = form === 0x10 ? (version < 3 ? wide : 4) : FIXED[form];
      out.push(...(BYTES[form] ?? number(next() % 120, size ?? 1)));
    }
    out.push(0, 0);
    const length = number(header - 4 + out.length, 4);
    const table = number(where === 'own file' ? 0 : at, 4);
    const head = version < 5 ? [...table, wide] : [1, wide, ...table];
    info.push(...length, ...number(version, 2), ...head, ...out);
    if (info.length !== start + header + out.length) throw new Error('a unit is not as long as it says');
  }
  const sections = [
    { name: '.debug_abbrev', bytes: abbrev },
    { name: '.debug_info', bytes: info },
    { name: '.debug_line', bytes: line },
    { name: '.debug_str', bytes: text.bytes },
    { name: '.debug_str_offsets', bytes: all.flatMap(([id]) => number(text.at(`function_${id}`), 4)) },
    { name: '.debug_line_str', bytes: lines.bytes },
    { name: '.debug_loc', bytes: loc },
    { name: '.debug_ranges', bytes: ranges },
    { name: '.debug_loclists', bytes: loclists },
    { name: '.debug_rnglists', bytes: rnglists },
  ];
  return { sections, pointers };
}

/** Functions of both versions have lower numbers. */
const BOTH = 160;

/** Addresses by number, a run for each unit, in the order of a hash table, or sorted. */
export function addressSection({ starts, base }: Linked, wide: 4 | 8, isSorted = false): Section {
  const bytes: number[] = [];
  for (let unit = 0; unit < 8; unit++) {
    // What is new belongs to one of them.
    const own = [...starts].filter(([id]) => (id < BOTH ? Math.floor((id * 8) / BOTH) : 2) === unit);
    // Of each function where it begins and some places in it.
    const places = own.flatMap(([, start]) =>
      [0, 3, 4, 7, 8, 9, 11, 12, 13, 15].slice(0, 2 + unit).map((into) => start + into),
    );
    const order = randomNumbers(unit + 3 + own.length);
    const keyed = places.map((place) => ({ place, key: isSorted ? place : order() }));
    keyed.sort((a, b) => a.key - b.key);
    bytes.push(...number(4 + wide * places.length, 4), 5, 0, wide, 0);
    bytes.push(...keyed.flatMap(({ place }) => number(base + BigInt(place), wide)));
  }
  return { name: '.debug_addr', bytes };
}

/** One segment of code, of 64 or 32 bits, and sections. */
export function dwarfElf(linked: Linked, wide: 4 | 8, more: readonly Section[] = []): Uint8Array {
  const head = wide === 8 ? 64 : 52;
  const { code, address, base } = linked;
  const word = (value: bigint | number) => number(value, wide);
  const names = new Text();
  names.at('');
  const sections: Section[] = [
    { name: '.text', bytes: code, address: base + BigInt(address) },
    ...debugSections(linked, wide).sections,
    ...more,
  ];
  for (const { name } of sections) names.at(name);
  names.at('.shstrtab');
  const body: number[] = [];
  const start = 0x100;
  const headers = [...sections, { name: '.shstrtab', bytes: names.bytes }].map(
    ({ name, bytes, address: at }: Section) => {
      const offset = start + body.length;
      body.push(...bytes);
      const flags = at === undefined ? 0 : 6;
      const type = name === '.shstrtab' ? 3 : 1;
      return [
        ...[...number(names.at(name), 4), ...number(type, 4), ...word(flags), ...word(at ?? 0)],
        ...[...word(offset), ...word(bytes.length), ...number(0, 8), ...word(1), ...word(0)],
      ];
    },
  );
  const table = start + body.length;
  const empty = new Array<number>(headers[0]?.length ?? 0).fill(0);
  const segment =
    wide === 8
      ? [...number(1, 4), ...number(5, 4), ...word(start), ...word(base + BigInt(address)), ...word(0)]
      : [...number(1, 4), ...word(start), ...word(base + BigInt(address)), ...word(0)];
  segment.push(...word(code.length), ...word(code.length));
  segment.push(...(wide === 8 ? word(4096) : [...number(5, 4), ...word(4096)]));
  const file = Buffer.alloc(table + empty.length * (headers.length + 1));
  file.set([0x7f, 0x45, 0x4c, 0x46, wide === 8 ? 2 : 1, 1, 1], 0);
  const fields = [
    ...[...number(2, 2), ...number(wide === 8 ? 62 : 3, 2), ...number(1, 4), ...word(0), ...word(head)],
    ...[
      ...word(table),
      ...number(0, 4),
      ...number(head, 2),
      ...number(wide === 8 ? 56 : 32, 2),
      ...number(1, 2),
    ],
    ...[...number(empty.length, 2), ...number(headers.length + 1, 2), ...number(headers.length, 2)],
  ];
  file.set(fields, 16);
  file.set(segment, head);
  file.set(body, start);
  file.set([...empty, ...headers.flat()], table);
  return Uint8Array.from(file);
}
