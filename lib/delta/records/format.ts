/**
 * Firmware as records: lines of text (Intel HEX, Motorola's S-records) or blocks (UF2), each with an address, a few bytes of an image,
 * and checksums or numbers. FORMAT.md says what they are unpacked to.
 */

/** As in the list of FORMAT.md, whose numbers begin with 2 here. */
export const RECORD_MAKERS = ['Intel HEX', 'S-records', 'UF2'] as const;
export type RecordMaker = (typeof RECORD_MAKERS)[number];

export function isRecordMaker(maker: string): maker is RecordMaker {
  return RECORD_MAKERS.some((each) => each === maker);
}

/** What a record looks like, of text: the end of its line, and digits above 9. */
export const CR_LF = 1;
export const LOWER = 2;

/** A record as it was read. */
export interface FoundRecord {
  type: number;
  address: number;
  /** Valid until the next one is read. */
  data: Uint8Array;
  /** Where the next one begins. */
  end: number;
  /** CR_LF, and LOWER as far as it tells. */
  style: number;
  /** Whether it has digits that tell. */
  tellsCase: boolean;
  /** Of UF2: flags, family, its number, and how many there are. */
  more: readonly number[];
}

/** Records that follow each other in one place, with as many bytes of data each; the last one may have fewer. */
export interface Group {
  type: number;
  size: number;
  address: number;
  /** Bytes of data of all; there is one record if it is 0. */
  total: number;
  /** Of UF2: flags, family, the number of the first one, and how many there are. */
  more: readonly number[];
}

export interface RecordFormat {
  /** What records begin with. */
  magic: Uint8Array;
  /** Addresses are below. */
  span: number;
  /** How many numbers `more` has. */
  more: number;
  /** `memory` is below. */
  styles: number;
  /** Bytes of data of a record; null if there is no such type. */
  most(type: number): number | null;
  /** Whether its data is a part of the image. */
  isImage(type: number): boolean;
  /** Null if no record is there. */
  read(bytes: Uint8Array, at: number): FoundRecord | null;
  /** Writes the record of the group with that index; returns its size, at most LONGEST. */
  write(into: Uint8Array, at: number, group: Group, index: number, data: Uint8Array, style: number): number;
}

/** Bytes of a record. */
export const LONGEST = 640;
