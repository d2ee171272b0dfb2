/** Which snapshots go: a pure decision. */
import type { Listed } from '../document.ts';
import { NewerSchemaError } from './tree.ts';

export const KEEP = 5;

export interface Retention {
  /** All of the store, the oldest first. */
  listed: readonly Listed[];
  /** Of this install: snapshots of another one in the same home are for its own updater to prune. */
  installId: string;
  keep: number;
  /** What the receipt, or a transaction that is open, needs. */
  needed: ReadonlySet<string>;
}

/**
 * The ids that go: all but `keep`, the pinned ones, and those that are needed. The newest are kept, but of automatic
 * snapshots of the same state, such as updates that fail again and again take, the older ones go first: they never push
 * out a snapshot of something else. A damaged document does not tell whose it was: it goes once it is older than all that
 * are kept, since no space can be freed as long as it is there.
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

/** The ids, what is worth most first: the newest of each state, then the others. */
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
