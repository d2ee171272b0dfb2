/** What the proofs of the transactions share: running a scenario with every fault, and the exit code of an operation. */
import { describe, expect, test } from 'bun:test';
import { UpdaterError } from '../../../lib/errors.ts';
import { asUpdaterError } from '../../../lib/platform/failures.ts';
import { exhaust, type Scenario } from '../../host/exhaust.ts';
import { INSTALL_DIR } from '../../host/install.ts';

/** The exit code of an operation. Throws what is no UpdaterError: that is a bug. */
export async function exitCode(work: Promise<unknown>): Promise<number> {
  try {
    await work;
    return 0;
  } catch (error) {
    const reported = asUpdaterError(error, INSTALL_DIR);
    if (reported instanceof UpdaterError) return reported.exitCode;
    throw error;
  }
}

/** @param least the number of faults, and of stops in the recoveries after them, that each trial has to exceed */
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
      // High enough for a busy machine.
      1_200_000,
    );
  });
}
