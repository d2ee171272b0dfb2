/** What the command line needs before it has a command: in a file of its own, because it needs nothing else of this room. */
export { type LocalOffset, localTime } from '../format/local-time.ts';
export { didYouMean } from '../format/nearest.ts';
export { wrapped } from '../format/wrapped.ts';
export { timeOfId } from '../snapshot/snapshot-id.ts';
