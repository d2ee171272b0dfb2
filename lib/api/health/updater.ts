/** The updater, from the nearest source: a copy that runs, what was downloaded, the feed, the one before it. */
import { DamagedError, InterruptedError, UpdaterError } from '../../errors.ts';
import { isUpdater } from '../../health/index.ts';
import { moveAside } from '../../health/repair/aside.ts';
import {
  type Binary,
  putBackUpdater,
  type Receipt,
  recordUpdater,
  requireCommitted,
  type Session,
} from '../../install/index.ts';
import { updaterLayout } from '../../install/layout.ts';
import type { UpdaterSource } from '../../install/updater/replace-updater.ts';
import { awaitedUpdater, isReplacedByHand, recordedUpdater } from '../../install/updater/updater-record.ts';
import { updaterSession } from '../../install/updater/updater-session.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { installedManifest } from '../../update/check/installed-release.ts';
import type { UpdateContext } from '../../update/context.ts';
import { cachedUpdater, fetchUpdaterFile } from '../../update/download/download-updater.ts';
import { targetOf, updaterFor } from '../../version/index.ts';
import type { Repaired } from './executable.ts';
import { provisionalReceipt } from './receipt.ts';

type OpenFeed = ((receipt: Receipt) => UpdateContext) | null;
type Brought = NonNullable<Receipt['updater']>;

interface Copy {
  to: Binary;
  source: UpdaterSource;
  how: string;
  bytesFetched: number;
}

/**
 * Puts back an updater that is damaged or missing, or brings the one that the installed release comes with. The caller holds
 * the lock.
 *
 * @param openFeed null: no network
 * @throws DamagedError if no good copy can be had; NetworkError, TrustError; RevertedError if the copy does not work
 */
export async function repairUpdater(
  session: Session,
  receipt: Receipt | null,
  openFeed: OpenFeed,
): Promise<Repaired> {
  const { target } = updaterLayout(session.host, session.layout);
  const recorded = recordedUpdater(session);
  if (recorded !== null && isReplacedByHand(session, recorded)) {
    await recordUpdater(session);
    return { how: 'recorded as it is', bytesFetched: 0 };
  }
  const known = receipt ?? provisionalReceipt(session, { version: '0.0.0', sha256: '0'.repeat(64), size: 0 });
  const copy = await nearestCopy(session, { receipt: known, recorded, openFeed });
  // What can be no executable is kept beside: there is no going back to it.
  if (session.digests.of(target)?.sha256 === '') moveAside(session, target);
  const ended = await putBackUpdater(session, known, copy.to, copy.source);
  if (ended === null) return { ...copy, how: `${copy.how}; it takes its place when this command has ended` };
  const own = updaterSession(session);
  if (own !== null) await requireCommitted(own, ended, ended.from, ended.to, recorded ?? known);
  return copy;
}

/** The first of these that can be had, those with the wanted bytes before others. */
async function nearestCopy(
  session: Session,
  { receipt, recorded, openFeed }: { receipt: Receipt; recorded: Receipt | null; openFeed: OpenFeed },
): Promise<Copy> {
  const wanted = (awaitedUpdater(session, receipt) ?? recorded?.binary)?.sha256;
  const running = runningElsewhere(session);
  if (running !== null && running.to.sha256 === wanted) return running;
  let failure: UpdaterError | null = null;
  try {
    const context = openFeed === null ? null : openFeed(receipt);
    const brought = receipt.updater ?? (await broughtByRelease(context));
    // A copy that somebody has downloaded and started is newer than what it is to replace, or it is the only one.
    if (brought !== null && (running === null || brought.sha256 === wanted)) {
      const fetched = await fromRelease(session, context, brought);
      if (fetched !== null) return fetched;
    }
  } catch (error) {
    const known = asUpdaterError(error, session.layout.installDir);
    if (!(known instanceof UpdaterError) || known instanceof InterruptedError) throw known;
    failure = known;
  }
  const left = running ?? keptBefore(session, recorded);
  if (left !== null) return left;
  if (failure !== null) throw failure;
  throw new DamagedError('there is no good copy of the updater on this machine', {
    advice:
      openFeed === null
        ? 'Run `dgmo-updater repair` without --offline, or download the updater again, and run that one with --install-dir.'
        : 'Download the updater again, and run that one with --install-dir.',
  });
}

/** The program that runs now, if it is an updater that is somewhere else: a new download. */
function runningElsewhere(session: Session): Copy | null {
  const { host, layout, settings, digests } = session;
  const file = host.processes.executable(host.processes.pid);
  if (file === null || !isUpdater(file) || file === updaterLayout(host, layout).target) return null;
  const found = host.disk.status(file)?.kind === 'file' ? digests.of(file) : null;
  if (found === null || found.sha256 === '') return null;
  return {
    to: { version: settings.version, ...found },
    ...{ source: { file }, how: `a copy of ${file}`, bytesFetched: 0 },
  };
}

async function broughtByRelease(context: UpdateContext | null): Promise<Brought | null> {
  const manifest = context === null ? null : await installedManifest(context);
  if (context === null || manifest === null) return null;
  const brought = updaterFor(manifest, targetOf(context.session.host));
  if (brought === undefined) return null;
  const { version, checksum: sha256, size, file } = brought;
  return { version, sha256, size, file };
}

/** From the cache, else from the feed; null if it is in neither. */
async function fromRelease(
  session: Session,
  context: UpdateContext | null,
  { file, ...to }: Brought,
): Promise<Copy | null> {
  const cached = cachedUpdater(session, { file });
  if (cached !== null)
    return { to, source: { framed: cached }, how: `${to.version}, downloaded before`, bytesFetched: 0 };
  if (context === null) return null;
  const framed = await fetchUpdaterFile(context, { version: to.version, file });
  return { to, source: { framed }, how: `${to.version} from the feed`, bytesFetched: file.length };
}

/** The updater that was there before this one, if it is still kept. */
function keptBefore(session: Session, recorded: Receipt | null): Copy | null {
  const own = updaterSession(session);
  const previous = recorded?.previous ?? null;
  if (own === null || previous === null) return null;
  const file = own.layout.kept(previous.sha256);
  if (!own.digests.is(file, previous)) return null;
  return { to: previous, source: { file }, how: `${previous.version}, the one before it`, bytesFetched: 0 };
}
