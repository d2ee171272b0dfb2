/**
 * A whole binary as independent zstd frames with an index before them (frame-index.ts), so that a part of it can be
 * fetched and decompressed by itself, and all cores compress and decompress it. The same bytes give the same frames on any
 * number of cores.
 *
 * Each frame is compressed without a dictionary, says its size, and has a window of no more than that.
 */
import { DamagedError, errorMessage } from '../../errors.ts';
import { type Digest, digestBytes, memorySource, RunningDigest, type Source } from '../../platform/files.ts';
import { inThread } from '../../platform/threads/thread-pool.ts';
import { BLOCK_SIZE } from '../../version/binary.ts';
import { zstdFrame } from '../compress.ts';
import { checkFrame, decompressFrame } from '../frame.ts';
import { CHECKPOINT_INTERVAL } from '../output.ts';
import {
  decodeFrameIndex,
  encodeFrameIndex,
  type Frame,
  type FrameIndex,
  INDEX_HEAD,
  readIndexLength,
} from './frame-index.ts';
import { contentOf, type MadeFrame, OlderFrames } from './older-frames.ts';
import type { DecompressOptions } from './one-frame.ts';

/**
 * Bytes of the binary in a frame that compresses well: what a damaged block costs to fetch, against what a first install
 * costs. Of opencode-linux-x64 1.18.34 (185,632,896 bytes, every fourth group of 4 MiB compressed with level 19): frames of
 * 4 MiB come to 49.4 MB in all and 1,047 KB each, of 1 MiB to 51.4 MB and 284 KB, of 256 KiB to 54.4 MB and 76 KB; one frame
 * to 45.8 MB. A repair of one block is to take at most 120 KB, of ten 1.2 MB. First installs and their disk space cost 19 %
 * more for it, and updates, which are patches, nothing. A second form for installs alone would double what a release takes
 * in the feed, and the work.
 */
const FRAME_SIZE = 1 << 18;
/**
 * Bytes above which a frame is made as several, of a block each: a block of what hardly compresses is to cost no more to
 * fetch, and there a long window saves little.
 */
const LONGEST_FRAME = 98_304;
/**
 * In frames of that size level 19 saves 1 %, and takes more than twice the time, which a release would then take. Seconds
 * of one core and bytes for all of the same binary, four times those of every fourth group of 4 MiB: with 19, 92 and
 * 54.35 MB; with 17, 66 and 54.44; with 16, 55 and 54.45; with 15, 41 and 54.92; with 14, 38 and 55.10; with 12, 22 and
 * 57.54. Measured again, with every eighth group and no other work beside it: 14 takes 13 % less than 15, for 0.4 % more bytes;
 * 13 takes 36 % less, for 3.3 %.
 */
const LEVEL = 14;
/** Frames in the works at once. Each takes its own bytes and those that come out. */
const AT_ONCE = 4;

export interface FramedOptions {
  /** Of zstd, 1 to 22. */
  level?: number | undefined;
  /** Frames that are compressed at the same time; 4 if not given. */
  atOnce?: number;
  /**
   * Of an older binary: what is in it as well is not compressed again, if it was made with the same level by the same zstd, as a
   * few of its frames tell. So the result is the same without it.
   */
  older?: OlderFrames | null | undefined;
  /** Called with the fraction that is compressed, 0 to 1. */
  onProgress?: (fraction: number) => void;
}

/** Index and frames. `bytes` has 1 byte to 1 GiB. */
export async function compressFramed(
  bytes: Uint8Array,
  { level = LEVEL, atOnce = AT_ONCE, older = null, onProgress }: FramedOptions = {},
): Promise<Uint8Array> {
  const starts = Array.from(
    { length: Math.ceil(bytes.length / FRAME_SIZE) },
    (_, index) => index * FRAME_SIZE,
  );
  const groupAt = (start: number) => bytes.subarray(start, start + FRAME_SIZE);
  const same = older === null ? [] : starts.filter((start) => older.has(groupAt(start)));
  const known =
    older !== null && (await isMadeAlike(older, sampleOf(same).map(groupAt), level)) ? older : null;
  let done = 0;
  const frames: MadeFrame[] = [];
  const pieces = inOrder(
    starts,
    atOnce,
    async (start) => known?.of(groupAt(start)) ?? (await makeFrames(groupAt(start), level)),
  );
  for await (const made of pieces) {
    frames.push(...made);
    onProgress?.(++done / starts.length);
  }
  const entries = frames.map(({ frame, rawSize }) => ({ ...digestOf(frame), rawSize }));
  return Buffer.concat([encodeFrameIndex(bytes.length, entries), ...frames.map(({ frame }) => frame)]);
}

/** So many groups are compressed to find out how the older ones were made. */
const SAMPLES = 8;

/** Some of them, from all over. */
function sampleOf(starts: readonly number[]): number[] {
  const step = Math.max(1, Math.floor(starts.length / SAMPLES));
  return starts.filter((_, index) => index % step === step >> 1);
}

/** Whether the older frames of these groups are those that would be made now. */
async function isMadeAlike(
  older: OlderFrames,
  groups: readonly Uint8Array[],
  level: number,
): Promise<boolean> {
  for (const raw of groups) {
    const before = older.of(raw) ?? [];
    const now = await makeFrames(raw, level);
    const isSame = ({ frame }: MadeFrame, index: number) =>
      Buffer.compare(frame, before[index]?.frame ?? new Uint8Array()) === 0;
    if (before.length !== now.length || !now.every(isSame)) return false;
  }
  return groups.length > 0;
}

/**
 * The frames of a framed binary, by what is in them, for one that is compressed after it.
 *
 * @param source has to stay open as long as they are used
 * @throws DamagedError if it is not a framed binary of `size` bytes
 */
export async function framesByContent(source: Source, size: number): Promise<OlderFrames> {
  const { frames } = readFrameIndex(source, size);
  const groups = new Map<string, Frame[]>();
  let group: Frame[] = [];
  let raw: Uint8Array[] = [];
  let filled = 0;
  const inflated = inOrder(frames, AT_ONCE, async (frame) => ({
    frame,
    piece: await inflateFrame(read(source, frame), frame),
  }));
  for await (const { frame, piece } of inflated) {
    group.push(frame);
    raw.push(piece);
    filled += piece.length;
    if (filled < FRAME_SIZE && frame !== frames.at(-1)) continue;
    // One of another size is never asked for.
    groups.set(contentOf(Buffer.concat(raw)), group);
    [group, raw, filled] = [[], [], 0];
  }
  return new OlderFrames(source, groups);
}

function read(source: Source, { offset, length }: Frame): Uint8Array {
  const bytes = new Uint8Array(length);
  source.read(offset, bytes);
  return bytes;
}

/** One frame, or one for each block if it would be too long. */
async function makeFrames(raw: Uint8Array, level: number): Promise<MadeFrame[]> {
  const frame = await zstdFrame(raw, { level, windowLog: windowLogOf(raw.length) });
  if (frame.length <= LONGEST_FRAME || raw.length <= BLOCK_SIZE) return [{ frame, rawSize: raw.length }];
  const made: MadeFrame[] = [];
  for (let at = 0; at < raw.length; at += BLOCK_SIZE) {
    made.push(...(await makeFrames(raw.subarray(at, at + BLOCK_SIZE), level)));
  }
  return made;
}

function digestOf(frame: Uint8Array): Pick<Frame, 'length' | 'sha256'> {
  const { sha256, size: length } = digestBytes(frame);
  return { length, sha256 };
}

/** The smallest window of zstd that holds the whole frame. */
function windowLogOf(size: number): number {
  return Math.max(10, Math.ceil(Math.log2(size)));
}

/**
 * The digest of the binary. Throws DamagedError if the source is not a framed binary of exactly `size` bytes: then what was
 * written must be discarded.
 */
export async function decompressFramed({
  source,
  size,
  write,
  checkpoint,
}: DecompressOptions): Promise<Digest> {
  const index = readFrameIndex(source, size);
  const digest = new RunningDigest();
  let sinceCheckpoint = 0;
  const pieces = inOrder(index.frames, AT_ONCE, (frame) => inflateFrame(read(source, frame), frame));
  for await (const piece of pieces) {
    write(piece);
    digest.update(piece);
    sinceCheckpoint += piece.length;
    if (sinceCheckpoint >= CHECKPOINT_INTERVAL) {
      sinceCheckpoint = 0;
      await checkpoint?.();
    }
  }
  return digest.digest();
}

/** The index at the beginning of `source`. Throws DamagedError if the source is not a framed binary of `size` bytes. */
export function readFrameIndex(source: Source, size: number): FrameIndex {
  const head = new Uint8Array(Math.min(INDEX_HEAD, source.size));
  source.read(0, head);
  const indexLength = readIndexLength(head, size);
  const bytes = new Uint8Array(Math.min(indexLength, source.size));
  source.read(0, bytes);
  const index = decodeFrameIndex(bytes, size);
  if (index.length !== source.size) {
    throw new DamagedError(`the framed binary: wanted ${index.length} bytes, found ${source.size}`);
  }
  return index;
}

/**
 * What is in one frame. Its digest is verified before it is decompressed, and no more memory is taken than the index says.
 *
 * @throws DamagedError if it is not the frame of the index
 */
export async function inflateFrame(
  bytes: Uint8Array,
  { length, sha256, rawSize }: Pick<Frame, 'length' | 'sha256' | 'rawSize'>,
): Promise<Uint8Array> {
  const found = digestBytes(bytes);
  if (found.sha256 !== sha256 || found.size !== length) {
    throw new DamagedError(
      `a frame of the binary: wanted ${length} bytes with SHA-256 ${sha256}, found ${found.size} with ${found.sha256}`,
    );
  }
  const name = 'a frame of the binary';
  const windowLog = windowLogOf(rawSize);
  checkFrame(memorySource(bytes), rawSize, windowLog, name);
  const inflated = await inThread(
    async () => await Bun.zstdDecompress(bytes),
    () => decompressFrame(bytes, rawSize, windowLog, name),
  ).catch((error: unknown) => {
    throw new DamagedError(`${name} cannot be decompressed: ${errorMessage(error)}`, { cause: error });
  });
  if (inflated.length === rawSize) return inflated;
  throw new DamagedError(`${name}: wanted ${rawSize} bytes in it, found ${inflated.length}`);
}

/** The results of `work`, in the order of the items. At most `atOnce` are in the works or waiting to be taken. */
async function* inOrder<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  try {
    for (const item of items) {
      const next = work(item);
      // It may fail before its turn has come. Then its turn throws the error.
      next.catch(() => undefined);
      running.push(next);
      if (running.length < atOnce) continue;
      const first = running.shift();
      if (first !== undefined) yield await first;
    }
    for (let first = running.shift(); first !== undefined; first = running.shift()) yield await first;
  } finally {
    // Nothing is in the works any more when the caller goes on, whatever ended the loop.
    await Promise.allSettled(running);
  }
}
