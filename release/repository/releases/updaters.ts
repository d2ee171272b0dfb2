/**
 * The updaters that come with a release: one file of the feed for each, as independent frames. Releases with the same updater
 * share it, and only the first one makes it.
 */
import path from 'node:path';
import { PolicyError } from '../../../lib/errors.ts';
import { ANY_SIZE, type Digest, digestFile, readFile } from '../../../lib/platform/files.ts';
import {
  type DGMOVersion,
  decodeManifest,
  type ListedFile,
  MAX_BINARY_SIZE,
  type Target,
  targetName,
  type UpdaterBinary,
} from '../../../lib/version/index.ts';
import { requireInput } from '../../files.ts';
import type { Job } from '../../work/job.ts';
import { makeProducts } from '../../work/products.ts';
import { updaterPath } from '../layout.ts';
import { isPlaced, placeBytes } from '../place.ts';
import type { Published } from '../published.ts';
import type { AddRequest, AddTools, UpdaterToAdd } from './add-request.ts';
import { readChannels, readListed } from './channel.ts';

/** Compresses and places what the feed does not have yet. UsageError if a file does not exist. */
export async function placeUpdaters(
  published: Published,
  { updaters, level }: Pick<AddRequest, 'updaters' | 'level'>,
  tools: AddTools,
): Promise<UpdaterBinary[]> {
  const known = updaters.length === 0 ? [] : recentUpdaters(published);
  const placed: UpdaterBinary[] = [];
  for (const updater of updaters)
    placed.push(await placeUpdater(published, updater, { known, level, tools }));
  return placed;
}

async function placeUpdater(
  published: Published,
  { target, file, version }: UpdaterToAdd,
  { known, level, tools }: { known: UpdaterBinary[]; level: number | null; tools: AddTools },
): Promise<UpdaterBinary> {
  const { disk } = published.host;
  requireInput(file);
  const executable = requireDigest(digestFile(disk, file, ANY_SIZE), file);
  const job: Job = {
    kind: 'full',
    label: `${targetName(target)}: updater`,
    to: { version, digest: executable, file },
    level,
    older: null,
  };
  const same = known.find(
    (one) => targetName(one) === targetName(target) && one.checksum === executable.sha256,
  );
  const entry = same?.file ?? (await placeFrames(published, target, job, tools));
  const { platform, arch } = target;
  return { platform, arch, version, size: executable.size, checksum: executable.sha256, file: entry };
}

/** Makes the file, and places it in the feed under its own digest. */
async function placeFrames(
  { host, layout }: Published,
  target: Target,
  job: Job,
  { workers, limits, report, stop }: AddTools,
): Promise<ListedFile> {
  const { disk, clock } = host;
  const options = { disk, folder: layout.products, workers, limits, report, stop };
  const [product = ''] = await makeProducts([job], { ...options, monotonic: () => clock.monotonic() });
  const bytes = readFile(disk, product, MAX_BINARY_SIZE) ?? new Uint8Array();
  const { sha256, size } = requireDigest(digestFile(disk, product, bytes.length), product);
  const at = updaterPath(target, sha256);
  placeBytes({ disk, layout }, path.join(layout.targets, at), bytes);
  return { path: at, length: size, sha256 };
}

function requireDigest(digest: Digest | null, file: string): Digest {
  if (digest === null) throw new Error(`${file} was removed while it was read`);
  return digest;
}

/** How many releases of a channel are looked at. */
const RECENT = 10;

/** Those of the newest releases whose file is in the feed and whole. */
function recentUpdaters(published: Published): UpdaterBinary[] {
  const { host, layout } = published;
  const found = new Map<string, UpdaterBinary>();
  for (const { releases } of readChannels(published)) {
    for (const { manifest } of releases.slice(0, RECENT)) {
      const { updaters = [] } = decodeManifest(readListed(published, manifest));
      for (const updater of updaters) found.set(updater.file.path, updater);
    }
  }
  return [...found.values()].filter(({ file }) =>
    isPlaced({ disk: host.disk, layout }, path.join(layout.targets, file.path), {
      sha256: file.sha256,
      size: file.length,
    }),
  );
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
