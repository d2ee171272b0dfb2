/** `release keys passwd`: gives the private keys of a folder another passphrase. */
import path from 'node:path';
import { InterruptedError, UsageError } from '../../../lib/errors.ts';
import { replaceDurably } from '../../../lib/platform/files.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { openKey, SCRYPT_COST, type SigningKey, sealKey } from '../../../lib/trust/index.ts';
import { type Command, readArguments, required, wholeNumber } from '../../command.ts';
import { type KeyOnDisk, listKeys } from '../../keys/keyring.ts';
import {
  askPassphrase,
  chooseNewPassphrase,
  PASSPHRASE_HELP,
  PASSPHRASE_OPTIONS,
} from '../../keys/passphrase.ts';
import { withStopSignal } from '../../platform/signals.ts';
import { print } from '../../platform/terminal.ts';
import { turn } from '../../platform/timers.ts';
import { withLine } from '../../progress.ts';

const HELP = `Usage: release keys passwd --keys <keys> [options]

Encrypts every private key of <keys> with another passphrase. The keys stay the same, and so does what they have signed. Each
file is replaced only once the new one was opened with the new passphrase; if it is interrupted, the same command continues.

Whoever copied the files before can still open them with the old passphrase: a key that may be in other hands is replaced by
\`release rotate\`.

  --keys <keys>            the folder with the keys
${PASSPHRASE_HELP}\
                           (the old one; else prompted for, or taken from DGMO_KEY_PASSPHRASE)
  --new-passphrase-file <file>
                           the new one is the first line of this file
  --new-passphrase-fd <n>  the same, of an open descriptor
                           (else prompted for, or taken from DGMO_KEY_NEW_PASSPHRASE)
  --scrypt-cost <c>        as for \`release keys init\`
`;

export const keysPasswd: Command = {
  name: 'keys passwd',
  summary: 'give the keys another passphrase',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], {
      keys: { type: 'string' },
      ...PASSPHRASE_OPTIONS,
      'new-passphrase-file': { type: 'string' },
      'new-passphrase-fd': { type: 'string' },
      'scrypt-cost': { type: 'string' },
    });
    const folder = required('--keys', values.keys);
    const cost = wholeNumber('--scrypt-cost', values['scrypt-cost'], SCRYPT_COST.default, [
      SCRYPT_COST.min,
      SCRYPT_COST.max,
    ]);
    const files = listKeys([folder]);
    if (files.length === 0) throw new UsageError(`${folder}: wanted a folder with private keys, found none`);
    const old = await askPassphrase(values);
    const passphrase = await chooseNewPassphrase(values);
    const { disk, random } = nativeHost();
    const opened: OpenedKey[] = [];
    await withStopSignal(async (stop) => {
      const stopIfInterrupted = async (state: string) => {
        await turn();
        if (stop.aborted) throw new InterruptedError(`interrupted: ${state}`);
      };
      // All are opened before any is written: a folder with two passphrases is nobody's wish.
      for (const file of files) {
        const found = withLine(`opening ${path.basename(file.file)}`, () => open(file, old, passphrase));
        opened.push({ file, ...found });
        await stopIfInterrupted('nothing was changed');
      }
      let changed = opened.filter(({ done }) => done).length;
      for (const { file, key, done } of opened) {
        if (done) continue;
        const sealed = withLine(`encrypting ${path.basename(file.file)} with the new passphrase`, () => {
          const bytes = sealKey(key, { role: file.role, passphrase, random: random.bytes, cost });
          openKey(bytes, passphrase);
          return bytes;
        });
        await stopIfInterrupted(
          `${changed} of ${files.length} keys have the new passphrase; the same command does the others`,
        );
        replaceDurably(disk, file.file, path.dirname(file.file), sealed, 0o600);
        changed++;
      }
    });
    print(opened.map(({ file, key }) => `${file.file}: ${key.id}\n`).join(''));
  },
};

interface OpenedKey {
  file: KeyOnDisk;
  key: SigningKey;
  /** It has the new passphrase already, from a run that was interrupted. */
  done: boolean;
}

function open({ bytes }: KeyOnDisk, old: string, passphrase: string): Omit<OpenedKey, 'file'> {
  try {
    return { key: openKey(bytes, old), done: false };
  } catch (wrong) {
    try {
      return { key: openKey(bytes, passphrase), done: true };
    } catch {
      throw wrong;
    }
  }
}
