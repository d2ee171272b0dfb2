/** One payload to be made, as data: what a worker is told, and what names the product. */
import { type Digest, digestBytes } from '../../lib/platform/files.ts';

export interface NewBinary {
  version: string;
  digest: Digest;
  /** Where it stands. */
  file: string;
}

export interface OldBinary {
  version: string;
  digest: Digest;
  /** The full package that it is taken out of. */
  package: string;
}

export type Job = { label: string; to: NewBinary } & (
  | { kind: 'full'; level: number | null }
  | { kind: 'patch'; from: OldBinary }
);

/** 64 hex digits: the same for the same work, wherever the files stand. */
export function jobKey(job: Job): string {
  const { version, digest } = job.to;
  const parts =
    job.kind === 'full'
      ? ['full', digest.sha256, job.level]
      : ['patch', digest.sha256, version, job.from.digest.sha256, job.from.version];
  return digestBytes(new TextEncoder().encode(JSON.stringify(parts))).sha256;
}

/**
 * Bytes of memory that it may take. A patch: four for each byte of both files (lib/delta/generate.ts), and the files.
 * A full binary: itself, what comes out, and the tables of zstd's highest levels.
 */
export function jobMemory(job: Job): number {
  const size = job.to.digest.size;
  return job.kind === 'full' ? 2 * size + (256 << 20) : 5 * (size + job.from.digest.size) + (128 << 20);
}

/** Bytes that are read: what tells a small job from a large one. */
export function jobSize(job: Job): number {
  return job.to.digest.size + (job.kind === 'patch' ? job.from.digest.size : 0);
}
