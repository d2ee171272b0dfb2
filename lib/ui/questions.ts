/** Questions on the terminal. */
import type * as Prompts from '@clack/prompts';
import { InterruptedError } from '../errors.ts';

export interface Choice {
  value: string;
  label: string;
  /** Shown beside the label of the choice that the cursor is on. */
  hint?: string;
}

/** Asks the person at the terminal. All throw InterruptedError on Ctrl-C, Ctrl-D, and when the terminal is closed. */
export interface Questions {
  /** Yes or no. No is selected at first. */
  confirm(message: string): Promise<boolean>;
  /** Returns the value of the chosen answer. */
  choose(message: string, choices: readonly Choice[]): Promise<string>;
  /** Returns the values of the chosen answers, perhaps none. Those that are `selected` are chosen at first. */
  chooseSome(message: string, choices: readonly Choice[], selected: readonly string[]): Promise<string[]>;
}

/** @param hangUp aborted when the terminal is closed */
export function questionsOnTerminal(hangUp: AbortSignal): Questions {
  return {
    confirm: (message) =>
      answerOf<boolean>(({ confirm }, output) => confirm({ message, output, initialValue: false }), hangUp),
    choose: (message, choices) =>
      answerOf<string>(({ select }, output) => select({ message, options: [...choices], output }), hangUp),
    chooseSome: (message, choices, selected) =>
      answerOf<string[]>(
        ({ multiselect }, output) =>
          multiselect({
            message,
            options: [...choices],
            initialValues: [...selected],
            required: false,
            output,
          }),
        hangUp,
      ),
  };
}

type Ask<Answer> = (prompts: typeof Prompts, output: typeof process.stderr) => Promise<Answer | symbol>;

async function answerOf<Answer>(ask: Ask<Answer>, hangUp: AbortSignal): Promise<Answer> {
  // Loaded only for a question, like process.stdin and process.stderr: that takes longer than most commands.
  const prompts = await import('@clack/prompts');
  const { stdin, stderr } = process;
  // Writing to a closed terminal fails, which `hangUp` reports as well.
  stderr.on('error', () => undefined);
  const closed = new Promise<symbol>((resolve) => {
    const close = () => {
      // Reading on from a closed terminal would keep a processor busy, and resetting its mode would fail.
      stdin.setRawMode = () => stdin;
      stdin.removeAllListeners();
      stdin.on('error', () => undefined);
      stdin.destroy();
      resolve(Symbol('closed'));
    };
    // The signal and the end of the input may come in any order.
    hangUp.addEventListener('abort', close);
    stdin.prependListener('end', close);
    stdin.on('error', close);
    // The prompt stops listening at Ctrl-D, and never answers.
    stdin.on('keypress', (_, { name, ctrl }: { name?: string; ctrl?: boolean }) => {
      if (name === 'd' && ctrl === true) resolve(Symbol('closed'));
    });
  });
  const answer = await Promise.race([ask(prompts, stderr), closed]);
  if (typeof answer !== 'symbol') return answer;
  throw new InterruptedError('interrupted: nothing was changed');
}
