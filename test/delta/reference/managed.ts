/** Instructions of .NET and records with a layout, for the plain decoder (mixing.ts). Written from FORMAT.md, for the tests. */
import { u32 } from './arithmetic.ts';
import type { Based } from './based.ts';

export const [MANAGED, ROWS] = [42, 43];
const [OFFSET, STRING, BLOB, ROW, ADDRESS] = [46, 47, 48, 49, 50];

const ONE_BYTE = [
  ...[
    0x27, 0x28, 0x29, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x79, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f, 0x80,
    0x81,
  ],
  ...[0x8c, 0x8d, 0x8f, 0xa3, 0xa4, 0xa5, 0xc2, 0xc6, 0xd0],
];
const TWO_BYTES = [6, 7, 0x15, 0x16, 0x1c];
const HIGHEST = [1, 2, 4, 6, 0x0a, 0x11, 0x1b, 0x2b, 0x70];

export function scanManaged(
  { offset, size }: Pick<Based, 'offset' | 'size'>,
  byte: (at: number) => number,
  note: (offset: number, kind: number) => void,
): void {
  let isPrefixed = false;
  for (let at = offset; at + 5 <= offset + size; ) {
    const opcodes: readonly number[] = isPrefixed ? TWO_BYTES : ONE_BYTE;
    const isFollowed: boolean = opcodes.includes(byte(at)) && HIGHEST.includes(byte(at + 4));
    isPrefixed = !isFollowed && byte(at) === 0xfe;
    if (isFollowed) note(at + 1, OFFSET);
    at += isFollowed ? 5 : 1;
  }
}

interface Field {
  kind: number;
  size: number;
  /** What the field is relative to, by file. */
  origins: [number, number];
}

/** Records of the old file. */
export class Rows {
  readonly #regions: readonly Based[];
  readonly #bases: readonly (readonly number[])[];

  constructor(regions: readonly Based[], bases: readonly (readonly number[])[]) {
    this.#regions = regions;
    this.#bases = bases;
  }

  has(offset: number): boolean {
    return this.#indexOf(offset) >= 0;
  }

  /** The field that begins there. */
  at(offset: number): Field | undefined {
    const index = this.#indexOf(offset);
    const region = this.#regions[index];
    if (region === undefined) return undefined;
    const [first, layout] = region.bases;
    const record = first & 255;
    if (record === 0) return undefined;
    const into = (offset - region.offset) % record;
    const isWide = (place: number) => ((first >>> (16 + place / 2)) & 1) === 1;
    if (into % 2 === 1 || into > 30 || offset - into + record > region.offset + region.size) return undefined;
    const form = (layout >>> into) & 3;
    const size = isWide(into) ? 4 : 2;
    if (form === 0 || (into > 0 && isWide(into - 2)) || into + size > record) return undefined;
    if (size === 4 && form === 3 && into < 30 && ((layout >>> (into + 2)) & 3) === 1)
      return { kind: ADDRESS, size, origins: [0, 0] };
    const far = form === 3 ? (16 * index + into / 2) * 2 ** 20 : 0;
    const origin = (file: 0 | 1) => u32((this.#bases[file]?.[form - 1] ?? 0) + far);
    return { kind: [STRING, BLOB, ROW][form - 1] ?? ROW, size, origins: [origin(0), origin(1)] };
  }

  #indexOf(offset: number): number {
    return this.#regions.findIndex(
      (each) => each.kind === ROWS && offset >= each.offset && offset < each.offset + each.size,
    );
  }
}
