/** The way back from a version that its publisher has revoked: a state that was kept on this machine. */
import { UpdaterError } from '../../errors.ts';
import { rollbackTarget, type Session } from '../../install/index.ts';
import { listSnapshots } from '../../snapshot/index.ts';
import type { ChannelIndex } from '../../version/index.ts';

export interface WayBack {
  /** Null: the executable that the last update replaced, without its data. */
  snapshot: string | null;
  version: string;
}

/** The newest kept state of a version that is not revoked, and has worked here, to which a rollback may go; null if there is none. */
export function findWayBack(session: Session, { revoked }: Pick<ChannelIndex, 'revoked'>): WayBack | null {
  const { host, snapshots } = session;
  const listed = snapshots === null ? [] : listSnapshots(host.disk, snapshots.layout);
  for (const { id } of listed.toReversed()) {
    const found = wayTo(session, { snapshot: id });
    if (found !== null && !revoked.some(({ version }) => version === found.version)) return found;
  }
  const kept = wayTo(session, {});
  return kept === null || revoked.some(({ version }) => version === kept.version) ? null : kept;
}

function wayTo(session: Session, wish: Parameters<typeof rollbackTarget>[1]): WayBack | null {
  try {
    const { snapshot, to, rejected } = rollbackTarget(session, wish);
    if (rejected !== null) return null;
    return { snapshot: snapshot?.id ?? null, version: to.version };
  } catch (error) {
    // Of another installation, damaged, or not allowed by the release.
    if (!(error instanceof UpdaterError)) throw error;
    return null;
  }
}
