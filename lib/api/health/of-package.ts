/** What a package has brought. Its manager replaces that, nobody else. */
import type { HealthIssue } from '../../health/index.ts';
import type { Session } from '../../install/index.ts';
import { updaterLayout } from '../../install/layout.ts';

/** Whether the issue is one of the executable, or of the updater beside it. */
export function isOfPackage({ host, layout }: Session, { where }: Pick<HealthIssue, 'where'>): boolean {
  return where === layout.target || where === updaterLayout(host, layout).target;
}
