/** The user's preferences about snapshots. */
import { UpdaterError, UsageError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { folderConflict, profileRoots, storeLayout } from '../snapshot/index.ts';
import type { Settings } from './compiled-in.ts';
import { loadPreferences } from './decided.ts';
import { DEFAULT_PREFERENCES, MAX_SNAPSHOTS_KEPT, type Preferences } from './preferences.ts';
import {
  type SetupPlace,
  type SnapshotChoices,
  type SnapshotSetup,
  snapshotSetup,
} from './snapshot-setup.ts';

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
 * @param installed paths of the executables and of the updater's records
 * @param warn called with the reason if the preferences can't be read, and are ignored
 */
export function snapshotsIn(
  host: Host,
  { home, app, installed }: Omit<SetupPlace, 'updater'>,
  { version }: Pick<Settings, 'version'>,
  warn: (reason: string) => void = () => undefined,
): SnapshotSetup {
  return snapshotSetup(
    host,
    { home, app, updater: version, installed },
    loadSnapshotChoices(host, home, warn),
  );
}

/** Throws UsageError if two components would have the same folder, or one of them a folder of the updater. */
export function requireSeparateFolders(
  host: Host,
  { home, app, workDir }: { home: string; app: string; workDir: string },
  preferences: Preferences,
): void {
  const layout = storeLayout(host, home);
  const roots = profileRoots(host, { home, app }, snapshotChoices(preferences).profile);
  const conflict = folderConflict(host.disk, layout, roots, [layout.folder, workDir]);
  if (conflict !== null) throw new UsageError(conflict, { advice: 'Give each a folder of its own.' });
}
