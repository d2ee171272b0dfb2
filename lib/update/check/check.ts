/**
 * A check: signed metadata, channel index, selection, manifest. It reads the network, and changes caches, the highest root
 * version that was seen, and the record of checks.
 */

import { errorMessage, PolicyError, UsageError } from '../../errors.ts';
import {
  requireAdministratorsChoice,
  requireAllowedByAdministrator,
} from '../../home/admission/administrator.ts';
import { noteRevoked } from '../../home/admission/revoked.ts';
import { firstSeen, noteCheck } from '../../home/checks.ts';
import { choicesFile } from '../../home/choices.ts';
import { noteRootVersion } from '../../install/index.ts';
import {
  type ChannelIndex,
  compareVersions,
  isNewer,
  isVersion,
  type ListedRelease,
} from '../../version/index.ts';
import { buildMetadataText } from '../../version/semver.ts';
import { cachedBytes } from '../cache/cache.ts';
import type { UpdateContext } from '../context.ts';
import { updaterBytes } from '../download/download-updater.ts';
import { planDownload } from '../download/route.ts';
import { reportAdvice, requestAdvice } from './advice.ts';
import { findRelease, readChannels, readManifest, readReleases } from './channel.ts';
import { openTrustedFeed } from './feed-client.ts';
import { releasesBetween } from './releases-between.ts';
import { type Hold, type Selection, type Situation, select } from './selection.ts';
import type { CheckResult, UpdateInfo } from './update-info.ts';
import { findWayBack } from './way-back.ts';

export interface CheckOptions {
  /** The version that the user asks for, older or newer; the default is the one that is offered. */
  version?: string | undefined;
  channel?: string | undefined;
  /** With `version`: offer it even if it is installed, for its evolutions. Default: false. */
  again?: boolean | undefined;
  /**
   * Who asks. `user`: somebody who typed it; what they have skipped or put off is offered, with `despite` saying so. `notice`
   * (the default): DGMO, to tell the user. `unattended`: nobody is asked before it is installed; a new major version is not
   * offered then, unless `majors` is `auto`.
   */
  for?: Asker | undefined;
}

export type Asker = 'user' | 'notice' | 'unattended';

const LIFTED: Record<Asker, ReadonlySet<Hold>> = {
  user: new Set(['rolled back', 'skipped', 'major', 'later']),
  notice: new Set(['major']),
  unattended: new Set(),
};

/**
 * Throws TrustError 10, DamagedError 11, MachineError 12, NetworkError 13; if a version was asked for, also UsageError if
 * there is no such version and PolicyError if it may not be installed.
 */
export async function check(context: UpdateContext, options: CheckOptions = {}): Promise<CheckResult> {
  const { home, session } = context;
  try {
    const { result, releases } = await lookFor(context, options);
    const { update } = result;
    const last =
      update === null
        ? ({ ended: 'nothing', version: null, message: null } as const)
        : ({ ended: 'offered', version: update.version, message: null } as const);
    await noteCheck(session.host, home, last, releases);
    return result;
  } catch (error) {
    await noteCheck(session.host, home, { ended: 'failed', version: null, message: errorMessage(error) }, []);
    throw error;
  }
}

/** The result, and the newer releases that the feed lists. */
async function lookFor(
  context: UpdateContext,
  options: CheckOptions,
): Promise<{ result: CheckResult; releases: string[] }> {
  const { receipt, home, session, location, preferences } = context;
  requireAdministratorsChoice(session.host, { channel: options.channel });
  const channel = options.channel ?? context.preferences.channel;
  const wanted = options.version;
  if (wanted !== undefined && !isVersion(wanted)) {
    throw new UsageError(
      `--version: wanted a semantic version such as 1.2.3, found ${JSON.stringify(wanted)}${buildMetadataText(wanted)}`,
    );
  }
  const choices = choicesFile.load(session.host, home);
  context.emit({ event: 'checking', feed: location.feed, channel });
  const advice = requestAdvice(context, channel, choices);
  const index = await readIndex(context, channel);
  const situation: Situation = {
    installed: receipt.binary.version,
    binary: receipt.binary.sha256,
    installId: receipt.installId,
    floor: receipt.floor,
    choices,
    now: session.host.clock.now(),
    preferences,
    firstSeen: firstSeen(session.host, home),
    lifted: LIFTED[options.for ?? 'notice'],
  };
  const { selection, releases } =
    wanted === undefined
      ? await selectReachable(context, index, situation)
      : {
          selection: await selectWanted(context, index, situation, { wanted, again: options.again === true }),
          releases: index.releases,
        };
  reportAdvice(context, await advice, selection);
  const result: CheckResult = {
    installed: receipt.binary.version,
    channel,
    feed: location.feed,
    newest: newestOf(index),
    update:
      selection.release === null
        ? null
        : await updateInfo(context, index, { ...selection, release: selection.release }, releases),
    mandatory: selection.mandatory,
    revoked: selection.revoked,
    wayBack: selection.revoked === null ? null : findWayBack(session, index),
    held: selection.held,
  };
  const newer = index.releases.filter(({ version }) => isNewer(version, receipt.binary.version));
  return { result, releases: newer.map(({ version }) => version) };
}

/** The index of a channel of the feed, refreshed; of two builds for x64 that of the better one here. Throws as `check` does. */
export async function readIndex(context: UpdateContext, channel: string): Promise<ChannelIndex> {
  for await (const index of readIndexes(context, channel)) return index;
  throw new Error('the feed has no index, and no error was thrown');
}

/** All of them, the best first: for what asks which of the builds is installed. */
export async function* readIndexes(context: UpdateContext, channel: string): AsyncGenerator<ChannelIndex> {
  const { session, home, location, documents, settings, targets, receipt } = context;
  let rootVersion = 1;
  try {
    const feed = await openTrustedFeed({
      host: session.host,
      home,
      location,
      source: documents.source,
      compiledInRoot: settings.root,
      lowestRoot: receipt.rootVersion ?? 1,
      onRoot(version) {
        rootVersion = Math.max(rootVersion, version);
      },
    });
    for await (const index of readChannels(documents, feed, { app: receipt.app, channel, targets })) {
      await noteRevoked(session.host, home, index);
      yield index;
    }
  } finally {
    await noteRootVersion(session, rootVersion);
  }
}

/** Reads older pages if no newer release can be installed directly, or the installed one was revoked. */
async function selectReachable(
  context: UpdateContext,
  index: ChannelIndex,
  situation: Situation,
): Promise<{ selection: Selection; releases: readonly ListedRelease[] }> {
  const { documents } = context;
  const selectAmong = (releases: readonly ListedRelease[]) => select({ ...index, releases }, situation);
  const releases = await readReleases(documents, index, (read) => {
    const { release, held, revoked } = selectAmong(read);
    if (release !== null) return true;
    if (revoked !== null) return false;
    const last = read.at(-1);
    return (
      !held.some(({ why }) => why === 'unreachable') ||
      last === undefined ||
      compareVersions(last.version, situation.installed) <= 0
    );
  });
  const selection = selectAmong(releases);
  const { release, direction } = selection;
  if (release === null || direction === 'forward') return { selection, releases };
  const refusal = await refusalToGoBack(context, index, situation.installed, release.version);
  return { selection: refusal === null ? selection : { ...selection, release: null }, releases };
}

/** A version that the user asks for is refused only if it would break the installation, or was revoked. */
async function selectWanted(
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
async function refusalToGoBack(
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

async function updateInfo(
  context: UpdateContext,
  index: ChannelIndex,
  selection: Selection & { release: ListedRelease },
  read: readonly ListedRelease[],
): Promise<UpdateInfo> {
  const { release, direction, mandatory, revoked, despite } = selection;
  const { receipt, documents, session, location } = context;
  const manifest = await readManifest(documents, release);
  const cached = cachedBytes(session.host.disk, location.cacheFolder);
  const question = { installed: receipt.binary, to: release, cached };
  const between = direction === 'back' ? [] : await releasesBetween(documents, index, question);
  const releases = between.length > read.length ? between : read;
  const updaterSize = updaterBytes(session, manifest, cached);
  const routes = planDownload({ from: receipt.binary.sha256, to: release, releases, cached });
  return {
    currentVersion: receipt.binary.version,
    version: release.version,
    releaseDate: release.releaseDate,
    type: release.type,
    // Also if one of the releases in between is.
    isSecurity: releases.some(
      ({ version, type }) =>
        type === 'security' && isNewer(version, receipt.binary.version) && !isNewer(version, release.version),
    ),
    riskLevel: release.riskLevel,
    changelog: manifest.updates.changes,
    evolutions: manifest.evolutions,
    downloadSize: (routes[0]?.remaining ?? 0) + updaterSize,
    updaterSize,
    binarySize: release.binary.size,
    mandatory: mandatory || revoked !== null,
    direction,
    despite,
    routes,
    release,
    manifest,
  };
}

/** The newest release that was not revoked. */
function newestOf({ releases, revoked }: ChannelIndex): string | null {
  const found = releases.find(({ version }) => !revoked.some((entry) => entry.version === version));
  return found?.version ?? null;
}
