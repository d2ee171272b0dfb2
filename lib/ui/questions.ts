/** Questions on the terminal. */
import { styleText } from 'node:util';
import type * as Prompts from '@clack/prompts';
import type { Choice } from '../api/index.ts';
import { InterruptedError } from '../errors.ts';

/**
 * Asks the person at the terminal. All throw InterruptedError on Ctrl-C, and when the terminal is closed; and for somebody who wants
 * none of it: q, Esc, Ctrl-D, and n, where that is no answer.
 */
export interface Questions {
  /** Yes or no. No is selected at first. */
  confirm(message: string): Promise<boolean>;
  /** Returns the value of the chosen answer. */
  choose(message: string, choices: readonly Choice[]): Promise<string>;
  /** Returns the values of the chosen answers, perhaps none. Those that are `selected` are chosen at first. */
  chooseSome(message: string, choices: readonly Choice[], selected: readonly string[]): Promise<string[]>;
}

/** In fewer columns than these every line of a menu would be broken, and what is drawn again would not meet its place. */
export const NARROWEST = 20;

/** @param hangUp aborted when the terminal is closed */
export function questionsOnTerminal(hangUp: AbortSignal): Questions {
  return {
    confirm: (message) =>
      answerOf<boolean>(
        async ({ confirm, isCancel, S_BAR }, how) => {
          const answer = await confirm({ message, initialValue: false, ...how });
          // A key that the prompt does not know leaves its last picture, with a blank line below.
          if (isCancel(answer)) how.output.write(cancelledAbove(how.signal.aborted ? 3 : 2, S_BAR));
          return answer;
        },
        hangUp,
        QUIT,
      ),
    choose(message, choices) {
      const options = choices.map((choice) => ({ ...choice }));
      return answerOf<string>(
        ({ select }, how) => select({ message, options, ...how }),
        hangUp,
        NO,
        () => {
          // It is struck through otherwise, like the choice that it takes the place of.
          for (const option of options) option.label = styleText('reset', 'cancelled');
        },
      );
    },
    chooseSome(message, choices, selected) {
      const options = choices.map((choice) => ({ ...choice }));
      return answerOf<string[]>(
        ({ multiselect }, how) =>
          multiselect({ message, options, initialValues: [...selected], required: false, ...how }),
        hangUp,
        NO,
        () => {
          for (const option of options) option.value = '';
        },
      );
    },
  };
}

/** Takes the place of the answer that the cursor was on, so many lines above, which looks as if it had been chosen. */
function cancelledAbove(lines: number, bar: string): string {
  const gray = styleText('gray', bar);
  return `\x1b[${lines}A\r${gray}  cancelled\x1b[K\r\n${gray}\x1b[K\r\n`;
}

interface Key {
  name?: string;
  ctrl?: boolean;
  meta?: boolean;
}

type Ask<Answer> = (
  prompts: typeof Prompts,
  how: { output: typeof process.stderr; signal: AbortSignal },
) => Promise<Answer | symbol>;

/** Keys of somebody who wants none of what is offered. */
const QUIT: ReadonlySet<string> = new Set(['q', 'escape']);
const NO: ReadonlySet<string> = new Set([...QUIT, 'n']);

/**
 * @param leave names of the keys that end the question without an answer
 * @param cancelled called when a key does, before the prompt shows what the cursor is on in its last picture
 */
async function answerOf<Answer>(
  ask: Ask<Answer>,
  hangUp: AbortSignal,
  leave: ReadonlySet<string>,
  cancelled: () => void = () => undefined,
): Promise<Answer> {
  // Loaded only for a question, like process.stdin and process.stderr: that takes longer than most commands.
  const prompts = await import('@clack/prompts');
  const { stdin, stderr } = process;
  // Writing to a closed terminal fails, which `hangUp` reports as well.
  stderr.on('error', () => undefined);
  // A terminal that does not know its width says 0, and the prompt would believe it.
  stderr.columns ||= 80;
  const leaving = new AbortController();
  let left = false;
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
  });
  const heed = (_: unknown, { name = '', ctrl = false, meta = false }: Key) => {
    // The prompt stops listening at Ctrl-D, and never answers. Esc comes as a meta key.
    const leaves = ctrl ? name === 'd' : leave.has(name) && (!meta || name === 'escape');
    if (leaves || (ctrl && name === 'c')) cancelled();
    if (!leaves) return;
    left = true;
    // At Esc the prompt ends by itself, and at other keys not while it still looks at them.
    if (name !== 'escape') queueMicrotask(() => leaving.abort());
  };
  stdin.on('keypress', heed);
  const answer = await Promise.race([ask(prompts, { output: stderr, signal: leaving.signal }), closed]);
  stdin.off('keypress', heed);
  if (typeof answer !== 'symbol') return answer;
  throw new InterruptedError(`${left ? 'not now' : 'interrupted'}: nothing was changed`);
}
