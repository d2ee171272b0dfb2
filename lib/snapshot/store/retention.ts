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
 * The ids that go: all but the last `keep`, the pinned ones, and those that are needed. A damaged document tells no longer
 * whose it was: it goes where it is older than all that are kept, since as long as it stands no room can be given back.
 */
export function outdated({ listed, installId, keep, needed }: Retention): string[] {
  const own = listed.filter(({ found }) => !(found instanceof Error) && found.installId === installId);
  const last = own.slice(Math.max(0, own.length - keep));
  const kept = new Set(last.map(({ id }) => id));
  const oldest = own.length < keep ? 0 : listed.findIndex(({ id }) => id === last[0]?.id);
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
