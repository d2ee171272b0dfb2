/** The updater that comes along with a release, before the release itself is installed: DGMO still runs, and nothing waits for it. */
import { InterruptedError, UpdaterError } from '../../errors.ts';
import {
  forgetOldUpdater,
  type PreparedUpdate,
  replaceUpdater,
  requireRoom,
  type Session,
  updaterState,
} from '../../install/index.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import type { UpdateContext } from '../../update/context.ts';
import type { PackageOptions } from '../../update/download/download-packages.ts';
import { cachedUpdater, downloadUpdater } from '../../update/download/download-updater.ts';
import { type DGMOVersion, targetOf, updaterFor } from '../../version/index.ts';

/** Downloads it, if this installation has another one. Without it DGMO can be updated all the same. */
export async function fetchUpdater(
  context: UpdateContext,
  manifest: DGMOVersion,
  options: PackageOptions,
): Promise<void> {
  try {
    await downloadUpdater(context, manifest, options);
  } catch (error) {
    const failure = asUpdaterError(error, context.location.cacheFolder);
    if (!(failure instanceof UpdaterError) || failure instanceof InterruptedError) throw failure;
    const text = `The updater that comes with ${manifest.version} was not downloaded: ${failure.message}.`;
    context.session.emit({ event: 'warning', text });
  }
}

/**
 * Replaces the updater, if the release brings another one, and it was downloaded. This process goes on as it is. That it can't
 * be replaced, or does not work, is no reason not to update DGMO. The caller holds the lock.
 *
 * @throws InterruptedError
 */
export async function bringUpdater(
  session: Session,
  { contents, from, to }: Pick<PreparedUpdate, 'from' | 'to'> & { contents: { manifest: DGMOVersion } },
): Promise<void> {
  const updater = updaterFor(contents.manifest, targetOf(session.host));
  if (updater === undefined) return;
  const { version, checksum: sha256, size } = updater;
  const warn = (why: string) =>
    session.emit({ event: 'warning', text: `The updater ${version} was not installed: ${why}.` });
  try {
    if (updaterState(session, sha256) === 'current') forgetOldUpdater(session);
    const file = cachedUpdater(session, updater);
    if (file === null || updaterState(session, sha256) !== 'wanted') return;
    // Besides the room for the release, which comes first.
    requireRoom(session, { name: `the updater ${version}`, installed: from, binary: size + to.size });
    const ended = await replaceUpdater(session, { version, sha256, size }, file);
    if (ended !== null && ended.outcome !== 'committed')
      warn(`${ended.reason ?? 'it disappeared'}; ${ended.from.version} is in place`);
  } catch (error) {
    const failure = asUpdaterError(error, session.layout.installDir);
    if (!(failure instanceof UpdaterError) || failure instanceof InterruptedError) throw failure;
    warn(failure.message);
  }
}
