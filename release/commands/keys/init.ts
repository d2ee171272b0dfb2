/** `release keys init`: makes all keys, and the root that names them. */

import path from 'node:path';
import { UsageError } from '../../../lib/errors.ts';
import { shellWord } from '../../../lib/format/printable.ts';
import { removeIfThere } from '../../../lib/platform/files.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { nativeDisk as disk } from '../../../lib/platform/native-disk.ts';
import {
  makeRoot,
  ROLES,
  type RoleName,
  SCRYPT_COST,
  type SigningKey,
  sealKey,
  signingKey,
} from '../../../lib/trust/index.ts';
import { type Command, readArguments, required, wholeNumber } from '../../command.ts';
import { writeOutput } from '../../files.ts';
import { keyFileName, makeKeyring, ROOT_FILE, requireNoKeys } from '../../keys/keyring.ts';
import { choosePassphrase, PASSPHRASE_HELP, PASSPHRASE_OPTIONS } from '../../keys/passphrase.ts';
import { hint, print, tell } from '../../platform/terminal.ts';
import { counted, withLine } from '../../progress.ts';

const DAY = 24 * 60 * 60 * 1000;
/** More keys than that are a mistake. */
const MAX_KEYS = 16;

const HELP = `Usage: release keys init --dir <keys> [options]

Makes 3 root keys, of which 2 must sign, and keys for targets, snapshot and timestamp, each in a file of its own,
encrypted with a passphrase (prompted for, or taken from DGMO_KEY_PASSPHRASE), and <keys>/root.json, which the updater
trusts. Keep the root keys offline: only the others are needed every day.

The passphrase, the numbers and the thresholds are not for ever: see \`release keys passwd\` and \`release rotate\`.

  --dir <keys>             the folder to write to; it is made if it does not exist
  --<role>-keys <n>        how many keys a role has: root (default 3), targets, snapshot, timestamp (default 1)
  --<role>-threshold <m>   how many of them must sign (default 2 of root, 1 of the others). With one root key, or with as
                           many to sign as there are, a lost key is the end: nothing can be rotated any more
  --expires-days <d>       how long the root is valid for a feed (default 365)
  --scrypt-cost <c>        log2 of the cost of guessing the passphrase, ${SCRYPT_COST.min} to ${SCRYPT_COST.max} (default ${SCRYPT_COST.default})
${PASSPHRASE_HELP}`;

export const keysInit: Command = {
  name: 'keys init',
  summary: 'make the keys and the trusted root',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], {
      dir: { type: 'string' },
      ...SIZE_OPTIONS,
      'expires-days': { type: 'string' },
      'scrypt-cost': { type: 'string' },
      ...PASSPHRASE_OPTIONS,
    });
    const folder = required('--dir', values.dir);
    const sizes = readSizes(values);
    const days = wholeNumber('--expires-days', values['expires-days'], 365, [1, 36_500]);
    const cost = wholeNumber('--scrypt-cost', values['scrypt-cost'], SCRYPT_COST.default, [
      SCRYPT_COST.min,
      SCRYPT_COST.max,
    ]);
    requireNoKeys(folder);
    const passphrase = await choosePassphrase(values);

    const { clock, random } = nativeHost();
    const make = ({ count, threshold }: Size) => ({
      keys: Array.from({ length: count }, () => signingKey(random.bytes(32))),
      threshold,
    });
    const roles: Record<RoleName, { keys: SigningKey[]; threshold: number }> = {
      root: make(sizes.root),
      targets: make(sizes.targets),
      snapshot: make(sizes.snapshot),
      timestamp: make(sizes.timestamp),
    };
    const root = makeRoot({ version: 1, expires: clock.now() + days * DAY, roles }, roles.root.keys);
    makeKeyring(folder);
    await writeAllOrNothing(folder, [
      ...ROLES.flatMap((role) =>
        roles[role].keys.map((key, index) => ({
          name: keyFileName(role, index + 1),
          content: () =>
            withLine(`encrypting ${keyFileName(role, index + 1)} with the passphrase`, () =>
              sealKey(key, { role, passphrase, random: random.bytes, cost }),
            ),
          mode: 0o600,
        })),
      ),
      { name: ROOT_FILE, content: () => root, mode: 0o644 },
    ]);
    for (const role of ROLES) {
      for (const [index, key] of roles[role].keys.entries()) {
        tell(`${keyFileName(role, index + 1).padEnd(16)} ${key.id}\n`);
      }
    }
    print(`${path.join(folder, ROOT_FILE)}\n`);
    hint(
      `Whoever has ${counted(sizes.root.threshold, 'root key')} and the passphrase is the publisher: keep those offline, each in another place.\n` +
        `\`release compile --root ${shellWord(path.join(folder, ROOT_FILE))} --feed <url>\` makes the updaters that trust it, \`release init\` a repository.\n`,
    );
  },
};

interface Size {
  count: number;
  /** How many of them must sign. */
  threshold: number;
}

const text = { type: 'string' } as const;
const SIZE_OPTIONS = {
  'root-keys': text,
  'root-threshold': text,
  'targets-keys': text,
  'targets-threshold': text,
  'snapshot-keys': text,
  'snapshot-threshold': text,
  'timestamp-keys': text,
  'timestamp-threshold': text,
} as const;

function readSizes(values: { [option in keyof typeof SIZE_OPTIONS]?: string | undefined }) {
  const read = (role: RoleName): Size => {
    const isRoot = role === 'root';
    const count = wholeNumber(`--${role}-keys`, values[`${role}-keys`], isRoot ? 3 : 1, [1, MAX_KEYS]);
    const usual = isRoot ? Math.min(2, count) : 1;
    return {
      count,
      threshold: wholeNumber(`--${role}-threshold`, values[`${role}-threshold`], usual, [1, count]),
    };
  };
  return {
    root: read('root'),
    targets: read('targets'),
    snapshot: read('snapshot'),
    timestamp: read('timestamp'),
  };
}

interface NewFile {
  name: string;
  content: () => Uint8Array;
  mode: number;
}

/** An incomplete set of keys is useless, and would make the next attempt fail. */
async function writeAllOrNothing(folder: string, files: NewFile[]): Promise<void> {
  const written: string[] = [];
  try {
    for (const { name, content, mode } of files) {
      const file = path.join(folder, name);
      if (disk.status(file) !== null) {
        throw new UsageError(`${file}: wanted no file there, found one that was made meanwhile`, {
          advice: 'Choose another folder: keys are never overwritten.',
        });
      }
      await writeOutput(file, (write) => write(content()), { mode });
      written.push(file);
    }
  } catch (error) {
    for (const file of written) removeIfThere(disk, file);
    throw error;
  }
}
