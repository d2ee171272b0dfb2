/**
 * The administrator's policy: settings that come before those of the user. The file counts only if the user could not have
 * written it: it and its folder belong to root (on Windows to Administrators or SYSTEM), and nobody else may write them.
 */
import { DamagedError, MachineError, UpdaterError } from '../errors.ts';
import { parseEdited } from '../format/json.ts';
import { asUpdaterError } from '../platform/failures.ts';
import { readFile } from '../platform/files.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';
import { type PreferenceKey, preferenceKey, typedValue, withValue } from './preference-text.ts';
import { DEFAULT_PREFERENCES, type Preferences, requireSettings } from './preferences.ts';

const LIMIT = 256 * 1024;
const ROOT_USER = 0;
const WRITABLE_BY_OTHERS = 0o022;

export interface Policy {
  path: string;
  /** The settings that the policy decides, and their values. */
  values: Partial<Preferences>;
  keys: Set<PreferenceKey>;
  /** Why the file is ignored; null if it counts, or does not exist. */
  ignored: string | null;
  /** What can't be read or understood of it; empty for those who load it. */
  faults: UpdaterError[];
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
  return withoutFaults(readPolicy(host));
}

/** What can be understood of the policy, and in `faults` what can't be. */
export function readPolicy(host: Host): Policy {
  const path = policyPath(host);
  const policy: Policy = { path, values: {}, keys: new Set(), ignored: null, faults: [] };
  noting(policy, () => {
    policy.ignored = strangerIn(host, path);
    const bytes = policy.ignored === null ? readFile(host.disk, path, LIMIT) : null;
    if (bytes === null) return;
    const document = parseEdited(bytes, path);
    if (typeof document !== 'object' || document === null || Array.isArray(document))
      throw new DamagedError(`${path}: wanted an object with settings, found something else`);
    for (const [name, value] of Object.entries(document)) {
      if (name === 'schema' && value === 1) continue;
      noting(policy, () => decideSetting(policy, name, value));
    }
  });
  return policy;
}

/** A value may be written as in `updater.json`, or as it is typed after `config set`. */
function decideSetting(policy: Policy, name: string, value: unknown): void {
  const { path, values } = policy;
  requireSettings([name], path);
  const key = preferenceKey(name);
  const where = `${path}: ${key}`;
  const known = { ...DEFAULT_PREFERENCES, ...values };
  policy.values = withValue(
    known,
    key,
    typeof value === 'string' ? typedValue(key, value, where) : value,
    where,
  );
  policy.keys.add(key);
}

/** A fault says who can correct it. */
function noting(policy: Policy, understand: () => void): void {
  try {
    understand();
  } catch (error) {
    const fault = asUpdaterError(error, policy.path);
    if (!(fault instanceof UpdaterError)) throw fault;
    const isClosed = fault instanceof MachineError;
    const help = `Ask your administrator to ${isClosed ? 'let all read it and its folder' : 'correct it'}.`;
    const advice = isClosed || !fault.advice ? help : `${fault.advice} ${help}`;
    policy.faults.push(new (isClosed ? MachineError : DamagedError)(fault.message, { advice, cause: error }));
  }
}

/** Throws the first of them. */
export function withoutFaults<Read extends { faults: readonly UpdaterError[] }>(read: Read): Read {
  const [fault] = read.faults;
  if (fault !== undefined) throw fault;
  return read;
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
