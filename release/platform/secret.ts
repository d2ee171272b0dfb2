/** A secret that is handed over in a file or through a descriptor, and so shows up in no list of processes and no environment. */
import { readFileSync } from 'node:fs';
import { errorCode, errorMessage, UsageError } from '../../lib/errors.ts';

const NPM_ADVICE =
  'npm hands on descriptors 0 to 2 alone: under `npm run` give it as standard input, 0, or call `bun release/cli.ts`.';

/**
 * Reads to the end, and returns the first line without its end. A pipe is fine.
 *
 * @param from a path, or the number of an open descriptor
 * @throws UsageError if it can't be read
 */
export function readSecret(from: string | number): string {
  const name = typeof from === 'string' ? from : `descriptor ${from}`;
  try {
    // A shell of Windows may begin a file with a byte order mark.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(from));
    return text.split(/\r?\n/, 1)[0] ?? '';
  } catch (cause) {
    const reason = errorCode(cause) ?? errorMessage(cause);
    throw new UsageError(`${name}: wanted a passphrase in its first line, could not read it (${reason})`, {
      cause,
      ...(typeof from === 'number' && from > 2 ? { advice: NPM_ADVICE } : {}),
    });
  }
}
