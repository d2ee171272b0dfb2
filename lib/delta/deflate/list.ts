/** Where both files have what is unpacked, streams of DEFLATE and runs of records, and how those of the new one were made: the stream `packed` of a patch. FORMAT.md has the layout. */
import { DamagedError } from '../../errors.ts';
import { ByteWriter } from '../byte-writer.ts';
import { FILE_LIMIT } from '../format.ts';
import { type Inflater, VARINT_LIMIT } from '../inflater.ts';
import { RECORD_MAKERS, type RecordMaker } from '../records/format.ts';
import { TRAILERS, type Trailer } from './checksums.ts';
import { MAKERS as COMPRESSORS, type Making as Compressing } from './deflater.ts';

/** Who made what was unpacked: the number is the one of FORMAT.md. */
const MAKERS = [...COMPRESSORS, ...RECORD_MAKERS] as const;
const FIRST_OF_RECORDS = COMPRESSORS.length;
/** Of a patch that names another one. */
const NEWER = { advice: 'A newer dgmo-updater is needed for this patch.' };

/** How a stream was made. Of records the level is 0, and the memory what they look like (../records/format.ts). */
export type Making = Compressing | { maker: RecordMaker; level: number; memory: number };

/** A stream of DEFLATE, without what precedes and follows it, or a run of records. All in bytes. */
export interface PackedStream {
  /** Where it begins in the file. */
  start: number;
  /** In the file, and decompressed. */
  packedSize: number;
  plainSize: number;
  /** Of records. */
  maker?: RecordMaker;
}

/** A stream that is to be made again. */
export type MadeStream = Making & {
  /** Bytes of the file between the last one, with what is computed behind that, and this one. */
  gap: number;
  plainSize: number;
  /** What is computed behind it, and is not in the unpacked file. */
  trailer: Trailer;
};

/** Both ascending and disjoint. */
export interface PackedList {
  old: PackedStream[];
  fresh: MadeStream[];
}

/** Streams of each file that a patch may name. */
export const MOST_STREAMS = 1 << 18;
/** Bytes of the new file that may be compressed again. */
export const MOST_PACKED = 1 << 28;

export function encodeList({ old, fresh }: PackedList): Uint8Array {
  const writer = new ByteWriter();
  let end = 0;
  writer.varint(old.length);
  for (const { start, packedSize, plainSize, maker } of old) {
    writer.varint(start - end);
    writer.varint(packedSize);
    if (maker !== undefined) {
      // No stream of DEFLATE is named that holds nothing.
      writer.varint(0);
      writer.varint(MAKERS.indexOf(maker));
    }
    writer.varint(plainSize);
    end = start + packedSize;
  }
  writer.varint(fresh.length);
  for (const { gap, plainSize, maker, level, memory, trailer } of fresh) {
    writer.varint(gap);
    writer.varint(plainSize);
    writer.varint(MAKERS.indexOf(maker));
    writer.varint(level);
    writer.varint(memory);
    writer.varint(TRAILERS.indexOf(trailer));
  }
  return writer.bytes.slice();
}

/**
 * Throws DamagedError if anything is not as in FORMAT.md.
 *
 * @param fromSize bytes of the old file as it is
 * @param unpackedSize bytes of the new file, unpacked
 */
export async function decodeList(
  stream: Inflater,
  fromSize: number,
  unpackedSize: number,
): Promise<PackedList> {
  const next = async (what: string, most: number, more: { advice?: string } = {}) => {
    await stream.fill(VARINT_LIMIT);
    const value = stream.varint();
    if (value > most) throw malformed(`${what} is ${value}, at most ${most} is possible`, more);
    return value;
  };
  const nextMaker = (what: string) => next(what, MAKERS.length - 1, NEWER);
  const list: PackedList = { old: [], fresh: [] };
  let end = 0;
  let unpacked = fromSize;
  for (let count = await next('the number of old streams', MOST_STREAMS); count > 0; count--) {
    const start = end + (await next('the place of an old stream', fromSize - end));
    const packedSize = await next('the size of an old stream', fromSize - start);
    unpacked -= packedSize;
    const most = FILE_LIMIT - unpacked;
    let plainSize = await next('what an old stream holds', most);
    let maker: RecordMaker | undefined;
    if (plainSize === 0) {
      const by = await nextMaker('who made an old stream');
      maker = RECORD_MAKERS[by - FIRST_OF_RECORDS];
      if (maker !== undefined) plainSize = await next('what an old stream holds', most);
    }
    if (plainSize === 0) throw malformed('an old stream holds nothing');
    unpacked += plainSize;
    list.old.push({ start, packedSize, plainSize, ...(maker === undefined ? {} : { maker }) });
    end = start + packedSize;
  }
  let left = unpackedSize;
  let packed = 0;
  for (let count = await next('the number of new streams', MOST_STREAMS); count > 0; count--) {
    const gap = await next('the place of a new stream', left);
    const most = Math.min(left - gap, MOST_PACKED - packed);
    const plainSize = await next('what a new stream holds', most);
    if (plainSize === 0) throw malformed('a new stream holds nothing');
    const maker = MAKERS[await nextMaker('who made a new stream')];
    const level = await next('the level of a new stream', 255);
    const memory = await next('the memory of a new stream', 255);
    const trailer = TRAILERS[await next('what follows a new stream', TRAILERS.length - 1)];
    if (maker === undefined || trailer === undefined) throw malformed('it names nobody');
    list.fresh.push({ gap, plainSize, maker, level, memory, trailer });
    left -= gap + plainSize;
    packed += plainSize;
  }
  await stream.end();
  return list;
}

/** What holds so much is code or data whose place among 16 bytes means something. */
const LARGE = 1 << 16;
const GRAIN = 16;

/** Zeros of the unpacked file between its place `at`, where a stream could begin, and the stream. */
export function zerosBefore(at: number, plainSize: number): number {
  return plainSize < LARGE ? 0 : -at & (GRAIN - 1);
}

/** Zeros behind the stream, of which the unpacked file has all up to `at`, and the file all up to `place`. */
export function zerosBehind(at: number, place: number, plainSize: number): number {
  return plainSize < LARGE ? 0 : (place - at) & (GRAIN - 1);
}

function malformed(what: string, more: { advice?: string } = {}): DamagedError {
  return new DamagedError(`the list of compressed streams of the patch is malformed: ${what}`, more);
}
