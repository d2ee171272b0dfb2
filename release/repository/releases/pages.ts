/**
 * How the releases of a channel are split into the index and its pages. A pure function of the list, counted from the
 * oldest end, so that a new release leaves nearly every page as it was: a page that is the same has the same digest,
 * and is the same file.
 *
 * The index holds all of up to 10 releases; of more it holds the newest 6 to 10, so that what a client reads does not
 * grow with their number. Pages are of 20, the newest of them of 5, 10, 15 or 20.
 */
import { MAX_LISTED } from '../../../lib/version/index.ts';

const MOST = 10;
const STEP = 5;

export interface Paginated<Item> {
  /** Newest first. */
  index: Item[];
  /** Oldest page first; each newest first in itself. */
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
