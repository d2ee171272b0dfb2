/** Which settings count, and who decided them: the administrator, else the environment, else the user, else the default. */
import { PolicyError, UpdaterError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { loadPolicy, type Policy, readPolicy, withoutFaults } from './policy.ts';
import {
  PREFERENCE_KEYS,
  type PreferenceKey,
  preferenceText,
  typedValue,
  withValue,
} from './preference-text.ts';
import {
  DEFAULT_PREFERENCES,
  type OwnSettings,
  type Preferences,
  preferencesFile,
  understand,
} from './preferences.ts';

/** Who decides, the strongest first. */
export type Decider = 'policy' | 'environment' | 'user' | 'default';

export interface Setting {
  key: PreferenceKey;
  /** As it is typed. */
  value: string;
  decidedBy: Decider;
  /** The file, or the name of the variable; null for the default. */
  where: string | null;
  /** The variable of the environment that decides it. */
  variable: string;
  /** What others said who do not count, the strongest first. */
  overridden: { decidedBy: Decider; where: string | null; value: string }[];
}

export interface Decided {
  preferences: Preferences;
  settings: Setting[];
  /** Why the policy file is ignored; null if it counts, or does not exist. */
  policyIgnored: string | null;
  /** What can't be read or understood of what the places say, the strongest first; it is passed over in the settings. */
  faults: UpdaterError[];
}

/** Throws UsageError, DamagedError or MachineError if one of the places can't be understood. */
export function decide(host: Host, home: string): Decided {
  return withoutFaults(survey(host, home));
}

/** The same for who looks at the settings: what can be understood, and what can't. */
export function survey(host: Host, home: string): Decided {
  const own = readOwn(host, home);
  const decided = surveyOver(host, home, own.preferences);
  return { ...decided, faults: [...decided.faults, ...own.faults] };
}

/** What can't be understood of the user's own settings stops nothing. */
function decideLeniently(host: Host, home: string): Decided {
  return withoutFaults(surveyOver(host, home, readOwn(host, home).preferences));
}

function surveyOver(host: Host, home: string, own: Preferences): Decided {
  const policy = readPolicy(host);
  const faults = [...policy.faults];
  let preferences: Preferences = DEFAULT_PREFERENCES;
  const settings = PREFERENCE_KEYS.map((key): Setting => {
    const said = saidOf(host, home, key, { policy, own, faults });
    const [first, ...overridden] = said.map(({ value, ...who }) => ({
      ...who,
      value: preferenceText(value, key),
    }));
    const [decision] = said;
    if (decision !== undefined) preferences = { ...preferences, [key]: decision.value[key] };
    const { decidedBy, where, value } = first ?? {
      decidedBy: 'default' as const,
      where: null,
      value: preferenceText(DEFAULT_PREFERENCES, key),
    };
    return { key, value, decidedBy, where, variable: variableOf(key), overridden };
  });
  return { preferences, settings, policyIgnored: policy.ignored, faults };
}

/** The settings that count. */
export function loadPreferences(host: Host, home: string): Preferences {
  return decide(host, home).preferences;
}

/** Throws PolicyError if the administrator has decided the setting. */
export function requireOwnDecision(host: Host, keys: readonly string[]): void {
  const policy = loadPolicy(host);
  const decided = PREFERENCE_KEYS.find((key) => keys.includes(key) && policy.keys.has(key));
  if (decided === undefined) return;
  throw new PolicyError(`${decided} is decided by the administrator of this machine (${policy.path})`, {
    advice: `It is ${preferenceText({ ...DEFAULT_PREFERENCES, ...policy.values }, decided)} here. Only an administrator can change it.`,
  });
}

/** Throws PolicyError if updates are turned off altogether. Rollback, repair and recovery work nevertheless. */
export function requireUpdatesOn(host: Host, home: string): void {
  requireOn(decide(host, home));
}

/** Whether updates are turned off altogether, as far as that can be understood: a repair must not fail because of the rest. */
export function areUpdatesOff(host: Host, home: string): boolean {
  return !survey(host, home).preferences.updates;
}

/** The same, except that what can't be understood of the user's own settings turns nothing off: it must not stop an update. */
export function requireNotTurnedOff(host: Host, home: string): void {
  requireOn(decideLeniently(host, home));
}

/** The settings that count, without what can't be understood of the user's own. */
export function readablePreferences(host: Host, home: string): Preferences {
  return decideLeniently(host, home).preferences;
}

function readOwn(host: Host, home: string): OwnSettings {
  try {
    const nothing = { preferences: DEFAULT_PREFERENCES, faults: [] };
    return preferencesFile.read(host, home, understand) ?? nothing;
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    return { preferences: DEFAULT_PREFERENCES, faults: [error] };
  }
}

function requireOn({ preferences, settings }: Decided): void {
  if (preferences.updates) return;
  const decision = settings.find(({ key }) => key === 'updates');
  throw new PolicyError(
    `updates are turned off here (${decision === undefined ? 'updates = off' : decisionText(decision)})`,
    { advice: turnOnText(decision) },
  );
}

function turnOnText(decision: Setting | undefined): string {
  if (decision?.decidedBy === 'policy') return 'Only an administrator can turn them on.';
  return decision?.decidedBy === 'environment'
    ? `Unset ${decision.variable} to turn them on.`
    : '`dgmo-updater config set updates on` turns them on.';
}

/** `updates = off, by DGMO_UPDATER_UPDATES`. */
function decisionText({ key, value, where }: Setting): string {
  return `${key} = ${value}, by ${where ?? 'default'}`;
}

interface Saying {
  decidedBy: Decider;
  where: string;
  value: Preferences;
}

function saidOf(
  host: Host,
  home: string,
  key: PreferenceKey,
  { policy, own, faults }: { policy: Policy; own: Preferences; faults: UpdaterError[] },
): Saying[] {
  const said: Saying[] = [];
  if (policy.keys.has(key)) {
    said.push({
      decidedBy: 'policy',
      where: policy.path,
      value: { ...DEFAULT_PREFERENCES, ...policy.values },
    });
  }
  const where = variableOf(key);
  const typed = host.environment[where];
  if (typed !== undefined && typed !== '') {
    try {
      const value = withValue(DEFAULT_PREFERENCES, key, typedValue(key, typed, where), where);
      said.push({ decidedBy: 'environment', where, value });
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error;
      faults.push(error);
    }
  }
  if (!Bun.deepEquals(own[key], DEFAULT_PREFERENCES[key]))
    said.push({ decidedBy: 'user', where: preferencesFile.path(host, home), value: own });
  return said;
}

/** `autoUpdate`: `DGMO_UPDATER_AUTO_UPDATE`. */
export function variableOf(key: PreferenceKey): string {
  return `DGMO_UPDATER_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
