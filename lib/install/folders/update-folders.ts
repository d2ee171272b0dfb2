/** The folders beside the executable in an update: the snapshot that it begins with, and the evolutions that it brings. */

import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import type { CarriedEvolution, EvolutionArchive, PackageContents } from '../../package/index.ts';
import type { Snapshot } from '../../snapshot/index.ts';
import { isInUse } from '../process/stop.ts';
import type { Receipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import type { Folders } from '../transaction/journal.ts';
import {
  chooseEvolutions,
  type EvolutionWish,
  installedEvolutions,
  openEvolutions,
  withEvolutions,
} from './evolutions.ts';
import { type FolderChange, restoring } from './folders.ts';
import { takeSnapshotBefore, takeSnapshotHere } from './snapshots.ts';

export interface UpdateFolders {
  /** For the journal; null where there is no snapshot to go back to. */
  folders: Folders | null;
  /**
   * When everything is ready for the swap: what happens to the folders, and whether nobody has used DGMO since the
   * snapshot, so that whatever differs after a failed start is the new version's doing.
   */
  ready(transaction: string): Promise<{ change: FolderChange | null; quiet: boolean }>;
}

export interface UpdateFoldersOptions {
  receipt: Receipt;
  contents: PackageContents;
  wish: EvolutionWish;
  /** The executable is damaged or gone, and the package mends it. */
  repair: boolean;
}

/** Before anything is begun: takes the snapshot, and opens the archives. */
export async function openUpdateFolders(
  session: Session,
  { receipt, contents, wish, repair }: UpdateFoldersOptions,
): Promise<UpdateFolders> {
  const { snapshots } = session;
  const installed = snapshots === null ? [] : installedEvolutions(session, snapshots);
  const chosen = chooseEvolutions(contents.evolutions(), installed, wish);
  const archives = await openEvolutions(contents, chosen);
  const what = {
    kind: repair ? ('repair' as const) : ('update' as const),
    reason: `Pre-update to ${contents.version}`,
    replaced: true,
  };
  const first = await takeSnapshotBefore(session, receipt, what);
  if (first === null || snapshots === null)
    return { folders: null, ready: async () => ({ change: null, quiet: false }) };
  const changes = archives.length > 0 ? ['evolutions' as const] : [];
  return {
    folders: { home: snapshots.home, before: first.id, changes },
    async ready(transaction) {
      const quiet = !isInUse(session);
      // What DGMO wrote before it went belongs to what was.
      const before = quiet
        ? await takeSnapshotHere(session, snapshots, receipt, { ...what, id: first.id })
        : first;
      const change = await bringing(session, snapshots, before, { chosen, archives, transaction });
      return { change, quiet };
    },
  };
}

interface Bringing {
  chosen: readonly CarriedEvolution[];
  archives: readonly EvolutionArchive[];
  transaction: string;
}

async function bringing(
  session: Session,
  snapshots: SnapshotSetup,
  before: Snapshot,
  { chosen, archives, transaction }: Bringing,
): Promise<FolderChange | null> {
  if (archives.length === 0) return null;
  const snapshot = await withEvolutions(session, snapshots, before, chosen, archives);
  const { home } = snapshots;
  return restoring(session, { home, snapshot, before, components: ['evolutions'], id: transaction });
}
