/** The settings as they are typed and printed: their names, and text for each value. */
import { UsageError } from '../errors.ts';
import { decodeInput } from '../format/decoder.ts';
import { didYouMean } from '../format/nearest.ts';
import { DEFAULT_PREFERENCES, PREFERENCE_DECODERS, type Preferences } from './preferences.ts';

export type PreferenceKey = Exclude<keyof Preferences, 'schema'>;

export const PREFERENCE_KEYS: readonly PreferenceKey[] = Object.keys(DEFAULT_PREFERENCES).filter(
  (key): key is PreferenceKey => key !== 'schema',
);

/** Throws UsageError, which names the key that was probably meant. */
export function preferenceKey(name: string): PreferenceKey {
  const key = PREFERENCE_KEYS.find((known) => known === name);
  if (key !== undefined) return key;
  throw new UsageError(`there is no setting ${JSON.stringify(name)}`, {
    advice: didYouMean(name, PREFERENCE_KEYS) ?? `The settings are ${PREFERENCE_KEYS.join(', ')}.`,
  });
}

/** The value as `config set` takes it and `config get` prints it. */
export function preferenceText(preferences: Preferences, key: PreferenceKey): string {
  const value = preferences[key];
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(',');
  return value === null ? 'none' : String(value);
}

/**
 * The preferences with one of them changed to the value as typed; `none` for null. Throws UsageError.
 *
 * @param where names the value in the message
 */
export function withPreference(
  preferences: Preferences,
  key: PreferenceKey,
  typed: string,
  where: string = key,
): Preferences {
  return withValue(preferences, key, typedValue(key, typed, where), where);
}

/** The same with a value of JSON. */
export function withValue(
  preferences: Preferences,
  key: PreferenceKey,
  value: unknown,
  where: string = key,
): Preferences {
  return { ...preferences, [key]: decodeInput(PREFERENCE_DECODERS[key], value, where) };
}

/** A value of text that this returns as text is judged by the decoder. */
export function typedValue(key: PreferenceKey, typed: string, where: string): unknown {
  const usual = DEFAULT_PREFERENCES[key];
  if (Array.isArray(usual)) return typed === 'none' ? [] : typed.split(',').map((pattern) => pattern.trim());
  if (typeof usual === 'boolean') {
    if (typed === 'on' || typed === 'off') return typed === 'on';
    throw new UsageError(`${where}: wanted on or off, found ${JSON.stringify(typed)}`);
  }
  if (usual === null && typed === 'none') return null;
  return (typeof usual === 'number' || key === 'ring') && /^\d{1,6}$/.test(typed) ? Number(typed) : typed;
}
