/** Which keys may vouch for anything, beyond what the specification asks. */
import type { Key } from '@tufjs/models';
import { TrustError } from '../../errors.ts';
import { printable } from '../../format/printable.ts';
import { KEY_TYPE, publicKey } from '../key.ts';
import { trustRoot } from '../root.ts';

export interface KeyPolicy {
  /** Throws where this root, as JSON, may not be trusted. Its signatures are checked elsewhere as well. */
  root(json: unknown): void;
  /** Throws where a delegation may not name these keys. */
  keys(keys: Readonly<Record<string, Key>>, file: string): void;
}

const PUBLIC = /^[0-9a-f]{64}$/;

/**
 * What `release keys init` makes and nothing else: Ed25519, every key under the id that its content gives (spec 4.2.1),
 * so that no key can count twice under two names; and roots that packages can be verified with as well.
 */
export const OWN_KEYS: KeyPolicy = {
  root: (json) => {
    trustRoot(json);
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

/** Every key that tuf-js can verify with, under any id: for repositories of other makers, as a conformance suite has. */
export const ANY_KEYS: KeyPolicy = {
  root: () => undefined,
  keys: () => undefined,
};
