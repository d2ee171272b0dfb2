/** `config list | get | set | unset | explain`: the settings, and who decided them. */
import {
  type Decider,
  PREFERENCE_KEYS,
  type PreferenceKey,
  preferenceKey,
  type Setting,
  UpdateManager,
} from '../../api/index.ts';
import type { CommandContext } from '../context.ts';
import { parseVerb } from '../parsing/verbs.ts';
import { asSentence, oneLine } from '../text/lines.ts';
import { deciderText, SETTING_TEXTS } from '../text/settings.ts';
import { table } from '../text/table.ts';
import { sayUnknownVariables } from './unknown-variables.ts';

export async function runConfig(context: CommandContext): Promise<void> {
  const { line, report, install } = context;
  const { verb, words } = parseVerb('config', line.operands, 'list');
  const [name, value = ''] = words;
  const manager = new UpdateManager(install);
  sayUnknownVariables(context);
  switch (verb) {
    case 'list':
      return list(report, manager);
    case 'get':
      return get(report, manager, name);
    case 'explain':
      return explain(report, manager, name);
    case 'set': {
      const key = preferenceKey(name ?? '');
      await manager.setPreferenceText(key, value);
      return changed(report, manager, key);
    }
    case 'unset':
      await manager.resetPreference(name ?? '');
      return changed(report, manager, name ?? '');
  }
}

type Reports = CommandContext['report'];

/** In the order in which the help explains them. */
function inOrder(settings: readonly Setting[]): Setting[] {
  const order = Object.keys(SETTING_TEXTS);
  return settings.toSorted((a, b) => order.indexOf(a.key) - order.indexOf(b.key));
}

function list(report: Reports, manager: UpdateManager): void {
  const { settings, policyIgnored, faults } = manager.settings();
  const rows = inOrder(settings).map(({ key, value, decidedBy, where }) => [
    key,
    value,
    decidedBy === 'default' ? '' : deciderText(decidedBy, where),
  ]);
  if (policyIgnored !== null) report.text(ignoredText(policyIgnored));
  sayFaults(report, faults, THE_REST);
  report.result(
    'config',
    table(['KEY', 'VALUE', 'DECIDED BY'], rows),
    { settings, policyIgnored, ...faultData(faults) },
    faults[0]?.exitCode,
  );
}

function get(report: Reports, manager: UpdateManager, name: string | undefined): void {
  const only = name === undefined ? null : preferenceKey(name);
  const preferences = manager.preferences();
  const { settings } = manager.settings();
  const lines = inOrder(settings)
    .filter(({ key }) => only === null || key === only)
    .map(({ key, value }) => (only === null ? `${key} = ${value}` : value));
  const keys = only === null ? PREFERENCE_KEYS : [only];
  report.result('config', lines.join('\n'), Object.fromEntries(keys.map((key) => [key, preferences[key]])));
}

function explain(report: Reports, manager: UpdateManager, name: string | undefined): void {
  const only = name === undefined ? null : preferenceKey(name);
  const { settings, policyIgnored, faults } = manager.settings();
  const chosen = inOrder(settings).filter(({ key }) => only === null || key === only);
  const ignored = policyIgnored === null ? [] : [ignoredText(policyIgnored)];
  sayFaults(report, faults, THE_REST);
  report.result(
    'config',
    [...ignored, ...chosen.map(explainText)].join('\n\n'),
    {
      settings: chosen.map((setting) => ({ ...setting, values: SETTING_TEXTS[setting.key].values })),
      policyIgnored,
      ...faultData(faults),
    },
    faults[0]?.exitCode,
  );
}

type Faults = ReturnType<UpdateManager['settings']>['faults'];

const THE_REST = ' These are the settings without it:';

/** What can't be understood stops whatever goes by the settings, and is in none of the rows. */
function sayFaults(report: Reports, faults: Faults, then: string): void {
  for (const { message, advice } of faults)
    report.text(oneLine(`${asSentence(message)} ${advice ?? ''}`.trim()));
  if (faults.length > 0) report.text(`Until that is corrected nothing is looked for or installed.${then}`);
}

function faultData(faults: Faults) {
  return { problems: faults.map(({ message, advice }) => ({ message, advice: advice ?? null })) };
}

function explainText({ key, value, decidedBy, where, variable, overridden }: Setting): string {
  const { about, values } = SETTING_TEXTS[key];
  return [
    `${key} = ${value}`,
    `  ${about}`,
    `  Decided by:  ${deciderText(decidedBy, where)}`,
    ...overridden.map(
      (other) => `  Overruled:   ${other.value}, by ${deciderText(other.decidedBy, other.where)}`,
    ),
    `  May be:      ${values}`,
    `  To change:   ${changeText(decidedBy, key, variable)}`,
  ].join('\n');
}

function changeText(decidedBy: Decider, key: PreferenceKey, variable: string): string {
  if (decidedBy === 'policy') return 'only an administrator can';
  const set = `\`dgmo-updater config set ${key} <value>\``;
  return decidedBy === 'environment'
    ? `${variable} in the environment; ${set} counts where that is not set`
    : `${set}, or ${variable} in the environment`;
}

function changed(report: Reports, manager: UpdateManager, key: string): void {
  const { settings, preferences, faults } = manager.settings();
  const setting = settings.find((one) => one.key === key);
  sayFaults(report, faults, '');
  if (setting === undefined) {
    report.result('config', `${key} is removed.`, { removed: key });
    return;
  }
  const { value, decidedBy, where, overridden } = setting;
  const own = overridden.find((other) => other.decidedBy === 'user');
  const text =
    decidedBy === 'environment'
      ? `${key} is saved${own === undefined ? '' : ` as ${own.value}`}, but here it is ${value}, by ${deciderText(decidedBy, where)}.`
      : `${key} = ${value}`;
  report.result('config', text, { [key]: preferences[setting.key], decidedBy });
}

function ignoredText(reason: string): string {
  return `The administrator's policy is ignored: ${reason}.`;
}
