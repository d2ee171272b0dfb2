/** How much a snapshot may add to the store, before it is taken. Looks at files, and reads none. */
import type { Host } from '../../platform/host.ts';
import { FOLDER_COMPONENTS } from '../components.ts';
import type { Profile } from '../profile.ts';
import { resolveExisting } from '../roots.ts';
import { type Covering, captureSelection, rootsToTake } from '../selection.ts';
import { binaryPath } from '../store/binaries.ts';
import type { StoreLayout } from '../store/layout.ts';
import { fingerprintOf, loadKnownFiles } from './recognise.ts';
import { walk } from './walk.ts';

export interface Estimate {
  /** Bytes of the executable; 0 if the store has it. */
  binary: number;
  /** Bytes of the files that the store does not have, before they are compressed. */
  files: number;
}

/** @param request.binary of the installed executable; null if there is none */
export function estimateSnapshot(
  host: Host,
  request: {
    layout: StoreLayout;
    profile: Profile;
    binary: { sha256: string; size: number } | null;
    covering?: Covering;
  },
): Estimate {
  const { disk } = host;
  const { layout, binary } = request;
  const isStored = binary === null || disk.status(binaryPath(layout, binary.sha256)) !== null;
  let files = 0;
  // Where the filesystem shares blocks, the store takes no more of them.
  const shares = disk.status(layout.clones) !== null && disk.list(layout.clones).length > 0;
  for (const component of shares ? [] : FOLDER_COMPONENTS) {
    for (const root of rootsToTake(disk, layout, request, component)) {
      const resolved = resolveExisting(disk, layout, root.path);
      if (disk.status(resolved)?.kind !== 'directory') continue;
      const known = loadKnownFiles(disk, layout, resolved);
      const selection = captureSelection(request, root);
      for (const one of walk({ host, root: resolved, join: layout.join, selection })) {
        if (one.kind !== 'file' || known.entryOf(one.path, fingerprintOf(one.status)) !== null) continue;
        files += Math.min(one.status.allocated, one.status.size);
      }
    }
  }
  return { binary: isStored ? 0 : binary.size, files };
}
