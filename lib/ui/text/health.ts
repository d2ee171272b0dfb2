/** What a check of the installation found, as text. */
import type { HealthIssue, HealthStatus, RepairResult } from '../../api/index.ts';
import type { Stage } from '../../api/screen/stages.ts';
import { type LocalOffset, worstCode } from '../../api/words.ts';
import type { ExitCode } from '../../errors.ts';
import { capitalized, linesText } from './lines.ts';
import { bytesText, countText, snapshotName } from './sizes.ts';

/** What `verify` and `repair` begin with. */
export const READING: Stage = {
  label: 'Reading the installation',
  finished: 'Read the installation',
  bytes: true,
};

/** @param typed the command is `repair` itself: it is no advice to type that */
export function describeHealth(status: HealthStatus, typed = false): string {
  const { healthy, repairableIssues } = status;
  const lines = [...(healthy ? ['The installation is healthy.'] : []), ...describeIssues(status)];
  if (repairableIssues.length > 0 && !healthy && !typed)
    lines.push('Run `dgmo-updater repair` to put right what can be.');
  return linesText(lines);
}

/** The problems, then what is only worth knowing. */
export function describeIssues({ issues }: HealthStatus): string[] {
  const damage = issues.filter(({ severity }) => severity === 'damage');
  const notices = issues.filter(({ severity }) => severity === 'notice');
  return [
    ...(damage.length === 0
      ? []
      : [`${countText(damage.length, 'problem')} found:`, ...damage.flatMap(describeIssue)]),
    ...(notices.length === 0 ? [] : ['Worth knowing:', ...notices.flatMap(describeIssue)]),
  ];
}

function describeIssue({ what, where, repair, advice }: HealthIssue): string[] {
  const about = what.includes(where) ? what : `${where}: ${what}`;
  const next =
    repair === null ? advice : [`repair would ${repair}`, advice].filter((part) => part !== null).join('. ');
  return [
    `  ${about}.`,
    ...(next === null ? [] : [`    ${capitalized(next)}${/[.!]$/.test(next) ? '' : '.'}`]),
  ];
}

type Failed = RepairResult['failed'][number];

/** What the machine does not allow the user can change, even if it is only worth knowing. */
function isSerious({ issue, exitCode }: Failed): boolean {
  return issue.severity === 'damage' || exitCode === 12;
}

/** What was repaired and what was not. What is only worth knowing, and could not be put right, is left out. */
export function describeRepair(
  { repaired, failed, sources, bytesFetched, snapshot, installed, success }: RepairResult,
  localOffset: LocalOffset,
): string {
  const serious = failed.filter(isSerious);
  if (repaired.length === 0 && serious.length === 0)
    return 'The installation is healthy: there was nothing to repair.';
  const how = (where: string) => sources.findLast((source) => source.where === where)?.how;
  const places = [...new Set(repaired.map(({ where }) => where))];
  const fetched = bytesFetched === 0 ? 'nothing was downloaded' : `${bytesText(bytesFetched)} downloaded`;
  if (installed !== null && success)
    return `${installed} is installed (${bytesText(bytesFetched)} downloaded).`;
  return linesText([
    ...places.map((where) => `Repaired ${where}${how(where) === undefined ? '' : `: ${how(where)}`}.`),
    ...serious.flatMap(({ issue, error, advice }) => [
      `Not repaired: ${error.includes(issue.where) ? error : `${issue.where}: ${error}`}.`,
      ...(advice === null ? [] : [`  ${advice}`]),
    ]),
    `${success && serious.length === 0 ? 'The installation is healthy' : `${countText(serious.length, 'problem')} left`} (${fetched}).`,
    ...(snapshot === null
      ? []
      : [`The state before is kept as snapshot ${snapshotName(snapshot, localOffset)}.`]),
  ]);
}

/** The exit code of a finished check. */
export function healthCode({ issues }: HealthStatus): ReturnType<typeof worstCode> {
  return worstCode(issues.filter(({ severity }) => severity === 'damage').map(({ exitCode }) => exitCode));
}

/** The exit code of a repair: why the first thing that is still damaged could not be repaired says who must act. */
export function repairCode({ health, failed }: RepairResult): ExitCode {
  const tried = failed.find((one) => isSerious(one) && one.exitCode !== null);
  return tried?.exitCode ?? healthCode(health);
}
