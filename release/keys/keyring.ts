/**
 * The folder of keys: `root.json`, and an encrypted file for each private key, named for its role: `root-1.key` to
 * `root-3.key`, `targets-1.key`, `snapshot-1.key`, `timestamp-1.key`.
 */
import path from 'node:path';
import { UsageError } from '../../lib/errors.ts';
import { MAX_DOCUMENT } from '../../lib/format/json.ts';
import { createDirectories } from '../../lib/platform/files.ts';
import { nativeDisk as disk } from '../../lib/platform/native-disk.ts';
import {
  decodeKeyFile,
  decodeRoot,
  openKey,
  type RoleName,
  type SigningKey,
  type TrustedRoot,
} from '../../lib/trust/index.ts';
import { readInput } from '../files.ts';
import { withLine } from '../progress.ts';
import { type Signers, signersOf } from './signers.ts';

export const ROOT_FILE = 'root.json';
const KEY_FILE = /^(root|targets|snapshot|timestamp)-(\d+)\.key$/;

export function keyFileName(role: RoleName, number: number): string {
  return `${role}-${number}.key`;
}

/** One more than the highest number of a key of the role in the folder. */
export function nextKeyNumber(folder: string, role: RoleName): number {
  const numbers = keyringFiles(folder).map((name) => {
    const [, found, number] = KEY_FILE.exec(name) ?? [];
    return found === role ? Number(number) : 0;
  });
  return Math.max(0, ...numbers) + 1;
}

/** Names of the keys and the root in the folder. Empty if the folder does not exist. */
function keyringFiles(folder: string): string[] {
  if (disk.status(folder) === null) return [];
  return disk.list(folder).filter((name) => name === ROOT_FILE || KEY_FILE.test(name));
}

/** UsageError if the file does not exist, DamagedError or TrustError if it is not a valid root. */
export function loadRoot(file: string): TrustedRoot {
  return decodeRoot(readInput(file, MAX_DOCUMENT));
}

export interface KeyOnDisk {
  file: string;
  role: RoleName;
  id: string;
  bytes: Uint8Array;
}

/** Every private key in the folders, still encrypted. */
export function listKeys(folders: readonly string[]): KeyOnDisk[] {
  return folders.flatMap((folder) =>
    keyringFiles(folder)
      .filter((name) => name !== ROOT_FILE)
      .toSorted()
      .map((name) => {
        const file = path.join(folder, name);
        const bytes = readInput(file, MAX_DOCUMENT);
        const { role, keyid: id } = decodeKeyFile(bytes);
        return { file, role, id, bytes };
      }),
  );
}

/**
 * The keys in the folders. Each is decrypted when it is first used, which takes a while.
 *
 * @param opened keys that were decrypted before, by id; those that this one decrypts are added
 */
export function keyringSigners(
  folders: readonly string[],
  passphrase: string,
  opened = new Map<string, SigningKey>(),
): Signers {
  const files = new Map(listKeys(folders).map((key) => [key.id, key]));
  return signersOf((id) => {
    const before = opened.get(id);
    const found = files.get(id);
    if (before !== undefined || found === undefined) return before ?? null;
    const { file, bytes } = found;
    const key = withLine(`opening ${path.basename(file)} with the passphrase`, () =>
      openKey(bytes, passphrase),
    );
    opened.set(id, key);
    return key;
  }, folders.join(', '));
}

/**
 * The keys of a role that are both in the folder and in the root. TrustError if they are fewer than the root's threshold:
 * nobody would trust what they sign.
 */
export function loadKeys(
  folder: string,
  role: RoleName,
  root: TrustedRoot,
  passphrase: string,
): SigningKey[] {
  return keyringSigners([folder], passphrase).keys(role, root);
}

/** UsageError if the folder has keys already. */
export function requireNoKeys(folder: string): void {
  const [found] = keyringFiles(folder);
  if (found === undefined) return;
  throw new UsageError(`${folder}: wanted a folder without keys, found ${found}`, {
    advice: 'Choose another folder: keys are never overwritten.',
  });
}

/** Makes the folder, accessible only to its owner. */
export function makeKeyring(folder: string): void {
  createDirectories(disk, folder, path.dirname);
  disk.setMode(folder, 0o700);
}
