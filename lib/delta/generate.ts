/**
 * Making a patch: align the new file to the old one, encode the alignments with each algorithm, keep the smaller patch, and
 * prepend a header.
 */
import { DamagedError, UsageError } from '../errors.ts';
import { digestBytes, memorySource } from '../platform/files.ts';
import { applyPatch } from './apply.ts';
import { type BsdiffStream, encodeSeeds } from './bsdiff/encoder.ts';
import { plain, zstdFrame } from './compress.ts';
import { type UnpackedPair, unpackPair } from './deflate/encode.ts';
import { encodeList } from './deflate/list.ts';
import {
  type Algorithm,
  BSDIFF,
  BSDIFF_STREAMS,
  COMPRESSION,
  FILE_LIMIT,
  MAGIC,
  MIXING,
  PACKED_STREAM,
} from './format.ts';
import { encodeHeader, type StreamEntry } from './header.ts';
import { isVersion } from './header-fields.ts';
import { type Alignment, Matcher } from './matcher.ts';
import { alignBytecode } from './mixing/alignments/bytecode.ts';
import { alignClasses } from './mixing/alignments/classes.ts';
import { FOURTH_BELOW } from './mixing/choices/fourth-model.ts';
import { imagesOf } from './mixing/choices/images.ts';
import { LANES_FROM } from './mixing/choices/lanes.ts';
import { APPLY_LIMIT, chooseMixing } from './mixing/choose.ts';
import { withRecords } from './mixing/conversions/converted.ts';
import type { MixingInput, MixingStreams } from './mixing/encode.ts';
import { isInDebug } from './mixing/within/unpacked-image.ts';

export interface GenerateOptions {
  old: Uint8Array;
  new: Uint8Array;
  fromVersion: string;
  toVersion: string;
  /** Called from time to time with 0 to 1. */
  onProgress?: (fraction: number) => void;
  /** Bytes that may have to be modelled when the patch is applied, 40 of bulk for one: a million takes a second or two. Default 4,500,000. */
  applyLimit?: number;
  /** Effort (of `mixing`, assembly/mixing/coding/coder.ts) from which on two lanes make the new file. Default: LANES_FROM of mixing/choices/lanes.ts. */
  lanesFrom?: number;
  /** Work from which on the fourth model of `mixing` is not tried. Default: FOURTH_BELOW of mixing/choices/fourth-model.ts. */
  fourthBelow?: number;
  /** Which alignments become fast steps of `mixing`, by their index. Default: those that have to, to keep within the limit. */
  isFast?: (index: number) => boolean;
  /** The only algorithm to use. By default both are tried, and the smaller patch is the result. */
  algorithm?: Algorithm;
}

/** The share of the work that is done when all alignments are found, when they are encoded as `bsdiff`, and in both ways. */
const ALIGNED = 0.5;
const COMPRESSED = 0.6;
const ENCODED = 0.95;
/** Of the compressed streams that have changed: less than this share means that a patch between the files as they are would be larger. */
const COMPRESSED_SHARE = 0.5;
/** Bytes of the new file up to which a patch between the files as they are is tried as well as one between the unpacked files. */
const BOTH_LIMIT = 32 << 20;
/** Above this many bytes the highest level takes minutes. */
const HIGHEST_LEVEL_LIMIT = 32 << 20;

interface Encoded {
  algorithm: Algorithm;
  streams: StreamEntry[];
  content: Buffer;
  /** Of `mixing`: by which model it is. */
  modelBy?: MixingStreams['modelBy'];
  /** If it is made between the unpacked files. */
  unpackedSize?: number;
}

/**
 * Returns a whole DGMO_PATCH_V1 file. The same input gives the same bytes. Takes up to 4 bytes of memory for each byte of
 * both files (3 GB for two files of 400 MB). Throws UsageError if a file is larger than 1 GiB or a version can't be encoded.
 */
export async function generatePatch(options: GenerateOptions): Promise<Uint8Array> {
  const { old, new: fresh, algorithm } = options;
  check(options);
  let reported = -1;
  // What goes on at the same time, or is tried again, takes turns.
  const onProgress = (fraction: number) => {
    if (fraction <= reported) return;
    reported = fraction;
    options.onProgress?.(fraction);
  };
  onProgress(0);
  const { alignments, raw } = await align(old, fresh, onProgress);
  const checksums = { from: digestBytes(old).sha256, to: digestBytes(fresh).sha256 };
  const compress = async () => assemble(await compressBsdiff(raw, onProgress), options, checksums);
  const mix = async (unpacked: UnpackedPair | null) => {
    const mixing = await encodeMixing(options, alignments, unpacked, onProgress);
    return mixing === null ? null : assemble(mixing, options, checksums);
  };
  const made = async (patch: Uint8Array | null) =>
    patch !== null && (await makes(patch, options)) ? patch : null;
  const mixBest = async () => {
    const unpacked = unpackPair(old, fresh, isInDebug);
    const between = unpacked === null ? null : await made(await mix(unpacked));
    // What is compressed would be new, if it has changed.
    const isBetter = between !== null && between.length < COMPRESSED_SHARE * (unpacked?.packedSize ?? 0);
    if (isBetter || (between !== null && fresh.length > BOTH_LIMIT)) return between;
    const plainly = await mix(null);
    const isSmaller = plainly !== null && (between === null || plainly.length < between.length);
    return isSmaller ? ((await made(plainly)) ?? between) : between;
  };
  // Other threads compress meanwhile.
  const [bsdiff, mixing] = await Promise.all([
    algorithm === MIXING ? null : compress(),
    algorithm === BSDIFF ? null : mixBest(),
  ]);
  const isSmaller = mixing !== null && (bsdiff === null || mixing.length < bsdiff.length);
  const patch = isSmaller ? mixing : (bsdiff ?? (await compress()));
  onProgress(1);
  return patch;
}

function assemble(
  { algorithm, streams, content, modelBy, unpackedSize }: Encoded,
  options: GenerateOptions,
  checksums: { from: string; to: string },
): Uint8Array {
  if (content.length > FILE_LIMIT) {
    throw new UsageError(`the patch has ${content.length} bytes, at most ${FILE_LIMIT} are possible`);
  }
  const header = encodeHeader({
    magic: MAGIC,
    algorithm,
    compression: COMPRESSION,
    fromVersion: options.fromVersion,
    toVersion: options.toVersion,
    fromSize: options.old.length,
    toSize: options.new.length,
    fromChecksum: checksums.from,
    toChecksum: checksums.to,
    patchChecksum: digestBytes(content).sha256,
    size: content.length,
    streams,
    short: true,
    ...(modelBy === 2 ? { secondModel: true } : {}),
    ...(modelBy === 3 ? { thirdModel: true } : {}),
    ...(modelBy === 4 ? { fourthModel: true } : {}),
    ...(modelBy === 'fast' ? { fastSteps: true } : {}),
    ...(unpackedSize === undefined ? {} : { unpackedSize }),
  });
  return plain(Buffer.concat([header, content]));
}

function check({ old, new: fresh, fromVersion, toVersion }: GenerateOptions): void {
  for (const { length } of [old, fresh]) {
    if (length > FILE_LIMIT) {
      throw new UsageError(`a patch cannot be made with a file of ${length} bytes, at most ${FILE_LIMIT}`);
    }
  }
  for (const version of [fromVersion, toVersion]) {
    if (!isVersion(version)) {
      throw new UsageError(`a patch cannot carry the version ${JSON.stringify(version)}`);
    }
  }
}

async function align(old: Uint8Array, fresh: Uint8Array, onProgress: (fraction: number) => void) {
  const matcher = new Matcher(memorySource(old), memorySource(fresh));
  const seeds: Alignment[] = [];
  for (const batch of matcher.seeds()) {
    for (const seed of batch.seeds) seeds.push(seed);
    onProgress((ALIGNED * batch.passed) / fresh.length);
    await new Promise(setImmediate);
  }
  seeds.push({ newStart: fresh.length, oldStart: 0, length: 0 });
  return encodeSeeds(matcher, seeds);
}

async function compressBsdiff(
  raw: Record<BsdiffStream, Uint8Array>,
  onProgress: (fraction: number) => void,
): Promise<Encoded> {
  const frames: Uint8Array[] = [];
  const streams: StreamEntry[] = [];
  for (const { name, windowLog } of BSDIFF_STREAMS) {
    const bytes = raw[name];
    const level = bytes.length > HIGHEST_LEVEL_LIMIT ? 19 : 22;
    const frame = bytes.length === 0 ? bytes : await zstdFrame(bytes, { level, windowLog });
    frames.push(frame);
    streams.push({ name, rawSize: bytes.length, compressedSize: frame.length });
    onProgress(ALIGNED + ((COMPRESSED - ALIGNED) * frames.length) / BSDIFF_STREAMS.length);
  }
  return { algorithm: BSDIFF, streams, content: Buffer.concat(frames) };
}

/** Null if it would take more work to apply than there may be. */
async function encodeMixing(
  options: GenerateOptions,
  given: readonly Alignment[],
  unpacked: UnpackedPair | null,
  onProgress: (fraction: number) => void,
): Promise<Encoded | null> {
  const { isFast, applyLimit = APPLY_LIMIT, lanesFrom = LANES_FROM, fourthBelow = FOURTH_BELOW } = options;
  const limit = applyLimit - (unpacked?.work ?? 0);
  if (limit <= 0) return null;
  const images = imagesOf(options.old, options.new, unpacked);
  const old = unpacked?.old.bytes ?? options.old;
  const fresh = unpacked?.fresh.bytes ?? options.new;
  const files = { old: withRecords(old, images.old), fresh: withRecords(fresh, images.fresh) };
  const alignments =
    files.old === options.old ? given : (await align(files.old, files.fresh, onProgress)).alignments;
  const again = async (before: Uint8Array, after: Uint8Array) => {
    const { alignments: made } = await align(before, after, onProgress);
    return made;
  };
  const classes = await alignClasses({ ...files, images }, alignments, again);
  const bytecode = await alignBytecode({ ...files, images }, classes, again);
  const input: MixingInput = {
    ...files,
    ...{ images, alignments: bytecode },
    ...(isFast === undefined ? {} : { isFast }),
  };
  const made = await chooseMixing(input, limit, lanesFrom, fourthBelow, (fraction) =>
    onProgress(ALIGNED + (ENCODED - ALIGNED) * fraction),
  );
  if (made === null) return null;
  const { model, second, extra, modelBy } = made;
  const streams: StreamEntry[] = [{ name: 'model', rawSize: model.length, compressedSize: model.length }];
  const contents: Uint8Array[] = [model];
  if (second !== null) {
    streams.push({ name: 'second', rawSize: second.length, compressedSize: second.length });
    contents.push(second);
  }
  streams.push({ name: 'extra', rawSize: extra.rawSize, compressedSize: extra.frame.length });
  contents.push(extra.frame);
  if (unpacked !== null) {
    const { name, windowLog } = PACKED_STREAM;
    const list = encodeList(unpacked.list);
    const frame = await zstdFrame(list, { level: 22, windowLog });
    streams.unshift({ name, rawSize: list.length, compressedSize: frame.length });
    contents.unshift(frame);
  }
  return {
    algorithm: MIXING,
    streams,
    content: Buffer.concat(contents),
    modelBy,
    ...(unpacked === null ? {} : { unpackedSize: fresh.length }),
  };
}

/** Whether applying the patch gives the new file: nothing is published that was not tried. */
async function makes(patch: Uint8Array, { old, new: fresh }: GenerateOptions): Promise<boolean> {
  let at = 0;
  let same = true;
  try {
    await applyPatch({
      patch: memorySource(patch),
      old: memorySource(old),
      verifyOld: false,
      write(chunk) {
        same &&= Buffer.compare(chunk, fresh.subarray(at, at + chunk.length)) === 0;
        at += chunk.length;
      },
    });
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    return false;
  }
  return same && at === fresh.length;
}
