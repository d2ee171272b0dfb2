/** `release rotate`: replaces a key that is old, lost or stolen. */
import path from 'node:path';
import { UsageError } from '../../lib/errors.ts';
import type { Host } from '../../lib/platform/host.ts';
import {
  decodeRoot,
  ROLES,
  type RoleName,
  SCRYPT_COST,
  type SigningKey,
  sealKey,
  signingKey,
} from '../../lib/trust/index.ts';
import { type Command, choice, readArguments, wholeNumber } from '../command.ts';
import { writeOutput } from '../files.ts';
import { keyFileName, listKeys, nextKeyNumber, ROOT_FILE } from '../keys/keyring.ts';
import { requireKeys } from '../keys/signers.ts';
import { print, tell } from '../platform/terminal.ts';
import { withLine } from '../progress.ts';
import { repositoryLayout } from '../repository/layout.ts';
import { keysEverNamed, readPublished } from '../repository/published.ts';
import { rotate as rotateKeys, unfinishedRotation } from '../repository/signing/replace-key.ts';
import { SIGNING_HELP, SIGNING_OPTIONS, type Signing, tellNext, withSigning } from './signing.ts';

/** More keys than that are a mistake. */
const MAX_KEYS = 16;

const HELP = `Usage: release rotate <role> --repo <dir> --keys <keys> [options]

Makes a new key for a role (${ROLES.join(', ')}), publishes a root that names it instead of the old one,
and signs again what the role signs; for targets this includes the packages of all listed releases. It needs enough root
keys, and enough of the keys that the role has afterwards; the old key itself may be lost. Clients can follow at every
moment. If it is interrupted, the same command continues.

With --add, --remove and --threshold it changes how many keys a role has, and how many of them must sign, in the same way.

The new root is also written to <keys>/root.json: compile it into the next updater.

${SIGNING_HELP}\
  --replace <key>          the key to replace: the name of its file (root-3) or the beginning of its id; may be repeated
                           (default: the only one of the role, unless one of the next three is given)
  --add <n>                n more keys
  --remove <key>           a key that gets no successor, named as for --replace; may be repeated
  --threshold <m>          how many keys of the role must sign from now on
  --to <dir>               where the new key is written (default: the first --keys)
  --scrypt-cost <c>        as for \`release keys init\`
`;

export const rotate: Command = {
  name: 'rotate',
  summary: 'replace a key',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['role'], {
      ...SIGNING_OPTIONS,
      replace: { type: 'string', multiple: true, default: [] as string[] },
      add: { type: 'string' },
      remove: { type: 'string', multiple: true, default: [] as string[] },
      threshold: { type: 'string' },
      to: { type: 'string' },
      'scrypt-cost': { type: 'string' },
    });
    const role = choice('<role>', operands[0], ROLES, 'root');
    const cost = wholeNumber('--scrypt-cost', values['scrypt-cost'], SCRYPT_COST.default, [
      SCRYPT_COST.min,
      SCRYPT_COST.max,
    ]);
    const more = wholeNumber('--add', values.add, 0, [0, MAX_KEYS]);
    const wanted =
      values.threshold === undefined
        ? undefined
        : wholeNumber('--threshold', values.threshold, 1, [1, MAX_KEYS]);
    const resizes = more > 0 || values.remove.length > 0 || wanted !== undefined;
    await withSigning(['rotate', role], values, async (signing) => {
      const { host, repo, keys } = signing;
      const folder = values.to ?? keys[0];
      const folders = [...new Set([...keys, folder])];
      const begun = unfinishedRotation(host, repositoryLayout(repo));
      const continues = begun?.role === role && values.replace.length === 0 && !resizes;
      const successors =
        values.replace.length === 0 && resizes
          ? []
          : continues
            ? []
            : chooseKeys(signing, role, '--replace', values.replace);
      const removed = values.remove.length === 0 ? [] : chooseKeys(signing, role, '--remove', values.remove);
      const replaced = continues ? begun.replaced : [...successors, ...removed];
      const threshold = continues ? begun.threshold : wanted;
      requireOldKeys(signing);
      const added = await newKeys(signing, role, folders, begun?.role === role ? begun.added : null, {
        count: continues ? begun.added.length : successors.length + more,
        folder,
        cost,
      });
      const signers = signing.signersOf(folders, replaced);
      const root = await rotateKeys(host, repo, { role, replaced, added, threshold }, signers);
      await writeOutput(path.join(keys[0], ROOT_FILE), (write) => write(root));
      for (const [index, id] of replaced.entries()) {
        const successor = added[index]?.id;
        print(`${role}: ${id} ${successor === undefined ? 'removed' : `replaced by ${successor}`}\n`);
      }
      for (const { id } of added.slice(replaced.length)) print(`${role}: ${id} added\n`);
      const { version, roles } = decodeRoot(root);
      if (resizes) print(`${role}: ${roles[role].threshold} of ${roles[role].keys.length} keys must sign\n`);
      print(`${repo}: root version ${version}, also in ${path.join(keys[0], ROOT_FILE)}\n`);
    });
    tellNext(values);
  },
};

/** Hexadecimal digits of a key's id that are no slip of the hand. */
const SHORTEST_ID = 4;

function chooseKeys(
  { host, repo, keys }: Signing,
  role: RoleName,
  option: string,
  wanted: string[],
): string[] {
  const present = listKeys(keys);
  const named = readPublished(host, repo).root.roles[role].keys.map(({ id }) => ({
    id,
    file: present.find((key) => key.id === id)?.file,
  }));
  const [only, ...more] = named;
  if (wanted.length === 0 && only !== undefined && more.length === 0) return [only.id];
  const list = named.map(({ id, file }) => `${id.slice(0, 12)} (${file ?? 'not here'})`).join(', ');
  if (wanted.length === 0) {
    throw new UsageError(`--replace is wanted, for ${role} has ${named.length} keys: ${list}`);
  }
  return wanted.map((name) => {
    const found = named.filter(
      ({ id, file }) =>
        (name.length >= SHORTEST_ID && id.startsWith(name)) ||
        (file !== undefined && path.basename(file, '.key') === path.basename(name, '.key')),
    );
    if (found[0] === undefined || found.length > 1) {
      throw new UsageError(
        `${option}: wanted one of the ${role} keys ${list}, found ${JSON.stringify(name)}`,
      );
    }
    return found[0].id;
  });
}

/**
 * Before a key is written. With another passphrase than the old keys have it would be of no use, and in the way of every rotation
 * after this one; and without the keys of the root there is nothing to write it for.
 */
function requireOldKeys({ host, repo, keys, signers }: Signing): void {
  const { root } = readPublished(host, repo);
  if (signers.remote === undefined) {
    requireKeys(signers, root, ['root']);
    return;
  }
  const named = new Set(ROLES.flatMap((role) => root.roles[role].keys.map(({ id }) => id)));
  const here = listKeys(keys).find(({ id }) => named.has(id));
  if (here !== undefined) signers.find(here.id);
}

/**
 * Keys of the role in the folders that no root has ever named, as an interrupted rotation leaves them, and new keys, which
 * are written to `folder`, for the rest of `count`. `wanted`: exactly the keys with these ids.
 */
async function newKeys(
  { host, repo, passphrase, signersOf }: Signing,
  role: RoleName,
  folders: string[],
  wanted: string[] | null,
  { count, folder, cost }: { count: number; folder: string; cost: number },
): Promise<{ id: string; bytes: Uint8Array }[]> {
  const named = keysEverNamed(host, repo);
  const signers = signersOf(folders);
  const usable = listKeys(folders).filter(
    (key) => key.role === role && (wanted === null ? !named.has(key.id) : wanted.includes(key.id)),
  );
  if (wanted !== null && usable.length < wanted.length) {
    throw new UsageError(`a rotation of ${role} has begun, and its new key is not in ${folders.join(', ')}`, {
      advice: 'Name the folder that it was written to with --keys.',
    });
  }
  const keys: { id: string; bytes: Uint8Array }[] = usable
    .slice(0, count)
    .flatMap(({ id }) => signers.find(id) ?? []);
  while (keys.length < count) keys.push(await writeKey(host, role, folder, passphrase, cost));
  return keys;
}

async function writeKey(
  { random }: Host,
  role: RoleName,
  folder: string,
  passphrase: string,
  cost: number,
): Promise<SigningKey> {
  const key = signingKey(random.bytes(32));
  const file = path.join(folder, keyFileName(role, nextKeyNumber(folder, role)));
  const sealed = withLine(`encrypting ${path.basename(file)} with the passphrase`, () =>
    sealKey(key, { role, passphrase, random: random.bytes, cost }),
  );
  await writeOutput(file, (write) => write(sealed), { mode: 0o600 });
  tell(`${file}: ${key.id}\n`);
  return key;
}
