/** What the user is told if a failure of the machine stops a transaction: which version is in place, and what to do. */
import { MachineError } from '../../errors.ts';
import { ABSENT } from '../receipt.ts';
import type { OpenTransaction } from './journal.ts';
import type { Content } from './next.ts';

export interface Stop {
  /** Of the executable: that of DGMO, or of the updater. */
  path: string;
  /** What is at the target; null if that can't be determined either. */
  target: Content | null;
  verdict: 'commit' | 'revert' | null;
  /** The transaction has ended: nothing is left to do for the next run. */
  ended: boolean;
  /** The snapshot that the folders still have to be restored from; null if they are as the version in place left them. */
  restoreFrom: string | null;
  /** An earlier run began the transaction: the command that failed now is one that goes on with it. */
  resumed: boolean;
}

/** The failure with the state in its message and the next step in its advice. Only a MachineError is changed. */
export function withState(failure: unknown, open: OpenTransaction, stop: Stop): unknown {
  if (!(failure instanceof MachineError)) return failure;
  const advice = [failure.advice, stop.ended ? undefined : nextStep(open, stop)];
  return new MachineError(`${failure.message}; ${state(open, stop)}`, {
    advice: advice.filter((sentence) => sentence !== undefined).join(' ') || 'Try again.',
    cause: failure.cause ?? failure,
  });
}

function state(open: OpenTransaction, stop: Stop): string {
  const binary = binaryState(open, stop);
  return stop.restoreFrom === null
    ? binary
    : `${binary}, and the data of ${open.from.version} is not restored yet`;
}

function binaryState({ from, to }: OpenTransaction, { path, target, verdict, ended }: Stop): string {
  switch (target) {
    case 'old':
      return ended || from.sha256 === to.sha256
        ? `${from.version} is installed as before`
        : `${from.version} is in place`;
    case 'new':
      return verdict === 'commit'
        ? `${to.version} is installed and works, but that could not be recorded`
        : `${to.version} is in place and not proven to work`;
    case 'other':
      return `another file is at ${path}`;
    case 'missing':
      return from.sha256 === ABSENT ? `${path} is missing, as before` : `${path} is missing`;
    case null:
      return 'which version is in place could not be determined';
  }
}

function nextStep({ from }: OpenTransaction, { target, verdict, restoreFrom, resumed }: Stop): string {
  const records = target === 'new' && verdict === 'commit';
  const does = records
    ? 'records it'
    : restoreFrom === null
      ? from.sha256 === ABSENT
        ? 'finishes it or takes back what was begun'
        : `finishes the update or brings ${from.version} back`
      : `restores the data from the snapshot ${restoreFrom}; do not start the program before`;
  return resumed
    ? `Every command of dgmo-updater tries again, and ${does}.`
    : `Then run \`dgmo-updater recover\`, which ${does}.`;
}
