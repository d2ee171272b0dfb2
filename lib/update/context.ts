/** What a check and a download work with: one install, one home, one feed, and the user's preferences. */
import { UpdaterError, UsageError } from '../errors.ts';
import { shownAddress } from '../format/web-address.ts';
import { choicesFile } from '../home/choices.ts';
import type { Settings } from '../home/compiled-in.ts';
import type { Preferences } from '../home/preferences.ts';
import type { Receipt, Session } from '../install/index.ts';
import type { Host } from '../platform/host.ts';
import type { Network, NetworkSettings } from '../platform/network/network.ts';
import { networkSource } from '../trust/index.ts';
import { feedAddressFault, type Target, targetOf } from '../version/index.ts';
import { targetsFor } from './check/builds.ts';
import type { DocumentContext } from './check/documents.ts';
import { type FeedLocation, locateFeed } from './check/feed-location.ts';
import { patientSource } from './check/patient-source.ts';
import type { UpdateEvent } from './events.ts';

export interface UpdateContext {
  session: Session;
  settings: Settings;
  home: string;
  preferences: Preferences;
  receipt: Receipt;
  /** What is looked for in the feed, the best first: of two builds for x64 the one that suits this processor. */
  targets: readonly Target[];
  network: Network;
  location: FeedLocation;
  documents: DocumentContext;
  emit(event: UpdateEvent): void;
  signal: AbortSignal | undefined;
}

export interface ContextOptions {
  session: Session;
  settings: Settings;
  home: string;
  preferences: Preferences;
  receipt: Receipt;
  /** Opens the network with these proxies and certificate authorities. */
  network(settings: NetworkSettings): Network;
  /** Overrides the preferences and the receipt. */
  feed?: string | undefined;
  caFile?: string | undefined;
  /** Accept plain http to hosts other than loopback. */
  allowPlainHttp?: boolean | undefined;
  emit?: ((event: UpdateEvent) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Throws UsageError if no feed is known, or its address can't be used. */
export function openContext(options: ContextOptions): UpdateContext {
  const { session, settings, home, preferences, receipt, signal, allowPlainHttp = false } = options;
  const { host } = session;
  const feed = feedOf(options);
  const certificateFile = options.caFile ?? preferences.caFile ?? undefined;
  const network = options.network({
    environment: host.environment,
    allowPlainHttp,
    ...(certificateFile === undefined ? {} : { certificateFile }),
  });
  const location = locateFeed(feed, home, host.platform);
  const source = patientSource(
    networkSource({ network, clock: host.clock, ...(signal === undefined ? {} : { signal }) }),
    { clock: host.clock, random: host.random, signal },
  );
  return {
    session,
    settings,
    home,
    preferences,
    receipt,
    targets: targetsHere(options),
    network,
    location,
    documents: { disk: host.disk, locks: host.locks, source, location },
    emit: options.emit ?? (() => undefined),
    signal,
  };
}

function targetsHere({ session: { host }, home, preferences, receipt }: ContextOptions): Target[] {
  return targetsFor({
    machine: targetOf(host),
    modern: host.hasModernInstructions(),
    wanted: preferences.build,
    hasFailed: hasFailedHere(host, home),
    installedBaseline: receipt.binary.build === 'baseline',
  });
}

/** Choices that can't be read must not stop a repair. */
function hasFailedHere(host: Host, home: string): boolean {
  try {
    return choicesFile.load(host, home).illegalInstruction !== null;
  } catch (error) {
    if (error instanceof UpdaterError) return false;
    throw error;
  }
}

/** Nobody has named a feed. */
export class NoFeedError extends UsageError {}

/** The address of the feed, from the first place that has one. Throws NoFeedError if there is none, UsageError if it can't be used. */
function feedOf({ feed, preferences, receipt, settings, allowPlainHttp }: ContextOptions): string {
  const given = [
    { by: '--feed', address: feed ?? null },
    { by: 'the preference `feed`', address: preferences.feed },
    { by: 'the feed given to `init`', address: receipt.feed },
    { by: 'the compiled-in feed', address: settings.feed },
  ].find(({ address }) => address !== null);
  if (given === undefined || given.address === null) {
    throw new NoFeedError('no feed is known here: none was compiled in, and none was given', {
      advice: 'Give its address with --feed <url>, or for good with `dgmo-updater config set feed <url>`.',
    });
  }
  const fault = feedAddressFault(given.address, allowPlainHttp);
  if (fault === null) return given.address;
  const isPlain = allowPlainHttp !== true && given.address.startsWith('http:');
  throw new UsageError(
    `${given.by}: wanted ${fault}, found "${shownAddress(given.address)}"`,
    isPlain ? { advice: 'Plain http is for loopback, or with --allow-http.' } : {},
  );
}
