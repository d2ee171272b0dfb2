/**
 * Consent. Nothing is replaced, ended or removed before the user has agreed: at the terminal, where the answer that is
 * selected first is No, or with `--yes`.
 */
import { InterruptedError, UsageError } from '../errors.ts';
import { type CommandContext, isGiven } from './context.ts';

export interface ConsentQuestion {
  /** What is about to happen, shown before the question. */
  tells: string;
  /** A question that is answered with yes or no. */
  question: string;
  /** What is true if the answer is no: `nothing was removed`. */
  otherwise: string;
}

/**
 * Returns once the user agrees.
 *
 * @param ask called only if there is somebody to ask
 * @throws InterruptedError if the user says no; UsageError if nobody can be asked
 */
export async function requireConsent(
  { line, report, questions }: CommandContext,
  ask: () => ConsentQuestion | Promise<ConsentQuestion>,
): Promise<void> {
  if (isGiven(line, 'yes')) return;
  if (questions === null) {
    throw new UsageError(
      `${line.command}: nobody can be asked here, and --yes was not given; nothing was changed`,
      { advice: 'Add --yes to agree.' },
    );
  }
  const { tells, question, otherwise } = await ask();
  report.text(tells);
  if (!(await questions.confirm(question))) throw new InterruptedError(otherwise);
}
