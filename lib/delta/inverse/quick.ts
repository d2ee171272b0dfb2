/**
 * A patch that is made fast, on the user's machine: its alignments are the long identical runs of both files, extended, and
 * nothing is sorted. It is an ordinary `bsdiff` patch. For two releases that follow each other it is as small as a published
 * one; where most of the code has moved it is larger.
 */
import { DamagedError, MachineError } from '../../errors.ts';
import { digestBytes, RunningDigest, type Source } from '../../platform/files.ts';
import { encodeSeeds } from '../bsdiff/encoder.ts';
import { plain, zstdFrame } from '../compress.ts';
import { BSDIFF, BSDIFF_STREAMS, COMPRESSION, FILE_LIMIT, MAGIC } from '../format.ts';
import { encodeHeader, type StreamEntry } from '../header.ts';
import { isVersion } from '../header-fields.ts';
import { Matcher } from '../matcher.ts';

export interface QuickOptions {
  old: Source;
  new: Source;
  fromVersion: string;
  toVersion: string;
  /** SHA-256 that the files must have. */
  fromChecksum: string;
  toChecksum: string;
  /** Bytes of the largest patch that is of use. */
  limit: number;
}

const LEVEL = 12;

/**
 * Returns a whole DGMO_PATCH_V1 file; null if it would be larger than `limit`, if the files are too large for a patch, or if there
 * is no memory to compare them in. Takes both files in memory, and 64 MiB. Throws DamagedError if a file has another digest.
 */
export async function quickPatch(options: QuickOptions): Promise<Uint8Array | null> {
  const { fromVersion, toVersion, fromChecksum, toChecksum, limit } = options;
  if (options.old.size > FILE_LIMIT || options.new.size > FILE_LIMIT) return null;
  if (!isVersion(fromVersion) || !isVersion(toVersion)) return null;
  const [old, fresh] = [digested(options.old), digested(options.new)];
  const matcher = matcherFor(old, fresh);
  if (matcher === null) return null;
  requireDigest(old.digest(), fromChecksum, fromVersion);
  requireDigest(fresh.digest(), toChecksum, toVersion);
  const { raw } = encodeSeeds(matcher, matcher.runs());
  const frames: Uint8Array[] = [];
  const streams: StreamEntry[] = [];
  for (const { name, windowLog } of BSDIFF_STREAMS) {
    const bytes = raw[name];
    const frame = bytes.length === 0 ? bytes : await zstdFrame(bytes, { level: LEVEL, windowLog });
    frames.push(frame);
    streams.push({ name, rawSize: bytes.length, compressedSize: frame.length });
  }
  const content = Buffer.concat(frames);
  if (content.length > limit) return null;
  const header = encodeHeader({
    ...{ magic: MAGIC, algorithm: BSDIFF, compression: COMPRESSION, fromVersion, toVersion },
    ...{ fromSize: old.size, toSize: fresh.size, fromChecksum, toChecksum },
    ...{ patchChecksum: digestBytes(content).sha256, size: content.length, streams },
  });
  return plain(Buffer.concat([header, content]));
}

function matcherFor(old: Source, fresh: Source): Matcher | null {
  try {
    return new Matcher(old, fresh);
  } catch (error) {
    if (error instanceof MachineError || error instanceof RangeError) return null;
    throw error;
  }
}

/** A source that is read from its first byte to its last, and digested meanwhile. */
function digested(source: Source): Source & { digest(): string } {
  const digest = new RunningDigest();
  return {
    size: source.size,
    read(position, into) {
      source.read(position, into);
      digest.update(into);
    },
    digest: () => digest.digest().sha256,
  };
}

function requireDigest(found: string, wanted: string, version: string): void {
  if (found === wanted) return;
  throw new DamagedError(
    `the executable of ${version} is damaged: it has SHA-256 ${found}, wanted ${wanted}`,
  );
}
