/**
 * The updaters that come with a release: one file of the feed for each, as independent frames. It is named by what is in it, so
 * that releases with the same updater share it, and only the first one makes it.
 */
import path from 'node:path';
import { compressFramed } from '../../../lib/delta/index.ts';
import { PolicyError } from '../../../lib/errors.ts';
import { digestFile, openSource, readSource } from '../../../lib/platform/files.ts';
import { type DGMOVersion, type Target, targetName, type UpdaterBinary } from '../../../lib/version/index.ts';
import { requireInput } from '../../files.ts';
import { placeBytes } from '../place.ts';
import type { Published } from '../published.ts';

export interface UpdaterToAdd {
  target: Target;
  /** Path of the executable. */
  file: string;
  /** Of the updater. */
  version: string;
}

/**
 * Compresses and places what the feed does not have yet. UsageError if a file does not exist.
 *
 * @param level of zstd; null: the usual one
 */
export async function placeUpdaters(
  published: Published,
  updaters: readonly UpdaterToAdd[],
  level: number | null,
): Promise<UpdaterBinary[]> {
  const placed: UpdaterBinary[] = [];
  for (const updater of updaters) placed.push(await placeUpdater(published, updater, level));
  return placed;
}

async function placeUpdater(
  { host, layout }: Published,
  { target, file, version }: UpdaterToAdd,
  level: number | null,
): Promise<UpdaterBinary> {
  requireInput(file);
  const { disk } = host;
  const bytes = readFileWhole(disk, file);
  const checksum = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
  const at = `updaters/${targetName(target)}/${checksum}.frames`;
  const full = path.join(layout.targets, at);
  let digest = digestFile(disk, full);
  if (digest === null) {
    placeBytes({ disk, layout }, full, await compressFramed(bytes, { level: level ?? undefined }));
    digest = digestFile(disk, full);
  }
  if (digest === null) throw new Error(`${full} was not written`);
  const { platform, arch } = target;
  const entry = { path: at, length: digest.size, sha256: digest.sha256 };
  return { platform, arch, version, size: bytes.length, checksum, file: entry };
}

function readFileWhole(disk: Parameters<typeof openSource>[0], file: string): Uint8Array {
  const source = openSource(disk, file);
  try {
    return readSource(source);
  } finally {
    source.close();
  }
}

/** The updaters of a release that has some already. PolicyError if a target would get another one. */
export function withUpdaters(
  { version, updaters = [] }: DGMOVersion,
  added: readonly UpdaterBinary[],
): UpdaterBinary[] {
  const all = [...updaters];
  for (const updater of added) {
    const before = updaters.find((other) => targetName(other) === targetName(updater));
    if (before === undefined) all.push(updater);
    else if (before.checksum !== updater.checksum) {
      throw new PolicyError(
        `${version} comes with another updater for ${targetName(updater)}: wanted SHA-256 ${before.checksum}, found ${updater.checksum}`,
        { advice: 'What a release brings never changes. Give it to the next one.' },
      );
    }
  }
  return all;
}
