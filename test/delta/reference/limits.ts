/** How far the counters of the models of `mixing` count, from lib/delta/FORMAT.md. */

/** The second one is that of the ways 4 and 5, the third one of 6 and 7, the fourth one of 8. */
export type Model = 1 | 2 | 3 | 4;

interface Limits {
  /** Of numbers: the flags of their sizes, and the bits below the highest one. */
  sizes: number;
  digits: number;
  steps: number;
  blocks: number;
  blockPlaces: number;
  references: number;
  /** The flags behind that of a reference. */
  fields: number;
  bytes: number;
  /** Of literals. */
  contexts: number;
  predictions: number;
}

const FIRST: Limits = {
  sizes: 127,
  digits: 255,
  steps: 255,
  blocks: 1000,
  blockPlaces: 255,
  references: 1000,
  fields: 255,
  bytes: 255,
  contexts: 127,
  predictions: 255,
};

const SECOND: Limits = {
  sizes: 60,
  digits: 127,
  steps: 100,
  blocks: 250,
  blockPlaces: 127,
  references: 100,
  fields: 60,
  bytes: 50,
  contexts: 20,
  predictions: 100,
};

export const LIMITS: Readonly<Record<Model, Limits>> = {
  1: FIRST,
  2: SECOND,
  3: SECOND,
  4: { ...SECOND, contexts: 30 },
};
