/** Changing the user's own settings, also where others of them can't be understood. */
import {
  DEFAULT_PREFERENCES,
  type Preferences,
  preferencesFile,
  settingFields,
  understand,
} from '../../home/preferences.ts';
import type { Host } from '../../platform/host.ts';

/**
 * Saves the changes, each a valid value, or undefined for a name that is to be removed. What can't be understood of the others stays
 * as it is. Throws what `approve` does, DamagedError if
 * the file is no JSON, or of a schema that is not known, and MachineError, BusyError if it can't be saved.
 *
 * @param approve called with the settings as they would be; those that can't be understood have their defaults
 * @returns the same
 */
export async function changeSettings(
  host: Host,
  home: string,
  changes: Readonly<Record<string, unknown>>,
  approve: (preferences: Preferences) => void,
): Promise<Preferences> {
  let changed = DEFAULT_PREFERENCES;
  const file = preferencesFile.path(host, home);
  await preferencesFile.amend(host, home, settingFields, (found) => {
    const fields = Object.fromEntries(
      Object.entries({ ...DEFAULT_PREFERENCES, ...found, ...changes }).filter(
        ([, value]) => value !== undefined,
      ),
    );
    const { preferences, faults } = understand(fields, file);
    approve(preferences);
    changed = preferences;
    return faults.length === 0 ? preferences : { ...fields, schema: preferences.schema };
  });
  return changed;
}

/** Whether the file has that name, which is none of a setting. */
export function isStrangeSetting(host: Host, home: string, name: string): boolean {
  if (name === 'schema' || Object.hasOwn(DEFAULT_PREFERENCES, name)) return false;
  return Object.hasOwn(preferencesFile.read(host, home, settingFields) ?? {}, name);
}
