/**
 * Addresses that debug information of DWARF 5 names by number (`.debug_addr`), where the rest is in files of its own: a run for each unit. gcc writes them in the
 * order of a hash table. As addresses resemble each other, an alignment goes on from one run to the next, though all have moved by what was
 * added to one before. For the encoder only: a run is for the same unit if it is as long, else the next.
 */
import type { AddressRun, FunctionTable } from '../image.ts';

/** Bytes of the header of a run: its length without this field, its version, and how wide addresses are. */
const HEADER = 8;
const [VERSION_AT, WIDTH_AT, VERSION] = [4, 6, 5];
/** They are in no order if one in so many is below the one before. */
const SHARE = 8;

/** None if they do not fill the section, or are sorted: what was added to one is in its place then. */
export function addressRuns(
  bytes: Buffer,
  section: { offset: number; size: number } | undefined,
): AddressRun[] {
  if (section === undefined || section.offset + section.size > bytes.length) return [];
  const limit = section.offset + section.size;
  const runs: AddressRun[] = [];
  let [at, count, below] = [section.offset, 0, 0];
  while (at + HEADER <= limit) {
    const end = at + 4 + bytes.readUInt32LE(at);
    const [version, width] = [bytes.readUInt16LE(at + VERSION_AT), bytes.readUInt8(at + WIDTH_AT)];
    if (end < at + HEADER || end > limit || version !== VERSION || (width !== 4 && width !== 8)) return [];
    const addresses = addressesIn(bytes.subarray(at + HEADER, end), width);
    runs.push({ first: addresses[0] ?? 0n, offset: at, size: end - at });
    count += addresses.length;
    below += addresses.filter((each, index) => each < (addresses[index - 1] ?? 0n)).length;
    at = end;
  }
  return at === limit && below * SHARE > count ? runs : [];
}

function addressesIn(bytes: Buffer, width: 4 | 8): bigint[] {
  return Array.from({ length: Math.floor(bytes.length / width) }, (_, index) =>
    width === 8 ? bytes.readBigUInt64LE(8 * index) : BigInt(bytes.readUInt32LE(4 * index)),
  );
}

/** `base`: what addresses are relative to. */
export function addressTables(runs: readonly AddressRun[], base: bigint): FunctionTable[] {
  const [head] = runs;
  if (head === undefined) return [];
  const records = runs.map(({ first, offset, size }) => ({
    ...{ address: Number(BigInt.asUintN(32, first - base)), offset, size, name: String(size) },
  }));
  const size = runs.reduce((sum, run) => sum + run.size, 0);
  return [{ offset: head.offset, size, records, isOrdered: true }];
}
