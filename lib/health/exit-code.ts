import type { HealthIssue } from './issue.ts';

/** The exit code of a check that has found these. A damaged file matters more than what others may write, and that than the machine. */
export function worstCode(found: readonly (HealthIssue['exitCode'] | 0)[]): HealthIssue['exitCode'] | 0 {
  return ([11, 10, 12] as const).find((code) => found.includes(code)) ?? 0;
}
