/** Words that a user may want to type, for completion. In a file of its own, because `status` has to start fast. */
import { firstSeen } from '../home/checks.ts';
import { installedEvolutions, receiptUnlessDamaged, type Session } from '../install/index.ts';
import { listSnapshots } from '../snapshot/document.ts';
import { storeLayout } from '../snapshot/store/layout.ts';

export interface KnownWords {
  /** Ids of snapshots, the newest first. */
  snapshots: string[];
  /** Versions that were installed or seen here. */
  versions: string[];
  /** Ids of the evolutions that are installed. */
  evolutions: string[];
}

export function knownWordsOf(session: Session): KnownWords {
  const { host, home, layout, snapshots } = session;
  const receipt = receiptUnlessDamaged(host.disk, layout);
  const installed = [receipt?.binary.version, receipt?.previous?.version];
  const listed = 'missing' in home ? [] : listSnapshots(host.disk, storeLayout(host, home.folder));
  const kept = listed.map(({ found }) => (found instanceof Error ? undefined : found.version));
  const seen = 'missing' in home ? [] : firstSeen(host, home.folder).keys();
  return {
    snapshots: listed.map(({ id }) => id).reverse(),
    versions: [...new Set([...installed, ...kept, ...seen])].filter((version) => version !== undefined),
    evolutions: snapshots === null ? [] : installedEvolutions(session, snapshots).map(({ id }) => id),
  };
}
