/** How many bytes two places have in common. */
import { Spent } from './effort';

/**
 * `known` are the first ones that are known to be equal; `most` are compared. Eight are read at a time: up to seven behind these
 * have to be in the memory, but make no difference.
 */
export function matchLength(here: usize, there: usize, known: usize, most: usize): usize {
  for (let length = known; length < most; length += 8) {
    const difference = load<u64>(here + length) ^ load<u64>(there + length);
    if (difference === 0) continue;
    Spent.steps += (length - known) >> 3;
    return min(most, length + <usize>(ctz(difference) >> 3));
  }
  Spent.steps += most >> 3;
  return most;
}
