/**
 * The snapshot of a Dart program that was compiled ahead (runtime/vm/snapshot.h, app_snapshot.cc): instances that refer to each other by
 * numbers, and behind them what is only read, with a table of where the code of each function begins.
 */
import {
  around,
  type FunctionTable,
  type Image,
  isCode,
  isData,
  MOST_REGIONS,
  REGION_KINDS,
  type Region,
} from './image.ts';

const MAGIC = Buffer.from([0xf5, 0xf5, 0xdc, 0xdc]);
/** Before the length, the kind (below 8), a digest of the version, and the features, which a 0 ends. */
const [LENGTH, KIND, VERSION, FEATURES] = [4, 12, 20, 52];
const KINDS = 8;
/** Bytes of the table before its entries; entries, at least. */
const [HEADER, ENTRY, LEAST] = [16, 8, 16];

/** With these parts as regions. */
export function withDart(bytes: Buffer, image: Image): Image {
  const tables = [...image.tables];
  let { regions, span } = image;
  for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    const home = regions.find(({ offset, size }) => at >= offset && at + FEATURES < offset + size);
    if (home === undefined || !isData(home.kind)) continue;
    const numbers = numbersIn(bytes, at, home);
    if (numbers === undefined || regions.length + 4 > MOST_REGIONS) continue;
    const { start, end } = numbers;
    const addressOf = (offset: number) => home.address + offset - home.offset;
    const split = (offset: number, limit: number, kind: Region['kind'], bases: [number, number]) => {
      const region = { offset, size: limit - offset, address: addressOf(offset), kind, bases };
      regions = [...regions.flatMap((each) => around(each, offset, limit)), region].sort(
        (a, b) => a.offset - b.offset,
      );
    };
    split(start, end, REGION_KINDS.numbers, [span, span]);
    const table = tableIn(bytes, end, home.offset + home.size);
    const code = codeOf(image);
    if (table === undefined || code === undefined) continue;
    split(table.offset, table.offset + table.size, REGION_KINDS.pairs, [
      code.address,
      addressOf(table.offset),
    ]);
    tables.push(recordsOf(bytes, table, code.address));
  }
  return { ...image, regions, tables };
}

function numbersIn(bytes: Buffer, at: number, home: Region): { start: number; end: number } | undefined {
  const length = bytes.readBigUInt64LE(at + LENGTH);
  const kind = bytes.readBigUInt64LE(at + KIND);
  if (length > BigInt(home.offset + home.size - at) || kind >= KINDS) return undefined;
  if (!/^[0-9a-f]{32}$/.test(bytes.toString('latin1', at + VERSION, at + FEATURES))) return undefined;
  const start = bytes.indexOf(0, at + FEATURES) + 1;
  const end = at + MAGIC.length + Number(length);
  return start > 0 && start < end && end <= home.offset + home.size ? { start, end } : undefined;
}

/** The table between `start` and `end`: a word, how many entries, two words, and entries of which the first words ascend. */
function tableIn(bytes: Buffer, start: number, end: number): { offset: number; size: number } | undefined {
  for (let at = start + (-start & 7); at + HEADER + ENTRY * LEAST <= end; at += 4) {
    const count = bytes.readUInt32LE(at + 4);
    const first = at + HEADER;
    if (count < LEAST || count > (end - first) / ENTRY) continue;
    let known = 1;
    while (
      known < count &&
      bytes.readUInt32LE(first + ENTRY * known) > bytes.readUInt32LE(first + ENTRY * (known - 1))
    )
      known++;
    if (known === count) return { offset: at, size: HEADER + ENTRY * count };
  }
  return undefined;
}

function codeOf({ regions }: Image): Region | undefined {
  return regions.filter(({ kind }) => isCode(kind)).sort((a, b) => b.size - a.size)[0];
}

function recordsOf(
  bytes: Buffer,
  { offset, size }: { offset: number; size: number },
  code: number,
): FunctionTable {
  const first = offset + HEADER;
  const records = Array.from({ length: (size - HEADER) / ENTRY }, (_, index) => {
    const at = first + ENTRY * index;
    return { address: code + bytes.readUInt32LE(at), offset: at, size: ENTRY };
  });
  return { offset: first, size: size - HEADER, records };
}
