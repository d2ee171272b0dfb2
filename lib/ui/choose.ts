/** One question with several answers on the terminal. */
import { isCancel, select } from '@clack/prompts';
import { InterruptedError } from '../errors.ts';

export interface Choice {
  value: string;
  label: string;
}

/** The value of the answer. Throws InterruptedError on Ctrl-C. */
export async function chooseOnTerminal(question: string, choices: readonly Choice[]): Promise<string> {
  const answer = await select({ message: question, options: [...choices], output: process.stderr });
  if (isCancel(answer)) throw new InterruptedError('interrupted: nothing was changed');
  return answer;
}
