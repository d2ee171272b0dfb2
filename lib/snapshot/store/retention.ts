/** Which snapshots are outdated: a pure decision. */
import type { Listed } from '../document.ts';
import { NewerSchemaError } from './tree.ts';

export interface Retention {
  /** All snapshots of the store, the oldest first. */
  listed: readonly Listed[];
  /** Of this installation: another one that shares the home prunes its own snapshots. */
  installId: string;
  keep: number;
  /** Ids of the snapshots that the receipt or an open transaction needs. */
  needed: ReadonlySet<string>;
}

/**
 * The ids of the snapshots to remove: all but the newest `keep`, the pinned ones, and the needed ones. An update that fails
 * again and again takes snapshots of the same state: of those the older ones are removed first, so that they never push out
 * a snapshot of another state. Snapshots that the user took all count. A damaged document does not tell which installation
 * it belongs to; it is removed once it is older than everything that is kept, since it prevents freeing space.
 */
export function outdated({ listed, installId, keep, needed }: Retention): string[] {
  const own = listed.filter(({ found }) => !(found instanceof Error) && found.installId === installId);
  const kept = new Set(byWorth(own).slice(0, keep));
  const oldest = own.length < keep ? 0 : listed.findIndex(({ id }) => kept.has(id));
  const goes = (one: Listed, index: number) =>
    one.found instanceof NewerSchemaError
      ? false
      : one.found instanceof Error
        ? index < oldest
        : one.found.installId === installId && !kept.has(one.id);
  return listed
    .filter((one, index) => goes(one, index) && !one.pinned && !needed.has(one.id))
    .map(({ id }) => id);
}

/**
 * The ids in the order in which they are kept: first the newest of each state, then the others; the newer ones first.
 */
function byWorth(listed: readonly Listed[]): string[] {
  const states = new Set<string>();
  const first: string[] = [];
  const repeated: string[] = [];
  for (const { id, found } of listed.toReversed()) {
    const state = found instanceof Error || found.kind === 'manual' ? null : found.metadata.checksum;
    (state !== null && states.has(state) ? repeated : first).push(id);
    if (state !== null) states.add(state);
  }
  return [...first, ...repeated];
}
