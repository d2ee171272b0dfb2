/** `release keys sign`: signs a request from another machine. */
import path from 'node:path';
import { confirm, isCancel } from '@clack/prompts';
import { DamagedError, InterruptedError, TrustError, UsageError } from '../../../lib/errors.ts';
import { printable } from '../../../lib/format/printable.ts';
import { digestBytes } from '../../../lib/platform/files.ts';
import { nativeDisk as disk } from '../../../lib/platform/native-disk.ts';
import { type Command, readArguments, required } from '../../command.ts';
import { readInput, requireOutput, writeOutput } from '../../files.ts';
import { describeMessage, type MessageDescription } from '../../keys/describe-message.ts';
import type { KnownRoot } from '../../keys/describe-metadata.ts';
import { keyringSigners, loadRoot, ROOT_FILE } from '../../keys/keyring.ts';
import { askPassphrase, hasTerminal, PASSPHRASE_HELP, PASSPHRASE_OPTIONS } from '../../keys/passphrase.ts';
import { print, tell } from '../../platform/terminal.ts';
import { decodeRequest, encodeSignatures, signRequest } from '../../repository/signing/sign-request.ts';

const HELP = `Usage: release keys sign <request> --keys <keys> -o <signatures> [--root <root.json>] [--yes]

Shows what a request of --sign-request asks to sign, read from the bytes themselves, and signs it with the keys of
<keys> that it asks for. A root is shown as a difference to the current one, and each root is asked for by itself. Other
owners of keys sign the same request; all answers are passed to --signatures.

  --keys <keys>            a folder with private keys; the passphrase is prompted for, or taken from DGMO_KEY_PASSPHRASE
${PASSPHRASE_HELP}\
  -o, --output <file>      the signatures
  --root <root.json>       the current root (default: <keys>/root.json: copy each new root there)
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
      root: { type: 'string' },
      yes: { type: 'boolean', default: false },
      ...PASSPHRASE_OPTIONS,
    });
    const [file = ''] = operands;
    const keys = required('--keys', values.keys);
    const output = required('-o <signatures>', values.output);
    const current = currentRoot(keys, values.root);
    const { title, wanted } = decodeRequest(readInput(file));
    const signers = keyringSigners([keys], await askPassphrase(values));
    requireOutput(output);
    say(`${file} says that it is for: ${title}`);
    const shown = new Map<string, Shown>();
    const signed = signRequest(wanted, signers.find, ({ role, keyid }, message) => {
      const { sha256 } = digestBytes(message);
      const before = shown.get(sha256);
      // A rotation asks for several roots, one after the other.
      const roots = [...shown.values()].filter((each) => each.description.role === 'root').length;
      const known = current && { ...current, next: current.root.version + 1 + roots };
      const description = before?.description ?? describe(message, known, file);
      if (description.role !== role) {
        throw new TrustError(`${file}: wanted something that a ${role} key signs, found other bytes`, {
          advice: NOTHING_SIGNED,
        });
      }
      if (before === undefined) shown.set(sha256, { description, keys: [keyid] });
      else before.keys.push(keyid);
    });
    if (signed.length === 0) {
      throw new UsageError(`${keys}: wanted a key that the request asks for, found none`);
    }
    const all = [...shown.values()];
    const roots = all.filter(({ description }) => description.role === 'root');
    const others = all.filter(({ description }) => description.role !== 'root');
    const mayAsk = !values.yes && hasTerminal();
    for (const root of roots) {
      show(root);
      if (mayAsk) await ask(`Sign this root (${root.description.lines[0]})?`);
    }
    for (const other of others) show(other);
    if (mayAsk && others.length > 0) await ask(`Sign all ${others.length} of these?`);
    await writeOutput(output, (write) => write(encodeSignatures(signed.map(({ entry }) => entry))));
    print(`${output}: ${signed.length} of ${wanted.length} signatures\n`);
  },
};

const NOTHING_SIGNED = 'Nothing was signed. Ask whoever sent the request what it is.';

interface Shown {
  description: MessageDescription;
  /** Ids of the keys that sign it. */
  keys: string[];
}

function currentRoot(keys: string, given: string | undefined): Omit<KnownRoot, 'next'> | null {
  const file = given ?? path.join(keys, ROOT_FILE);
  if (given === undefined && disk.status(file) === null) return null;
  return { file, root: loadRoot(file) };
}

function describe(message: Uint8Array, current: KnownRoot | null, file: string): MessageDescription {
  try {
    return describeMessage(message, current);
  } catch (cause) {
    if (!(cause instanceof DamagedError)) throw cause;
    throw new TrustError(`${file}: wanted what a repository signs, found other bytes (${cause.message})`, {
      advice: NOTHING_SIGNED,
      cause,
    });
  }
}

function show({ description, keys }: Shown): void {
  const [title = '', ...parts] = description.lines;
  say(title);
  for (const part of parts) say(`  ${part}`);
  for (const key of keys) say(`  to be signed by the ${description.role} key ${key}`);
}

/** One line, whatever the request holds: a line feed in it must not begin another. */
function say(text: string): void {
  tell(`${printable(text, Number.POSITIVE_INFINITY)}\n`);
}

/** Without a terminal, giving the passphrase was the decision. */
async function ask(message: string): Promise<void> {
  const answer = await confirm({ message, initialValue: false, output: process.stderr });
  if (isCancel(answer) || !answer) throw new InterruptedError('nothing was signed');
}
