/** Questions on the terminal. */
import { confirm, select } from '@clack/prompts';
import { InterruptedError } from '../errors.ts';

export interface Choice {
  value: string;
  label: string;
}

/** Asks the person at the terminal. Both throw InterruptedError on Ctrl-C, and when the terminal is closed. */
export interface Questions {
  /** Yes or no. */
  confirm(message: string): Promise<boolean>;
  /** Returns the value of the chosen answer. */
  choose(message: string, choices: readonly Choice[]): Promise<string>;
}

/** @param hangUp aborted when the terminal is closed */
export function questionsOnTerminal(hangUp: AbortSignal): Questions {
  const output = process.stderr;
  // Of a closed terminal; `hangUp` says so, too.
  output.on('error', () => undefined);
  return {
    confirm: (message) => answerOf<boolean>(() => confirm({ message, output }), hangUp),
    choose: (message, choices) =>
      answerOf<string>(() => select({ message, options: [...choices], output }), hangUp),
  };
}

async function answerOf<Answer>(ask: () => Promise<Answer | symbol>, hangUp: AbortSignal): Promise<Answer> {
  const { stdin } = process;
  const closed = new Promise<symbol>((resolve) => {
    const close = () => {
      // Whatever goes on reading from a closed terminal keeps a processor busy, and fails when it sets its mode back.
      stdin.setRawMode = () => stdin;
      stdin.removeAllListeners();
      stdin.on('error', () => undefined);
      stdin.destroy();
      resolve(Symbol('closed'));
    };
    // The signal and the end of the input come in any order.
    hangUp.addEventListener('abort', close);
    stdin.prependListener('end', close);
    stdin.on('error', close);
  });
  const answer = await Promise.race([ask(), closed]);
  if (typeof answer !== 'symbol') return answer;
  throw new InterruptedError('interrupted: nothing was changed');
}
