/** Makes the payloads of a package. Each is tried before it is signed: applied here, and its result compared. */
import {
  applyPatch,
  compressFramed,
  decompressFull,
  type FramedOptions,
  generatePatch,
  readFrameIndex,
} from '../../lib/delta/index.ts';
import { DamagedError } from '../../lib/errors.ts';
import type { PayloadDraft } from '../../lib/package/index.ts';
import { type Digest, digestBytes, memorySource, type Source } from '../../lib/platform/files.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import type { Binary } from '../../lib/version/index.ts';
import { availableCores } from '../platform/machine.ts';

export interface Build {
  version: string;
  content: Uint8Array;
  digest: Digest;
}

/** A build without its content. */
export type Built = Omit<Build, 'content'>;

export function build(version: string, content: Uint8Array): Build {
  return { version, content, digest: digestBytes(content) };
}

/** A payload, and how many milliseconds it took here to make the binary of it again, in memory. */
export interface TriedPayload {
  bytes: Uint8Array;
  tried: number;
}

/** A patch that was tried: DamagedError if it does not give the new binary. */
export async function patchBytes(
  from: Build,
  to: Build,
  applyLimit: number | undefined,
  onProgress: (fraction: number) => void,
): Promise<TriedPayload> {
  const patch = await generatePatch({
    old: from.content,
    new: to.content,
    fromVersion: from.version,
    toVersion: to.version,
    ...(applyLimit === undefined ? {} : { applyLimit }),
    onProgress,
  });
  const begun = monotonic();
  const made = await applyPatch({
    patch: memorySource(patch, 'patch'),
    old: memorySource(from.content, 'old binary'),
    write: () => undefined,
    verifyOld: true,
  });
  const tried = monotonic() - begun;
  requireSame('patch', made, to.digest);
  return { bytes: patch, tried };
}

/** The compressed binary, decompressed again for a check: DamagedError if that does not give the binary. */
export async function fullBytes(to: Build, options: FramedOptions): Promise<TriedPayload> {
  const compressed = await compressFramed(to.content, { ...options, atOnce: availableCores() + 1 });
  const begun = monotonic();
  const made = await decompressFull({
    form: 'frames',
    source: memorySource(compressed, 'full binary'),
    size: to.digest.size,
    write: () => undefined,
  });
  const tried = monotonic() - begun;
  requireSame('full binary', made, to.digest);
  return { bytes: compressed, tried };
}

function monotonic(): number {
  return nativeHost().clock.monotonic();
}

export function patchPayload(from: Built, to: Built, content: Source): PayloadDraft {
  return {
    kind: 'patch',
    from: from.version,
    fromChecksum: from.digest.sha256,
    ...outcome(to),
    content,
  };
}

export function fullPayload(to: Built, content: Source): PayloadDraft {
  return { kind: 'full', ...outcome(to), compression: 'frames', content };
}

/** What the manifest says of the frames in `content`, which make a binary of `size` bytes. */
export function framesOf(content: Source, size: number): NonNullable<Binary['frames']> {
  const length = readFrameIndex(content, size).frames[0]?.offset ?? 0;
  const index = new Uint8Array(length);
  content.read(0, index);
  return { length: content.size, index: { length, sha256: digestBytes(index).sha256 } };
}

/** What the manifest says of the list of a binary's blocks. */
export function blocksOf(list: Uint8Array): NonNullable<Binary['blocks']> {
  return { length: list.length, sha256: digestBytes(list).sha256 };
}

function outcome(to: Built) {
  return {
    to: to.version,
    toChecksum: to.digest.sha256,
    toSize: to.digest.size,
    compression: 'zstd',
  } as const;
}

function requireSame(what: string, made: Digest, wanted: Digest): void {
  if (made.sha256 !== wanted.sha256) {
    throw new DamagedError(
      `the ${what} was tried: wanted a binary with SHA-256 ${wanted.sha256}, found ${made.sha256}`,
      { advice: 'Try again. If that fails as well, report it, with both binaries.' },
    );
  }
}
