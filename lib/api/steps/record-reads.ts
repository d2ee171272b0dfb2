/** What an operation has read in full is recorded at its end, so that the next check need not compute it again. */
import type { Session } from '../../install/index.ts';

/** Loaded only here: not every command needs what a check needs. */
export async function recordReads(session: Session): Promise<void> {
  const { recordDigests } = await import('../../health/verify.ts');
  recordDigests(session);
}
