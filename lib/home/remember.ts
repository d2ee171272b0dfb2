/**
 * Saves how an update or a rollback ended, for the next check: a version that did not work here is not offered again. Every
 * update and rollback calls it once, whatever the outcome.
 */
import { UpdaterError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { choicesFile, type UpdateOutcome, withOutcome } from './choices.ts';

/**
 * Saves the outcome in the home. Returns the error if that fails, for a warning: it must neither make a finished update fail
 * nor hide the error of a failed one. Returns null if the outcome was saved.
 */
export async function rememberOutcome(
  host: Host,
  home: string,
  outcome: UpdateOutcome,
): Promise<UpdaterError | null> {
  try {
    await choicesFile.change(host, home, (choices) => withOutcome(choices, outcome, host.clock.now()));
    return null;
  } catch (error) {
    if (error instanceof UpdaterError) return error;
    throw error;
  }
}
