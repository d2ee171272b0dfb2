/** Whether a rollback has somewhere to go to, for the advice after a failure. */
import { UpdaterError } from '../../errors.ts';
import type { Session } from '../session.ts';
import { rollbackTarget } from './target.ts';

/** How advice goes on that has named `repair`: what a rollback would do; empty if there is nothing to go back to. */
export function orGoBack(session: Session): string {
  try {
    return `, or \`dgmo-updater rollback\`, which goes back to ${rollbackTarget(session, {}).to.version}`;
  } catch (error) {
    if (error instanceof UpdaterError) return '';
    throw error;
  }
}
