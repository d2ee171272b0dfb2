/** Files as Bun packs them, with their bytecode: of one script, or of several that have their strings in common. The later version has functions and strings more. */
import { randomNumbers } from '../pairs.ts';

const [COUNT, FUNCTIONS] = [900, 240];
/** Where the files begin, and the first bytecode. */
const [ORIGIN, FIRST] = [8, 128];
const TRAILER = '\n---- Bun! ----\n';

const word = (value: number) => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
const words = (...values: number[]) => values.flatMap(word);
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
const padded = (bytes: number[], size = 4) => {
  while (bytes.length % size !== 0) bytes.push(0);
  return bytes;
};

export function bytecode(later: boolean, isShared = false): Uint8Array {
  const strings = Array.from({ length: COUNT }, (_, id) => id).filter((id) => later || id % 45 !== 11);
  const numbers = new Map(strings.map((id, index) => [id, index]));
  const shared = isShared ? pool(strings, later) : [];
  const code = functionsOf(later, (id) => 4 * (numbers.get(id) ?? 0) + 2);
  const first = FIRST + shared.length;
  const source = new TextEncoder().encode(`// ${'the source of all '.repeat(later ? 70 : 66)}`);
  const [bytes, sourceAt] = [[...Array(FIRST).fill(0), ...shared, ...code], first + code.length];
  bytes.push(...source);
  const table = bytes.length;
  for (let file = 0; file < (isShared ? 2 : 1); file++) {
    const [place, length] = [first + 64 * file - ORIGIN, code.length - 64 * file];
    const fields = [0, 0, sourceAt - ORIGIN, source.length, 0, 0, place, length, 0, 0, 0, 0, 1];
    bytes.push(...words(...fields));
  }
  const size = bytes.length - ORIGIN;
  const end = words(size, 0, table - ORIGIN, bytes.length - table, 0, 0, 0, 0);
  return Uint8Array.from([...bytes, ...end, ...new TextEncoder().encode(TRAILER)]);
}

/** How many strings there are, where each is, they; the names among them; and the graph of the modules. */
function pool(strings: readonly number[], later: boolean): number[] {
  const texts = strings.map((id) => `${'name of what is '.slice(0, 3 + (id % 9))}${id}`);
  const places: number[] = [];
  const content: number[] = [];
  const rank = (index: number) => ((strings[index] ?? 0) * 17) % 97;
  const order = strings.map((_, index) => index).sort((a, b) => rank(a) - rank(b) || a - b);
  for (const index of order) {
    const text = [...new TextEncoder().encode(texts[index])];
    places[index] = 4 + 4 * strings.length + content.length;
    content.push(...words(0x80000000 + text.length, (strings[index] ?? 0) * 7919), ...padded(text));
  }
  const names = strings.map((_, index) => index).filter((index) => index % 3 > 0);
  const made = words(strings.length, ...places).concat(content);
  made.push(...words(names.length, ...names.map((index) => 4 * index + 2)));
  return padded([...padded(made, 8), ...graph(names, later)], 128);
}

function graph(names: readonly number[], later: boolean): number[] {
  const next = randomNumbers(77);
  const nameOf = () => {
    const id = next() % (COUNT / 2);
    return names.findIndex((name) => name >= id);
  };
  const modules = Array.from({ length: 40 }, (_, module) => module).filter(
    (module) => later || module % 13 !== 5,
  );
  const rows = Array.from({ length: 1200 }, (_, index) => [nameOf(), next() % 40, index] as const);
  const kept = rows.filter(([, module]) => modules.includes(module));
  const records = [
    modules.flatMap((module, index) => words(3 * index, 18, 20 * index, module, 0, 0, 9 * index, 1, 0, 0)),
    kept.flatMap(([name, module]) => words(name, modules.indexOf(module), 0, 0)),
    kept.slice(0, 300).flatMap(([name, module, id]) => words(name, name, 0x80000, id * 99, module, name)),
    kept.slice(300, 500).flatMap(([name, , id]) => words(name, name, 256, id * 99, 0xffffffff, name)),
  ];
  const sizes = [40, 16, 24, 24];
  const places = records.map((_, index) => 64 + records.slice(0, index).flat().length);
  const counts = records.map((table, index) => table.length / (sizes[index] ?? 1));
  const head = words(0x474d4c50, 2, names.length, ...counts, 0, ...places);
  return [...head, ...Array(64 - head.length).fill(0), ...records.flat()];
}

/** Each with strings that it names, how far its positions are, where it is in the source, and instructions. */
function functionsOf(later: boolean, numberOf: (id: number) => number): number[] {
  const ids = Array.from({ length: FUNCTIONS }, (_, id) => id).filter((id) => later || id % 31 !== 7);
  const bodies = ids.map((id) => {
    const next = randomNumbers(id + 5000);
    const named = Array.from({ length: 2 + (id % 7) }, () => next() % COUNT).filter(
      (name) => name % 45 !== 11,
    );
    const instructions = padded(Array.from({ length: 20 + (id % 40) }, () => (next() % 61) + 0x40));
    return { named: words(...named.map(numberOf), 0), instructions, positions: 8 + 4 * (id % 5) };
  });
  const source = ids.map((id) => 9000 + 500 * id + (later ? 900 : 0) + (later && id > 100 ? 70 : 0));
  const heads = bodies.map(({ named, instructions }, index) => {
    const start = 2 * (source[index] ?? 0);
    const numbers = padded([5, 160, 1, 3, ...varint(start), 12, ...varint(start), 0, ...varint(start - 2)]);
    return { before: named, after: [...numbers, ...instructions] };
  });
  const sizes = heads.map(({ before, after }) => before.length + 4 + after.length);
  const total = 64 + sizes.reduce((sum, size) => sum + size, 0);
  const made = words(0xf1f0ed26, 1, 4, total, ...Array(12).fill(0));
  let positions = total;
  for (const [index, { before, after }] of heads.entries()) {
    made.push(...before);
    made.push(...word(positions - made.length), ...after);
    positions += bodies[index]?.positions ?? 0;
  }
  for (const [index, { positions: size }] of bodies.entries()) {
    const next = randomNumbers((ids[index] ?? 0) + 9000);
    for (let at = 0; at < size; at++) made.push(next() & 255);
  }
  return made;
}
