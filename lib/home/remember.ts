/**
 * How updates end, written down for the next check: what did not work here is not offered again by itself. What can't be
 * written down is no reason to fail an update that is done, or to hide why one failed.
 */
import { type RevertedError, UpdaterError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { isNewer } from '../version/index.ts';
import { type Choices, choicesFile, withInstalled, withQuarantine, withSkipped } from './choices.ts';

type LastUpdate = Choices['lastUpdate'];

export function rememberInstalled(
  host: Host,
  home: string,
  version: string,
  lastUpdate: LastUpdate,
): Promise<void> {
  return remember(host, home, (choices) => ({ ...withInstalled(choices, version), lastUpdate }));
}

export function rememberFailed(host: Host, home: string, lastUpdate: LastUpdate): Promise<void> {
  return remember(host, home, (choices) => ({ ...choices, lastUpdate }));
}

/** The version that was tried here, and taken back. */
export function rememberReverted(
  host: Host,
  home: string,
  failure: RevertedError,
  lastUpdate: LastUpdate = { ended: 'reverted', route: null, duration: null },
): Promise<void> {
  const { version } = failure;
  const reason = failure.message.replaceAll(/\p{Cc}/gu, ' ').slice(0, 1000);
  return remember(host, home, (choices) => ({
    ...(version === null ? choices : withQuarantine(choices, { version, reason, at: host.clock.now() })),
    lastUpdate,
  }));
}

/** A person went from one version to the other: who leaves a version does not want it back the next day. */
export function rememberRollback(host: Host, home: Home, from: string, to: string): Promise<void> {
  return remember(host, home, (choices) => {
    const left = isNewer(from, to) ? withSkipped(choices, from) : choices;
    const lastUpdate: LastUpdate = { ended: 'rolled-back', route: null, duration: null };
    return { ...withInstalled(left, to), lastUpdate };
  });
}

/** A user may have no home: to go back is possible all the same. */
type Home = string | (() => string);

async function remember(host: Host, home: Home, change: (choices: Choices) => Choices): Promise<void> {
  try {
    await choicesFile.change(host, typeof home === 'string' ? home : home(), change);
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
  }
}
