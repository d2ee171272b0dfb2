/**
 * The administrator's policy: settings that come before those of the user. The file counts only if the user could not have
 * written it: it and its folder belong to root (on Windows to Administrators or SYSTEM), and nobody else may write them.
 */
import { DamagedError } from '../errors.ts';
import { parseEdited } from '../format/json.ts';
import { asUpdaterError } from '../platform/failures.ts';
import { readFile } from '../platform/files.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';
import { PREFERENCE_KEYS, type PreferenceKey, typedValue, withValue } from './preference-text.ts';
import { DEFAULT_PREFERENCES, type Preferences } from './preferences.ts';

const LIMIT = 256 * 1024;
const ROOT_USER = 0;
const WRITABLE_BY_OTHERS = 0o022;

export interface Policy {
  path: string;
  /** The settings that the policy decides, and their values. */
  values: Partial<Preferences>;
  keys: ReadonlySet<PreferenceKey>;
  /** Why the file is ignored; null if it counts, or does not exist. */
  ignored: string | null;
}

export function policyPath({ platform, environment }: Host): string {
  if (platform === 'darwin') return '/Library/Application Support/dgmo-updater/policy.json';
  if (platform === 'linux') return '/etc/dgmo-updater/policy.json';
  const { ProgramData = 'C:\\ProgramData' } = environment;
  return pathsOf(platform).join(ProgramData, 'dgmo-updater', 'policy.json');
}

/**
 * Throws DamagedError if the policy counts and can't be understood, MachineError if it can't be read: then nobody knows what the
 * administrator wants.
 */
export function loadPolicy(host: Host): Policy {
  const path = policyPath(host);
  try {
    return readPolicy(host, path);
  } catch (error) {
    throw asUpdaterError(error, path);
  }
}

function readPolicy(host: Host, path: string): Policy {
  const nothing = { path, values: {}, keys: new Set<PreferenceKey>() };
  const ignored = strangerIn(host, path);
  if (ignored !== null) return { ...nothing, ignored };
  const bytes = readFile(host.disk, path, LIMIT);
  if (bytes === null) return { ...nothing, ignored: null };
  const document = withAdvice(() => parseEdited(bytes, path));
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new DamagedError(`${path}: wanted an object with settings, found something else`, {
      advice: ADVICE,
    });
  let values: Preferences = DEFAULT_PREFERENCES;
  const keys = new Set<PreferenceKey>();
  for (const [name, value] of Object.entries(document)) {
    if (name === 'schema' && value === 1) continue;
    const key = PREFERENCE_KEYS.find((known) => known === name);
    if (key === undefined) {
      throw new DamagedError(
        `${path}: wanted no settings but ${PREFERENCE_KEYS.join(', ')}, found ${JSON.stringify(name)}`,
        { advice: ADVICE },
      );
    }
    values = decided(values, key, value, path);
    keys.add(key);
  }
  return { path, values, keys, ignored: null };
}

const ADVICE = 'Ask your administrator to correct it.';

/** A value may be written as in `updater.json`, or as it is typed after `config set`. */
function decided(values: Preferences, key: PreferenceKey, value: unknown, path: string): Preferences {
  const where = `${path}: ${key}`;
  return withAdvice(() =>
    withValue(values, key, typeof value === 'string' ? typedValue(key, value, where) : value, where),
  );
}

/** Throws DamagedError, which says who can correct it. */
function withAdvice<T>(understand: () => T): T {
  try {
    return understand();
  } catch (error) {
    throw new DamagedError(error instanceof Error ? error.message : String(error), {
      advice: ADVICE,
      cause: error,
    });
  }
}

/** Why the user may have written the policy; null if they can't have, or there is none. */
function strangerIn(host: Host, file: string): string | null {
  const folder = pathsOf(host.platform).dirname(file);
  for (const path of [folder, file]) {
    const status = host.disk.status(path);
    if (status === null) return null;
    if (status.kind !== (path === file ? 'file' : 'directory'))
      return `${path} is not a ${path === file ? 'file' : 'folder'}`;
    if (host.platform === 'win32') {
      if (!host.systemOwns(path)) return `${path} does not belong to Administrators`;
    } else if (status.owner !== ROOT_USER) return `${path} belongs to user ${status.owner}, not to root`;
    else if ((status.mode & WRITABLE_BY_OTHERS) !== 0) return `others than root may write ${path}`;
  }
  return null;
}
