/**
 * The `signature` of a binary in a manifest: Ed25519 by one `targets` key over what the binary is and which target it is
 * for. It identifies a binary without its package. It does not replace the envelope around the manifest, which needs as
 * many keys as the root's threshold.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { TrustError } from '../errors.ts';
import { type Binary, targetName } from '../version/index.ts';
import { preAuthEncoding } from './envelope.ts';
import type { TrustedRoot } from './root.ts';
import { type SigningKey, verifySignature } from './signing.ts';

export const BINARY_TYPE = 'application/vnd.dgmo.binary.v1+json';

type Subject = Pick<Binary, 'platform' | 'arch' | 'size' | 'checksum'>;

/** Returns 128 hex digits. `version` is the release that the binary belongs to. */
export function signBinary(binary: Subject, version: string, key: SigningKey): string {
  return bytesToHex(key.sign(signedBytes(binary, version)));
}

/** Throws TrustError if none of the root's `targets` keys made the signature. */
export function verifyBinarySignature(binary: Binary, version: string, root: TrustedRoot): void {
  const message = signedBytes(binary, version);
  const signature = hexToBytes(binary.signature);
  const { keys } = root.roles.targets;
  if (!keys.some((key) => verifySignature(key, message, signature))) {
    throw new TrustError(
      `not trusted: wanted the ${targetName(binary)} binary of ${version} signed by a targets key of root ` +
        `version ${root.version}, found a signature by none of them`,
      { advice: 'Do not install this. Download the package from where DGMO is published.' },
    );
  }
}

/** The DSSE encoding of a JSON object with these five fields in this order. */
function signedBytes({ platform, arch, size, checksum }: Subject, version: string): Uint8Array {
  const body = JSON.stringify({ version, platform, arch, size, checksum });
  return preAuthEncoding(BINARY_TYPE, new TextEncoder().encode(body));
}
