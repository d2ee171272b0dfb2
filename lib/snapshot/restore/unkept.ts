/**
 * What a restore would lose for good: paths that it changes, and that the snapshot of what stands could not take because
 * they may not be read.
 */

import type { Disk } from '../../platform/disk.ts';
import { rootsOf, type Snapshot } from '../document.ts';
import type { StoreLayout } from '../store/layout.ts';
import { readTree } from '../store/writer.ts';
import type { Plan } from './plan.ts';

/** The first such path, in full; null where there is none. */
export function unkept(disk: Disk, layout: StoreLayout, before: Snapshot, { roots }: Plan): string | null {
  // Whatever is skipped is warned of as well.
  if (before.warnings.length === 0) return null;
  const skipped = rootsOf(before).flatMap(({ root }) =>
    root.tree === null
      ? []
      : readTree(disk, layout, root.tree)
          .entries.filter(({ kind }) => kind === 'skipped')
          .map(({ path }) => layout.join(root.resolved, path)),
  );
  if (skipped.length === 0) return null;
  for (const { folder, difference } of roots) {
    const { remove, folders, write, touch } = difference;
    for (const { path } of [...remove, ...folders, ...write, ...touch]) {
      const full = layout.join(folder, path);
      const found = skipped.find(
        (one) => full === one || full.startsWith(layout.join(one, 'x').slice(0, -1)),
      );
      if (found !== undefined) return found;
    }
  }
  return null;
}
