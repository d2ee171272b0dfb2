/**
 * Ed25519 keys (RFC 8032) and their ids. A key's id is that of TUF: SHA-256 over the canonical JSON of the key object
 * (spec 1.0, section 4.2), so a key has the same id in the root, in a feed and on a package.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { UsageError } from '../errors.ts';

export interface PublicKey {
  /** 64 lower-case hex digits. */
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

export interface SigningKey extends PublicKey {
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
  /** The 32 secret bytes; only for key-file.ts. */
  readonly seed: Uint8Array;
}

export const KEY_TYPE = 'ed25519';
const KEY_SIZE = 32;

/**
 * @param bytes 32 of them; what has another length is a key that has signed nothing
 * @throws UsageError if they are something else
 */
export function publicKey(bytes: Uint8Array): PublicKey {
  requireBytes(bytes, 'a public key');
  // Canonical JSON of {keytype, keyval: {public}, scheme}: names sorted, no white space.
  const canonical = `{"keytype":"${KEY_TYPE}","keyval":{"public":"${bytesToHex(bytes)}"},"scheme":"${KEY_TYPE}"}`;
  return { id: bytesToHex(sha256(utf8ToBytes(canonical))), bytes };
}

/**
 * @param seed 32 random bytes, which are the whole secret
 * @throws UsageError if it is something else
 */
export function signingKey(seed: Uint8Array): SigningKey {
  requireBytes(seed, 'the seed of a key', KEY_SIZE);
  const secret = seed.slice();
  return {
    ...publicKey(ed25519.getPublicKey(secret)),
    seed: secret,
    sign: (message) => ed25519.sign(message, secret),
  };
}

/** The bytes of a secret are in no message. */
function requireBytes(bytes: unknown, what: string, size?: number): void {
  if (bytes instanceof Uint8Array && (size === undefined || bytes.length === size)) return;
  const found = bytes instanceof Uint8Array ? `${bytes.length} bytes` : `a value of type ${typeof bytes}`;
  throw new UsageError(
    `${what}: wanted a Uint8Array${size === undefined ? '' : ` of ${size} bytes`}, found ${found}`,
  );
}

/**
 * Strict verification: only canonical encodings and no keys of small order, as in RFC 8032 section 5.1.7 and FIPS 186-5,
 * not the looser ZIP 215. So nobody can turn one valid signature into another.
 */
export function verifySignature(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && ed25519.verify(signature, message, key.bytes, { zip215: false });
}
