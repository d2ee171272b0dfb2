/** The proofs of the transactions have this in common: what is tried, and how an end is told from a fault of ours. */
import { describe, expect, test } from 'bun:test';
import { UpdaterError } from '../../../lib/errors.ts';
import { asUpdaterError } from '../../../lib/platform/failures.ts';
import { exhaust, type Scenario } from '../../host/exhaust.ts';
import { INSTALL_DIR } from '../../host/install.ts';

/** The exit code. A failure that the person is told of is a proper end; a fault of ours is not, and is thrown. */
export async function exitCode(work: Promise<unknown>): Promise<number> {
  try {
    await work;
    return 0;
  } catch (error) {
    const told = asUpdaterError(error, INSTALL_DIR);
    if (told instanceof UpdaterError) return told.exitCode;
    throw error;
  }
}

/** @param least how many faults, and stops in the recoveries after them, each trial has at the least */
export function everyFault(
  trials: readonly (readonly [name: string, trial: Scenario])[],
  least: { faults: number; stops: number },
): void {
  describe('every fault at every effect, and a stop at every effect of the recovery after it', () => {
    test.each(trials.map(([name, trial]) => ({ name, trial })))(
      '$name',
      async ({ name, trial }) => {
        const tally = await exhaust(trial);
        console.log(
          `  ${name}: ${tally.effects} effects, ${tally.points} faults, ${tally.recoveryPoints} stops in the recoveries after them`,
        );
        expect(tally.points).toBeGreaterThan(least.faults);
        expect(tally.recoveryPoints).toBeGreaterThan(least.stops);
      },
      // A bound for a loop that never ends, not for a busy machine.
      1_200_000,
    );
  });
}
