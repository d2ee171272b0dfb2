/** The errors that report how a transaction ended. */
import { DamagedError, RevertedError, UnrecoverableError } from '../../errors.ts';
import { rejectionOf } from '../../home/admission/rejected.ts';
import { ABSENT, type Binary, type Receipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import { probe } from './probe.ts';
import type { TransactionResult } from './transaction.ts';

/**
 * Returns if the new version was installed. Throws RevertedError (15) if the old version is back, UnrecoverableError (16) if
 * that does not work either, and DamagedError if another file is at the target or the prepared binary disappeared.
 *
 * @param receipt as it was before the transaction
 */
export async function requireCommitted(
  session: Session,
  { outcome, reason, illegalInstruction }: TransactionResult,
  from: Binary,
  to: Binary,
  receipt: Receipt,
): Promise<void> {
  const { target } = session.layout;
  switch (outcome) {
    case 'committed':
      return;
    case 'abandoned':
      throw new DamagedError(
        `the prepared binary of ${to.version} disappeared before the swap; nothing was changed`,
        {
          advice: 'Try again.',
        },
      );
    case 'foreign':
      throw foreignBinary(target);
    case 'reverted': {
      const failed = `${to.version} was installed and did not work: ${reason ?? 'it was interrupted'}`;
      if (from.sha256 === ABSENT) {
        throw new UnrecoverableError(`${failed}; there is no ${target}, as before`, {
          advice: '`dgmo-updater repair` tries again.',
        });
      }
      const { ok, detail } = await probe(session, from, true);
      if (ok !== false) {
        const state = ok ? 'is back and works' : `is back, and could not be tried: ${detail}`;
        throw new RevertedError(`${failed}; ${from.version} ${state}`, {
          version: to.version,
          illegalInstruction,
          advice: illegalInstruction
            ? `\`dgmo-updater update\` looks for a build for older processors. ${from.version} stays installed until then.`
            : `There is nothing to do: ${from.version} stays installed until you install another version.`,
        });
      }
      const { previous } = receipt;
      const isBack =
        previous !== null && previous.sha256 !== to.sha256 && rejectionOf(session, previous) === null;
      const back = isBack ? previous : null;
      throw new UnrecoverableError(
        `${failed}; ${from.version} is back, but does not work either: ${detail}`,
        {
          version: to.version,
          illegalInstruction,
          advice:
            back === null
              ? `Install ${target} again.`
              : `Run \`dgmo-updater rollback\` to go back to ${back.version}.`,
        },
      );
    }
  }
}

export function foreignBinary(target: string): DamagedError {
  return new DamagedError(
    `${target} is neither the old nor the new version of the update: it was replaced or damaged while the update ran, and was left as it is`,
    {
      advice:
        'Run `dgmo-updater rollback` to put the kept version back, or `dgmo-updater init` if you put it there yourself.',
    },
  );
}
