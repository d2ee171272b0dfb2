/** Whether a restore succeeded: statuses are compared, and what was written is read again. */
import { DamagedError } from '../../errors.ts';
import type { FileStatus } from '../../platform/disk.ts';
import { statusOf } from '../../platform/files.ts';
import { type Difference, differs } from './difference.ts';
import { fileHolds } from './file-holds.ts';
import { type Plan, planRestore, type RestoreRequest, type RootPlan } from './plan.ts';

/**
 * Throws DamagedError if something differs from the snapshot. With the plan that was carried out, only what it changed is
 * compared; without one, everything.
 *
 * @param kept what `carryOut` returned: paths whose times and modes could not be set, and are not compared
 */
export function verifyRestored(
  request: RestoreRequest,
  plan?: Plan,
  kept: ReadonlySet<string> = new Set(),
): void {
  const wrong =
    plan === undefined ? firstDifference(planRestore(request)) : firstFailure(request, plan, kept);
  if (wrong === null) return;
  throw new DamagedError(`${wrong} differs from the snapshot ${request.snapshot.id} after it was restored`);
}

function firstDifference({ roots, empty }: Plan): string | null {
  if (empty) return null;
  for (const { folder, difference } of roots) {
    const [first] = pathsIn(difference);
    if (first !== undefined) return `${first} in ${folder}`;
  }
  return roots.map(({ folder }) => folder).join(' or ');
}

function pathsIn({ write, remove, folders, touch }: Difference): string[] {
  return [...write, ...remove, ...folders, ...touch].map(({ path }) => path);
}

function firstFailure(request: RestoreRequest, { roots }: Plan, kept: ReadonlySet<string>): string | null {
  for (const root of roots) {
    const path = failureIn(request, root, kept);
    if (path !== null) return path === '' ? root.folder : request.layout.join(root.folder, path);
  }
  return null;
}

function failureIn(
  { host: { disk }, layout }: RestoreRequest,
  root: RootPlan,
  kept: ReadonlySet<string>,
): string | null {
  const { remove, folders, write, touch } = root.difference;
  const at = (path: string) => layout.join(root.folder, path);
  const mode = disk.status(root.folder)?.mode;
  if (root.tree !== null && mode !== root.tree.mode && !kept.has(root.folder)) return '';
  const isOther = (status: FileStatus, entry: { path: string; mode: number; modified: number }) =>
    differs(status, entry) && !kept.has(at(entry.path));
  const written = new Set([...folders, ...write].map(({ path }) => path));
  const isBelow = (path: string) =>
    path.split('/').some((_, index, names) => written.has(names.slice(0, index + 1).join('/')));
  for (const { path } of remove) if (!isBelow(path) && statusOf(disk, at(path)) !== null) return path;
  for (const entry of [...folders, ...write, ...touch]) {
    const status = statusOf(disk, at(entry.path));
    switch (entry.kind) {
      case 'folder':
        if (status?.kind !== 'directory' || isOther(status, entry)) return entry.path;
        break;
      case 'link':
        if (status?.kind !== 'symlink' || disk.readLink(at(entry.path)) !== entry.target) return entry.path;
        break;
      case 'file':
        if (status?.kind !== 'file' || status.size !== entry.size || isOther(status, entry))
          return entry.path;
        if (!fileHolds(disk, layout, at(entry.path), entry)) return entry.path;
    }
  }
  return null;
}
