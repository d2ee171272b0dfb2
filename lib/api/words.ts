/** What the command line needs before it has a command: in a file of its own, because it needs nothing else of this room. */
import type { Receipt } from '../install/receipt.ts';

export { type LocalOffset, localTime } from '../format/local-time.ts';
export { didYouMean } from '../format/nearest.ts';
export { bounded, shellWord, withoutCredentials } from '../format/printable.ts';
export { wrapped } from '../format/wrapped.ts';
export { worstCode } from '../health/exit-code.ts';
export { timeOfId } from '../snapshot/snapshot-id.ts';

/** How what is installed got there. */
export const SOURCE_WORDS: Record<Receipt['source'], string> = {
  init: 'by init',
  package: 'from a signed package',
  rollback: 'by a rollback',
};
