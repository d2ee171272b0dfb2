/** Downloads what an update needs: the packages, the updater and the schema that come with it, or the updater alone. */
import { requireChangeable, requireRoom, type Session, withLock } from '../../install/index.ts';
import { installedManifest } from '../../update/check/installed-release.ts';
import type { UpdateInfo, UpdatePackage } from '../../update/check/update-info.ts';
import type { UpdateContext } from '../../update/context.ts';
import { downloadPackages, type PackageOptions } from '../../update/download/download-packages.ts';
import { downloadUpdater, lacksUpdater } from '../../update/download/download-updater.ts';
import { targetOf, updaterFor } from '../../version/index.ts';
import { bringUpdater, fetchUpdater } from './bring-updater.ts';
import { fetchConfigSchema } from './config-schema.ts';

/**
 * Refuses first what would fail later. The context is opened only then.
 *
 * @throws as `UpdateManager.downloadUpdate` does
 */
export async function downloadUpdate(
  session: Session,
  contextOf: () => UpdateContext,
  { update, options }: { update: UpdateInfo; options: PackageOptions },
): Promise<UpdatePackage> {
  await requireChangeable(session);
  const context = contextOf();
  requireRoom(session, {
    name: `the update to ${update.version}`,
    installed: context.receipt.binary,
    binary: update.binarySize,
    download: update.downloadSize,
  });
  const downloaded = await downloadPackages(context, update, options);
  await fetchUpdater(context, update.manifest, options);
  await fetchConfigSchema(context, update.manifest);
  return downloaded;
}

/**
 * @returns the version of the updater that was brought; null if none was
 * @throws as `UpdateManager.completeUpdater` does
 */
export async function completeUpdater(
  context: UpdateContext,
  options: PackageOptions,
): Promise<string | null> {
  const { session } = context;
  const manifest = await installedManifest(context);
  if (manifest === null || !lacksUpdater(session, manifest)) return null;
  await requireChangeable(session);
  await downloadUpdater(context, manifest, options);
  const { binary } = context.receipt;
  const release = { contents: { manifest }, from: binary, to: binary };
  await withLock(session.host, session.layout, () => bringUpdater(session, release));
  const brought = updaterFor(manifest, targetOf(session.host));
  return lacksUpdater(session, manifest) ? null : (brought?.version ?? null);
}
