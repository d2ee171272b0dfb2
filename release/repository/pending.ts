/**
 * When the work under way began. The same work begun again after a kill bears the same date, so that its packages are
 * the same bytes, and what was signed elsewhere in between still fits.
 */

import { DamagedError } from '../../lib/errors.ts';
import { hex, integer, object } from '../../lib/format/decoder.ts';
import { MAX_DOCUMENT, parseJson } from '../../lib/format/json.ts';
import { digestBytes, readFile, removeIfThere, replaceDurably } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import type { RepositoryLayout } from './layout.ts';

const pending = object({ work: hex(32), began: integer(0, 253_402_300_799_999) });

/** Milliseconds since the epoch. `work` is anything that tells this work from another as JSON. */
export function beginning({ disk, clock }: Host, layout: RepositoryLayout, work: unknown): number {
  const digest = digestBytes(new TextEncoder().encode(JSON.stringify(work))).sha256;
  const before = readPending(disk, layout);
  if (before?.work === digest) return before.began;
  const began = clock.now();
  const bytes = new TextEncoder().encode(JSON.stringify({ work: digest, began }));
  replaceDurably(disk, layout.pending, layout.work, bytes);
  return began;
}

export function ended({ disk }: Host, layout: RepositoryLayout): void {
  removeIfThere(disk, layout.pending);
}

/** What can't be read is no work of ours. */
function readPending(disk: Host['disk'], layout: RepositoryLayout) {
  const bytes = readFile(disk, layout.pending, MAX_DOCUMENT);
  if (bytes === null) return null;
  try {
    return pending(parseJson(bytes, layout.pending), layout.pending);
  } catch (error) {
    if (error instanceof DamagedError) return null;
    throw error;
  }
}
