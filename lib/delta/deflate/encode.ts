/** Both files of a patch with their streams of DEFLATE decompressed and their records unpacked, if that is worth a try: for the encoder only. */
import { digestBytes } from '../../platform/files.ts';
import { PACKED_STREAM } from '../format.ts';
import type { Segment } from '../records/find.ts';
import { trailerSize } from './checksums.ts';
import { type FoundStream, findStreams } from './find.ts';
import {
  encodeList,
  type Making,
  MOST_PACKED,
  MOST_STREAMS,
  type PackedList,
  zerosBefore,
  zerosBehind,
} from './list.ts';
import { MakerFinder } from './makers.ts';

/** What was decompressed: in bytes of the file, and of the unpacked one. */
export interface Span {
  start: number;
  size: number;
  plainStart: number;
  plainSize: number;
  /** Where in the unpacked file what follows is. */
  plainEnd: number;
  /** Of records: the parts of the image, in the unpacked file. */
  segments?: readonly Segment[];
}

/** How a stream of the new file is made again, and what that takes. */
type Made = Making & { work: number };

export interface UnpackedFile {
  bytes: Uint8Array;
  /** Ascending and disjoint. */
  spans: Span[];
}

export interface UnpackedPair {
  old: UnpackedFile;
  fresh: UnpackedFile;
  list: PackedList;
  /** Bytes of what is to be compressed again, compressed. Records do not count: a byte changed in them changes hardly more. */
  packedSize: number;
  /** What compressing again takes, in units of GenerateOptions.applyLimit. */
  work: number;
}

/** Bytes of both unpacked files together, for each byte of the files and besides. */
const MOST_GROWTH = 4;
const GROWTH_BESIDES = 1 << 26;
/** What a run of records takes, and bytes of it that take as long as a byte that is modelled. */
const WORK_FOR_STREAM = 60;
const RECORDS_FOR_WORK = 100;
/** What decompressing an old stream takes. */
const WORK_FOR_OLD = 30;

/**
 * Null if the new file has no stream that the old one does not have as well and that can be made again.
 *
 * @param isNeeded whether a place of a file is in what is read as a whole: then also what both have alike is decompressed
 */
export function unpackPair(
  old: Uint8Array,
  fresh: Uint8Array,
  isNeeded: (file: Uint8Array) => (place: number) => boolean = () => () => false,
): UnpackedPair | null {
  const found = findStreams(fresh);
  if (found.length === 0) return null;
  const before = findStreams(old);
  const name = (file: Uint8Array) => (stream: FoundStream) =>
    digestBytes(file.subarray(stream.start, stream.start + stream.packedSize)).sha256;
  const oldNames = before.map(name(old));
  const freshNames = found.map(name(fresh));
  // What both have is copied as it is.
  const [inOld, inFresh] = [new Set(oldNames), new Set(freshNames)];
  const [neededOfOld, neededOfFresh] = [isNeeded(old), isNeeded(fresh)];
  if (freshNames.every((each) => inOld.has(each))) return null;
  const finder = new MakerFinder();
  const made: { stream: FoundStream; making: Made }[] = [];
  let left = MOST_PACKED;
  for (const [index, stream] of found.entries()) {
    const isAlike = inOld.has(freshNames[index] ?? '') && !neededOfFresh(stream.start);
    if (isAlike || stream.plainSize > left || made.length === MOST_STREAMS) continue;
    const making =
      stream.making === undefined
        ? finder.makingOf(fresh, stream)
        : { ...stream.making, work: workOfRecords(stream) };
    if (making === null) continue;
    made.push({ stream, making });
    left -= stream.plainSize;
  }
  if (made.length === 0) return null;
  const kept = before
    .filter(({ start }, index) => !inFresh.has(oldNames[index] ?? '') || neededOfOld(start))
    .slice(0, MOST_STREAMS);
  const packedOld = unpack(old, kept, () => 0);
  const packedFresh = unpack(
    fresh,
    made.map(({ stream }) => stream),
    ({ trailer }) => trailerSize(trailer),
  );
  const grown = packedOld.bytes.length + packedFresh.bytes.length;
  if (grown > MOST_GROWTH * (old.length + fresh.length) + GROWTH_BESIDES) return null;
  const list: PackedList = {
    old: kept.map(({ start, packedSize, plainSize, maker }) => ({
      ...{ start, packedSize, plainSize },
      ...(maker === undefined ? {} : { maker }),
    })),
    fresh: made.map(({ stream: { start, plainSize, trailer }, making }, index) => {
      const last = packedFresh.spans[index - 1];
      return {
        ...making,
        gap: start - (last === undefined ? 0 : last.start + last.size),
        plainSize,
        trailer,
      };
    }),
  };
  const oldWork = kept.reduce(
    (sum, stream) => sum + (stream.making === undefined ? WORK_FOR_OLD : workOfRecords(stream)),
    0,
  );
  const work = made.reduce((sum, { making }) => sum + making.work, oldWork);
  const packedSize = made.reduce((sum, { stream }) => sum + (stream.making ? 0 : stream.packedSize), 0);
  if (encodeList(list).length > PACKED_STREAM.mostRaw) return null;
  return { old: packedOld, fresh: packedFresh, list, packedSize, work: Math.ceil(work) };
}

function workOfRecords({ packedSize }: FoundStream): number {
  return WORK_FOR_STREAM + packedSize / RECORDS_FOR_WORK;
}

/** @param behind how many bytes behind a stream are left out as well */
function unpack(
  file: Uint8Array,
  streams: readonly FoundStream[],
  behind: (stream: FoundStream) => number,
): UnpackedFile {
  const spans: Span[] = [];
  const pieces: Uint8Array[] = [];
  let [end, size] = [0, 0];
  const add = (piece: Uint8Array) => {
    pieces.push(piece);
    size += piece.length;
  };
  for (const stream of streams) {
    const { start, packedSize, plainSize, plain } = stream;
    add(file.subarray(end, start));
    add(new Uint8Array(zerosBefore(size, plainSize)));
    const plainStart = size;
    add(plain);
    end = start + packedSize + behind(stream);
    add(new Uint8Array(zerosBehind(size, end, plainSize)));
    const span = { start, size: end - start, plainStart, plainSize, plainEnd: size };
    const segments = stream.segments?.map((each) => ({ ...each, offset: plainStart + each.offset }));
    spans.push(segments === undefined ? span : { ...span, segments });
  }
  add(file.subarray(end));
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { bytes, spans };
}
