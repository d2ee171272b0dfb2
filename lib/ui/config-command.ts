/** `config get|set`: the user's preferences. */
import {
  PREFERENCE_KEYS,
  type PreferenceKey,
  type Preferences,
  preferenceKey,
  preferenceText,
  UpdateManager,
} from '../api/index.ts';
import { UsageError } from '../errors.ts';
import type { CommandContext } from './context.ts';

export async function runConfig({ line, report, install }: CommandContext): Promise<void> {
  const [verb, name, value, ...more] = line.operands;
  const manager = new UpdateManager(install);
  if (verb === 'get' && value === undefined) {
    const keys = name === undefined ? PREFERENCE_KEYS : [preferenceKey(name)];
    const preferences = manager.preferences();
    const lines = keys.map((key) => {
      const text = preferenceText(preferences, key);
      return name === undefined ? `${key} = ${text}` : text;
    });
    report.result('config', lines.join('\n'), dataOf(preferences, keys));
    return;
  }
  if (verb === 'set' && name !== undefined && value !== undefined && more.length === 0) {
    const key = preferenceKey(name);
    const changed = await manager.setPreferenceText(key, value);
    report.result('config', `${key} = ${preferenceText(changed, key)}`, dataOf(changed, [key]));
    return;
  }
  throw new UsageError(
    `config: wanted get [<key>] or set <key> <value>, found ${JSON.stringify(line.operands.join(' '))}`,
    { advice: `The keys are ${PREFERENCE_KEYS.join(', ')}.` },
  );
}

function dataOf(preferences: Preferences, keys: readonly PreferenceKey[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, preferences[key]]));
}
