/** What messages about typed words need, in a file of its own: the command line is parsed before anything else of this room is loaded. */
export { didYouMean } from '../format/nearest.ts';
export { withoutCredentials } from '../format/web-address.ts';
