/** Spec 5.6.7: the search for one target through the delegations, depth first, in the written order. */
import { TrustError } from '../../errors.ts';
import { printable } from '../../format/printable.ts';
import { MAX_DELEGATIONS } from './limits.ts';
import { loadTargets, type RefreshContext } from './refresh.ts';
import { checkTargetPath, type TargetInfo, targetInfo } from './target.ts';
import type { TrustedMetadata } from './trusted-metadata.ts';

/**
 * Null if no role lists `path`. Throws TrustError if the search does not end within MAX_DELEGATIONS, or a role on the way has
 * expired at `now`, which may be long after the refresh.
 */
export async function search(
  context: RefreshContext,
  trusted: TrustedMetadata,
  path: string,
  now: number,
): Promise<TargetInfo | null> {
  checkTargetPath(path);
  const toVisit = [{ role: 'targets', delegator: 'root' }];
  const visited = new Set<string>();
  for (let next = toVisit.pop(); next !== undefined; next = toVisit.pop()) {
    const { role, delegator } = next;
    // 5.6.7.1: a circle of delegations.
    if (visited.has(role)) continue;
    if (visited.size > MAX_DELEGATIONS) {
      throw new TrustError(
        `not trusted: wanted ${printable(path)} within ${MAX_DELEGATIONS} delegated roles, found more`,
      );
    }
    await loadTargets(context, trusted, role, delegator);
    trusted.checkTargetsExpiry(role, now);
    visited.add(role);
    const signed = trusted.targets(role)?.signed;
    const found = Object.hasOwn(signed?.targets ?? {}, path) ? signed?.targets[path] : undefined;
    if (found !== undefined) return targetInfo(found, role, trusted.root.signed.consistentSnapshot);

    const children: typeof toVisit = [];
    for (const child of signed?.delegations?.rolesForTarget(path) ?? []) {
      children.push({ role: child.role, delegator: role });
      if (!child.terminating) continue;
      // 5.6.7.2.1: no role after a terminating one is searched.
      toVisit.length = 0;
      break;
    }
    toVisit.push(...children.reverse());
  }
  return null;
}
