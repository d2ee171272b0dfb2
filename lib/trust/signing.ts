/** Ed25519 (RFC 8032): signatures, and the keys that make them. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { type PublicKey, publicKey, requireBytes } from './key.ts';

export interface SigningKey extends PublicKey {
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
  /** The 32 secret bytes; only for key-file.ts. */
  readonly seed: Uint8Array;
}

const KEY_SIZE = 32;

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

/**
 * Strict verification: only canonical encodings and no keys of small order, as in RFC 8032 section 5.1.7 and FIPS 186-5,
 * not the looser ZIP 215. So nobody can turn one valid signature into another.
 */
export function verifySignature(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && ed25519.verify(signature, message, key.bytes, { zip215: false });
}
