/** Looking at the disk: which of the two binaries of a transaction stands where. */

import type { Session } from '../session.ts';
import type { OpenTransaction } from './journal.ts';
import type { Content, Observed } from './next.ts';

export function observe(session: Session, open: OpenTransaction): Observed {
  const { layout } = session;
  const content = (path: string): Content => {
    const digest = session.digests.of(path);
    if (digest === null) return 'missing';
    if (digest.sha256 === open.from.sha256) return 'old';
    return digest.sha256 === open.to.sha256 ? 'new' : 'other';
  };
  return {
    target: content(layout.target),
    staged: content(layout.staged(open.id)),
    kept: content(layout.kept(open.from.sha256)),
    away: content(layout.away(open.id)),
  };
}
