/** Small executables of Thumb code (executables.ts): functions that call each other, and load words from near them. */
import { randomNumbers } from '../pairs.ts';

const COUNT = 120;
const CODE_AT = 0x100;
const DATA_AT = 0x8000;
/** By how much data is loaded further on than in the file. */
const MOVED = 0x1000;
/** Bytes of a program header, and of the header before them. */
const [HEADER, SEGMENT] = [52, 32];

const little = (value: number, size = 4) => Array.from({ length: size }, (_, i) => (value >>> (8 * i)) & 255);
const halves = (...words: number[]) => words.flatMap((word) => little(word, 2));

type Kind = 'fill' | 'call' | 'exchange' | 'jump' | 'near' | 'entry' | 'constant';
const KINDS: readonly Kind[] = [
  'fill',
  'call',
  'call',
  'exchange',
  'jump',
  'near',
  'near',
  'entry',
  'constant',
];

function branch(distance: number, second: number): number[] {
  const sign = distance < 0 ? 1 : 0;
  const opposite = (place: number) => (((distance >> place) & 1) ^ sign ^ 1) & 1;
  const first = 0xf000 | (sign << 10) | ((distance >> 12) & 0x3ff);
  return halves(first, second | (opposite(23) << 13) | (opposite(22) << 11) | ((distance >> 1) & 0x7ff));
}

/** `base`: 0, or what is added to all addresses that are absolute then. */
export function thumbElf(base: number, later: boolean): Uint8Array {
  const ids = Array.from({ length: COUNT }, (_, i) => i).flatMap((i) =>
    later && i % 30 === 11 ? [i, COUNT + i] : [i],
  );
  const globals = later
    ? [7, ...Array.from({ length: 40 }, (_, i) => i)]
    : Array.from({ length: 40 }, (_, i) => i);
  const dataOf = (to: number) => DATA_AT + MOVED + 4 * globals.length + 16 + 16 * to;
  let startOf = new Map<number, number>();
  let code: number[] = [];
  for (let pass = 0; pass < 2; pass++) {
    code = [];
    const starts = new Map<number, number>();
    for (const id of ids) {
      starts.set(id, CODE_AT + code.length);
      const next = randomNumbers(id * 7919 + 5);
      for (let left = 3 + (next() % 6); left > 0; left--) {
        const [kind, to, fill] = [KINDS[next() % KINDS.length], next() % COUNT, next() % 256];
        const here = CODE_AT + code.length;
        const target = startOf.get(to) ?? CODE_AT;
        if (kind === 'call') code.push(...branch(target - here - 4, 0xd000));
        else if (kind === 'exchange') code.push(...branch(target - here - 4, 0xc000));
        else if (kind === 'jump') code.push(...branch(target - here - 4, 0x9000));
        else if (kind === 'near' || kind === 'constant') {
          // ldr r0, what is 8 bytes on; add r0, pc, if it is how far something is, else nop; b; nop
          const word = base > 0 ? base + dataOf(to) : dataOf(to) - here - 8;
          const sum = kind === 'near' && base === 0 ? 0x4478 : 0xbf00;
          code.push(
            ...halves(0x4801, sum, 0xe001, 0xbf00),
            ...little(kind === 'near' ? word : 0x1000 + fill),
          );
        } else if (kind === 'entry') {
          // b; nop; the word; ldr r0, what is 8 bytes back. Or that, what is 8 bytes on, before them.
          const word = base > 0 ? base + dataOf(to) : 4 * globals.indexOf(to % 40);
          if (fill < 32) code.push(...halves(0xe002, 0xbf00), ...little(word), ...halves(0xf85f, 8));
          else code.push(...halves(0xf8df, 4, 0xe001, 0xbf00), ...little(word));
        } else code.push(...halves(0x2000 | fill, 0xbf00));
      }
    }
    startOf = starts;
  }
  const dynamic = [3, base + DATA_AT + MOVED, 0, 0].flatMap((word) => little(word));
  const next = randomNumbers(12);
  const data = [
    ...globals.flatMap((to) => little(base + dataOf(to))),
    ...dynamic,
    ...Array.from({ length: 16 * COUNT }, () => next() & 63),
  ];
  const header = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, ...new Array(9).fill(0)];
  header.push(...halves(3, 40), ...[1, base + CODE_AT, HEADER, 0, 0].flatMap((word) => little(word)));
  header.push(...halves(HEADER, SEGMENT, 3, 0, 0, 0));
  const dynamicAt = DATA_AT + 4 * globals.length;
  for (const [type, offset, address, size, flags] of [
    [1, 0, base, CODE_AT + code.length, 5],
    [1, DATA_AT, base + DATA_AT + MOVED, data.length, 6],
    [2, dynamicAt, base + dynamicAt + MOVED, dynamic.length, 6],
  ] as const) {
    header.push(...[type, offset, address, address, size, size, flags, 4].flatMap((word) => little(word)));
  }
  const file = new Uint8Array(DATA_AT + data.length);
  file.set(header);
  file.set(code, CODE_AT);
  file.set(data, DATA_AT);
  return file;
}
