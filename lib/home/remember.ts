/**
 * Remembers how an update or a rollback ended, for the next check: what did not work here is not offered again by itself.
 * The conductor of the operation calls it once, whatever the outcome and whoever had asked for it.
 */
import { UpdaterError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { choicesFile, type UpdateOutcome, withOutcome } from './choices.ts';

/**
 * Writes the outcome into the home. An update that is done must not fail because that can't be written, nor must the
 * reason of one that failed be hidden by it: so the failure is returned, for a warning; null if there was none.
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
