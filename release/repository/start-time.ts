/**
 * When the current work started. The same work started again after a kill gets the same date, so that its packages are
 * the same bytes, and signatures that were made on another machine in the meantime still fit.
 */

import { hex, object, time } from '../../lib/format/decoder.ts';
import { digestBytes, removeIfThere } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import type { RepositoryLayout } from './layout.ts';
import { readNote, writeNote } from './work-note.ts';

const startNote = object({ work: hex(32), began: time });

/** Milliseconds since the epoch. `work`: anything that tells this work from other work as JSON. */
export function startTime({ disk, clock }: Host, layout: RepositoryLayout, work: unknown): number {
  const digest = digestBytes(new TextEncoder().encode(JSON.stringify(work))).sha256;
  const before = readNote(disk, layout.startTime, startNote, { forgetDamaged: true });
  if (before?.work === digest) return before.began;
  const began = clock.now();
  writeNote(disk, layout.startTime, { work: digest, began });
  return began;
}

export function forgetStart({ disk }: Host, layout: RepositoryLayout): void {
  removeIfThere(disk, layout.startTime);
}
