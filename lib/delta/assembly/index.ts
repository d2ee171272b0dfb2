/** What lib/delta/matcher.ts calls. Addresses and sizes are u32, which JavaScript sees as signed: `>>> 0` them. */
export { extendBackward, extendForward, findSeeds, splitOverlap } from './align';
export { commonPrefix } from './compare';
export { mark, release, take } from './memory';
export { findRuns } from './runs';
export { prepareSearch } from './search';
/** For the tests only. */
export { suffixSortWords } from './suffix';
