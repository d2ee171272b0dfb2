/**
 * Several packages as one, so that a chain of patches can come in as many files as it has patches: the last package has
 * the release, those before it only add their patches. The signatures of each were checked when it was opened.
 */
import { PolicyError, UsageError } from '../errors.ts';
import { targetName } from '../version/index.ts';
import type { PackageContents } from './reader.ts';

const MAX_JOINED = 16;

/**
 * One package with the statement and the evolutions of the last one, and the patches of all. Throws PolicyError if one of
 * them is for another app or target than the last one, UsageError if there are none or more than MAX_JOINED.
 */
export function joinPackages(packages: readonly PackageContents[]): PackageContents {
  const last = packages.at(-1);
  if (last === undefined || packages.length > MAX_JOINED) {
    throw new UsageError(`wanted 1 to ${MAX_JOINED} packages at once, found ${packages.length}`);
  }
  if (packages.length === 1) return last;
  for (const other of packages) checkSameTarget(other, last);
  const parts = packages.flatMap((contents) =>
    contents.payloads.flatMap((payload, index) =>
      payload.kind === 'patch' || contents === last ? [{ contents, payload, index }] : [],
    ),
  );
  return {
    ...last,
    payloads: parts.map(({ payload }) => payload),
    size: packages.reduce((sum, { size }) => sum + size, 0),
    payload(index) {
      const part = parts[index];
      if (part === undefined) throw new RangeError(`there is no payload ${index}`);
      return part.contents.payload(part.index);
    },
  };
}

function checkSameTarget(other: PackageContents, last: PackageContents): void {
  const found = `${other.app} for ${targetName(other)}`;
  const wanted = `${last.app} for ${targetName(last)}`;
  if (found === wanted) return;
  throw new PolicyError(
    `the package of ${other.version} is for ${found}, wanted one for ${wanted} like that of ${last.version}`,
  );
}
