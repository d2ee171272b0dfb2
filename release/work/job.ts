/** One payload to make, as data: what a worker gets, and what the product is named after. */
import { type Digest, digestBytes } from '../../lib/platform/files.ts';

/** As it is. */
export interface NewBinary {
  version: string;
  digest: Digest;
  /** Path. */
  file: string;
}

/** In a package of the repository. */
export interface OldBinary {
  version: string;
  digest: Digest;
  /** Path of the full package that contains it. */
  package: string;
}

export type Job = {
  label: string;
  to: NewBinary;
} /** `older`: whose frames are used again where the new binary has the same bytes. */ & (
  | { kind: 'full'; level: number | null; older: OldBinary | null }
  | { kind: 'patch'; from: OldBinary | NewBinary; applyLimit: number | null }
);

/** 64 hex digits: the same for the same work, wherever the files are. An older binary makes it faster, and changes nothing. */
export function jobKey(job: Job): string {
  const { version, digest } = job.to;
  const parts =
    job.kind === 'full'
      ? ['frames', digest.sha256, job.level]
      : ['patch', digest.sha256, version, job.from.digest.sha256, job.from.version, job.applyLimit];
  return digestBytes(new TextEncoder().encode(JSON.stringify(parts))).sha256;
}

/**
 * Bytes of memory that the job may take. A patch: four for each byte of both files (lib/delta/generate.ts), and the
 * files. A full binary: the binary, the output, and zstd's
 * tables for a frame on each core.
 */
export function jobMemory(job: Job): number {
  const size = job.to.digest.size;
  return job.kind === 'full' ? 2 * size + (256 << 20) : 5 * (size + job.from.digest.size) + (128 << 20);
}

/** Bytes that the job reads, as a measure of its size. */
export function jobSize(job: Job): number {
  return job.to.digest.size + (job.kind === 'patch' ? job.from.digest.size : 0);
}
