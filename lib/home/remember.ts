/**
 * Remembers how an update or a rollback ended, for the next check: what did not work here is not offered again by itself.
 * The conductor of the operation calls `rememberOutcome` once, whatever the outcome and whoever had asked for it.
 */
import { type RevertedError, UpdaterError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { isNewer } from '../version/index.ts';
import {
  asLine,
  type Choices,
  choicesFile,
  type UpdateOutcome,
  withInstalled,
  withOutcome,
  withQuarantine,
  withSkipped,
} from './choices.ts';

/**
 * Writes the outcome into the home. An update that is done must not fail because that can't be written, nor must the
 * reason of one that failed be hidden by it: so the failure is returned, for a warning; null if there was none.
 *
 * @param home a function may throw if this user has no home: a rollback is possible all the same
 */
export async function rememberOutcome(
  host: Host,
  home: string | (() => string),
  outcome: UpdateOutcome,
): Promise<UpdaterError | null> {
  try {
    const folder = typeof home === 'string' ? home : home();
    await choicesFile.change(host, folder, (choices) => withOutcome(choices, outcome, host.clock.now()));
    return null;
  } catch (error) {
    if (error instanceof UpdaterError) return error;
    throw error;
  }
}

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
  const reason = asLine(failure.message);
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
