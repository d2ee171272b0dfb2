/** What a check of the installation found, as text. */
import type { HealthIssue, HealthStatus } from '../../api/index.ts';
import { countText } from './sizes.ts';

export function describeHealth(status: HealthStatus): string {
  const { healthy, issues, repairableIssues } = status;
  const damage = issues.filter(({ severity }) => severity === 'damage');
  const notices = issues.filter(({ severity }) => severity === 'notice');
  const lines = healthy
    ? ['The installation is healthy.']
    : [`${countText(damage.length, 'problem')} found:`, ...damage.flatMap(describeIssue)];
  if (notices.length > 0) lines.push('Worth knowing:', ...notices.flatMap(describeIssue));
  if (repairableIssues.length > 0 && !healthy)
    lines.push('Run `dgmo-updater repair` to put right what can be.');
  return lines.join('\n');
}

function describeIssue({ what, where, repair, advice }: HealthIssue): string[] {
  const about = what.includes(where) ? what : `${where}: ${what}`;
  const next =
    repair === null ? advice : [`repair would ${repair}`, advice].filter((part) => part !== null).join('. ');
  return [
    `  ${about}.`,
    ...(next === null
      ? []
      : [`    ${next.slice(0, 1).toUpperCase()}${next.slice(1)}${/[.!]$/.test(next) ? '' : '.'}`]),
  ];
}

/** The exit code of a finished check. A damaged file matters more than one that can't be run. */
export function healthCode({ healthy, issues }: HealthStatus): 0 | 11 | 12 {
  if (healthy) return 0;
  return issues.some(({ severity, exitCode }) => severity === 'damage' && exitCode === 11) ? 11 : 12;
}
