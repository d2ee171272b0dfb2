/**
 * Small WebAssembly modules, of functions that call each other and load what is in the data; as compilers make them, and as Go does,
 * whose functions have addresses and whose data has no zeros. The later version has functions more.
 */
import { randomNumbers } from '../pairs.ts';
import { debugSections } from './dwarf-executables.ts';
import { goData } from './other-executables.ts';

const COUNT = 300;
const IMPORTS = 2;
/** Numbers of a variable number of bytes; `bytes`: as many. */
function number(value: number, bytes = 1): number[] {
  const all: number[] = [];
  for (let rest = value; all.length < bytes || rest > 0; rest = Math.floor(rest / 128))
    all.push((rest % 128) | 128);
  return [...all.slice(0, -1), (all.at(-1) ?? 0) & 127];
}
/** The same where the highest bit is a sign. */
function signed(value: number, bytes = 1): number[] {
  const all = number(value, bytes);
  return ((all.at(-1) ?? 0) & 64) === 0 ? all : number(value, all.length + 1);
}
const section = (id: number, content: number[]) => [id, ...number(content.length), ...content];
const named = (text: string) => [...number(text.length), ...Buffer.from(text)];
const word = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);

interface Layout {
  /** Bytes of the numbers of functions. */
  width: number;
  /** The address of the datum of a function, of the function itself. */
  datum: (index: number) => number;
  function: (index: number) => number;
}

/** A function: constants, calls, loads, each instruction that has operands of its own once in a while. */
function body(id: number, indexOf: (id: number) => number, layout: Layout): number[] {
  const next = randomNumbers(id * 7919 + 11);
  const code: number[] = [1, 2, 0x7f];
  for (let i = 4 + (next() % 8); i > 0; i--) {
    const to = indexOf(next() % COUNT);
    const choices = [
      () => [0x10, ...number(IMPORTS + to, layout.width)],
      () => [0x41, ...signed(layout.datum(to), 3)],
      () => [0x42, ...signed(layout.function(to) + 3)],
      () => [0x41, 0, 0x28, 2, ...number(layout.datum(to), 3), 0x1a],
      () => [0x20, 0, 0x43, 1, 2, 3, 4, 0x44, 1, 2, 3, 4, 5, 6, 7, 8, 0x0e, 2, 0, 1, 0, 0x0b],
      () => [0xfc, 10, 0, 0, 0xfc, 11, 0, 0xfd, 12, ...word(next()), ...word(1), ...word(2), ...word(3)],
      () => [0xfd, 0, 4, ...number(layout.datum(to), 3), 0xfd, 21, 3, 0xfe, 3, 0, 0xfe, 0, 2, 0, 0x11, 1, 0],
      () => [0x1c, 1, 0x7f, 0xd2, ...number(IMPORTS + to, layout.width), 0x42, 0x80 | (next() & 127), 0x7f],
    ];
    code.push(...(choices[next() % 8] as () => number[])());
  }
  return [...code, 0x0b];
}

/** Segments of what is not 0. */
function segmentsOf(memory: number[], address: number): number[][] {
  const segments: number[][] = [];
  for (let at = 0; at < memory.length; ) {
    if (memory[at] === 0) {
      at++;
      continue;
    }
    let end = at;
    for (let zeros = 0, i = at; i < memory.length && zeros < 8; i++) {
      if (memory[i] === 0) zeros++;
      else [zeros, end] = [0, i + 1];
    }
    segments.push([0, 0x41, ...signed(address + at), 0x0b, ...number(end - at), ...memory.slice(at, end)]);
    at = end;
  }
  return segments;
}

/** Its bytes, and of the section of code the content, and where each function begins. */
function module(later: boolean, isGo: boolean) {
  const ids = Array.from({ length: COUNT }, (_, i) => i).flatMap((i) =>
    later && i % 60 === 11 ? [i, COUNT + i] : [i],
  );
  const [begin, first] = [later ? 0x10220 : 0x10000, 0x10000000];
  const layout: Layout = isGo
    ? { width: 2, datum: (index) => begin + 32 * index, function: (index) => first + index * 0x10000 }
    : { width: 5, datum: (index) => begin + 16 * index, function: (index) => index };
  const places = new Map(ids.map((id, index) => [id, index]));
  const indexOf = (id: number) => places.get(id) ?? 0;
  const bodies = ids.map((id) => body(id, indexOf, layout));
  const next = randomNumbers(17);
  const data = isGo
    ? ids.flatMap((id, i) => [
        ...[
          ...word(layout.function(indexOf(id % COUNT))),
          ...word(0),
          ...word(layout.datum(ids.length - 1 - i)),
        ],
        ...[...word(0), ...word(id + 1), ...new Array<number>(12).fill(0)],
      ])
    : ids.flatMap((id) => [
        ...word(layout.datum(indexOf((id * 7) % COUNT))),
        ...word(next()),
        ...word(id),
        1,
        0,
        0,
        0,
      ]);
  const segments = segmentsOf(data, begin);
  if (isGo) {
    const functions = ids.map((id, index) => ({ id, start: 0x1000 + index }));
    const code = { address: 0, size: 0x1000 + ids.length };
    const table = goData(
      { big: false, pointer: 8, least: 1 },
      functions,
      0x8000 - (later ? 64 : 0),
      code,
      later,
    );
    segments.push(...segmentsOf(table, 0x8000 - (later ? 64 : 0)));
  }
  const imports = Array.from({ length: IMPORTS }, (_, i) => [...named('env'), ...named(`f${i}`), 0, 0]);
  const code = number(ids.length, 2);
  const starts = new Map<number, number>();
  for (const [index, bytes] of bodies.entries()) {
    code.push(...number(bytes.length));
    starts.set(ids[index] ?? 0, code.length);
    code.push(...bytes);
  }
  const bytes = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(0, [...named('note'), 1, 2, 3]),
    ...section(1, [1, 0x60, 0, 0]),
    ...section(2, [
      ...number(IMPORTS + 2),
      ...imports.flat(),
      ...[...named('env'), ...named('memory'), 2, 1, 2, 4],
      ...[...named('env'), ...named('global'), 3, 0x7f, 0],
    ]),
    ...section(3, [...number(ids.length, 2), ...ids.map(() => 0)]),
    ...section(5, [1, 0, 4]),
    ...section(10, code),
    ...section(11, [...number(segments.length, 2), ...segments.flat()]),
  ];
  return { bytes, code, starts };
}

export const wasmModule = (later: boolean) => Uint8Array.from(module(later, false).bytes);
export const goWasmModule = (later: boolean) => Uint8Array.from(module(later, true).bytes);

/** With debug information of DWARF, where addresses count from the content of the section of code. */
export function wasmWithDwarf(later: boolean): Uint8Array {
  const { bytes, code, starts } = module(later, false);
  const { sections } = debugSections({ code, address: 0, base: 0n, starts }, 4, 'module');
  const own = sections.map(({ name, bytes }) => section(0, [...named(name), ...bytes]));
  return Uint8Array.from([...bytes, ...own.flat()]);
}
