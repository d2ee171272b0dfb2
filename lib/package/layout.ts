/**
 * The bytes of a `.dgmopkg`, which is one file:
 *
 *     offset   size   what
 *     0        8      magic, "DGMOPKG1"
 *     8        4      E, length of the envelope, unsigned, little endian
 *     12       32     SHA-256 of the envelope
 *     44       E      envelope: DSSE (lib/trust/envelope.ts) around the statement (statement.ts)
 *     44 + E   ...    payloads, back to back in the order of the statement, up to the end of the file
 *
 * The statement has the length and digest of every payload, so the size of the file is known from it and nothing may
 * follow. The digest in the header does not protect against an attacker: it distinguishes a damaged download (download it
 * again) from a package that is not signed by trusted keys (don't), and it covers the signatures by unknown keys, too,
 * which the envelope ignores.
 */
import { DamagedError } from '../errors.ts';
import { digestBytes, type Source } from '../platform/files.ts';
import { MAX_ENVELOPE } from '../trust/index.ts';

const MAGIC = new TextEncoder().encode('DGMOPKG1');
const LENGTH_AT = MAGIC.length;
const DIGEST_AT = LENGTH_AT + 4;
export const HEADER_SIZE = DIGEST_AT + 32;

/** Whether the file begins like a package, for `release inspect`. */
export function looksLikePackage(source: Source): boolean {
  if (source.size < MAGIC.length) return false;
  const start = new Uint8Array(MAGIC.length);
  source.read(0, start);
  return Buffer.compare(start, MAGIC) === 0;
}

export function encodeHeader(envelope: Uint8Array): Uint8Array {
  const header = new Uint8Array(HEADER_SIZE);
  header.set(MAGIC);
  new DataView(header.buffer).setUint32(LENGTH_AT, envelope.length, true);
  header.set(Buffer.from(digestBytes(envelope).sha256, 'hex'), DIGEST_AT);
  return header;
}

/** The envelope of the file, not yet trusted. Throws DamagedError if it is damaged. */
export function readEnvelope(source: Source): Uint8Array {
  if (!looksLikePackage(source)) {
    throw new DamagedError('package: wanted DGMOPKG1 in its first 8 bytes, found something else', {
      advice: 'Is this a .dgmopkg file? If it is, download it again.',
    });
  }
  if (source.size < HEADER_SIZE) throw truncated(HEADER_SIZE, source.size);
  const header = new Uint8Array(HEADER_SIZE);
  source.read(0, header);
  const length = new DataView(header.buffer).getUint32(LENGTH_AT, true);
  if (length > MAX_ENVELOPE) {
    throw new DamagedError(
      `package: wanted an envelope of at most ${MAX_ENVELOPE} bytes, found one of ${length}`,
      { advice: DOWNLOAD_AGAIN },
    );
  }
  if (source.size < HEADER_SIZE + length) throw truncated(HEADER_SIZE + length, source.size);
  const envelope = new Uint8Array(length);
  source.read(HEADER_SIZE, envelope);
  const wanted = Buffer.from(header.subarray(DIGEST_AT)).toString('hex');
  const found = digestBytes(envelope).sha256;
  if (found !== wanted) {
    throw new DamagedError(`package: wanted an envelope with SHA-256 ${wanted}, found ${found}`, {
      advice: DOWNLOAD_AGAIN,
    });
  }
  return envelope;
}

export const DOWNLOAD_AGAIN = 'The file was damaged in transit: download it again.';

function truncated(wanted: number, found: number): DamagedError {
  return new DamagedError(`package: wanted at least ${wanted} bytes, found ${found}`, {
    advice: DOWNLOAD_AGAIN,
  });
}
