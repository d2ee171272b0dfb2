/** One job, done in this process. */
import path from 'node:path';
import { decompressFull, type FramedOptions, framesByContent } from '../../lib/delta/index.ts';
import { DamagedError, UsageError } from '../../lib/errors.ts';
import { peekPackage } from '../../lib/package/index.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import { digestBytes, openSource, readFile, replaceDurably, type Source } from '../../lib/platform/files.ts';
import { MAX_BINARY_SIZE } from '../../lib/version/index.ts';
import type { Job, NewBinary, OldBinary } from './job.ts';
import { type Build, build, fullBytes, patchBytes } from './payloads.ts';

/** Makes the payload, tries it, and writes it durably to `output`. Returns how many milliseconds the trial took. */
export async function perform(
  disk: Disk,
  job: Job,
  output: string,
  onProgress: (fraction: number) => void,
): Promise<number> {
  const to = readNew(disk, job.to);
  const { bytes, tried } =
    job.kind === 'full'
      ? await withOlderFrames(disk, job.older, (older) =>
          fullBytes(to, { level: job.level ?? undefined, older, onProgress }),
        )
      : await patchBytes(await readFrom(disk, job.from), to, job.applyLimit ?? undefined, onProgress);
  replaceDurably(disk, output, path.dirname(output), bytes, 0o644);
  return tried;
}

function readFrom(disk: Disk, from: OldBinary | NewBinary): Promise<Build> | Build {
  return 'package' in from ? readOld(disk, from) : readNew(disk, from);
}

function readNew(disk: Disk, { version, digest, file }: NewBinary): Build {
  const made = build(version, readFile(disk, file, MAX_BINARY_SIZE) ?? new Uint8Array());
  if (made.digest.sha256 === digest.sha256) return made;
  throw new UsageError(
    `${file} changed while it was read: wanted SHA-256 ${digest.sha256}, found ${made.digest.sha256}`,
    { advice: 'Wait until whatever writes it is done, then try again.' },
  );
}

/** Null if there is none, or it is of another form. A damaged one is no reason to fail: nothing is made of what it lacks. */
async function withOlderFrames<Result>(
  disk: Disk,
  older: OldBinary | null,
  use: (older: FramedOptions['older']) => Promise<Result>,
): Promise<Result> {
  if (older === null) return await use(null);
  const source = openSource(disk, older.package);
  try {
    return await use(await olderFrames(source, older.digest.size));
  } finally {
    source.close();
  }
}

async function olderFrames(source: Source, size: number): Promise<FramedOptions['older']> {
  try {
    const contents = peekPackage(source);
    const index = contents.payloads.findIndex(
      ({ kind, compression }) => kind === 'full' && compression === 'frames',
    );
    return index === -1 ? null : await framesByContent(contents.payload(index), size);
  } catch (error) {
    if (error instanceof DamagedError) return null;
    throw error;
  }
}

async function readOld(disk: Disk, { version, digest, package: file }: OldBinary): Promise<Build> {
  const source = openSource(disk, file);
  try {
    const contents = peekPackage(source);
    const index = contents.payloads.findIndex(({ kind }) => kind === 'full');
    const form = contents.payloads[index]?.compression ?? 'zstd';
    const content = new Uint8Array(digest.size);
    let done = 0;
    await decompressFull({
      form,
      source: contents.payload(index),
      size: digest.size,
      write(chunk) {
        content.set(chunk, done);
        done += chunk.length;
      },
    });
    const found = digestBytes(content).sha256;
    if (found !== digest.sha256) {
      throw new DamagedError(
        `${file}: wanted the binary of ${version} with SHA-256 ${digest.sha256}, found ${found}`,
        { advice: 'Copy the folder again from where it is published.' },
      );
    }
    return build(version, content);
  } finally {
    source.close();
  }
}
