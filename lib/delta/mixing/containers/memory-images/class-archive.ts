/** An archive of classes that Java maps into memory (`classes.jsa`): objects with addresses of each other. */
import { type Parts, REGION_KINDS } from '../image.ts';

const MAGIC = 0xf00baba2;
const PAGE = 4096;
/** Where the header says how long it is; the parts follow it. */
const HEADER_SIZE = 12;
/** Of so many words that follow it one at least is an address. */
const SHARE = 16;
/** Words of the header that are tried, each against all of the file. The base is the second to fourth of those that might be it. */
const MOST_TRIES = 16;

export function isClassArchive(bytes: Buffer): boolean {
  return bytes.readUInt32LE(0) === MAGIC;
}

export function classArchive(bytes: Buffer): Parts {
  const start = Math.ceil(bytes.readUInt32LE(HEADER_SIZE) / PAGE) * PAGE;
  const base = baseOf(bytes, start);
  if (base === undefined) return { parts: [], end: 0n };
  const size = bytes.length - start;
  const parts = [{ offset: start, size, address: base, kind: REGION_KINDS.pointers }];
  return { parts, end: base + BigInt(size) };
}

/** Where the parts are mapped, if nothing is there yet: a word of the header, whose addresses follow it. */
function baseOf(bytes: Buffer, start: number): bigint | undefined {
  for (let at = 0, tries = 0; at < start && tries < MOST_TRIES; at += 8) {
    const [lower, upper] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    if (upper === 0 || lower % PAGE !== 0) continue;
    tries++;
    let found = 0;
    for (let place = start; place + 8 <= bytes.length; place += 8) {
      const distance = bytes.readUInt32LE(place) - lower;
      if (bytes.readUInt32LE(place + 4) === upper && distance >= 0 && distance < bytes.length) found++;
    }
    if (found * SHARE * 8 >= bytes.length - start) return bytes.readBigUInt64LE(at);
  }
  return undefined;
}
