/** What the person wants of updates, `<home>/updater.json`: read with `config get`, written with `config set`. */
import { UsageError } from '../errors.ts';
import {
  boolean,
  type Decoded,
  type Decoder,
  line,
  nullable,
  object,
  oneOf,
  stringOf,
} from '../version/decoder.ts';
import { isAddress, isChannelName } from '../version/index.ts';
import { DEFAULT_CHANNEL } from './check-api.ts';
import { type HomeFile, homeFile } from './home-file.ts';

const address = stringOf('an https address', isAddress);

const shape = object({
  schema: oneOf(1),
  /** What the background service installs by itself; what the person asks for is always theirs to decide. */
  autoUpdate: oneOf('all', 'security', 'manual'),
  channel: stringOf('a name of a-z, 0-9 and dash, at most 32 long', isChannelName),
  /** Instead of the address that the installation was made with. */
  feed: nullable(address),
  /** Asked besides the feed; null: nobody is. */
  checkApi: nullable(address),
  telemetry: boolean,
  /** A PEM file with authorities to trust besides the built-in ones. */
  caFile: nullable(line(4096)),
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
};

export const preferencesFile: HomeFile<Preferences> = homeFile('updater.json', shape, DEFAULT_PREFERENCES);

export const PREFERENCE_KEYS = [
  'autoUpdate',
  'channel',
  'feed',
  'checkApi',
  'telemetry',
  'caFile',
] as const satisfies readonly (keyof Preferences)[];
export type PreferenceKey = (typeof PREFERENCE_KEYS)[number];

export function preferenceKey(name: string): PreferenceKey {
  const key = PREFERENCE_KEYS.find((known) => known === name);
  if (key !== undefined) return key;
  throw new UsageError(`config: wanted one of ${PREFERENCE_KEYS.join(', ')}, found ${JSON.stringify(name)}`);
}

/** As it is typed and shown. */
export function preferenceText(preferences: Preferences, key: PreferenceKey): string {
  const value = preferences[key];
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return value ?? 'none';
}

/** `none` is for what may be missing. UsageError says what is wanted. */
export function withPreference(preferences: Preferences, key: PreferenceKey, typed: string): Preferences {
  const changed = { ...preferences, [key]: typedValue(key, typed) };
  return asUsage(shape, changed);
}

function typedValue(key: PreferenceKey, typed: string): string | boolean | null {
  if (key === 'telemetry') {
    if (typed === 'on' || typed === 'off') return typed === 'on';
    throw new UsageError(`config telemetry: wanted on or off, found ${JSON.stringify(typed)}`);
  }
  const mayBeMissing = key === 'feed' || key === 'checkApi' || key === 'caFile';
  return mayBeMissing && typed === 'none' ? null : typed;
}

function asUsage<Value>(decode: Decoder<Value>, value: unknown): Value {
  try {
    return decode(value, 'config');
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
