/**
 * A check: signed metadata, channel index, selection, manifest. It reads the network, and changes caches, the highest root
 * version that was seen, and the record of checks.
 *
 * Most checks find nothing, and DGMO may wait for one: what only the others need is imported by them.
 */

import { errorMessage, UsageError } from '../../errors.ts';
import { requireAdministratorsChoice } from '../../home/admission/administrator.ts';
import { noteRevoked } from '../../home/admission/revoked.ts';
import { firstSeen, noteCheck } from '../../home/checks.ts';
import { choicesFile } from '../../home/choices.ts';
import { noteRootVersion } from '../../install/index.ts';
import {
  CHANNEL_NAME,
  type ChannelIndex,
  compareVersions,
  isChannelName,
  isNewer,
  isVersion,
  type ListedRelease,
} from '../../version/index.ts';
import { versionFault } from '../../version/semver.ts';
import type { UpdateContext } from '../context.ts';
import { readChannels, readReleases } from './channel.ts';
import { openTrustedFeed } from './feed-client.ts';
import { type Hold, newestOf, type Selection, type Situation, select } from './selection.ts';
import type { CheckResult } from './update-info.ts';

export interface CheckOptions {
  /** The version that the user asks for, older or newer; the default is the one that is offered. */
  version?: string | undefined;
  channel?: string | undefined;
  /** With `version`: offer it even if it is installed, for its evolutions. Default: false. */
  again?: boolean | undefined;
  /**
   * Whether the notes of the releases that are passed over are read as well (`update.passed`): a small file for each, and none if
   * nothing is offered. Default: false.
   */
  notes?: boolean | undefined;
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
  if (options.channel !== undefined && !isChannelName(options.channel)) {
    const found = JSON.stringify(options.channel);
    throw new UsageError(`--channel: wanted ${CHANNEL_NAME}, found ${found}`);
  }
  const channel = options.channel ?? context.preferences.channel;
  const wanted = options.version;
  if (wanted !== undefined && !isVersion(wanted)) {
    throw new UsageError(`--version: ${versionFault(wanted)}`);
  }
  const choices = choicesFile.load(session.host, home);
  context.emit({ event: 'checking', feed: location.feed, channel });
  const { checkApi } = preferences;
  const api = checkApi === null ? null : { address: checkApi, ...(await import('./advice.ts')) };
  const advice = api?.requestAdvice(context, api.address, channel, choices);
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
          selection: await (await import('./requested-version.ts')).selectWanted(context, index, situation, {
            wanted,
            again: options.again === true,
          }),
          releases: index.releases,
        };
  if (advice !== undefined) api?.reportAdvice(context, await advice, selection);
  const { release } = selection;
  const isOfInterest = release !== null || selection.revoked !== null || selection.held.length > 0;
  const managedBy = isOfInterest
    ? await (await import('../../install/ownership/owner.ts')).ownerOf(session)
    : null;
  const result: CheckResult = {
    installed: receipt.binary.version,
    channel,
    feed: location.feed,
    newest: newestOf(index),
    update:
      release === null
        ? null
        : await (await import('../offer.ts')).updateInfo(
            context,
            index,
            { ...selection, release },
            { read: releases, notes: options.notes === true, managedBy },
          ),
    mandatory: selection.mandatory,
    revoked: selection.revoked,
    wayBack: selection.revoked === null ? null : (await import('./way-back.ts')).findWayBack(session, index),
    managedBy,
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
  const { refusalToGoBack } = await import('./requested-version.ts');
  const refusal = await refusalToGoBack(context, index, situation.installed, release.version);
  return { selection: refusal === null ? selection : { ...selection, release: null }, releases };
}
