/** `config get|set`: the person's preferences. */
import { UsageError } from '../errors.ts';
import {
  PREFERENCE_KEYS,
  preferenceKey,
  preferencesFile,
  preferenceText,
  withPreference,
} from '../update/index.ts';
import type { CommandContext } from './commands.ts';

export async function runConfig({ session, line, home, report }: CommandContext): Promise<void> {
  const [verb, name, value, ...more] = line.operands;
  const { host } = session;
  if (verb === 'get' && value === undefined) {
    const preferences = preferencesFile.load(host, home());
    const keys = name === undefined ? PREFERENCE_KEYS : [preferenceKey(name)];
    const text = keys
      .map((key) =>
        name === undefined
          ? `${key} = ${preferenceText(preferences, key)}`
          : preferenceText(preferences, key),
      )
      .join('\n');
    report.result('config', text, Object.fromEntries(keys.map((key) => [key, preferences[key]])));
    return;
  }
  if (verb === 'set' && name !== undefined && value !== undefined && more.length === 0) {
    const key = preferenceKey(name);
    const changed = await preferencesFile.change(host, home(), (preferences) =>
      withPreference(preferences, key, value),
    );
    report.result('config', `${key} = ${preferenceText(changed, key)}`, { [key]: changed[key] });
    return;
  }
  throw new UsageError(
    `config: wanted get [<key>] or set <key> <value>, found ${JSON.stringify(line.operands.join(' '))}`,
    { advice: `The keys are ${PREFERENCE_KEYS.join(', ')}.` },
  );
}
