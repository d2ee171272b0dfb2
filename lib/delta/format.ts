/** The constants of DGMO_PATCH_V1. The layout is in FORMAT.md. */

export const MAGIC = 'DGMO_PATCH_V1';
/** What a patch begins with whose header is in the short form. */
export const SHORT_MAGIC = 'DGMP';
export const BSDIFF = 'bsdiff';
export const MIXING = 'mixing';
export type Algorithm = typeof BSDIFF | typeof MIXING;
export const COMPRESSION = 'zstd';

/** Bytes. Neither the files on both sides of a patch nor the patch are larger. */
export const FILE_LIMIT = 2 ** 30;
/** Bytes of a header. */
export const HEADER_LIMIT = 4096;
/** Characters of a version. */
export const VERSION_LIMIT = 128;

/**
 * The streams of `bsdiff`, in their order in the patch. `windowLog` limits the memory of a decoder for each: all of them together take
 * at most 26 MiB.
 */
export const BSDIFF_STREAMS = [
  // control
  { name: 'diffLengths', windowLog: 21 },
  { name: 'extraLengths', windowLog: 21 },
  { name: 'seeks', windowLog: 21 },
  // diff
  { name: 'skips', windowLog: 21 },
  { name: 'runs', windowLog: 21 },
  { name: 'values1', windowLog: 21 },
  { name: 'values2', windowLog: 21 },
  { name: 'values3', windowLog: 21 },
  { name: 'values4', windowLog: 21 },
  // extra
  { name: 'extra', windowLog: 23 },
] as const;

/** What precedes them if both files are unpacked (deflate/): which streams of DEFLATE, and records of firmware, they have. */
export const PACKED_STREAM = { name: 'packed', windowLog: 21, mostRaw: 1 << 23 } as const;

/** The streams of `mixing`: `model` is stored as it is, `extra` is one zstd frame. */
const MIXING_STREAMS = [{ name: 'model' }, { name: 'extra' }] as const;
/** With a second lane, whose stream is stored as well. */
export const LANES_STREAMS = [{ name: 'model' }, { name: 'second' }, { name: 'extra' }] as const;

export type StreamName = (
  | readonly [typeof PACKED_STREAM]
  | typeof BSDIFF_STREAMS
  | typeof MIXING_STREAMS
  | typeof LANES_STREAMS
)[number]['name'];

export function namesOf(algorithm: Algorithm): StreamName[] {
  return (algorithm === MIXING ? MIXING_STREAMS : BSDIFF_STREAMS).map(({ name }) => name);
}

/** Whether the stream is in the patch as it is. */
export function isStored(name: StreamName): boolean {
  return name === 'model' || name === 'second';
}

/** Bytes that a stream has at most, decompressed: none has more than one entry for each new byte, of at most five bytes. `toSize` is that of the unpacked file. */
export function mostRaw({ toSize }: { toSize: number }): number {
  return toSize * 5;
}
