/** `release keys sign`: signs a request from another machine. */
import { confirm, isCancel } from '@clack/prompts';
import { InterruptedError, TrustError, UsageError } from '../../../lib/errors.ts';
import { type Command, readArguments, required } from '../../command.ts';
import { readInput, requireOutput, writeOutput } from '../../files.ts';
import { describeMessage } from '../../keys/describe-message.ts';
import { keyringSigners } from '../../keys/keyring.ts';
import { askPassphrase, hasTerminal } from '../../keys/passphrase.ts';
import { decodeRequest, encodeSignatures, signRequest } from '../../repository/signing/sign-request.ts';

const HELP = `Usage: release keys sign <request> --keys <keys> -o <signatures> [--yes]

Shows what a request of --sign-request asks to sign, read from the bytes themselves, and signs it with the keys of
<keys> that it asks for. Other owners of keys sign the same request; all answers are passed to --signatures.

  --keys <keys>            a folder with private keys; the passphrase is prompted for, or taken from DGMO_KEY_PASSPHRASE
  -o, --output <file>      the signatures
  --yes                    sign without asking at a terminal
`;

export const keysSign: Command = {
  name: 'keys sign',
  summary: 'sign a request from another machine',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['request'], {
      keys: { type: 'string' },
      output: { type: 'string', short: 'o' },
      yes: { type: 'boolean', default: false },
    });
    const [file = ''] = operands;
    const keys = required('--keys', values.keys);
    const output = required('-o <signatures>', values.output);
    const { title, wanted } = decodeRequest(readInput(file));
    const signers = keyringSigners([keys], await askPassphrase());
    requireOutput(output);
    process.stderr.write(`${file} is for: ${title}\n`);
    const signed = signRequest(wanted, signers.find, ({ role, keyid }, message) => {
      const description = describeMessage(message);
      if (description === null || !description.roles.includes(role)) {
        throw new TrustError(
          `${file}: wanted something that a ${role} key signs, found other bytes: nothing is signed`,
        );
      }
      process.stderr.write(`${role} ${keyid.slice(0, 12)}: ${description.text}\n`);
    });
    if (signed.length === 0) {
      throw new UsageError(`${keys}: wanted a key that the request asks for, found none`);
    }
    if (!values.yes) await ask(signed.length);
    await writeOutput(output, (write) => write(encodeSignatures(signed.map(({ entry }) => entry))));
    process.stdout.write(`${output}: ${signed.length} of ${wanted.length} signatures\n`);
  },
};

/** Without a terminal, giving the passphrase was the decision. */
async function ask(count: number): Promise<void> {
  if (!hasTerminal()) return;
  const message = `Sign all ${count} of these?`;
  const answer = await confirm({ message, initialValue: false, output: process.stderr });
  if (isCancel(answer) || !answer) throw new InterruptedError('nothing was signed');
}
