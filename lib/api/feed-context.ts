/** Opening the feed, as all classes of this room that need it do. */
import { boolean } from '../format/decoder.ts';
import { abortSignal, callable, type Fields, words } from '../format/inputs.ts';
import { requireAdministratorsChoice } from '../home/admission/administrator.ts';
import { loadPreferences } from '../home/decided.ts';
import type { Receipt, Session } from '../install/index.ts';
import { nativeNetwork } from '../platform/network/native.ts';
import type { Network, NetworkSettings } from '../platform/network/network.ts';
import { openContext, type UpdateContext } from '../update/context.ts';
import type { UpdateEvent } from '../update/events.ts';

export interface FeedOptions {
  /** Address of the feed. Default: the configured one. */
  feed?: string | undefined;
  /** PEM file with certificate authorities to trust besides the built-in ones. Default: the configured one. */
  caFile?: string | undefined;
  /** Allow plain http to other hosts than loopback. Default: false. */
  allowPlainHttp?: boolean | undefined;
  /** Aborting it stops an operation. */
  signal?: AbortSignal | undefined;
  /** @internal How the network is opened; for tests. */
  network?(settings: NetworkSettings): Network;
}

export const FEED_FIELDS: Fields<FeedOptions> = {
  feed: words,
  caFile: words,
  allowPlainHttp: boolean,
  signal: abortSignal,
  network: callable,
};

/** Throws UsageError if no feed is known; PolicyError if an administrator has decided on another; DamagedError, MachineError if the preferences can't be read. */
export function openFeedContext(
  session: Session,
  { network = nativeNetwork, ...options }: FeedOptions,
  { home, receipt, emit }: { home: string; receipt: Receipt; emit(event: UpdateEvent): void },
): UpdateContext {
  requireAdministratorsChoice(session.host, { feed: options.feed, caFile: options.caFile });
  const preferences = loadPreferences(session.host, home);
  return openContext({
    ...options,
    session,
    settings: session.settings,
    home,
    preferences,
    receipt,
    network,
    emit,
  });
}
