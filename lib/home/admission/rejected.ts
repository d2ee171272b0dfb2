/** Versions that were taken back here because they did not work: a rollback goes to one only if it is named. */
import { UpdaterError } from '../../errors.ts';
import type { Host } from '../../platform/host.ts';
import { choicesFile, quarantineOf } from '../choices.ts';
import type { Home } from '../folder.ts';

/**
 * Why that executable was taken back; null if it was not, or if that is not known: a rollback must work although the record
 * can't be read.
 */
export function rejectionOf(
  { host, home }: { host: Host; home: Home },
  binary: { version: string; sha256: string },
): string | null {
  if ('missing' in home) return null;
  try {
    return quarantineOf(choicesFile.load(host, home.folder), binary)?.reason ?? null;
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    return null;
  }
}
