/** Where the snapshots of an installation are kept, and what they include. */
import type { Host } from '../platform/host.ts';
import {
  KEEP,
  type Profile,
  type ProfileSettings,
  profileOf,
  type StoreLayout,
  storeLayout,
} from '../snapshot/index.ts';

export interface SnapshotSetup {
  home: string;
  layout: StoreLayout;
  profile: Profile;
  /** How many are kept besides the pinned ones. */
  keep: number;
  /** Version of this updater. */
  updater: string;
}

export interface SnapshotChoices {
  profile?: ProfileSettings;
  keep?: number;
}

export interface SetupPlace {
  home: string;
  app: string;
  /** Version of this updater. */
  updater: string;
  /** Paths of the executables and of the updater's records, which no folder of the user's contains. */
  installed: readonly string[];
}

export function snapshotSetup(
  host: Host,
  { home, app, updater, installed }: SetupPlace,
  { profile, keep = KEEP }: SnapshotChoices = {},
): SnapshotSetup {
  const layout = storeLayout(host, home);
  return {
    home,
    layout,
    keep,
    updater,
    profile: profileOf(host, { home, app, store: layout.folder, installed }, profile),
  };
}
