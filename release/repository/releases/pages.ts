/**
 * Splits the releases of a channel into the index and its pages. Pages are counted from the oldest release, so that a new
 * release leaves nearly every page unchanged: same content, same digest, same file.
 *
 * The index holds all releases if there are at most 10, else the newest 6 to 10, so that what a client reads does not
 * grow with their number. Pages hold 20 releases, the newest page 5, 10, 15 or 20.
 */
import { MAX_LISTED } from '../../../lib/version/index.ts';

const MOST = 10;
const STEP = 5;

export interface Paginated<Item> {
  /** Newest first. */
  index: Item[];
  /** The oldest page first; within a page the newest release first. */
  pages: Item[][];
}

/** `items` newest first. */
export function paginate<Item>(items: readonly Item[]): Paginated<Item> {
  const inIndex = items.length <= MOST ? items.length : MOST - STEP + 1 + ((items.length - MOST - 1) % STEP);
  const older = items.slice(inIndex);
  const pages: Item[][] = [];
  for (let end = older.length; end > 0; end -= MAX_LISTED) {
    pages.push(older.slice(Math.max(0, end - MAX_LISTED), end));
  }
  return { index: items.slice(0, inIndex), pages };
}
