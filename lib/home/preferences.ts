/**
 * The user's own settings, `<home>/updater.json`: read with `config get`, written with `config set`. What counts in the end
 * is in `decided.ts`: an administrator and the environment come before the user.
 */
import { DamagedError, type UpdaterError } from '../errors.ts';
import {
  array,
  boolean,
  type Decoded,
  type Decoder,
  integer,
  line,
  nullable,
  oneOf,
  optional,
  stringOf,
  unwanted,
} from '../format/decoder.ts';
import { didYouMean } from '../format/nearest.ts';
import { printable, shellWord } from '../format/printable.ts';
import { KEEP } from '../snapshot/index.ts';
import { CHANNEL_NAME, DEFAULT_CHANNEL, feedAddress, isChannelName } from '../version/index.ts';
import { version } from '../version/semver.ts';
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

/** `3d` or `12h`; never longer than a year, so that nobody is left without updates by a slip of the finger. */
const age = stringOf('an age such as 3d or 12h, of at most 365d', (value) => {
  const [, number, unit] = /^([1-9]\d{0,3})([dh])$/.exec(value) ?? [];
  return number !== undefined && Number(number) <= (unit === 'd' ? 365 : 365 * 24);
});

/** `22:00-05:30`, by the clock of this machine; it may go over midnight. */
const window = stringOf('a window of time such as 02:00-05:30', (value) => {
  const [begin, end] = value.split('-');
  return /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/.test(value) && begin !== end;
});

/** Decoders of all settings. Those that `updater.json` of schema 1, 2 or 3 does not have are optional. */
const fields = {
  /** What the background service does by itself. It does not restrict what the user may install. */
  autoUpdate: oneOf('all', 'security', 'manual', 'off'),
  channel: stringOf(CHANNEL_NAME, isChannelName),
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
  /** False: nothing is checked, downloaded or installed from a feed, by anybody. */
  updates: optional(boolean, true),
  /** How long a release must have been known here before it is offered; null: not at all. */
  minimumAge: optional(nullable(age), null),
  /** Security releases are offered without that wait. */
  securityAtOnce: optional(boolean, false),
  /** `ask`: a new major version is installed only if the user asks for it. */
  majors: optional(oneOf('ask', 'auto'), 'ask'),
  /** The only version that is offered; null: any. */
  pin: optional(nullable(version), null),
  /** Which percent of a staged rollout this installation belongs to, 1 the first; null: by lot. */
  ring: optional(nullable(integer(1, 100)), null),
  /** When the background service may install an update; null: at any time. */
  updateWindow: optional(nullable(window), null),
  /** What the background service does on a network that is paid for by volume, and on battery. */
  onMetered: optional(oneOf('wait', 'go'), 'wait'),
  onBattery: optional(oneOf('wait', 'go'), 'wait'),
  /** Which build for x64 is installed, if there are two; `auto`: the one that suits the processor. */
  build: optional(oneOf('auto', 'modern', 'baseline'), 'auto'),
};

/** The decoder of each setting. */
export const PREFERENCE_DECODERS: { readonly [Key in keyof typeof fields]: Decoder<unknown> } = fields;

const schema = oneOf(1, 2, 3, 4);

export type Preferences = { [Key in keyof typeof fields]: Decoded<(typeof fields)[Key]> } & { schema: 4 };

/** The user's own settings: what can be understood of them, and what can't. */
export interface OwnSettings {
  /** The default of each that can't be understood. */
  preferences: Preferences;
  faults: UpdaterError[];
}

const decodePreferences: Decoder<Preferences> = (value, path) => {
  const { preferences, faults } = understand(value, path);
  for (const fault of faults) throw fault;
  return preferences;
};

/** The fields of the file. Throws DamagedError if it is not an object, or of a schema that is not known: who knows what they mean? */
export const settingFields: Decoder<Record<string, unknown>> = (value, path) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unwanted(path, 'an object', value);
  const found: Record<string, unknown> = { ...value };
  if (found.schema !== undefined) schema(found.schema, `${path}.schema`);
  return found;
};

/**
 * Throws what `settingFields` does.
 *
 * @param path the file: each fault says how to correct it there
 */
export const understand: Decoder<OwnSettings> = (value, path) => {
  const found = settingFields(value, path);
  const { schema: written } = found;
  const faults: UpdaterError[] = [];
  const noting = (advice: string, decode: () => void) => {
    try {
      decode();
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      const first = error.advice === undefined ? '' : `${error.advice} `;
      faults.push(
        new DamagedError(error.message, {
          advice: `${first}${advice} Or correct ${path}.`,
          cause: error,
        }),
      );
    }
  };
  const unset = (name: string) => `\`dgmo-updater config unset ${shellWord(name)}\``;
  for (const name of Object.keys(found))
    if (name !== 'schema') noting(`${unset(name)} removes it.`, () => requireSettings([name], path));
  noting('Run `dgmo-updater repair`.', () => schema(written, `${path}.schema`));
  let preferences = DEFAULT_PREFERENCES;
  for (const [name, decode] of Object.entries(fields)) {
    // Without a schema it was written by hand, and what is missing is not named one by one.
    if (written === undefined && found[name] === undefined) continue;
    noting(`${unset(name)} returns it to its default.`, () => {
      preferences = { ...preferences, [name]: decode(found[name], `${path}.${name}`) };
    });
  }
  return { preferences, faults };
};

/** Throws DamagedError if one of the names is none of a setting: it names that, and the one that was probably meant. */
export function requireSettings(names: readonly string[], path: string): void {
  const unknown = names.find((name) => !Object.hasOwn(fields, name));
  if (unknown === undefined) return;
  const known = Object.keys(fields);
  throw new DamagedError(`${path}: there is no setting ${printable(JSON.stringify(unknown))}`, {
    advice: didYouMean(unknown, known) ?? `The settings are ${known.join(', ')}.`,
  });
}

export const DEFAULT_PREFERENCES: Preferences = {
  schema: 4,
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
  updates: true,
  minimumAge: null,
  securityAtOnce: false,
  majors: 'ask',
  pin: null,
  ring: null,
  updateWindow: null,
  onMetered: 'wait',
  onBattery: 'wait',
  build: 'auto',
};

export const preferencesFile: HomeFile<Preferences> = homeFile(
  { name: 'updater.json', what: 'preferences', isRepaired: true },
  decodePreferences,
  DEFAULT_PREFERENCES,
);

/** Milliseconds. */
export function minimumAgeOf({ minimumAge }: Pick<Preferences, 'minimumAge'>): number {
  if (minimumAge === null) return 0;
  return Number.parseInt(minimumAge, 10) * (minimumAge.endsWith('d') ? 24 : 1) * 3_600_000;
}
