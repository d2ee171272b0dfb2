/** The state of an installation in plain words, and what can be done about it. */
import type { HealthStatus, Remedy, Situation } from '../../api/index.ts';
import { changeText } from './change.ts';
import { describeIssues } from './health.ts';
import { asSentence, linesText } from './lines.ts';
import { ageText } from './sizes.ts';
import { managedText } from './update.ts';

/** @param now milliseconds since the epoch */
export function describeSituation(situation: Situation, now: number): string {
  const { remedies, managedBy, updatesOff } = situation;
  const options = remedies.map(
    (remedy) => `  ${COMMANDS[remedy].padEnd(23)}${remedyLabel(remedy, situation, now)}`,
  );
  return linesText([
    headline(situation),
    ...describeIssues(notImplied(situation)),
    ...(managedBy === null ? [] : [managedText(managedBy)]),
    ...settingsLines(situation),
    ...(updatesOff ? ['Updates are turned off: `dgmo-updater config explain updates` says by whom.'] : []),
    ...(options.length === 0 ? [] : ['What can be done:', ...options]),
  ]);
}

/** What is wrong with a file of the user's own is among the issues already. */
function settingsLines({ settingsProblem, health }: Situation): string[] {
  if (settingsProblem === null) return [];
  const { message, advice } = settingsProblem;
  const isTold = health.issues.some(({ what }) => what === message);
  return [
    ...(isTold ? [] : [`${asSentence(message)} ${advice ?? ''}`.trimEnd()]),
    'Until that is corrected nothing is looked for or installed.',
  ];
}

/** That nothing is installed says already that its receipt and its executable are missing, and what was interrupted is told. */
function notImplied({ version, interrupted, health }: Situation): HealthStatus {
  const implied = new Set([
    ...(version === null ? ['receipt_damaged', 'binary_corruption'] : []),
    ...(interrupted === null ? [] : ['transaction_open']),
  ]);
  return { ...health, issues: health.issues.filter(({ type }) => !implied.has(type)) };
}

function headline({
  app,
  version,
  revoked,
  installDir,
  interrupted,
  health,
  unconfirmed,
  remedies,
  settingsProblem,
}: Situation): string {
  if (version === null) {
    return remedies.includes('adopt')
      ? `There is a ${app} in ${installDir}, and it is not looked after yet.`
      : `${app} is not installed in ${installDir}.`;
  }
  // Which of the two versions is installed is not known before.
  if (interrupted !== null)
    return `${app} in ${installDir}: the ${changeText(interrupted)} was interrupted, and is neither finished nor undone.`;
  const what = `${app} ${version} is installed in ${installDir}`;
  if (!health.healthy) return `${what}, and something is wrong with it.`;
  if (revoked !== null) return `${what}, and its publisher has revoked it: ${asSentence(revoked)}`;
  if (unconfirmed === null)
    return `${what}, and ${settingsProblem === null ? 'it is healthy' : 'its files are whole'}.`;
  const { failedStarts } = unconfirmed;
  const starts = failedStarts === 0 ? '' : `; ${failedStarts} of its last starts ended before that`;
  return `${what}. Its files are whole, but it has not confirmed yet that it is well${starts}.`;
}

const COMMANDS: Record<Remedy, string> = {
  recover: 'dgmo-updater recover',
  repair: 'dgmo-updater repair',
  install: 'dgmo-updater repair',
  adopt: 'dgmo-updater init',
  rollback: 'dgmo-updater rollback',
  update: 'dgmo-updater update',
};

/** What the remedy does, for the list and for the menu. */
export function remedyLabel(remedy: Remedy, { app, goBackTo, version }: Situation, now: number): string {
  switch (remedy) {
    case 'recover':
      return 'Finish or undo what was interrupted';
    case 'repair':
      return 'Repair what is damaged; settings and data are kept';
    case 'install':
      return `Install the newest ${app} from its feed`;
    case 'adopt':
      return `Record the ${app} that is there, so that it can be updated`;
    case 'update':
      return 'Look for an update';
    case 'rollback': {
      if (goBackTo === null) return 'Go back to the state before';
      const when =
        goBackTo.taken === null
          ? ''
          : `, as of ${ageText(Math.max(0, now - goBackTo.taken))} ago, with its data`;
      if (goBackTo.version === version) return `Go back within ${version}${when}`;
      return `${goBackTo.isNewer ? 'Return' : 'Go back'} to ${goBackTo.version}${when}`;
    }
  }
}
