/** Which keys may sign, beyond what the specification demands. */
import type { Key } from '@tufjs/models';
import { TrustError } from '../../errors.ts';
import { printable } from '../../format/printable.ts';
import { KEY_TYPE, publicKey } from '../key.ts';
import { readRoot } from '../root.ts';

export interface KeyPolicy {
  /** Throws if this root, as JSON, may not be trusted. Its signatures are verified elsewhere. */
  root(json: unknown): void;
  /** Throws if a delegation may not name these keys. */
  keys(keys: Readonly<Record<string, Key>>, file: string): void;
}

const PUBLIC = /^[0-9a-f]{64}$/;

/**
 * Only keys as `release keys init` makes them: Ed25519, every key under the id that is computed from it (spec 4.2.1), so
 * that no key can count twice under two ids; and only roots that packages can be verified with as well.
 */
export const OWN_KEYS: KeyPolicy = {
  root: (json) => {
    readRoot(json);
  },
  keys: (keys, file) => {
    for (const [id, key] of Object.entries(keys)) {
      const value = key.keyVal.public ?? '';
      const right = key.keyType === KEY_TYPE && key.scheme === KEY_TYPE && PUBLIC.test(value);
      if (!right || publicKey(Buffer.from(value, 'hex')).id !== id) {
        throw new TrustError(
          `not trusted: ${file}: wanted Ed25519 keys under their own ids, found another one under ${printable(id.slice(0, 12))}`,
        );
      }
    }
  },
};

/** Every key that tuf-js can verify with, under any id: for repositories of others, such as those of a conformance suite. */
export const ANY_KEYS: KeyPolicy = {
  root: () => undefined,
  keys: () => undefined,
};
