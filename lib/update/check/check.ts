/** A check: signed metadata, channel index, selection, manifest. Reads the network and changes nothing but caches. */

import { PolicyError, UsageError } from '../../errors.ts';
import { choicesFile } from '../../home/choices.ts';
import {
  type ChannelIndex,
  compareVersions,
  isNewer,
  isVersion,
  type ListedRelease,
} from '../../version/index.ts';
import { cachedBytes } from '../cache/cache.ts';
import type { UpdateContext } from '../context.ts';
import { planDownload } from '../download/route.ts';
import { reportAdvice, requestAdvice } from './advice.ts';
import { findRelease, readChannel, readManifest, readReleases } from './channel.ts';
import { openTrustedFeed } from './feed-client.ts';
import { type Selection, type Situation, select } from './selection.ts';
import type { CheckResult, UpdateInfo } from './update-info.ts';

export interface CheckOptions {
  /** A person asks for this very version, older or newer. */
  version?: string | undefined;
  channel?: string | undefined;
}

/**
 * Throws TrustError 10, DamagedError 11, MachineError 12, NetworkError 13; for a version that is asked for UsageError
 * where there is none, PolicyError where it may not be installed.
 */
export async function check(context: UpdateContext, options: CheckOptions = {}): Promise<CheckResult> {
  const { receipt, home, session, location } = context;
  const channel = options.channel ?? context.preferences.channel;
  const wanted = options.version;
  if (wanted !== undefined && !isVersion(wanted)) {
    throw new UsageError(
      `--version: wanted a semantic version such as 1.2.3, found ${JSON.stringify(wanted)}`,
    );
  }
  const choices = choicesFile.load(session.host, home);
  context.emit({ event: 'checking', feed: location.feed, channel });
  const advice = requestAdvice(context, channel, choices);
  const index = await readIndex(context, channel);
  const situation: Situation = {
    installed: receipt.binary.version,
    installId: receipt.installId,
    floor: receipt.floor,
    choices,
    now: session.host.clock.now(),
  };
  const { selection, releases } =
    wanted === undefined
      ? await selectReachable(context, index, situation)
      : { selection: await selectWanted(context, index, situation, wanted), releases: index.releases };
  reportAdvice(context, await advice, selection);
  return {
    installed: receipt.binary.version,
    channel,
    feed: location.feed,
    newest: newestOf(index),
    update:
      selection.release === null
        ? null
        : await describe(context, { ...selection, release: selection.release }, releases),
    mandatory: selection.mandatory,
    revoked: selection.revoked,
    held: selection.held,
  };
}

async function readIndex(context: UpdateContext, channel: string): Promise<ChannelIndex> {
  const { session, home, location, documents, settings, target, receipt } = context;
  const feed = await openTrustedFeed({
    host: session.host,
    home,
    location,
    source: documents.source,
    compiledInRoot: settings.root,
  });
  return readChannel(documents, feed, { app: receipt.app, channel, target });
}

/** Older releases are looked into where all the newer ones can't be reached from here, or a way back is wanted. */
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
  const refusal = await whyNotBack(context, index, situation.installed, release.version);
  return { selection: refusal === null ? selection : { ...selection, release: null }, releases };
}

/** What a person asks for is held back by nothing but what would break the installation. */
async function selectWanted(
  context: UpdateContext,
  index: ChannelIndex,
  situation: Situation,
  wanted: string,
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
  const { minimumFrom } = release;
  if (minimumFrom !== null && isNewer(wanted, installed) && isNewer(minimumFrom, installed)) {
    throw new PolicyError(
      `${wanted} can be installed over ${minimumFrom} or newer, found ${installed} installed`,
      {
        advice: 'Run `dgmo-updater update` without --version: it goes by way of a version in between.',
      },
    );
  }
  const selection = select(index, situation);
  if (wanted === installed) return { ...selection, release: null };
  const back = isNewer(installed, wanted);
  const refusal = back ? await whyNotBack(context, index, installed, wanted) : null;
  if (refusal !== null) {
    throw new PolicyError(refusal, {
      advice: 'To go back to the version before, as it was kept here, run `dgmo-updater rollback`.',
    });
  }
  return { ...selection, release, direction: back ? 'back' : 'forward' };
}

/** What speaks against going back that far, by the word of the installed release; null where nothing does. */
async function whyNotBack(
  { documents }: UpdateContext,
  index: ChannelIndex,
  installed: string,
  to: string,
): Promise<string | null> {
  const release = await findRelease(documents, index, installed);
  if (release === null) {
    return `the feed does not know the installed ${installed}, so it is not known whether it can be taken back to ${to}`;
  }
  const { rollback } = await readManifest(documents, release);
  if (!rollback.supported) return `${installed} cannot be taken back, its publisher says`;
  if (!isNewer(rollback.minVersion, to)) return null;
  return `${installed} can be taken back to ${rollback.minVersion} at the lowest, found ${to} asked for`;
}

async function describe(
  context: UpdateContext,
  selection: Selection & { release: ListedRelease },
  releases: readonly ListedRelease[],
): Promise<UpdateInfo> {
  const { release, direction, mandatory, revoked } = selection;
  const { receipt, documents, session, location } = context;
  const manifest = await readManifest(documents, release);
  const routes = planDownload({
    from: receipt.binary.sha256,
    to: release,
    releases,
    cached: cachedBytes(session.host.disk, location.cacheFolder),
  });
  return {
    currentVersion: receipt.binary.version,
    version: release.version,
    releaseDate: release.releaseDate,
    type: release.type,
    // Also where one of the releases on the way is.
    isSecurity: releases.some(
      ({ version, type }) =>
        type === 'security' && isNewer(version, receipt.binary.version) && !isNewer(version, release.version),
    ),
    riskLevel: release.riskLevel,
    changelog: manifest.updates.changes,
    evolutions: manifest.evolutions,
    downloadSize: routes[0]?.remaining ?? 0,
    binarySize: release.binary.size,
    mandatory: mandatory || revoked !== null,
    direction,
    routes,
    release,
    manifest,
  };
}

/** Of those that were not revoked. */
function newestOf({ releases, revoked }: ChannelIndex): string | null {
  const found = releases.find(({ version }) => !revoked.some((entry) => entry.version === version));
  return found?.version ?? null;
}
