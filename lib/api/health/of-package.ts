/** What a package has brought. Its manager replaces that, nobody else. */
import type { HealthIssue, HealthStatus } from '../../health/index.ts';
import type { Session } from '../../install/index.ts';
import { updaterLayout } from '../../install/layout.ts';
import type { Owner } from '../../install/ownership/evidence.ts';

/** Whether the issue is one of the executable, or of the updater beside it. */
export function isOfPackage({ host, layout }: Session, { where }: Pick<HealthIssue, 'where'>): boolean {
  return where === layout.target || where === updaterLayout(host, layout).target;
}

/** The status as the user is told of it. */
export async function leftToManager(session: Session, status: HealthStatus): Promise<HealthStatus> {
  const issues = await issuesLeft(session, status.issues);
  return { ...status, issues, repairableIssues: issues.filter(({ repair }) => repair !== null) };
}

/** What a package manager has to put back is nothing to repair here, and has its command. */
export async function issuesLeft(session: Session, issues: HealthIssue[]): Promise<HealthIssue[]> {
  const isOurs = (issue: HealthIssue) => issue.repair === null || !isOfPackage(session, issue);
  if (issues.every(isOurs)) return issues;
  const { ownerOf } = await import('../../install/ownership/owner.ts');
  const owner = await ownerOf(session);
  return owner === null ? issues : issues.map((issue) => (isOurs(issue) ? issue : ofManager(issue, owner)));
}

function ofManager(issue: HealthIssue, { manager, package: name, command }: Owner): HealthIssue {
  const advice = `It was installed by ${manager}, as the package ${name}. Update it with: ${command}`;
  return { ...issue, repair: null, advice };
}
