/** What the end of a transaction means for the one who asked for it. */
import { DamagedError, RevertedError, UnrecoverableError } from '../../errors.ts';
import type { Binary, Receipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import { probe } from './probe.ts';
import type { Ended } from './transaction.ts';

/**
 * Returns where the new version stands. Throws RevertedError (15) or UnrecoverableError (16) where it did not stay,
 * DamagedError where something else stands.
 *
 * @param receipt as it was before
 */
export async function conclude(
  session: Session,
  { outcome, reason }: Ended,
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
        `the prepared binary of ${to.version} was gone before the swap; nothing was changed`,
        {
          advice: 'Try again.',
        },
      );
    case 'foreign':
      throw foreignBinary(target);
    case 'reverted': {
      const failed = `${to.version} was installed and did not work: ${reason ?? 'it was interrupted'}`;
      const { ok, detail } = await probe(session, from, true);
      if (ok !== false) {
        const state = ok ? 'is back and works' : `is back, and could not be tried: ${detail}`;
        throw new RevertedError(`${failed}; ${from.version} ${state}`, {
          version: to.version,
          advice: `Nothing is left to do: ${from.version} stays until another version is installed.`,
        });
      }
      const back =
        receipt.previous === null || receipt.previous.sha256 === to.sha256 ? null : receipt.previous;
      throw new UnrecoverableError(
        `${failed}; ${from.version} is back, but does not work either: ${detail}`,
        {
          advice:
            back === null
              ? `Install ${target} again.`
              : `Run \`dgmo-updater rollback\`: it goes to ${back.version}.`,
        },
      );
    }
  }
}

export function foreignBinary(target: string): DamagedError {
  return new DamagedError(
    `${target} is neither the old nor the new version of the update that was under way: it was replaced or damaged meanwhile, and was left as it is`,
    {
      advice:
        'Run `dgmo-updater rollback` to put the kept version back, or `dgmo-updater init --version <v>` if you put it there yourself.',
    },
  );
}
