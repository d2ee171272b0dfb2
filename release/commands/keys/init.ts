/** `release keys init`: makes all keys, and the root that names them. */
import path from 'node:path';
import { UsageError } from '../../../lib/errors.ts';
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
import { choosePassphrase } from '../../keys/passphrase.ts';
import { print, tell } from '../../platform/terminal.ts';

const DAY = 24 * 60 * 60 * 1000;
/** More keys than that are a mistake. */
const MAX_KEYS = 16;

const HELP = `Usage: release keys init --dir <keys> [options]

Makes 3 root keys, of which 2 must sign, and keys for targets, snapshot and timestamp, each in a file of its own,
encrypted with a passphrase (prompted for, or taken from DGMO_KEY_PASSPHRASE), and <keys>/root.json, which the updater
trusts. Keep the root keys offline: only the others are needed every day.

  --dir <keys>               the folder to write to; it is made if it does not exist
  --targets-keys <n>         how many keys may sign releases (default 1)
  --targets-threshold <m>    how many of them must (default 1)
  --expires-days <d>         how long the root is valid for a feed (default 365)
  --scrypt-cost <c>          log2 of the cost of guessing the passphrase, ${SCRYPT_COST.min} to ${SCRYPT_COST.max} (default ${SCRYPT_COST.default})
`;

export const keysInit: Command = {
  name: 'keys init',
  summary: 'make the keys and the trusted root',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], {
      dir: { type: 'string' },
      'targets-keys': { type: 'string' },
      'targets-threshold': { type: 'string' },
      'expires-days': { type: 'string' },
      'scrypt-cost': { type: 'string' },
    });
    const folder = required('--dir', values.dir);
    const targets = wholeNumber('--targets-keys', values['targets-keys'], 1, [1, MAX_KEYS]);
    const threshold = wholeNumber('--targets-threshold', values['targets-threshold'], 1, [1, targets]);
    const days = wholeNumber('--expires-days', values['expires-days'], 365, [1, 36_500]);
    const cost = wholeNumber('--scrypt-cost', values['scrypt-cost'], SCRYPT_COST.default, [
      SCRYPT_COST.min,
      SCRYPT_COST.max,
    ]);
    requireNoKeys(folder);
    const passphrase = await choosePassphrase();

    const { clock, random } = nativeHost();
    const make = (count: number) => Array.from({ length: count }, () => signingKey(random.bytes(32)));
    const keys: Record<RoleName, SigningKey[]> = {
      root: make(3),
      targets: make(targets),
      snapshot: make(1),
      timestamp: make(1),
    };
    const thresholds: Record<RoleName, number> = { root: 2, targets: threshold, snapshot: 1, timestamp: 1 };
    const draft = {
      version: 1,
      expires: clock.now() + days * DAY,
      roles: {
        root: { keys: keys.root, threshold: thresholds.root },
        targets: { keys: keys.targets, threshold: thresholds.targets },
        snapshot: { keys: keys.snapshot, threshold: thresholds.snapshot },
        timestamp: { keys: keys.timestamp, threshold: thresholds.timestamp },
      },
    };
    const root = makeRoot(draft, keys.root);
    makeKeyring(folder);
    await writeAllOrNothing(folder, [
      ...ROLES.flatMap((role) =>
        keys[role].map((key, index) => ({
          name: keyFileName(role, index + 1),
          content: () => sealKey(key, { role, passphrase, random: random.bytes, cost }),
          mode: 0o600,
        })),
      ),
      { name: ROOT_FILE, content: () => root, mode: 0o644 },
    ]);
    for (const role of ROLES) {
      for (const [index, key] of keys[role].entries()) {
        tell(`${keyFileName(role, index + 1).padEnd(16)} ${key.id}\n`);
      }
    }
    print(`${path.join(folder, ROOT_FILE)}\n`);
  },
};

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
      if (disk.status(file) !== null) throw new UsageError(`${file} appeared in the meantime`);
      await writeOutput(file, (write) => write(content()), { mode });
      written.push(file);
    }
  } catch (error) {
    for (const file of written) removeIfThere(disk, file);
    throw error;
  }
}
