/** What there is to know about a release that is offered, and what it takes to download it. Loaded only if there is one. */
import { UpdaterError } from '../errors.ts';
import { type InstalledEvolution, installedEvolutions, type Session } from '../install/index.ts';
import type { Owner } from '../install/ownership/evidence.ts';
import { asUpdaterError } from '../platform/failures.ts';
import type { ChannelIndex, DGMOVersion, ListedRelease } from '../version/index.ts';
import { cachedBytes } from './cache/cache.ts';
import { readManifest } from './check/channel.ts';
import { releasesBetween } from './check/releases-between.ts';
import type { Selection } from './check/selection.ts';
import type { OfferedEvolution, UpdateInfo } from './check/update-info.ts';
import type { UpdateContext } from './context.ts';
import { updaterBytes } from './download/download-updater.ts';
import { planDownload } from './download/route.ts';
import { kindOf } from './kind.ts';
import { passedBy, releasesSince, withNotes, withoutNotes } from './passed-releases.ts';

/**
 * @param read the releases that were read, newest first
 * @param notes also the notes of the releases that are passed over
 * @throws as `check` does
 */
export async function updateInfo(
  context: UpdateContext,
  index: ChannelIndex,
  selection: Selection & { release: ListedRelease },
  { read, notes, managedBy }: { read: readonly ListedRelease[]; notes: boolean; managedBy: Owner | null },
): Promise<UpdateInfo> {
  const { release, direction, mandatory, revoked, despite } = selection;
  const { receipt, documents, session, location } = context;
  const manifest = await readManifest(documents, release);
  const cached = cachedBytes(session.host.disk, location.cacheFolder);
  const question = { installed: receipt.binary, to: release, cached };
  const between = direction === 'back' ? [] : await releasesBetween(documents, index, question);
  const releases = between.length > read.length ? between : read;
  const updaterSize = updaterBytes(session, manifest, cached);
  const step = { from: receipt.binary.version, to: release.version };
  const since = notes && direction === 'forward' ? await releasesSince(documents, index, step) : null;
  const passed = passedBy(since !== null && since.length > releases.length ? since : releases, step);
  // What was taken back is nothing to read about; what it changed may have come along all the same, so it counts for the kind.
  const shown = passed.filter(({ version }) => !index.revoked.some((one) => one.version === version));
  const routes = planDownload({ from: receipt.binary.sha256, to: release, releases, cached });
  return {
    currentVersion: receipt.binary.version,
    version: release.version,
    releaseDate: release.releaseDate,
    ...kindOf(release, passed),
    changelog: manifest.updates.changes,
    passed: notes ? await withNotes(documents, shown) : withoutNotes(shown),
    evolutions: offeredEvolutions(context, manifest),
    downloadSize: (routes[0]?.remaining ?? 0) + updaterSize,
    updaterSize,
    binarySize: release.binary.size,
    mandatory: mandatory || revoked !== null,
    direction,
    despite,
    managedBy,
    routes,
    release,
    manifest,
  };
}

function offeredEvolutions({ session }: UpdateContext, { evolutions }: DGMOVersion): OfferedEvolution[] {
  const here = evolutions.length === 0 ? [] : readInstalled(session);
  return evolutions.map((one) => ({
    ...one,
    installed: here.find(({ id }) => id === one.id)?.version ?? null,
  }));
}

/** None if the machine does not let them be read, which the installation of one reports. */
function readInstalled(session: Session): InstalledEvolution[] {
  try {
    return session.snapshots === null ? [] : installedEvolutions(session, session.snapshots);
  } catch (error) {
    if (asUpdaterError(error, session.layout.installDir) instanceof UpdaterError) return [];
    throw error;
  }
}
