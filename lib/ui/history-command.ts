/** `history`: every update, rollback and repair, and how it ended. */
import { type HistoryEntry, Installation } from '../api/index.ts';
import type { CommandContext } from './context.ts';
import { durationText, type LocalOffset, whenText } from './text/sizes.ts';
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
  const took = milliseconds === null ? '' : durationText(milliseconds);
  const end = reason === null ? ENDS[ended] : `${ENDS[ended]}: ${reason}`;
  return [whenText(at, localOffset), kind, from ?? '?', to ?? '?', took, end];
}

const ENDS: Record<HistoryEntry['ended'], string> = {
  done: 'done',
  reverted: 'did not work, the old version is back',
  failed: 'failed',
  interrupted: 'interrupted',
  finished: 'interrupted, and finished by a later run',
  undone: 'interrupted, and undone by a later run',
};
