/** Applying what was downloaded, with the full binary at hand for when patches do not fit; and remembering how it ended. */
import { RevertedError } from '../errors.ts';
import type { Choices } from '../home/choices.ts';
import { rememberFailed, rememberInstalled, rememberReverted } from '../home/remember.ts';
import { type Applied, type ApplyOptions, applyPackage, loadTrustedRoot } from '../install/index.ts';
import { durationWord } from '../update/check/telemetry.ts';
import type { UpdatePackage } from '../update/check/update-info.ts';
import type { UpdateContext } from '../update/context.ts';
import { downloadRoute, fullRoute, type PackageOptions } from '../update/download/download-packages.ts';

export type RunOptions = Omit<ApplyOptions, 'packages' | 'instead' | 'allowDowngrade' | 'root'> &
  PackageOptions;

/** Throws as `applyPackage` does; a version that did not work here is quarantined before. */
export async function applyUpdate(
  context: UpdateContext,
  downloaded: UpdatePackage,
  options: RunOptions,
): Promise<Applied> {
  const { session, settings, home } = context;
  const { host } = session;
  const begun = host.clock.monotonic();
  let { route } = downloaded;
  const note = (ended: NonNullable<Choices['lastUpdate']>['ended']): Choices['lastUpdate'] => ({
    ended,
    route,
    duration: durationWord(host.clock.monotonic() - begun),
  });
  const onSettled: ApplyOptions['onSettled'] = async (outcome) => {
    if ('applied' in outcome) {
      await rememberInstalled(host, home, outcome.applied.to.version, note('updated'));
    } else if (outcome.failure instanceof RevertedError) {
      await rememberReverted(host, home, outcome.failure, note('reverted'));
    } else await rememberFailed(host, home, note('failed'));
    await options.onSettled?.(outcome);
  };
  return applyPackage(session, {
    ...options,
    packages: downloaded.files,
    root: () => loadTrustedRoot(host, home, settings.root),
    allowDowngrade: downloaded.update.direction === 'back',
    onSettled,
    instead: async (failure) => {
      const full = fullRoute(downloaded.update, route);
      if (full === null) return null;
      const { version } = downloaded;
      context.emit({ event: 'fallback', version, to: full.kind, reason: failure.message });
      route = 'full';
      return (await downloadRoute(context, downloaded.update, full, options)).files;
    },
  });
}
