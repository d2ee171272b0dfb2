/** Help for mistyped words, in a file of its own: the parser of the command line needs it, and nothing else of this room. */
export { didYouMean } from '../format/nearest.ts';
