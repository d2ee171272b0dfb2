/**
 * Whether a package manager owns the executable. It would not know of an update, and undo it, or fail at it, with its next
 * one. So the updater leaves such an installation alone, and says which command updates it.
 *
 * A manager is known by what it has written down about the file, never by a word in the path: many a hand-made install is in a
 * folder called `brew` or `.npm`.
 */
import { ManagedInstallError } from '../../errors.ts';
import type { Session } from '../session.ts';
import { databaseOwner } from './databases.ts';
import { Evidence, type Owner } from './evidence.ts';
import { folderOwner } from './folders.ts';
import { nodeOwner } from './node-modules.ts';
import { rpmOwner } from './rpm.ts';

/** Null if no package manager is known to own the executable. */
export async function ownerOf(session: Pick<Session, 'host' | 'layout'>): Promise<Owner | null> {
  const { host } = session;
  const evidence = new Evidence(session);
  return (
    folderOwner(evidence) ??
    nodeOwner(evidence) ??
    (host.platform === 'linux' && mayBeOfSystem(evidence)
      ? (databaseOwner(evidence) ?? (await rpmOwner(host.processes, evidence)))
      : null)
  );
}

const ROOT = 0;

/** The managers of a system install as root. Their databases take long to read, so they are not asked of what is a person's, in their own folder. */
function mayBeOfSystem(evidence: Evidence): boolean {
  const { path } = evidence;
  return [path, evidence.parent(path)].some((each) => {
    const status = evidence.status(each);
    return status === null || status.owner === ROOT;
  });
}

/** Throws ManagedInstallError if a package manager owns the executable. */
export async function requireUnmanaged(session: Pick<Session, 'host' | 'layout'>): Promise<void> {
  const owner = await ownerOf(session);
  if (owner === null) return;
  throw leftTo(owner, session, 'nothing was changed');
}

/** @param done what was done instead, as a clause */
export function leftTo(
  { manager, package: name, command, evidence }: Owner,
  { layout }: Pick<Session, 'layout'>,
  done: string,
): ManagedInstallError {
  return new ManagedInstallError(
    `${layout.target} was installed by ${manager}, as the package ${name} (according to ${evidence}); ${done}`,
    { manager, package: name, command },
  );
}
