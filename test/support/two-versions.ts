/** Two versions of a stand-in for DGMO, 1.0.0 and 2.0.0, and the package that makes the second one of the first one. */
import { buildStandin } from './standin.ts';
import { openSharedWorkshop, type Workshop } from './workshop.ts';

export interface TwoVersions {
  shop: Workshop;
  /** Paths: of the compiled updater, both executables, and the package. */
  updater: string;
  one: string;
  two: string;
  toTwo: string;
}

export async function twoVersions(): Promise<TwoVersions> {
  const [one, two, shop] = await Promise.all([
    buildStandin({ version: '1.0.0' }),
    buildStandin({ version: '2.0.0' }),
    openSharedWorkshop(),
  ]);
  const updater = await shop.updater();
  const toTwo = await shop.bundle({ version: '2.0.0', file: two, old: { version: '1.0.0', file: one } });
  return { shop, updater, one, two, toTwo };
}
