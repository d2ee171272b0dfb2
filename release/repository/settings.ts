/** `repository.json`: which app the repository is for, and how many days its signatures are valid. */

import { UsageError } from '../../lib/errors.ts';
import { type Decoded, integer, object, oneOf, stringOf } from '../../lib/format/decoder.ts';
import { MAX_DOCUMENT, parseJson } from '../../lib/format/json.ts';
import { isAppName } from '../../lib/package/index.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import { readFile } from '../../lib/platform/files.ts';
import type { RepositoryLayout } from './layout.ts';

export const MAX_DAYS = 3650;
const days = integer(1, MAX_DAYS, 'days');

const settings = object({
  _type: oneOf('dgmo-repository'),
  schema: oneOf(1),
  app: stringOf('a name such as dgmo', isAppName),
  days: object({ timestamp: days, snapshot: days, targets: days }),
});

export type RepositorySettings = Decoded<typeof settings>;

/**
 * The timestamp proves to a client that nobody hides a newer feed from it, so it is valid for a short time and a machine
 * renews it every day. Targets are signed by people, who should not have to do it every month.
 */
export const DEFAULT_DAYS = { timestamp: 7, snapshot: 30, targets: 365 } as const;

export function encodeSettings(app: string, lifetimes: RepositorySettings['days']): Uint8Array {
  const value: RepositorySettings = { _type: 'dgmo-repository', schema: 1, app, days: lifetimes };
  return new TextEncoder().encode(`${JSON.stringify(settings(value, 'repository.json'), null, 2)}\n`);
}

/** UsageError if the folder is not a repository. */
export function readSettings(disk: Disk, layout: RepositoryLayout): RepositorySettings {
  const bytes = readFile(disk, layout.settings, MAX_DOCUMENT);
  if (bytes === null) {
    throw new UsageError(`${layout.folder}: wanted a repository, found no repository.json`, {
      advice: 'Make one with `release init --repo <dir> --keys <keys>`.',
    });
  }
  return settings(parseJson(bytes, layout.settings), layout.settings);
}
