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
 * One that carries files besides (companions.ts) begins with "DGMOPKG2". A number follows the digest, and the envelope comes after that:
 *
 *     44       4      which files: the sum of 1 for the updater and 2 for the schema of the config, at least 1
 *     48       E      envelope; then the payloads as above; then these files in that order, up to the end of the file
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
const MAGIC_WITH_FILES = new TextEncoder().encode('DGMOPKG2');
const LENGTH_AT = MAGIC.length;
const DIGEST_AT = LENGTH_AT + 4;
const HEADER_SIZE = DIGEST_AT + 32;
const FLAGS_SIZE = 4;

/** Whether the file begins like a package, for `release inspect`. */
export function looksLikePackage(source: Source): boolean {
  if (source.size < MAGIC.length) return false;
  const start = new Uint8Array(MAGIC.length);
  source.read(0, start);
  return [MAGIC, MAGIC_WITH_FILES].some((magic) => Buffer.compare(start, magic) === 0);
}

/** @param flags which files it carries besides (companions.ts); 0: none */
export function encodeHeader(envelope: Uint8Array, flags = 0): Uint8Array {
  const header = new Uint8Array(HEADER_SIZE + (flags === 0 ? 0 : FLAGS_SIZE));
  header.set(flags === 0 ? MAGIC : MAGIC_WITH_FILES);
  if (flags !== 0) new DataView(header.buffer).setUint32(HEADER_SIZE, flags, true);
  new DataView(header.buffer).setUint32(LENGTH_AT, envelope.length, true);
  header.set(Buffer.from(digestBytes(envelope).sha256, 'hex'), DIGEST_AT);
  return header;
}

export interface EnvelopeFound {
  envelope: Uint8Array;
  /** Where the payloads begin. */
  end: number;
  /** Which files follow them (companions.ts); 0: none. */
  flags: number;
}

/** The envelope of the file, not yet trusted. Throws DamagedError if it is damaged. */
export function readEnvelope(source: Source): EnvelopeFound {
  if (!looksLikePackage(source)) {
    throw new DamagedError(
      'package: wanted DGMOPKG1 or DGMOPKG2 in its first 8 bytes, found something else',
      {
        advice: 'Is this a .dgmopkg file? If it is, download it again.',
      },
    );
  }
  if (source.size < HEADER_SIZE) throw truncated(HEADER_SIZE, source.size);
  const header = new Uint8Array(HEADER_SIZE);
  source.read(0, header);
  const hasFiles = Buffer.compare(header.subarray(0, MAGIC.length), MAGIC_WITH_FILES) === 0;
  const start = HEADER_SIZE + (hasFiles ? FLAGS_SIZE : 0);
  const length = new DataView(header.buffer).getUint32(LENGTH_AT, true);
  if (length > MAX_ENVELOPE) {
    throw new DamagedError(
      `package: wanted an envelope of at most ${MAX_ENVELOPE} bytes, found one of ${length}`,
      { advice: DOWNLOAD_AGAIN },
    );
  }
  if (source.size < start + length) throw truncated(start + length, source.size);
  const envelope = new Uint8Array(length);
  source.read(start, envelope);
  const wanted = Buffer.from(header.subarray(DIGEST_AT, HEADER_SIZE)).toString('hex');
  const found = digestBytes(envelope).sha256;
  if (found !== wanted) {
    throw new DamagedError(`package: wanted an envelope with SHA-256 ${wanted}, found ${found}`, {
      advice: DOWNLOAD_AGAIN,
    });
  }
  const flags = hasFiles ? readFlags(source) : 0;
  if (hasFiles && flags === 0)
    throw new DamagedError('package: wanted a file besides what is signed, as DGMOPKG2 has, found none');
  return { envelope, end: start + length, flags };
}

function readFlags(source: Source): number {
  const flags = new Uint8Array(FLAGS_SIZE);
  source.read(HEADER_SIZE, flags);
  return new DataView(flags.buffer).getUint32(0, true);
}

export const DOWNLOAD_AGAIN = 'The file was damaged in transit: download it again.';

function truncated(wanted: number, found: number): DamagedError {
  return new DamagedError(`package: wanted at least ${wanted} bytes, found ${found}`, {
    advice: DOWNLOAD_AGAIN,
  });
}
