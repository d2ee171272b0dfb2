/** A patch: its header, and the digest of what follows. Whether it makes the right binary, `release patch` shows. */
import { readPatchHeader } from '../../../lib/delta/index.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { digestBytes, readSource, type Source } from '../../../lib/platform/files.ts';
import type { Inspector } from './inspector.ts';

const MAGIC = new TextEncoder().encode('DGMO_PATCH_V1');

export function looksLikePatch(source: Source): boolean {
  if (source.size < MAGIC.length) return false;
  const start = new Uint8Array(MAGIC.length);
  source.read(0, start);
  return Buffer.compare(start, MAGIC) === 0;
}

export const inspectPatch: Inspector = (source, note) => {
  const header = readPatchHeader(source);
  note('header', header);
  const { sha256 } = digestBytes(readSource(source).subarray(header.headerSize));
  if (sha256 !== header.patchChecksum) {
    throw new DamagedError(`patch: wanted a content with SHA-256 ${header.patchChecksum}, found ${sha256}`);
  }
};
