/** The passphrase of the keys: from DGMO_KEY_PASSPHRASE, else typed at the terminal, hidden. */
import { isCancel, password } from '@clack/prompts';
import { InterruptedError, UsageError } from '../../lib/errors.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { PASSPHRASE_VARIABLE } from '../platform/children.ts';
import { isTerminal } from '../platform/terminal.ts';

const MIN_LENGTH = 8;

/** For existing keys. */
export async function askPassphrase(): Promise<string> {
  return given() ?? (await prompt('Passphrase of the keys'));
}

/** For new keys: at least 8 characters, typed twice at the terminal. */
export async function choosePassphrase(): Promise<string> {
  const fixed = given();
  const chosen = fixed ?? (await prompt('Passphrase for the new keys'));
  if (chosen.length < MIN_LENGTH) {
    throw new UsageError(`the passphrase: wanted at least ${MIN_LENGTH} characters, found ${chosen.length}`);
  }
  if (fixed === undefined && (await prompt('The same once more')) !== chosen) {
    throw new UsageError('the passphrase: wanted the same twice, found two different ones');
  }
  return chosen;
}

function given(): string | undefined {
  return nativeHost().environment[PASSPHRASE_VARIABLE];
}

/** Whether a person can be asked. */
export function hasTerminal(): boolean {
  return nativeHost().processes.hasTerminal() && isTerminal();
}

async function prompt(message: string): Promise<string> {
  if (!hasTerminal()) {
    throw new UsageError(`the passphrase of the keys is wanted, and there is no terminal to ask for it`, {
      advice: `Set ${PASSPHRASE_VARIABLE}.`,
    });
  }
  const answer = await password({ message, output: process.stderr });
  if (isCancel(answer)) throw new InterruptedError('interrupted at the passphrase, nothing was changed');
  return answer;
}
