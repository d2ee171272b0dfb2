/** An update and a rollback on a simulated machine, by the functions that the classes of `lib/api/` call. */
import { type ApplyRequest, applyPackages } from '../../lib/api/apply.ts';
import { rollBack } from '../../lib/api/rollback.ts';
import type { Applied, RollbackWish, RolledBack, Session } from '../../lib/install/index.ts';

/** Waits for no process and starts nothing, unless `more` says so. */
export function applyOn(
  session: Session,
  packages: readonly string[],
  more: Partial<ApplyRequest>,
): Promise<Applied> {
  return applyPackages(session, {
    packages,
    route: null,
    fallback: null,
    baseline: null,
    evolutions: 'auto',
    allowDowngrade: false,
    root: null,
    waitFor: undefined,
    noWait: true,
    relaunch: false,
    args: [],
    outputToError: false,
    ...more,
  });
}

export function rollBackOn(session: Session, to: RollbackWish = {}): Promise<RolledBack> {
  return rollBack(session, { to, kill: 'never', relaunch: false, args: [], outputToError: false });
}
