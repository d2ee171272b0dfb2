/**
 * The routes from the installed binary to a release, over the packages that the index lists: a patch, a chain of patches
 * or the full binary. Pure. What is in the cache costs nothing, so the cheapest route is the one with the fewest bytes
 * to download.
 */
import type { ListedPackage, ListedRelease } from '../../version/index.ts';

/** Patches in one chain: each takes time and space to apply. */
export const MAX_CHAIN = 8;

export interface DownloadRoute {
  kind: 'patch' | 'chain' | 'full';
  /** In the order in which they are applied. */
  packages: ListedPackage[];
  /** Bytes of all packages, and how many of them are still to be downloaded. */
  bytes: number;
  remaining: number;
}

export interface RouteQuestion {
  /** SHA-256 of the installed binary. */
  from: string;
  to: ListedRelease;
  /** The releases whose packages may be used on the way; `to` may be among them. */
  releases: readonly ListedRelease[];
  /** How many bytes of a package are in the cache. */
  cached(file: ListedPackage): number;
}

/** At most two, the cheapest first: the best route over patches, and the full binary. Empty if there is none. */
export function planDownload(question: RouteQuestion): DownloadRoute[] {
  const { to, cached } = question;
  const costOf = (file: ListedPackage) => Math.max(0, file.length - cached(file));
  const full = to.packages
    .filter(({ kind }) => kind === 'full')
    .sort((a, b) => costOf(a) - costOf(b))
    .slice(0, 1);
  const ways = [cheapestChain(question, costOf), full]
    .filter((packages) => packages.length > 0)
    .map(
      (packages): DownloadRoute => ({
        kind: packages.length > 1 ? 'chain' : (packages[0]?.kind ?? 'full'),
        packages,
        bytes: packages.reduce((sum, { length }) => sum + length, 0),
        remaining: packages.reduce((sum, file) => sum + costOf(file), 0),
      }),
    );
  return ways.sort(
    (a, b) => a.remaining - b.remaining || a.bytes - b.bytes || a.packages.length - b.packages.length,
  );
}

interface Way {
  remaining: number;
  packages: ListedPackage[];
}

/**
 * By the number of patches (Bellman-Ford), so that a cheap chain that is too long does not hide a shorter one. The last one is of the
 * wanted version: another version may have the same bytes, and its package would install that one.
 */
function cheapestChain(
  { from, to, releases }: RouteQuestion,
  costOf: (file: ListedPackage) => number,
): ListedPackage[] {
  const others = releases.filter(({ binary }) => binary.sha256 !== to.binary.sha256);
  const steps = [...others, to].flatMap(({ binary, packages }) =>
    packages.flatMap((file) =>
      file.kind === 'patch' ? [{ file, start: file.fromChecksum, end: binary.sha256 }] : [],
    ),
  );
  let reached = new Map<string, Way>([[from, { remaining: 0, packages: [] }]]);
  for (let length = 1; length <= MAX_CHAIN; length++) {
    const further = new Map(reached);
    for (const { file, start, end } of steps) {
      const before = reached.get(start);
      if (before === undefined) continue;
      const remaining = before.remaining + costOf(file);
      const known = further.get(end);
      if (known !== undefined && known.remaining <= remaining) continue;
      further.set(end, { remaining, packages: [...before.packages, file] });
    }
    reached = further;
  }
  return from === to.binary.sha256 ? [] : (reached.get(to.binary.sha256)?.packages ?? []);
}
