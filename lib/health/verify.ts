/** The check of a whole installation. It changes nothing but the record of what was read. */
import { checkpoint, type Session } from '../install/index.ts';
import { checkConfig } from './check/config.ts';
import { checkExecutables } from './check/executables.ts';
import { checkHome, checkStore } from './check/home.ts';
import { checkPlugins } from './check/plugins.ts';
import { checkRecords } from './check/records.ts';
import { checkSearchPath } from './check/search-path.ts';
import { FileReader, type Thoroughness } from './file-reader.ts';
import { type HealthIssue, type HealthStatus, healthOf } from './issue.ts';

/**
 * Never throws because of what it finds: a file that can't be read is an issue. Throws InterruptedError on Ctrl-C.
 *
 * @param how `quick`: files that have not been written since they were last read are not read again
 */
export async function verifyInstall(session: Session, how: Thoroughness): Promise<HealthStatus> {
  const files = new FileReader(session, how);
  const { readsAll } = files;
  const { receipt, issues } = checkRecords(session);
  issues.push(...checkExecutables(session, receipt, files));
  await checkpoint(session);
  const { snapshots } = session;
  if (snapshots !== null) {
    issues.push(...checkConfig(session, snapshots));
    issues.push(...checkPlugins(session, snapshots, files));
    issues.push(...checkHome(session, snapshots, files));
    if (readsAll) issues.push(...(await checkStore(session, snapshots, () => checkpoint(session))));
  }
  issues.push(...checkSearchPath(session));
  files.save();
  return healthOf(withoutRepetition(issues), { full: readsAll, bytesRead: files.bytesRead });
}

/** Two checks may find the same fault of the same file. */
function withoutRepetition(issues: readonly HealthIssue[]): HealthIssue[] {
  const seen = new Set<string>();
  return issues.filter(({ type, where, what }) => {
    const key = `${type}\n${where}\n${type === 'permission_error' ? what : ''}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
