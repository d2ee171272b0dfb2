/**
 * The folder of keys: `root.json`, and one encrypted file for each private key, named for its role: `root-1.key` ..
 * `root-3.key`, `targets-1.key`, `snapshot-1.key`, `timestamp-1.key`.
 */
import path from 'node:path';
import { TrustError, UsageError } from '../lib/errors.ts';
import { createDirectories } from '../lib/platform/files.ts';
import { nativeDisk as disk } from '../lib/platform/native-disk.ts';
import {
  decodeKeyFile,
  decodeRoot,
  openKey,
  type RoleName,
  type SigningKey,
  type TrustedRoot,
} from '../lib/trust/index.ts';
import { MAX_DOCUMENT } from '../lib/version/json.ts';
import { readInput } from './files.ts';

export const ROOT_FILE = 'root.json';
const KEY_FILE = /^(root|targets|snapshot|timestamp)-(\d+)\.key$/;

export function keyFileName(role: RoleName, number: number): string {
  return `${role}-${number}.key`;
}

/** Names of everything in the folder that is a key or a root; empty where there is no folder. */
export function keyringFiles(folder: string): string[] {
  if (disk.status(folder) === null) return [];
  return disk.list(folder).filter((name) => name === ROOT_FILE || KEY_FILE.test(name));
}

/** UsageError where there is no root, DamagedError or TrustError where it is a bad one. */
export function loadRoot(file: string): TrustedRoot {
  return decodeRoot(readInput(file, MAX_DOCUMENT));
}

/**
 * The keys of a role that stand in the folder and in the root. TrustError where they are fewer than the root's
 * threshold: what they sign would be trusted by nobody.
 */
export function loadKeys(
  folder: string,
  role: RoleName,
  root: TrustedRoot,
  passphrase: string,
): SigningKey[] {
  const trusted = new Set(root.roles[role].keys.map(({ id }) => id));
  const files = keyringFiles(folder)
    .filter((name) => KEY_FILE.exec(name)?.[1] === role)
    .toSorted()
    .map((name) => readInput(path.join(folder, name), MAX_DOCUMENT))
    .filter((bytes) => trusted.has(decodeKeyFile(bytes).keyid));
  const { threshold } = root.roles[role];
  if (files.length < threshold) {
    throw new TrustError(
      `${folder}: wanted ${threshold} of the root's ${trusted.size} ${role} keys to sign with, found ${files.length}`,
    );
  }
  return files.map((bytes) => openKey(bytes, passphrase));
}

/** UsageError where keys stand in the folder already. */
export function requireNoKeys(folder: string): void {
  const [found] = keyringFiles(folder);
  if (found === undefined) return;
  throw new UsageError(`${folder}: wanted a folder without keys, found ${found}`, {
    advice: 'Choose another folder: keys are never overwritten.',
  });
}

/** Makes the folder, readable by its owner alone. */
export function makeKeyring(folder: string): void {
  createDirectories(disk, folder, path.dirname);
  disk.setMode(folder, 0o700);
}
