/** What is known of an object that is linked no further: its tables of symbols and of relocations. For the encoder only. */
import type { FunctionRecord } from '../containers/image.ts';

/** What an entry is of: a place in the object, or 0. */
export type Named = Required<Pick<FunctionRecord, 'address' | 'name'>>;

export interface ObjectTable {
  name: string;
  /** Where it begins in the object, bytes of an entry, and how many there are. */
  offset: number;
  entry: number;
  entries: Named[];
  /** Whether the entries are in the order of the places that they are for. */
  isOrdered: boolean;
}

/** Bytes of a name that tell it from others. */
const NAME = 200;

export function textAt(bytes: Buffer, at: number, most = NAME): string {
  const text = bytes.subarray(at, at + most);
  const end = text.indexOf(0);
  return text.toString('latin1', 0, end < 0 ? most : end);
}
