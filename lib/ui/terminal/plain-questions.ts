/**
 * Questions for terminals that can't move the cursor (TERM=dumb), or that show ASCII alone: numbered choices, answered with a
 * line. A reader of the screen for the blind reads them as well.
 */
import { wrapped } from '../../api/words.ts';
import { InterruptedError } from '../../errors.ts';
import type { Questions } from '../questions.ts';

export interface PlainTerminal {
  error(text: string): void;
  readonly columns: number;
}

/** @param stops aborted when the terminal is closed, or the user has asked to stop */
export function plainQuestions(output: PlainTerminal, stops: readonly AbortSignal[]): Questions {
  const ask = async <Answer>(
    question: string,
    read: (line: string) => Answer | undefined,
  ): Promise<Answer> => {
    for (;;) {
      output.error(wrapped(question, output.columns));
      const line = (await readLine(output, stops)).trim();
      const answer = read(line);
      if (answer !== undefined) return answer;
      if (/^(no?|q(uit)?)$/i.test(line)) throw new InterruptedError('not now: nothing was changed');
    }
  };
  return {
    confirm: (message) =>
      ask(`${message} [y/N] `, (line) => {
        if (line === '' || /^no?$/i.test(line)) return false;
        return /^y(es)?$/i.test(line) ? true : undefined;
      }),
    choose(message, choices) {
      const list = choices.map(({ label }, index) => `  ${index + 1}) ${label}\n`).join('');
      return ask(`${message}\n${list}Number, 1 to ${choices.length}, or n for not now [1]: `, (line) =>
        line === '' ? choices[0]?.value : choices[Number(line) - 1]?.value,
      );
    },
    chooseSome(message, choices, selected) {
      const list = choices
        .map(
          ({ value, label }, index) => `  ${index + 1}) [${selected.includes(value) ? 'x' : ' '}] ${label}\n`,
        )
        .join('');
      return ask(
        `${message}\n${list}Numbers with commas, 0 for none, or n for not now [those with an x]: `,
        (line) => {
          if (line === '') return [...selected];
          if (line === '0') return [];
          const chosen = line.split(',').map((word) => choices[Number(word) - 1]?.value);
          return chosen.some((value) => value === undefined)
            ? undefined
            : chosen.filter((value) => value !== undefined);
        },
      );
    },
  };
}

/** Throws InterruptedError at the end of the input, and when the user stops. */
function readLine(output: PlainTerminal, stops: readonly AbortSignal[]): Promise<string> {
  const { stdin } = process;
  return new Promise((resolve, reject) => {
    let typed = '';
    const done = (line: string | null) => {
      for (const signal of stops) signal.removeEventListener('abort', stop);
      stdin.off('data', take).off('end', stop).off('error', stop).pause();
      if (line !== null) return resolve(line);
      // What is said of it has a line of its own: the cursor is behind the question.
      output.error('\n');
      reject(new InterruptedError('interrupted: nothing was changed'));
    };
    const stop = () => done(null);
    const take = (bytes: Buffer) => {
      typed += bytes.toString();
      const end = typed.indexOf('\n');
      if (end >= 0) done(typed.slice(0, end));
    };
    for (const signal of stops) signal.addEventListener('abort', stop, { once: true });
    if (stops.some(({ aborted }) => aborted)) stop();
    else stdin.on('data', take).on('end', stop).on('error', stop).resume();
  });
}
