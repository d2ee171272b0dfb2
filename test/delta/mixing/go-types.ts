/** Types of a Go program: names, then a type for each function of an even number, of some kinds, with methods; and a list of where each begins. */
import { randomNumbers } from '../pairs.ts';

const [POINTER, STRUCT, INTERFACE, MAP] = [22, 25, 20, 21];

/** They are loaded at `begin`; `start` of a function is from where code begins. */
export function goTypes(
  { pointer, numberOf }: { pointer: 4 | 8; numberOf: (value: number, size: number) => number[] },
  functions: readonly { id: number; start: number }[],
  begin: number,
): { bytes: number[]; list: number[] } {
  const word = (value: number) => numberOf(value, 4);
  const long = (value: number) => numberOf(value, pointer);
  const half = (value: number) => numberOf(value, 2);
  const names: number[] = [0, 0];
  const known = functions.filter(({ id }) => id % 2 === 0);
  const nameOf = new Map<number, number>();
  for (const { id } of known) {
    const name = `main.T${id}${'x'.repeat(id % 5)}`;
    nameOf.set(id, names.length);
    names.push(1, name.length, ...Buffer.from(name));
  }
  while (names.length % 8 !== 0) names.push(0);
  const kindOf = (id: number) => [POINTER, STRUCT, INTERFACE, MAP][id % 4] ?? POINTER;
  const sizeOf = (id: number) =>
    4 * pointer + 16 + (kindOf(id) === POINTER ? pointer : 4 * pointer) + 16 + 16 * (id % 3) + 8 * 2;
  const list: number[] = [];
  const placeOf = new Map<number, number>();
  let end = names.length;
  for (const { id } of known) {
    list.push(end);
    placeOf.set(id, end);
    end += sizeOf(id);
  }
  const bytes = [...names];
  for (const [i, { id, start }] of known.entries()) {
    const next = randomNumbers(id + 31);
    const kind = kindOf(id);
    const other = () => 2 * (next() % 60);
    const name = nameOf.get(id) ?? 0;
    const named = id % 3 !== 0;
    const methods = Array.from({ length: id % 3 }, (_, j) => [
      nameOf.get(other()) ?? 0,
      placeOf.get(other()) ?? 0,
      j === 1 ? 0xffffffff : start,
      start,
    ]).flat();
    const more = kind === POINTER ? pointer : 4 * pointer;
    const here = begin + (list[i] ?? 0);
    const pairs = here + 4 * pointer + 16 + more + 16 + 16 * (id % 3);
    bytes.push(...long(24 + (id % 5) * 8), ...long(id % 2 === 0 ? 8 : 0), ...word(next()));
    bytes.push(named ? 1 : 0, pointer, pointer, kind, ...long(0), ...long(begin + 8));
    bytes.push(...word(name), ...word(id % 2 === 0 ? (placeOf.get(other()) ?? 0) : 0));
    bytes.push(...long(begin + (placeOf.get(other()) ?? 0)));
    if (more > pointer) bytes.push(...long(pairs), ...long(kind === INTERFACE ? 2 : 0), ...long(2));
    bytes.push(...word(name), ...half(id % 3), ...half(0), ...word(16), ...word(0), ...methods.flatMap(word));
    for (let j = 0; j < 2; j++)
      bytes.push(...word(nameOf.get(other()) ?? 0), ...word(placeOf.get(other()) ?? 0));
  }
  return { bytes, list };
}
