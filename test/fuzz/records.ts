/** Records of firmware: tables as no encoder writes them, and files of records that are damaged. */
import { RECORD_MAKERS, type RecordMaker } from '../../lib/delta/records/format.ts';
import { readRun } from '../../lib/delta/records/read.ts';
import { RecordWriter } from '../../lib/delta/records/writer.ts';
import { DamagedError } from '../../lib/errors.ts';
import { firmwareParts, intelHexFile, sRecordFile, uf2File } from '../delta/records/firmware-files.ts';
import { packRecords, unpackRecords } from '../delta/reference/records.ts';
import { isSame, requireThat } from './checks.ts';
import type { Random } from './random.ts';

const FILES = RECORD_MAKERS.map((maker) => {
  const parts = firmwareParts(true).map((part) => ({ ...part, bytes: part.bytes.subarray(0, 3000) }));
  const write = { 'Intel HEX': intelHexFile, 'S-records': sRecordFile, UF2: uf2File }[maker];
  return { maker, file: write(parts) };
});

/** Both decoders make the same records of a table, or both refuse it. */
export function changedTable(random: Random): Promise<string> {
  const { maker, file } = random.pick(FILES);
  const { plain, imageStart, memory } = readRun(file, 0, maker) ?? { plain: file, imageStart: 0, memory: 0 };
  const table = Uint8Array.from(plain);
  const words = new DataView(table.buffer);
  for (let edits = 1 + random.small(4); edits > 0; edits--) {
    const at = 4 * random.below(Math.min(imageStart, 80) / 4);
    const was = words.getUint32(at, true);
    const value = random.once(2)
      ? Math.max(0, was + random.below(40) - 20)
      : random.edge([was, table.length, 65_536]);
    words.setUint32(at, value, true);
  }
  const wanted = attempt(() => packRecords(table, RECORD_MAKERS.indexOf(maker) + 2, 0, memory));
  const made = written(table, maker, memory, 1 + random.small(table.length));
  if (wanted === null) requireThat(made === null, 'only the second decoder refuses a table');
  else requireThat(made !== null && isSame(made, wanted), 'a table is read otherwise');
  return Promise.resolve(made === null ? 'refused' : 'made');
}

/** What is found to be records comes back, by both decoders. */
export function damagedRecords(random: Random): Promise<string> {
  const { maker, file } = random.pick(FILES);
  const damaged = random.damaged(file);
  let outcome = 'nothing';
  for (let at = 0; at < damaged.length; ) {
    const run = readRun(damaged, at, maker);
    if (run !== null) {
      const { plain, memory, packedSize } = run;
      const packed = damaged.subarray(at, at + packedSize);
      const made = written(plain, maker, memory, 1 + random.small(plain.length));
      requireThat(made !== null && isSame(made, packed), `records at ${at} do not come back`);
      const number = RECORD_MAKERS.indexOf(maker) + 2;
      requireThat(isSame(unpackRecords(packed, number), plain), `records at ${at} are unpacked otherwise`);
      const again = packRecords(plain, number, 0, memory) ?? packed.subarray(0, 0);
      requireThat(isSame(again, packed), `the second decoder makes other records at ${at}`);
      outcome = 'made';
    }
    at += run?.packedSize ?? 1;
  }
  return Promise.resolve(outcome);
}

/** Null if it is refused. */
function written(plain: Uint8Array, maker: RecordMaker, memory: number, size: number): Uint8Array | null {
  const pieces: Buffer[] = [];
  const writer = RecordWriter.begin(maker, 0, memory, (piece) => pieces.push(Buffer.from(piece)));
  try {
    for (let at = 0; at < plain.length; at += size) writer?.write(plain.subarray(at, at + size));
    writer?.finish();
  } catch (error) {
    requireThat(error instanceof DamagedError, `a table ended with ${error}, wanted a DamagedError`);
    return null;
  }
  return Buffer.concat(pieces);
}

function attempt<T>(make: () => T): T | null {
  try {
    return make();
  } catch {
    return null;
  }
}
