/**
 * What a user asks for, or a revoked release makes necessary: a certain version, or an older one. Loaded only then.
 */
import { PolicyError, UsageError } from '../../errors.ts';
import { requireAllowedByAdministrator } from '../../home/admission/administrator.ts';
import { type ChannelIndex, isNewer } from '../../version/index.ts';
import type { UpdateContext } from '../context.ts';
import { findRelease, readManifest } from './channel.ts';
import { newestOf, type Selection, type Situation, select } from './selection.ts';

/** A version that the user asks for is refused only if it would break the installation, or was revoked. */
export async function selectWanted(
  context: UpdateContext,
  index: ChannelIndex,
  situation: Situation,
  { wanted, again }: { wanted: string; again: boolean },
): Promise<Selection> {
  const { installed } = situation;
  const release = await findRelease(context.documents, index, wanted);
  if (release === null) {
    throw new UsageError(
      `--version: the channel ${index.channel} has no release ${wanted}; its newest is ${newestOf(index) ?? 'none'}`,
    );
  }
  const revoked = index.revoked.find(({ version }) => version === wanted);
  if (revoked !== undefined) {
    throw new PolicyError(`${wanted} was revoked by the publisher: ${revoked.reason}`, {
      advice: 'Choose another version.',
    });
  }
  const isSecurity = release.type === 'security';
  const { app } = context.receipt;
  requireAllowedByAdministrator(context.session, { app, installed, version: wanted, isSecurity });
  const { minimumFrom } = release;
  if (minimumFrom !== null && isNewer(wanted, installed) && isNewer(minimumFrom, installed)) {
    throw new PolicyError(
      `${wanted} can be installed over ${minimumFrom} or newer, found ${installed} installed`,
      {
        advice: 'Run `dgmo-updater update` without --version: it installs a version in between first.',
      },
    );
  }
  if (wanted !== installed && release.binary.sha256 === situation.binary) {
    throw new PolicyError(`${wanted} has the same bytes as ${installed}, which is installed`, {
      advice: 'There is nothing to install. Tell the publisher that both versions are one.',
    });
  }
  const selection = select(index, situation);
  if (wanted === installed)
    return { ...selection, release: again ? release : null, direction: 'forward', despite: null };
  const back = isNewer(installed, wanted);
  const refusal = back ? await refusalToGoBack(context, index, installed, wanted) : null;
  if (refusal !== null) {
    throw new PolicyError(refusal, {
      advice: 'To go back to the previous version, which was kept here, run `dgmo-updater rollback`.',
    });
  }
  return { ...selection, release, direction: back ? 'back' : 'forward', despite: null };
}

/** Why the installed release can't be taken back to that version, according to its manifest; null if it can. */
export async function refusalToGoBack(
  { documents }: UpdateContext,
  index: ChannelIndex,
  installed: string,
  to: string,
): Promise<string | null> {
  const release = await findRelease(documents, index, installed);
  if (release === null) {
    return `the feed does not list the installed ${installed}, so it is not known whether it can be taken back to ${to}`;
  }
  const { rollback } = await readManifest(documents, release);
  if (!rollback.supported) return `${installed} can't be taken back: its publisher says so`;
  if (isNewer(rollback.minVersion, to))
    return `${installed} can be taken back to ${rollback.minVersion} or newer, wanted was ${to}`;
  const older = await findRelease(documents, index, to);
  if (older === null) return null;
  const { dataVersion } = (await readManifest(documents, older)).rollback;
  return dataVersion >= rollback.dataVersion
    ? null
    : `${to} reads data of format ${dataVersion}, ${installed} writes format ${rollback.dataVersion}`;
}
