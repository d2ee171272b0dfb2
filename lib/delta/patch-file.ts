/**
 * A patch as an object, and who vouches for it. Its header and data are exactly those of the file (FORMAT.md); the
 * signature is not in the file and travels beside it.
 */
import { isDeepStrictEqual } from 'node:util';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { DamagedError, TrustError } from '../errors.ts';
import { digestBytes, memorySource, type Source } from '../platform/files.ts';
import { preAuthEncoding } from '../trust/envelope.ts';
import type { PublicKey } from '../trust/key.ts';
import { type SigningKey, verifySignature } from '../trust/signing.ts';
import { plain } from './compress.ts';
import { encodeHeader, type PatchHeader, readPatchHeader } from './header.ts';

/** A patch between two binaries. */
export interface PatchFile {
  header: PatchHeader;
  /** Everything after the header: the compressed streams. */
  data: Uint8Array;
  /** Ed25519 over the header, and so over the digest of the data: 128 lower-case hex digits. Null if nobody signed it. */
  signature: string | null;
}

/** What is signed is a patch, and nothing else that the same key signs. */
const PATCH_TYPE = 'application/vnd.dgmo.patch.v1';

/**
 * Decodes a DGMO_PATCH_V1 file and verifies its checksums. The data is a view of `bytes`, not a copy.
 *
 * @throws DamagedError if anything differs from FORMAT.md
 */
export function decodePatch(bytes: Uint8Array): PatchFile {
  const header = readPatchHeader(memorySource(bytes));
  const data = bytes.subarray(header.headerSize);
  const found = digestBytes(data).sha256;
  if (found !== header.patchChecksum) {
    throw new DamagedError(
      `the patch is damaged: the SHA-256 of its content is ${found}, wanted ${header.patchChecksum}`,
    );
  }
  return { header, data, signature: null };
}

/**
 * The bytes of the DGMO_PATCH_V1 file. The data is not digested here: who reads the file verifies it.
 *
 * @throws DamagedError if the header is not one that a file can have, or the data has another size
 */
export function encodePatch(patch: PatchFile): Uint8Array {
  return plain(Buffer.concat([encodedHeader(patch), patch.data]));
}

/** The same bytes as a Source, without a copy of the data. */
export function patchSource(patch: PatchFile): Source {
  return joined(encodedHeader(patch), patch.data);
}

/** Signs the patch. */
export function signPatch(patch: PatchFile, key: SigningKey): PatchFile {
  return { ...patch, signature: bytesToHex(key.sign(signedBytes(patch))) };
}

/**
 * Verifies the signature of the header. The data is vouched for by the header's `patchChecksum`, which `applyPatch`
 * verifies before it uses the data.
 *
 * @throws TrustError if none of `keys` signed the patch, DamagedError if its header is malformed
 */
export function verifyPatchSignature(patch: PatchFile, keys: readonly PublicKey[]): void {
  const message = signedBytes(patch);
  const { signature, header } = patch;
  const isSigned = signature !== null && /^[0-9a-f]{128}$/.test(signature);
  if (isSigned && keys.some((key) => verifySignature(key, message, hexToBytes(signature)))) return;
  const trusted = keys.map(({ id }) => id.slice(0, 12)).join(', ');
  throw new TrustError(
    `not trusted: wanted the patch from ${header.fromVersion} to ${header.toVersion} signed by one of the keys ` +
      `${trusted || '(none is trusted)'}, found ${signature === null ? 'no signature' : 'a signature by none of them'}`,
    { advice: 'Do not apply this. Get the patch from where DGMO is published.' },
  );
}

/** A header in the short form does not have the digest of the data. */
function signedBytes(patch: PatchFile): Uint8Array {
  const { short, patchChecksum } = patch.header;
  const header = encodedHeader(patch);
  return preAuthEncoding(PATCH_TYPE, short ? Buffer.concat([header, hexToBytes(patchChecksum)]) : header);
}

/** An object can hold anything: what does not decode to the same header again is refused. */
function encodedHeader({ header, data }: PatchFile): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = encodeHeader(header);
  } catch (cause) {
    throw new DamagedError('the header of the patch is malformed: it has values that no file can hold', {
      cause,
    });
  }
  if (!isDeepStrictEqual(readPatchHeader(joined(bytes, data)), header)) {
    throw new DamagedError('the header of the patch is malformed: written and read again, it is another one');
  }
  return bytes;
}

function joined(head: Uint8Array, tail: Uint8Array): Source {
  const rest = memorySource(tail, 'the patch');
  return {
    size: head.length + tail.length,
    read(position, into) {
      const first = head.subarray(position, position + into.length);
      into.set(first);
      if (first.length < into.length) {
        rest.read(position + first.length - head.length, into.subarray(first.length));
      }
    },
  };
}
