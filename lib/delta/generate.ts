/** Making a patch: align the new file to the old one, encode the alignments, compress them, and prepend a header. */
import { UsageError } from '../errors.ts';
import { digestBytes } from '../platform/files.ts';
import { plain, zstdFrame } from './compress.ts';
import { Encoder } from './encoder.ts';
import { ALGORITHM, COMPRESSION, FILE_LIMIT, MAGIC, STREAMS } from './format.ts';
import { encodeHeader, isVersion, type StreamEntry } from './header.ts';
import { type Alignment, Matcher } from './matcher.ts';

export interface GenerateOptions {
  old: Uint8Array;
  new: Uint8Array;
  fromVersion: string;
  toVersion: string;
  /** Called from time to time with 0 to 1. */
  onProgress?: (fraction: number) => void;
}

/** The share of the work that is done when all alignments are found. The rest is compression. */
const ALIGNED = 0.8;
/** Above this many bytes the highest level takes minutes. */
const HIGHEST_LEVEL_LIMIT = 32 << 20;

/**
 * Returns a whole DGMO_PATCH_V1 file. The same input gives the same bytes. Takes up to 4 bytes of memory for each byte of
 * both files (3 GB for two files of 400 MB). Throws UsageError if a file is larger than 1 GiB or a version can't be encoded.
 */
export async function generatePatch(options: GenerateOptions): Promise<Uint8Array> {
  const { old, new: fresh, onProgress = () => undefined } = options;
  check(options);
  onProgress(0);
  const raw = await encode(old, fresh, onProgress);
  const frames: Uint8Array[] = [];
  const streams: StreamEntry[] = [];
  for (const { name, windowLog } of STREAMS) {
    const bytes = raw[name];
    const level = bytes.length > HIGHEST_LEVEL_LIMIT ? 19 : 22;
    const frame = bytes.length === 0 ? bytes : await zstdFrame(bytes, { level, windowLog });
    frames.push(frame);
    streams.push({ name, rawSize: bytes.length, compressedSize: frame.length });
    onProgress(ALIGNED + ((1 - ALIGNED) * frames.length) / STREAMS.length);
  }
  const content = Buffer.concat(frames);
  if (content.length > FILE_LIMIT) {
    throw new UsageError(`the patch has ${content.length} bytes, at most ${FILE_LIMIT} are possible`);
  }
  const header = encodeHeader({
    magic: MAGIC,
    algorithm: ALGORITHM,
    compression: COMPRESSION,
    fromVersion: options.fromVersion,
    toVersion: options.toVersion,
    fromSize: old.length,
    toSize: fresh.length,
    fromChecksum: digestBytes(old).sha256,
    toChecksum: digestBytes(fresh).sha256,
    patchChecksum: digestBytes(content).sha256,
    size: content.length,
    streams,
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

async function encode(old: Uint8Array, fresh: Uint8Array, onProgress: (fraction: number) => void) {
  const matcher = new Matcher(old, fresh);
  const seeds: Alignment[] = [];
  for (const batch of matcher.seeds()) {
    for (const seed of batch.seeds) seeds.push(seed);
    onProgress((ALIGNED * batch.passed) / fresh.length);
    await new Promise(setImmediate);
  }
  const files = matcher.files;
  const encoder = new Encoder(files.old, files.fresh, (oldAt, newAt, limit) =>
    matcher.equal(oldAt, newAt, limit),
  );
  // The first alignment is the common beginning of both files, which may be empty.
  let left: Alignment = { newStart: 0, oldStart: 0, length: 0 };
  seeds.push({ newStart: fresh.length, oldStart: 0, length: 0 });
  for (const right of seeds) {
    const { up, down } = matcher.extend(left, right);
    const diffLength = left.length + up;
    const extraLength = right.newStart - down - (left.newStart + diffLength);
    if (diffLength + extraLength > 0) encoder.add(left.oldStart, diffLength, extraLength);
    left = {
      newStart: right.newStart - down,
      oldStart: right.oldStart - down,
      length: right.length + down,
    };
  }
  return encoder.finish();
}
