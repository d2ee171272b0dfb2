/**
 * Which earlier releases patches are made from. The distances double (1, 2, 4, 8, 16, 32 releases back), so that an
 * installation far behind comes forward in a few large steps and the last small ones, while each release costs the same
 * number of patches however many there were before it.
 *
 * With DEFAULT_PATCHES any of the last hundred releases reaches the newest in at most seven patches, also where one
 * release on the way has no patches at all; a client takes at most eight (lib/update/download/route.ts). One patch
 * less, 1 to 16 back, takes nine from 95 releases back. test/release/commands/spacing.test.ts proves both.
 */
export const DEFAULT_PATCHES = 6;

/**
 * Places, counted from 0 for the newest, of the releases to make `patches` patches from where there are `count` earlier
 * ones. Patches that are left over, because there are not as many releases yet, go to the nearest ones.
 */
export function spacedPlaces(count: number, patches: number): number[] {
  const places = new Set<number>();
  for (let back = 1; back <= count && places.size < patches; back *= 2) places.add(back - 1);
  for (let place = 0; place < count && places.size < patches; place++) places.add(place);
  return [...places].sort((a, b) => a - b);
}
