/** The user's preferences about snapshots. */
import { UpdaterError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import type { Settings } from './compiled-in.ts';
import { loadPreferences } from './decided.ts';
import { DEFAULT_PREFERENCES, MAX_SNAPSHOTS_KEPT, type Preferences } from './preferences.ts';
import { type SnapshotChoices, type SnapshotSetup, snapshotSetup } from './snapshot-setup.ts';

export function snapshotChoices(preferences: Preferences): SnapshotChoices {
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
 * Unreadable preferences must not stop an update, a rollback or a recovery. Then the default folders are used, and no
 * snapshot is removed that the user may want to keep. The commands that need the preferences fail and say why.
 */
function loadSnapshotChoices(host: Host, home: string, warn: (reason: string) => void): SnapshotChoices {
  try {
    return snapshotChoices(loadPreferences(host, home));
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    warn(error.message);
    return snapshotChoices({ ...DEFAULT_PREFERENCES, snapshotsKept: MAX_SNAPSHOTS_KEPT });
  }
}

/**
 * Where snapshots of this app are kept, and what they include, as configured in this home.
 *
 * @param warn called with the reason if the preferences can't be read, and are ignored
 */
export function snapshotsIn(
  host: Host,
  home: string,
  app: string,
  { version }: Pick<Settings, 'version'>,
  warn: (reason: string) => void = () => undefined,
): SnapshotSetup {
  return snapshotSetup(host, { home, app, updater: version }, loadSnapshotChoices(host, home, warn));
}
