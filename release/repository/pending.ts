/**
 * When the work under way began. The same work begun again after a kill bears the same date, so that its packages are
 * the same bytes, and what was signed elsewhere in between still fits.
 */

import { hex, integer, object } from '../../lib/format/decoder.ts';
import { digestBytes, removeIfThere } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import type { RepositoryLayout } from './layout.ts';
import { readNote, writeNote } from './work-note.ts';

const pending = object({ work: hex(32), began: integer(0, 253_402_300_799_999) });

/** Milliseconds since the epoch. `work` is anything that tells this work from another as JSON. */
export function beginning({ disk, clock }: Host, layout: RepositoryLayout, work: unknown): number {
  const digest = digestBytes(new TextEncoder().encode(JSON.stringify(work))).sha256;
  const before = readNote(disk, layout.pending, pending, { forgetDamaged: true });
  if (before?.work === digest) return before.began;
  const began = clock.now();
  writeNote(disk, layout.pending, { work: digest, began });
  return began;
}

export function ended({ disk }: Host, layout: RepositoryLayout): void {
  removeIfThere(disk, layout.pending);
}
