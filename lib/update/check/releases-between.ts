/**
 * The releases whose patches may lead from the installed binary to a newer release. The newest are in the channel index,
 * which a check has read already. Older ones are in pages, and pages are read until there is a chain of patches: one
 * that is found with fewer pages has larger steps, which are cheaper than the small ones they stand for. None is read past
 * the installed version, beyond MAX_REACH releases, or if it is larger than what is to be fetched otherwise. So what a
 * check costs depends on how far behind the installation is, never on how many releases there are.
 */
import { DamagedError, NetworkError } from '../../errors.ts';
import {
  type ChannelIndex,
  compareVersions,
  isNewer,
  type ListedPackage,
  type ListedRelease,
} from '../../version/index.ts';
import { planDownload } from '../download/route.ts';
import { readReleases } from './channel.ts';
import type { DocumentContext } from './documents.ts';

/** Patches reach about that far back (release/repository/releases/spacing.ts); from farther the full binary is fetched. */
const MAX_REACH = 100;

interface Between {
  installed: { version: string; sha256: string };
  to: ListedRelease;
  /** Bytes of a package that the cache has already. */
  cached(file: ListedPackage): number;
}

/** Newest first; those of the index among them, and no others if a page can't be had: there is always the full binary. */
export async function releasesBetween(
  documents: DocumentContext,
  index: ChannelIndex,
  { installed, to, cached }: Between,
): Promise<readonly ListedRelease[]> {
  try {
    return await readReleases(documents, index, (releases, older) => {
      const last = releases.at(-1);
      if (last === undefined || compareVersions(last.version, installed.version) <= 0) return true;
      if (releases.filter(({ version }) => !isNewer(version, to.version)).length >= MAX_REACH) return true;
      const [best, other] = planDownload({ from: installed.sha256, to, releases, cached });
      if (best === undefined) return false;
      return best.kind !== 'full' || other !== undefined || best.remaining <= older.length;
    });
  } catch (error) {
    if (error instanceof NetworkError || error instanceof DamagedError) return index.releases;
    throw error;
  }
}
