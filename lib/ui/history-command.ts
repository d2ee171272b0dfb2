/** `history`: every update, rollback and repair, and how it ended. */
import { type HistoryEntry, Installation } from '../api/index.ts';
import { type LocalOffset, localTime } from '../api/words.ts';
import type { CommandContext } from './context.ts';
import { isInstall } from './text/change.ts';
import { durationText } from './text/sizes.ts';
import { table } from './text/table.ts';

export async function runHistory({ report, install, host }: CommandContext): Promise<void> {
  const entries = await new Installation({ ...install, onEvent: report.event }).history();
  const text =
    entries.length === 0
      ? 'Nothing was updated, rolled back or repaired here yet.'
      : table(
          ['WHEN', 'WHAT', 'FROM', 'TO', 'TOOK', 'ENDED'],
          entries.map((entry) => rowOf(entry, host.localOffset)),
        );
  report.result('history', text, { entries });
}

function rowOf(
  { at, kind, from, to, milliseconds, ended, reason }: HistoryEntry,
  localOffset: LocalOffset,
): string[] {
  const what = isInstall({ kind, from }) ? 'install' : kind;
  const took = milliseconds === null ? '' : durationText(milliseconds);
  // The reason of an interruption begins with the same word, and that of a return says both.
  const tellsAll = reason?.startsWith(ENDS[ended]) === true || ended === 'reverted';
  const isDone = reason === null || ended === 'finished';
  const end = isDone ? ENDS[ended] : tellsAll ? reason : `${ENDS[ended]}: ${reason}`;
  return [localTime(at, localOffset), what, from ?? (what === 'install' ? '-' : '?'), to ?? '?', took, end];
}

const ENDS: Record<HistoryEntry['ended'], string> = {
  done: 'done',
  reverted: 'did not work, the old version is back',
  failed: 'failed',
  interrupted: 'interrupted',
  finished: 'interrupted, and finished by a later run',
  undone: 'interrupted, and undone by a later run',
};
