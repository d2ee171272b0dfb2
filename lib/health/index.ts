/** Health: what is wrong with an installation, and putting it right. */
export type { Thoroughness } from './file-reader.ts';
export type { HealthIssue, HealthStatus, IssueType } from './issue.ts';
export { verifyInstall } from './verify.ts';
