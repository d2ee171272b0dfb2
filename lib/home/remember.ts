/**
 * Saves how an update or a rollback ended, for the next check: a version that did not work here is not offered again. Every
 * update and rollback calls it once, whatever the outcome.
 */
import { errorMessage, InterruptedError, RevertedError, UpdaterError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { choicesFile, type UpdateOutcome, withOutcome } from './choices.ts';
import { addToHistory, type HistoryEntry } from './history.ts';

/** What was tried, for the history. */
export interface Undertaking extends Pick<HistoryEntry, 'kind' | 'from' | 'to' | 'installId'> {
  milliseconds: number;
  /** Undefined if it went well. */
  failure?: unknown;
  /** Whether its transaction is still open, so that something may be half changed. */
  isOpen: boolean;
}

/**
 * Saves the outcome in the home, for the next check and in the history. Returns the error if that fails, for a warning: it must neither make a finished update fail
 * nor hide the error of a failed one. Returns null if the outcome was saved.
 *
 * @param outcome what the next check has to know; null: nothing
 */
export async function rememberOutcome(
  host: Host,
  home: string,
  outcome: UpdateOutcome | null,
  { failure, isOpen, ...tried }: Undertaking,
): Promise<UpdaterError | null> {
  return save(host, home, outcome, {
    ...tried,
    ended: endOf(failure),
    reason: failure === undefined ? null : `${errorMessage(failure)}${isOpen ? UNFINISHED : ''}`,
  });
}

/** The same for what a run had begun, and another one has finished. */
export async function rememberFinished(
  host: Host,
  home: string,
  done: Pick<HistoryEntry, 'kind' | 'installId'> & { from: string; to: string },
): Promise<UpdaterError | null> {
  const { kind, from, to } = done;
  const outcome = kind === 'rollback' && from !== to ? ({ ended: 'rolled back', from, to } as const) : null;
  return save(host, home, outcome, { ...done, ended: 'finished', reason: null, milliseconds: null });
}

async function save(
  host: Host,
  home: string,
  outcome: UpdateOutcome | null,
  entry: Omit<HistoryEntry, 'at'>,
): Promise<UpdaterError | null> {
  try {
    if (outcome !== null)
      await choicesFile.change(host, home, (choices) => withOutcome(choices, outcome, host.clock.now()));
    await addToHistory(host, home, entry);
    return null;
  } catch (error) {
    if (error instanceof UpdaterError) return error;
    throw error;
  }
}

/** A later run adds how it ended in the end. */
const UNFINISHED = '; it has not ended: `dgmo-updater recover` finishes or undoes it';

function endOf(failure: unknown): HistoryEntry['ended'] {
  if (failure === undefined) return 'done';
  if (failure instanceof RevertedError) return 'reverted';
  return failure instanceof InterruptedError ? 'interrupted' : 'failed';
}
