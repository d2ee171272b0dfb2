/**
 * Small executables of POWER and MIPS (executables.ts), whose code finds data by a register: ELF files, and one of AIX, whose code is
 * followed by Go's table of functions.
 */
import { randomNumbers } from '../pairs.ts';
import { goData } from './other-executables.ts';

const COUNT = 120;
const CODE_AT = 0x400;
const DATA_AT = 0x4000;
/** By how much data is loaded further on than in the file. */
const MOVED = 0x1c000;
/** Bytes of the header of ELF and of a segment, of AIX's headers and of a section. */
const [HEADER, SEGMENT] = [64, 56];
const [FIRST, SECOND, SECTION] = [24, 120, 72];
const PAGES = 4;

const bytesOf = (value: number, big: boolean, size = 4) => {
  const bytes = Array.from({ length: size }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
  return big ? bytes.reverse() : bytes;
};
const upper = (value: number) => ((value + 0x8000) >>> 16) & 0xffff;
const lower = (value: number) => value & 0xffff;

interface Places {
  here: number;
  /** Of a function, of data. */
  call: number;
  data: number;
  /** Where the register points; where the entry for a function is. */
  pointer: number;
  entry: number;
  start: number;
}

const CHOICES = ['fill', 'call', 'call', 'data', 'data', 'load', 'single', 'other'] as const;
type Choice = (typeof CHOICES)[number];

function power(choice: Choice, fill: number, { here, call, data, pointer, entry }: Places): number[] {
  const distance = data - pointer;
  if (choice === 'call') return [0x48000001 | ((call - here) & 0x3fffffc), 0x60000000];
  if (choice === 'data') return [0x3c620000 | upper(distance), 0x60000000, 0x38630000 | lower(distance)];
  if (choice === 'load') return [0x3d220000 | upper(distance), 0xe9290000 | (lower(distance) & 0xfffc)];
  if (choice === 'single') return [0xe8620000 | (lower(entry - pointer) & 0xfffc)];
  if (choice === 'other') return [0x3c800001, 0x38840000 | (fill & 0xffff)];
  return [0x38600000 | fill];
}

/** Of MIPS, with LD or LW. */
function mips(
  choice: Choice,
  fill: number,
  { here, data, pointer, entry, start }: Places,
  wide: boolean,
): number[] {
  const [load, add] = wide ? [0xdc, 0x64] : [0x8c, 0x24];
  const fromPointer = (register: number, place: number) =>
    (load << 24) | (28 << 21) | (register << 16) | lower(place - pointer);
  if (choice === 'call') return [fromPointer(25, entry), 0x0320f809, 0];
  const page = DATA_AT + MOVED + (wide ? 8 : 4) * upper(data - DATA_AT - MOVED);
  if (choice === 'data')
    return [fromPointer(4, page), 0x00003025, (add << 24) | (4 << 21) | (4 << 16) | lower(data)];
  if (choice === 'load') return [fromPointer(2, page), (load << 24) | (2 << 21) | (3 << 16) | lower(data)];
  if (choice === 'single') return [fromPointer(5, entry), 0x24a50000 | (fill & 15)];
  // Where the register points, made in $3, by how far back the function is.
  const back = pointer - start;
  if (choice === 'other' && here === start)
    return [
      0x3c030000 | upper(back),
      wide ? 0x0079182d : 0x00791821,
      (add << 24) | (3 << 21) | (3 << 16) | lower(back),
    ];
  return [0x24020000 | fill];
}

/** The start of a function, where the register is set. */
function prologue(isMips: boolean, wide: boolean, back: number): number[] {
  if (!isMips) return [0x3c4c0000 | upper(-back), 0x38420000 | lower(-back)];
  return wide
    ? [0x3c1c0000 | upper(back), 0x0399e02d, 0x679c0000 | lower(back)]
    : [0x3c1c0000 | upper(back), 0x279c0000 | lower(back), 0x0399e021];
}

interface Linked {
  code: number[];
  starts: { id: number; at: number }[];
  /** Pages, entries for functions, bytes. */
  data: number[];
  pointer: number;
}

function link(isMips: boolean, wide: boolean, big: boolean, later: boolean): Linked {
  const ids = Array.from({ length: COUNT }, (_, i) => i).flatMap((i) =>
    later && i % 30 === 11 ? [i, COUNT + i] : [i],
  );
  const size = wide ? 8 : 4;
  const listed = later ? [7, ...ids] : ids;
  const table = DATA_AT + MOVED;
  const pointer = table + (isMips ? 0x7ff0 : 0x8000);
  const dataOf = (to: number) => table + size * (PAGES + listed.length) + 1400 * (to % 30) + 8 * to;
  let startOf = new Map<number, number>();
  let [code, starts] = [[] as number[], [] as Linked['starts'][0][]];
  for (let pass = 0; pass < 2; pass++) {
    code = [];
    starts = [];
    for (const id of ids) {
      const start = CODE_AT + code.length;
      starts.push({ id, at: start });
      const next = randomNumbers(id * 7919 + 5);
      const back = pointer - start;
      const words = id % 5 === 0 ? [] : prologue(isMips, wide, isMips ? back : -back);
      for (let left = 3 + (next() % 6); left > 0; left--) {
        const [choice, to, fill] = [
          CHOICES[next() % CHOICES.length] ?? 'fill',
          next() % COUNT,
          next() % 4096,
        ];
        const places = {
          here: start + 4 * words.length,
          call: startOf.get(to) ?? CODE_AT,
          data: dataOf(to),
          pointer,
          entry: table + size * (PAGES + listed.indexOf(to)),
          start,
        };
        words.push(...(isMips ? mips(choice, fill, places, wide) : power(choice, fill, places)));
      }
      code.push(...words.flatMap((word) => bytesOf(word >>> 0, big)));
    }
    startOf = new Map(starts.map(({ id, at }) => [id, at]));
  }
  const pages = Array.from({ length: PAGES }, (_, i) => table + 65536 * i);
  const next = randomNumbers(12);
  const data = [...pages, ...listed.map((id) => startOf.get(id) ?? 0)].flatMap((to) =>
    bytesOf(to, big, size),
  );
  data.push(...Array.from({ length: 1400 * 30 }, () => next() & 63));
  return { code, starts, data, pointer };
}

/**
 * Shared libraries, the lowest byte first; of POWER with a section that has the global offset table, of MIPS with a table of what is dynamic.
 * Those of 64 bits have sections.
 */
export function elfWithPointer(machine: 'power' | 'mips' | 'mips-32', later: boolean): Uint8Array {
  const wide = machine !== 'mips-32';
  const { code, data, starts } = link(machine !== 'power', wide, false, later);
  const long = (value: number) => bytesOf(value, false, wide ? 8 : 4);
  const words = (...values: number[]) => values.flatMap((value) => bytesOf(value, false));
  const half = (...values: number[]) => values.flatMap((value) => bytesOf(value, false, 2));
  const size = wide ? HEADER : 52;
  const [segment, section] = wide ? [SEGMENT, 64] : [32, 40];
  const dynamic = [3, DATA_AT + MOVED, 0, 0].flatMap(long);
  const dynamicAt = DATA_AT + data.length;
  const names = [...Buffer.from('\0.text\0.got\0.pdr\0.names\0')];
  // What is said of functions: where each begins, and which registers it saves.
  const said = (wide ? starts : []).flatMap(({ id, at }) =>
    words(at, 0x90000000 + id, -8 - 8 * (id % 3), 0, 0, 32, 29, 31),
  );
  const saidAt = dynamicAt + dynamic.length;
  const namesAt = saidAt + said.length;
  const sectionsAt = namesAt + names.length;
  const header = [0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1, ...new Array(9).fill(0)];
  header.push(...half(3, machine === 'power' ? 21 : 8), ...words(1), ...long(CODE_AT), ...long(size));
  header.push(...long(wide ? sectionsAt : 0), ...words(0));
  header.push(...half(size, segment, 3, section, wide ? 5 : 0, wide ? 4 : 0));
  for (const [type, flags, offset, address, length] of [
    [1, 5, 0, 0, CODE_AT + code.length],
    [1, 6, DATA_AT, DATA_AT + MOVED, data.length + dynamic.length],
    [2, 6, dynamicAt, dynamicAt + MOVED, dynamic.length],
  ] as const) {
    const places = [offset, address, address, length, length].flatMap(long);
    header.push(
      ...words(type),
      ...(wide ? words(flags) : []),
      ...places,
      ...(wide ? [] : words(flags)),
      ...long(8),
    );
  }
  const sections = [
    [0, 0, 0, 0, 0, 0],
    [1, 1, 6, CODE_AT, CODE_AT, code.length],
    [7, 1, 3, DATA_AT + MOVED, DATA_AT, data.length],
    [12, 1, 0, 0, saidAt, said.length],
    [17, 3, 0, 0, namesAt, names.length],
  ].flatMap(([name = 0, type = 0, ...rest]) => [
    ...words(name, type),
    ...rest.flatMap(long),
    ...words(0, 0),
    ...long(8),
    ...long(0),
  ]);
  const file = new Uint8Array(sectionsAt + sections.length);
  file.set(header);
  file.set(code, CODE_AT);
  file.set([...data, ...dynamic, ...said, ...names, ...sections], DATA_AT);
  return file;
}

/** A Go program for AIX. */
export function xcoff(later: boolean): Uint8Array {
  const { code, starts, data, pointer } = link(false, true, true, later);
  const [textBase, dataBase] = [2 ** 32, 2 ** 33];
  while (code.length % 8 !== 0) code.push(0);
  const go = goData(
    { big: true, pointer: 8, least: 4, withTypes: true },
    starts.map(({ id, at }) => ({ id, start: at - CODE_AT })),
    textBase + CODE_AT + code.length,
    { address: textBase + CODE_AT, size: code.length },
    later,
  );
  const text = [...code, ...go];
  const pointers = starts.flatMap(({ at }) => [...bytesOf(1, true), ...bytesOf(at, true)]);
  const loaded = starts.flatMap((_, i) => [
    ...bytesOf(dataBase + DATA_AT + MOVED + 8 * i, true, 8),
    ...bytesOf(0, true, 8),
  ]);
  const at = Math.ceil((CODE_AT + text.length) / 0x1000) * 0x1000;
  const long = (...values: number[]) => values.flatMap((value) => bytesOf(value, true, 8));
  const half = (...values: number[]) => values.flatMap((value) => bytesOf(value, true, 2));
  const header = [
    ...half(0x1f7, 4),
    ...bytesOf(0, true),
    ...long(0),
    ...half(SECOND, 2),
    ...bytesOf(0, true),
  ];
  header.push(
    ...half(0x10b, 1),
    ...bytesOf(0, true),
    ...long(textBase + CODE_AT, dataBase + DATA_AT + MOVED),
  );
  header.push(...long(dataBase + pointer), ...new Array(FIRST + SECOND - header.length - 8).fill(0));
  const all = [...data, ...pointers];
  for (const [flags, address, size, offset] of [
    [0x20, textBase + CODE_AT, text.length, CODE_AT],
    [0x40, dataBase + DATA_AT + MOVED, all.length, at],
    [0x80, dataBase + DATA_AT + MOVED + all.length, 4096, 0],
    [0x1000, 0, loaded.length, at + all.length],
  ] as const) {
    const start = header.length;
    header.push(
      ...long(0),
      ...long(address, address, size, offset, 0, 0),
      ...long(0),
      ...bytesOf(flags, true),
      ...bytesOf(0, true),
    );
    if (header.length !== start + SECTION) throw new Error('a section has another size');
  }
  const file = new Uint8Array(at + all.length + loaded.length);
  file.set(header);
  file.set(text, CODE_AT);
  file.set(all, at);
  file.set(loaded, at + all.length);
  return file;
}
