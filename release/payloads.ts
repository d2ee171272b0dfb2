/** The payloads of a package, each proven before it is signed: applied here, and the outcome compared. */
import { applyPatch, compressFull, decompressFull, generatePatch } from '../lib/delta/index.ts';
import { DamagedError } from '../lib/errors.ts';
import type { PayloadDraft } from '../lib/package/index.ts';
import { type Digest, digestBytes, memorySource } from '../lib/platform/files.ts';
import { withProgress } from './progress.ts';

export interface Build {
  version: string;
  content: Uint8Array;
  digest: Digest;
}

export function build(version: string, content: Uint8Array): Build {
  return { version, content, digest: digestBytes(content) };
}

export async function makePatch(from: Build, to: Build): Promise<PayloadDraft> {
  const patch = await withProgress('patch', (onProgress) =>
    generatePatch({
      old: from.content,
      new: to.content,
      fromVersion: from.version,
      toVersion: to.version,
      onProgress,
    }),
  );
  const made = await applyPatch({
    patch: memorySource(patch, 'patch'),
    old: memorySource(from.content, 'old binary'),
    write: () => undefined,
    verifyOld: true,
  });
  prove('patch', made, to.digest);
  return {
    kind: 'patch',
    from: from.version,
    fromChecksum: from.digest.sha256,
    ...outcome(to),
    content: memorySource(patch, 'patch'),
  };
}

/** `level` of zstd; lib/delta's own where it is not given. */
export async function makeFull(to: Build, level?: number): Promise<PayloadDraft> {
  const compressed = await withProgress('full binary', () => compressFull(to.content, level));
  const made = await decompressFull({
    source: memorySource(compressed, 'full binary'),
    size: to.digest.size,
    write: () => undefined,
  });
  prove('full binary', made, to.digest);
  return { kind: 'full', ...outcome(to), content: memorySource(compressed, 'full binary') };
}

function outcome(to: Build) {
  return {
    to: to.version,
    toChecksum: to.digest.sha256,
    toSize: to.digest.size,
    compression: 'zstd',
  } as const;
}

function prove(what: string, made: Digest, wanted: Digest): void {
  if (made.sha256 !== wanted.sha256) {
    throw new DamagedError(
      `the ${what} was tried: wanted a binary with SHA-256 ${wanted.sha256}, found ${made.sha256}`,
    );
  }
}
