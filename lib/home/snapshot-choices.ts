/** What the person has set of snapshots, as the install takes it. */
import { UpdaterError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import type { Settings } from './compiled-in.ts';
import { DEFAULT_PREFERENCES, type Preferences, preferencesFile } from './preferences.ts';
import { type SnapshotChoices, type SnapshotSetup, snapshotSetup } from './snapshot-setup.ts';

function snapshotChoices(preferences: Preferences): SnapshotChoices {
  const { configFolder, pluginsFolder, dataFolder, evolutionsFolder } = preferences;
  return {
    keep: preferences.snapshotsKept,
    profile: {
      ...(configFolder === null ? {} : { config: configFolder }),
      ...(pluginsFolder === null ? {} : { plugins: pluginsFolder }),
      ...(dataFolder === null ? {} : { data: dataFolder }),
      ...(evolutionsFolder === null ? {} : { evolutions: evolutionsFolder }),
      exclude: preferences.snapshotExclude,
      include: preferences.snapshotInclude,
    },
  };
}

/**
 * The same from the home. Preferences that can't be read must not keep anybody from going back: then the usual folders
 * count, and the commands that need the preferences tell what is wrong with them.
 */
function loadSnapshotChoices(host: Host, home: string): SnapshotChoices {
  try {
    return snapshotChoices(preferencesFile.load(host, home));
  } catch (error) {
    if (error instanceof UpdaterError) return snapshotChoices(DEFAULT_PREFERENCES);
    throw error;
  }
}

/** Where snapshots of this app go, as this home says. */
export function snapshotsIn(
  host: Host,
  home: string,
  app: string,
  { version }: Pick<Settings, 'version'>,
): SnapshotSetup {
  return snapshotSetup(host, { home, app, updater: version }, loadSnapshotChoices(host, home));
}
