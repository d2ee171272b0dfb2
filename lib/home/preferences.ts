/** The user's preferences, `<home>/updater.json`: read with `config get`, written with `config set`. */
import { UsageError } from '../errors.ts';
import {
  array,
  boolean,
  type Decoded,
  decodeInput,
  integer,
  line,
  nullable,
  object,
  oneOf,
  optional,
  stringOf,
} from '../format/decoder.ts';
import { KEEP } from '../snapshot/index.ts';
import { DEFAULT_CHANNEL, feedAddress, isChannelName } from '../version/index.ts';
import { type HomeFile, homeFile } from './home-file.ts';

/**
 * A rollback writes into these folders, and the authorities of the file are believed, so a path must not depend on the
 * working directory.
 */
const fullPath = (what: string) =>
  stringOf(
    `the full path of ${what}`,
    (value) => /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(value) && value.length <= 4096 && !/\p{Cc}/u.test(value),
  );
const folderOrDefault = optional(nullable(fullPath('a folder')), null);
const patterns = optional(array(line(1000), 0, 100), []);

export const MAX_SNAPSHOTS_KEPT = 1000;

const shape = object({
  schema: oneOf(1),
  /** What the background service installs automatically. It does not restrict what the user may install. */
  autoUpdate: oneOf('all', 'security', 'manual'),
  channel: stringOf('a name of a-z, 0-9 and dash, at most 32 long', isChannelName),
  /** Address of the feed; null: the one that was given to `init`, else the compiled-in one. */
  feed: nullable(feedAddress),
  /** Address of a check API to ask besides the feed; null: none. */
  checkApi: nullable(feedAddress),
  telemetry: boolean,
  /** A PEM file with certificate authorities to trust besides the built-in ones. */
  caFile: nullable(fullPath('a PEM file')),
  /** The folders that snapshots include; null: the default ones. */
  configFolder: folderOrDefault,
  pluginsFolder: folderOrDefault,
  dataFolder: folderOrDefault,
  evolutionsFolder: folderOrDefault,
  /** Patterns of what snapshots exclude, besides caches and logs, and of what they include in any case. */
  snapshotExclude: patterns,
  snapshotInclude: patterns,
  /** How many snapshots are kept, besides the pinned ones. */
  snapshotsKept: optional(integer(1, MAX_SNAPSHOTS_KEPT), KEEP),
});

export type Preferences = Decoded<typeof shape>;

export const DEFAULT_PREFERENCES: Preferences = {
  schema: 1,
  autoUpdate: 'manual',
  channel: DEFAULT_CHANNEL,
  feed: null,
  checkApi: null,
  telemetry: false,
  caFile: null,
  configFolder: null,
  pluginsFolder: null,
  dataFolder: null,
  evolutionsFolder: null,
  snapshotExclude: [],
  snapshotInclude: [],
  snapshotsKept: KEEP,
};

export const preferencesFile: HomeFile<Preferences> = homeFile(
  { name: 'updater.json', what: 'preferences' },
  shape,
  DEFAULT_PREFERENCES,
);

export const PREFERENCE_KEYS = [
  'autoUpdate',
  'channel',
  'feed',
  'checkApi',
  'telemetry',
  'caFile',
  'configFolder',
  'pluginsFolder',
  'dataFolder',
  'evolutionsFolder',
  'snapshotExclude',
  'snapshotInclude',
  'snapshotsKept',
] as const satisfies readonly (keyof Preferences)[];
export type PreferenceKey = (typeof PREFERENCE_KEYS)[number];

export function preferenceKey(name: string): PreferenceKey {
  const key = PREFERENCE_KEYS.find((known) => known === name);
  if (key !== undefined) return key;
  throw new UsageError(`config: wanted one of ${PREFERENCE_KEYS.join(', ')}, found ${JSON.stringify(name)}`);
}

/** The value as `config set` takes it and `config get` prints it. */
export function preferenceText(preferences: Preferences, key: PreferenceKey): string {
  const value = preferences[key];
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',');
  return value === null ? 'none' : String(value);
}

/** The preferences with one of them changed to the value as typed; `none` for null. Throws UsageError. */
export function withPreference(preferences: Preferences, key: PreferenceKey, typed: string): Preferences {
  const changed = { ...preferences, [key]: typedValue(key, typed) };
  return decodeInput(shape, changed, 'config');
}

const NULLABLE_KEYS: ReadonlySet<PreferenceKey> = new Set([
  'feed',
  'checkApi',
  'caFile',
  'configFolder',
  'pluginsFolder',
  'dataFolder',
  'evolutionsFolder',
]);

function typedValue(key: PreferenceKey, typed: string): unknown {
  if (key === 'snapshotExclude' || key === 'snapshotInclude')
    return typed === 'none' ? [] : typed.split(',').map((pattern) => pattern.trim());
  if (key === 'snapshotsKept') return /^\d{1,6}$/.test(typed) ? Number(typed) : typed;
  if (key === 'telemetry') {
    if (typed === 'on' || typed === 'off') return typed === 'on';
    throw new UsageError(`config telemetry: wanted on or off, found ${JSON.stringify(typed)}`);
  }
  return NULLABLE_KEYS.has(key) && typed === 'none' ? null : typed;
}
