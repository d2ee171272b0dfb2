/**
 * Public keys for Ed25519, and their ids. A key's id is that of TUF: SHA-256 over the canonical JSON of the key object
 * (spec 1.0, section 4.2), so a key has the same id in the root, in a feed and on a package. Signatures are in signing.ts: to
 * read a root and a feed, keys are enough, and what computes on the curve takes longer to load than all the rest.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { UsageError } from '../errors.ts';

export interface PublicKey {
  /** 64 lower-case hex digits. */
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

export const KEY_TYPE = 'ed25519';

/**
 * @param bytes 32 of them; what has another length is a key that has signed nothing
 * @throws UsageError if they are something else
 */
export function publicKey(bytes: Uint8Array): PublicKey {
  requireBytes(bytes, 'a public key');
  // Canonical JSON of {keytype, keyval: {public}, scheme}: names sorted, no white space.
  const canonical = `{"keytype":"${KEY_TYPE}","keyval":{"public":"${bytesToHex(bytes)}"},"scheme":"${KEY_TYPE}"}`;
  return { id: new Bun.CryptoHasher('sha256').update(canonical).digest('hex'), bytes };
}

/** The bytes of a secret are in no message. */
export function requireBytes(bytes: unknown, what: string, size?: number): void {
  if (bytes instanceof Uint8Array && (size === undefined || bytes.length === size)) return;
  const found = bytes instanceof Uint8Array ? `${bytes.length} bytes` : `a value of type ${typeof bytes}`;
  throw new UsageError(
    `${what}: wanted a Uint8Array${size === undefined ? '' : ` of ${size} bytes`}, found ${found}`,
  );
}
