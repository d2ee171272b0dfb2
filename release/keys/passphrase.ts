/**
 * The passphrase of the keys: from --passphrase-file or --passphrase-fd, else from DGMO_KEY_PASSPHRASE, else typed at the
 * terminal, hidden.
 */
import { isCancel, password } from '@clack/prompts';
import { InterruptedError, UsageError } from '../../lib/errors.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { wholeNumber } from '../command.ts';
import { NEW_PASSPHRASE_VARIABLE, PASSPHRASE_VARIABLE } from '../platform/children.ts';
import { readSecret } from '../platform/secret.ts';
import { isTerminal } from '../platform/terminal.ts';

const MIN_LENGTH = 8;

export const PASSPHRASE_OPTIONS = {
  'passphrase-file': { type: 'string' },
  'passphrase-fd': { type: 'string' },
} as const;

export const PASSPHRASE_HELP = `\
  --passphrase-file <file> the passphrase is the first line of this file
  --passphrase-fd <n>      the same, of an open descriptor (0: standard input)
`;

export interface PassphraseValues {
  'passphrase-file'?: string | undefined;
  'passphrase-fd'?: string | undefined;
}

/** For existing keys. */
export async function askPassphrase(values: PassphraseValues): Promise<string> {
  return given('passphrase', { ...values }, PASSPHRASE_VARIABLE) ?? (await prompt('Passphrase of the keys'));
}

/** For new keys: at least 8 characters, typed twice at the terminal. */
export async function choosePassphrase(values: PassphraseValues): Promise<string> {
  return await choose(
    given('passphrase', { ...values }, PASSPHRASE_VARIABLE),
    'Passphrase for the new keys',
    PASSPHRASE_VARIABLE,
  );
}

/** The one that existing keys get instead of theirs: of `--new-passphrase-file`, ... */
export async function chooseNewPassphrase(values: {
  'new-passphrase-file'?: string | undefined;
  'new-passphrase-fd'?: string | undefined;
}): Promise<string> {
  return await choose(
    given('new-passphrase', values, NEW_PASSPHRASE_VARIABLE),
    'New passphrase of the keys',
    NEW_PASSPHRASE_VARIABLE,
  );
}

async function choose(fixed: string | undefined, message: string, variable: string): Promise<string> {
  if (fixed !== undefined) {
    if (fixed.length >= MIN_LENGTH) return fixed;
    throw new UsageError(`the passphrase: wanted at least ${MIN_LENGTH} characters, found ${fixed.length}`);
  }
  for (let asked = message; ; asked = `They were not the same. ${message}`) {
    const chosen = await prompt(`${asked} (at least ${MIN_LENGTH} characters)`, variable, MIN_LENGTH);
    if ((await prompt('The same once more', variable)) === chosen) return chosen;
  }
}

function given(
  option: string,
  values: Readonly<Record<string, unknown>>,
  variable: string,
): string | undefined {
  const [file, descriptor] = [values[`${option}-file`], values[`${option}-fd`]];
  if (typeof file === 'string' && typeof descriptor === 'string') {
    throw new UsageError(`wanted --${option}-file or --${option}-fd, found both`);
  }
  if (typeof file === 'string') return readSecret(file);
  if (typeof descriptor === 'string') {
    return readSecret(wholeNumber(`--${option}-fd`, descriptor, 0, [0, 65_535]));
  }
  return nativeHost().environment[variable];
}

/** Whether a person can be asked. */
export function hasTerminal(): boolean {
  return nativeHost().processes.hasTerminal() && isTerminal();
}

/** @param least characters that are wanted: with fewer it is asked for again */
async function prompt(message: string, variable = PASSPHRASE_VARIABLE, least = 0): Promise<string> {
  if (!hasTerminal()) {
    throw new UsageError(`the passphrase of the keys is wanted, and there is no terminal to ask for it`, {
      advice: `Set ${variable}, or name a file with ${variable === PASSPHRASE_VARIABLE ? '--passphrase-file' : '--new-passphrase-file'}.`,
    });
  }
  const answer = await password({
    message,
    output: process.stderr,
    validate: (typed = '') =>
      typed.length < least
        ? `At least ${least} characters are wanted, and these are ${typed.length}`
        : undefined,
  });
  if (isCancel(answer)) throw new InterruptedError('interrupted at the passphrase, nothing was changed');
  return answer;
}
