/** What small objects hold, whatever their layout: functions, pointers to them, how they are unwound, and what of that a linker is to change. */
import { randomNumbers } from '../pairs.ts';
import { idsOf, nameOf } from './object-files.ts';

export type Code = 'x86' | 'x86-32' | 's390x' | 'other';

/** Kinds of relocations, and the section that each is to, if it is to none of the names. */
export type Use = 'call' | 'data' | 'pointer' | 'unwound';

export interface Relocation {
  place: number;
  use: Use;
  /** Of `names` for a call, else 0. */
  symbol: number;
  /** Where in the data, or in the code. */
  addend: number;
}

export interface Content {
  code: Uint8Array;
  data: Uint8Array;
  unwinding: Uint8Array;
  relocations: Record<'code' | 'data' | 'unwinding', Relocation[]>;
  /** Of the functions, then those that are elsewhere, which have no place. */
  names: { name: string; start?: number; size: number }[];
}

/** Instructions: one with a number, a call, one with the address of data, a jump back; and where in the second and the third the fields are. */
const INSTRUCTIONS = {
  x86: [[0xb8, 0, 0, 0, 0], [0xe8, 0, 0, 0, 0], [0x48, 0x8d, 0x05, 0, 0, 0, 0], [0xe9, 0, 0, 0, 0], 1, 3],
  'x86-32': [[0xb8, 0, 0, 0, 0], [0xe8, 0, 0, 0, 0], [0x8d, 0x83, 0, 0, 0, 0], [0xe9, 0, 0, 0, 0], 1, 2],
  s390x: [
    ...[
      [0xa7, 0x19, 0, 0],
      [0xc0, 0xe5, 0, 0, 0, 0],
      [0xc0, 0x10, 0, 0, 0, 0],
      [0xc0, 0xf4, 0, 0, 0, 0],
    ],
    ...[2, 2],
  ],
  other: [[0x38, 0x60, 0, 0], [0x48, 0, 0, 1], [0, 0, 0, 0], [0x48, 0, 0, 0], 0, 0],
} as unknown as Record<Code, [number[], number[], number[], number[], number, number]>;
const OUTSIDE = 40;
const COMMON = 24;
const ENTRY = 24;

/** `pointer`: bytes of one. */
export function contentOf(kind: Code, later: boolean, first: number, pointer: number): Content {
  const ids = idsOf(first, later);
  const outside = Array.from({ length: OUTSIDE }, (_, i) => 2000 + i);
  const [number, call, address, jump, callField, addressField] = INSTRUCTIONS[kind];
  const code: number[] = [];
  const starts: number[] = [];
  const relocations: Content['relocations'] = { code: [], data: [], unwinding: [] };
  for (const id of ids) {
    const start = code.length;
    starts.push(start);
    const next = randomNumbers(id * 31 + 5);
    for (let i = 2 + (next() % 5); i >= 0; i--) {
      code.push(...number);
      code[code.length - (kind === 's390x' || kind === 'other' ? 1 : 4)] = next() % 250;
      const symbol = ids.length + (next() % OUTSIDE);
      relocations.code.push({ place: code.length + callField, use: 'call', symbol, addend: 0 });
      code.push(...call);
      const addend = pointer * (next() % 60);
      relocations.code.push({ place: code.length + addressField, use: 'data', symbol: 0, addend });
      code.push(...address);
    }
    const at = code.length;
    code.push(...jump);
    const field = Buffer.alloc(4);
    if (kind === 's390x') field.writeInt32BE((start - at) / 2);
    else field.writeInt32LE(start - at - 5);
    if (kind !== 'other') code.splice(-4, 4, ...field);
  }
  for (const [index, addend] of starts.entries())
    relocations.data.push({ place: pointer * index, use: 'pointer', symbol: 0, addend });
  const isBig = kind === 's390x' || kind === 'other';
  const unwinding = Buffer.alloc(COMMON + ENTRY * ids.length);
  const put = (value: number, at: number) =>
    isBig ? unwinding.writeUInt32BE(value, at) : unwinding.writeUInt32LE(value, at);
  put(COMMON - 4, 0);
  const sizeOf = (index: number) => (starts[index + 1] ?? code.length) - (starts[index] ?? 0);
  for (const [index, addend] of starts.entries()) {
    const at = COMMON + ENTRY * index;
    put(ENTRY - 4, at);
    put(at + 4, at + 4);
    put(sizeOf(index), at + 12);
    relocations.unwinding.push({ place: at + 8, use: 'unwound', symbol: 0, addend });
  }
  const functions = ids.map((id, index) => ({ name: nameOf(id), start: starts[index], size: sizeOf(index) }));
  return {
    ...{ code: Uint8Array.from(code), data: new Uint8Array(pointer * ids.length), unwinding, relocations },
    names: [
      ...functions.map(({ start = 0, ...named }) => ({ ...named, start })),
      ...outside.map((id) => ({ name: nameOf(id), size: 0 })),
    ],
  };
}
