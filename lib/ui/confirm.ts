/** One question on the terminal. */
import { confirm, isCancel } from '@clack/prompts';
import { InterruptedError } from '../errors.ts';

/** Throws InterruptedError on Ctrl-C. */
export async function confirmOnTerminal(question: string): Promise<boolean> {
  const answer = await confirm({ message: question, output: process.stderr });
  if (isCancel(answer)) throw new InterruptedError('interrupted: nothing was changed');
  return answer;
}
