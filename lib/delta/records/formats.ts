/** All formats of records. */
import type { RecordFormat, RecordMaker } from './format.ts';
import { intelHex } from './intel-hex.ts';
import { sRecords } from './s-records.ts';
import { uf2 } from './uf2.ts';

export const FORMATS: Readonly<Record<RecordMaker, RecordFormat>> = {
  'Intel HEX': intelHex,
  'S-records': sRecords,
  UF2: uf2,
};
