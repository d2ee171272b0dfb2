/** The user's preferences about snapshots. */
import { UsageError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { folderConflict, profileRoots, storeLayout } from '../snapshot/index.ts';
import type { Settings } from './compiled-in.ts';
import { survey } from './decided.ts';
import { MAX_SNAPSHOTS_KEPT, type Preferences } from './preferences.ts';
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
 * What can't be understood of the settings must not stop an update, a rollback or a recovery. Then the rest counts, and no snapshot
 * is removed that the user may want to keep. The commands that need the settings fail and say why.
 */
function loadSnapshotChoices(host: Host, home: string, warn: (reason: string) => void): SnapshotChoices {
  const { preferences, faults } = survey(host, home);
  const [fault] = faults;
  if (fault === undefined) return snapshotChoices(preferences);
  warn(`${fault.message}.${fault.advice === undefined ? '' : ` ${fault.advice}`}`);
  return snapshotChoices({ ...preferences, snapshotsKept: MAX_SNAPSHOTS_KEPT });
}

/**
 * Where snapshots of this app are kept, and what they include, as configured in this home.
 *
 * @param installed paths of the executables and of the updater's records
 * @param warn called with what can't be understood of the settings, and what to do about it, in sentences
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
