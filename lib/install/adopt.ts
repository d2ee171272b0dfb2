/** Adopting a binary that was not installed by the updater: records what is installed. */
import { DamagedError, UsageError } from '../errors.ts';
import type { Digest } from '../platform/files.ts';
import { isVersion } from '../version/index.ts';
import { versionFault } from '../version/semver.ts';
import { requireNoStranger } from './installed-binary.ts';
import { recordPublisher } from './publisher.ts';
import { type Receipt, receiptUnlessDamaged, saveReceipt } from './receipt.ts';
import type { Session } from './session.ts';
import { newId } from './transaction/begin.ts';
import { appendEntry, type Entry, lastReceipt, openTransaction, readJournal } from './transaction/journal.ts';

/**
 * Writes the receipt for the binary at the target. It is not started, since no signature vouches for it. A user who has
 * changed the binary by hand adopts it again. The caller holds the lock.
 *
 * @param rootVersion of the trusted root that the user gives; null: none is given
 * Throws UsageError if there is no executable, or the version is not a semantic version.
 */
export function adopt(
  session: Session,
  version: string,
  feed: string | null = null,
  rootVersion: number | null = null,
): { receipt: Receipt; changed: boolean } {
  const { host, layout, app } = session;
  if (!isVersion(version)) {
    throw new UsageError(`--version: ${versionFault(version)}`);
  }
  const digest = requireExecutable(session);
  const entries = readableJournal(session);
  recordPublisher(host, layout, session.settings);
  const present = receiptUnlessDamaged(host.disk, layout);
  // A damaged receipt is replaced, and keeps what its copy in the journal says, such as the highest root version.
  const earlier = present ?? lastReceipt(entries);
  const binary = { version, sha256: digest.sha256, size: digest.size };
  const root = highestRoot(session, earlier?.rootVersion, rootVersion);
  const same =
    (feed === null || earlier?.feed === feed) &&
    (root === undefined || earlier?.rootVersion === root) &&
    earlier?.app === app &&
    earlier.binary.version === version &&
    earlier.binary.sha256 === digest.sha256;
  if (openTransaction(entries) !== null) {
    appendEntry(host.disk, layout, { type: 'end', at: host.clock.now(), outcome: 'abandoned' });
  } else if (present !== null && same) return { receipt: present, changed: false };
  const receipt: Receipt = {
    schema: 1,
    app,
    installId: earlier?.installId ?? `${newId(session)}${newId(session)}`,
    binary,
    previous: earlier?.previous ?? null,
    floor: version,
    feed: feed ?? earlier?.feed ?? null,
    source: 'init',
    // Unknown for a binary that was installed by hand, unless it is the one that an update had installed.
    rollback: earlier?.binary.sha256 === digest.sha256 ? earlier.rollback : null,
    installedAt: host.clock.now(),
    ...(root === undefined ? {} : { rootVersion: root }),
    ...(earlier?.binary.sha256 === digest.sha256 ? broughtBy(earlier) : {}),
  };
  appendEntry(host.disk, layout, { type: 'receipt', at: host.clock.now(), receipt });
  saveReceipt(host.disk, layout, receipt);
  return { receipt, changed: true };
}

/** What is known of the release that was installed. */
function broughtBy({ updater, configSchema }: Receipt): Pick<Receipt, 'updater' | 'configSchema'> {
  return {
    ...(updater === undefined ? {} : { updater }),
    ...(configSchema === undefined ? {} : { configSchema }),
  };
}

/** A root that the user gives begins anew where none was compiled in; else it only adds to what was seen. */
function highestRoot(
  { settings }: Session,
  seen: number | undefined,
  given: number | null,
): number | undefined {
  if (given === null) return seen;
  return settings.root === null ? given : Math.max(given, seen ?? 1);
}

/** Throws UsageError if there is nothing to adopt, DamagedError if something that can be none is in the place of the adopted one. */
export function requireExecutable(session: Session): Digest {
  const { host, layout, digests } = session;
  const digest = digests.of(layout.target);
  if (digest?.size === 0) {
    throw new UsageError(`${layout.target} is empty`, {
      advice: 'Put the executable there, or run `dgmo-updater repair`, which fetches the newest.',
    });
  }
  if (digest !== null && digest.sha256 !== '') return digest;
  if (receiptUnlessDamaged(host.disk, layout) !== null) requireNoStranger(session, layout.target);
  throw new UsageError(`there is no executable at ${layout.target} to adopt`, {
    advice: 'Name the folder that holds it with --install-dir, and the program with --app.',
  });
}

/** A damaged journal is moved aside, because adopting is the way out of a state in which nothing else helps. */
function readableJournal({ host, layout }: Session): Entry[] {
  try {
    return readJournal(host.disk, layout).entries;
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    host.disk.replace(layout.journal, `${layout.journal}.bad`);
    host.disk.flushDirectory(layout.workDir);
    return [];
  }
}
