/** Which blocks of the executable are damaged. */
import { differingBlocks } from '../../delta/index.ts';
import { checkpoint, type Receipt, type Session } from '../../install/index.ts';
import { keptBlockList } from '../../install/kept-blocks.ts';
import { openSource } from '../../platform/files.ts';
import type { HealthIssue } from '../issue.ts';

/** Says which blocks of the executable differ, if the list of its blocks is kept here. */
export async function withBlocks(
  session: Session,
  receipt: Receipt | null,
  issue: HealthIssue,
): Promise<HealthIssue> {
  const { host, layout } = session;
  const binary = receipt?.binary;
  const isFile = issue.where === layout.target && host.disk.status(layout.target)?.kind === 'file';
  if (issue.type !== 'binary_corruption' || !isFile || binary === undefined) return issue;
  const list = keptBlockList(host, layout, binary);
  if (list === null) return issue;
  const source = openSource(host.disk, layout.target);
  try {
    const differing = await differingBlocks(source, list, () => checkpoint(session));
    if (differing.length === 0) return issue;
    return { ...issue, what: `${issue.what}; ${differingText(differing, list.count)}` };
  } finally {
    source.close();
  }
}

/**
 * @param differing numbers of blocks, at least one
 * @param count of all that there are
 */
export function differingText(differing: readonly number[], count: number): string {
  const all = `its ${count} blocks of 64 KiB`;
  return differing.length === 1
    ? `block ${differing[0]} of ${all} differs`
    : `${differing.length} of ${all} differ, the first is block ${differing[0]}`;
}
