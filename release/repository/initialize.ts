/** Makes a repository with an empty feed. */

import path from 'node:path';
import { PolicyError, UsageError } from '../../lib/errors.ts';
import { MAX_DOCUMENT } from '../../lib/format/json.ts';
import { createDirectories, readFile, replaceDurably } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import { decodeRoot } from '../../lib/trust/index.ts';
import type { Signers } from '../keys/signers.ts';
import { commit } from './commit.ts';
import { type RepositoryLayout, repositoryLayout } from './layout.ts';
import { withFolderLock } from './lock.ts';
import { placeBytes } from './place.ts';
import { readPublished } from './published.ts';
import { DEFAULT_DAYS, encodeSettings, type RepositorySettings } from './settings.ts';

export interface InitializeOptions {
  app: string;
  /** `root.json` as the clients trust it. */
  root: Uint8Array;
  days?: RepositorySettings['days'];
}

/**
 * Writes settings, root, and the first targets, snapshot and timestamp. Continues an interrupted run. UsageError if the
 * folder holds anything else, or a complete repository.
 */
export async function initialize(
  host: Host,
  folder: string,
  { app, root: rootBytes, days = DEFAULT_DAYS }: InitializeOptions,
  signers: Signers,
): Promise<void> {
  const root = decodeRoot(rootBytes);
  requireOwnFolder(host, repositoryLayout(folder));
  createDirectories(host.disk, folder, path.dirname, 0o755);
  await withFolderLock(host, folder, async (layout) => {
    if (readFile(host.disk, layout.timestamp, MAX_DOCUMENT) !== null) {
      throw new UsageError(`${folder}: wanted an empty folder, found a repository`, {
        advice: 'Add releases to it with `release add`.',
      });
    }
    replaceDurably(host.disk, layout.settings, folder, encodeSettings(app, days), 0o644);
    createDirectories(host.disk, layout.targets, path.dirname, 0o755);
    const place = { disk: host.disk, layout };
    placeBytes(place, path.join(layout.metadata, `${root.version}.root.json`), rootBytes);
    const published = readPublished(host, folder);
    if (published.root.version !== root.version) {
      throw new PolicyError(
        `${folder}: wanted root version ${root.version}, found version ${published.root.version} there already`,
        { advice: 'Give the folder with the keys the newest root.json, or choose another folder.' },
      );
    }
    commit(published, { now: host.clock.now() }, signers);
  });
}

const OUR_NAMES = new Set(['repository.json', 'repository.json.tmp', 'metadata', 'targets', '.work']);

function requireOwnFolder({ disk }: Host, layout: RepositoryLayout): void {
  if (disk.status(layout.folder) === null) return;
  const names = disk.list(layout.folder);
  // A run of ours makes .work before anything else.
  const startedByUs =
    names.every((name) => OUR_NAMES.has(name)) && (names.includes('.work') || names.length === 0);
  if (startedByUs) return;
  const foreign = names.find((name) => !OUR_NAMES.has(name)) ?? names[0];
  throw new UsageError(`${layout.folder}: wanted an empty folder, found ${foreign} in it`, {
    advice: 'Choose a folder that holds nothing else.',
  });
}
