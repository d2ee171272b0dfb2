/** Carries out an update: from packages on this machine to the new version running, or the old version restored. */
import {
  DamagedError,
  FailedStartError,
  InterruptedError,
  RevertedError,
  UpdaterError,
  UsageError,
} from '../errors.ts';
import { moveExecutableAside } from '../health/repair/aside.ts';
import { choicesFile, type UpdateOutcome, withIllegalInstruction } from '../home/choices.ts';
import { requireNotTurnedOff } from '../home/decided.ts';
import { homeIfAny } from '../home/folder.ts';
import { rememberOutcome } from '../home/remember.ts';
import { trustedRootOf } from '../home/trusted-root.ts';
import {
  type Applied,
  abandon,
  awaitExit,
  begin,
  checkpoint,
  type EvolutionWish,
  forgetSnapshot,
  isIntact,
  isOpen,
  type PreparedUpdate,
  planFolders,
  prepareUpdate,
  processToAwait,
  pruneAfter,
  receiptAfterUpdate,
  receiptUnlessDamaged,
  recordPublisherOrWarn,
  recordUpdater,
  recoverTransaction,
  recoverUpdater,
  requireChangeable,
  requireCommitted,
  requireOwnInstall,
  requireRoom,
  restartAfter,
  runTransaction,
  type Session,
  snapshotBeforeUpdate,
  stageUpdate,
  startCompactor,
  updateFolders,
  withLock,
} from '../install/index.ts';
import { ABSENT } from '../install/receipt.ts';
import { asUpdaterError } from '../platform/failures.ts';
import type { Snapshot } from '../snapshot/index.ts';
import type { TrustedRoot } from '../trust/index.ts';
import type { UpdateInfo } from '../update/check/update-info.ts';
import type { UpdateContext } from '../update/context.ts';
import { downloadRoute, type PackageOptions } from '../update/download/download-packages.ts';
import type { DownloadRoute } from '../update/download/route.ts';
import { baselineOf } from '../version/index.ts';
import { bringUpdater } from './steps/bring-updater.ts';
import { keepConfigSchema } from './steps/config-schema.ts';
import { startDgmo } from './steps/health-gate.ts';
import { keepCompanions } from './steps/keep-companions.ts';
import { recordReads } from './steps/record-reads.ts';

/** A route to the release that has not been downloaded yet. */
export interface FeedRoute {
  context: UpdateContext;
  update: UpdateInfo;
  route: DownloadRoute;
  options: PackageOptions;
}

type RouteKind = DownloadRoute['kind'];

export interface ApplyRequest {
  /** Paths of `.dgmopkg` files: the last one holds the release, those before it the first patches of a chain. */
  packages: readonly string[];
  /** The kind of route that they were downloaded by; null if they were not downloaded from the feed. */
  route: RouteKind | null;
  /**
   * Other packages of the release, tried if the first ones are damaged or do not fit, and nothing was changed yet. Null if
   * there are none.
   */
  fallback: { packages: readonly string[] } | FeedRoute | null;
  /**
   * Looks in the feed for that version as it was built for older processors, once the processor has turned out to lack what the
   * other build uses. Null if the feed has none; the function itself is null if no feed is asked.
   */
  baseline: ((version: string) => Promise<FeedRoute | null>) | null;
  /** Which of the evolutions that come with the release are installed. */
  evolutions: EvolutionWish;
  /** The user agrees to a version older than the installed one, or below the floor. */
  allowDowngrade: boolean;
  /** Null: the root that is trusted on this machine. */
  root: TrustedRoot | null;
  /** The process that has to exit before the swap; undefined: the parent, if it is DGMO; 0: none. */
  waitFor: number | undefined;
  /** Wait for no process and start none: a running DGMO keeps running. */
  noWait: boolean;
  /** Start DGMO again afterwards. */
  relaunch: boolean;
  /** Arguments for the DGMO that is started. */
  args: readonly string[];
  /** Send what DGMO prints to standard error, because our standard output consists of JSON lines. */
  outputToError: boolean;
}

/**
 * Preflight, verify, snapshot, stage, wait, swap, probe, commit or revert, remember, start DGMO again.
 *
 * @throws the UpdaterError that stopped it. The old version is in place then, and has been started again if it had exited for
 *   the update. RevertedError if the new version was tried and did not work, or did not confirm that it is well.
 */
export async function applyPackages(session: Session, request: ApplyRequest): Promise<Applied> {
  const { host, layout, emit } = session;
  const begun = host.clock.monotonic();
  // Before anything of that folder is started, which DGMO is below even if the update fails.
  requireOwnInstall(host, layout);
  // DGMO exits for the update, or has exited already. Whatever happens, it has to be started again.
  const awaited = request.noWait ? null : processToAwait(session, request.waitFor);
  const attempt: Attempt = { route: request.route, begun: false, versions: null, modernBuild: null };
  try {
    requireUpdatesAllowed(session);
    await requireChangeable(session);
    attempt.applied = await withLock(
      host,
      layout,
      () => installWithFallback(session, request, attempt, awaited),
      awaited,
    );
  } catch (error) {
    attempt.failure = asUpdaterError(error, layout.installDir);
  }
  const { applied, failure } = attempt;
  await remember(session, attempt, host.clock.monotonic() - begun);
  if (applied === undefined) emit({ event: 'failed', error: failure });
  else emit({ event: 'updated', applied });
  if (applied !== undefined) {
    await startCompactor(session);
    await recordReads(session);
  }
  if (request.relaunch && !request.noWait)
    await restartAfter(session, awaited, failure, () => startDgmo(session, request));
  if (applied === undefined) throw failure;
  return applied;
}

function requireUpdatesAllowed({ host, home }: Session): void {
  const folder = homeIfAny(home);
  if (folder !== null) requireNotTurnedOff(host, folder);
}

interface Attempt {
  route: RouteKind | null;
  /** It was allowed, and nobody else was at work: what never began is not remembered. */
  begun: boolean;
  /** Known as soon as the package was read. */
  versions: { from: string; to: string } | null;
  /** SHA-256 of the build for newer processors that was installed; null if it is another one, or none was yet. */
  modernBuild: string | null;
  applied?: Applied;
  failure?: unknown;
}

/** Installs from the packages or, if they are damaged or do not fit, from the fallback. */
async function installWithFallback(
  session: Session,
  request: ApplyRequest,
  attempt: Attempt,
  awaited: number | null,
): Promise<Applied> {
  attempt.begun = true;
  await recoverUpdater(session);
  await recoverTransaction(session);
  recordPublisherOrWarn(session);
  await recordUpdaterOrWarn(session);
  try {
    return await installNewest(session, request, attempt, awaited);
  } catch (error) {
    const route = await baselineAfter(session, request, attempt, error);
    if (route === null) throw error;
    attempt.route = route.kind;
    return installFrom(session, request, route.files, attempt, awaited);
  }
}

async function installNewest(
  session: Session,
  request: ApplyRequest,
  attempt: Attempt,
  awaited: number | null,
): Promise<Applied> {
  const { fallback } = request;
  try {
    return await installFrom(session, request, request.packages, attempt, awaited);
  } catch (error) {
    // If the installed binary was changed, no other package helps.
    if (!(error instanceof DamagedError) || fallback === null || !isIntact(session)) throw error;
    if ('packages' in fallback) return installFrom(session, request, fallback.packages, attempt, awaited);
    const { context, update: release, route, options } = fallback;
    attempt.route = route.kind;
    context.emit({ event: 'fallback', version: release.version, to: route.kind, reason: error.message });
    const { files } = await downloadRoute(context, release, route, options);
    return installFrom(session, request, files, attempt, awaited);
  }
}

/**
 * What to install in the place of a build that this processor can't run. From now on the other build is looked for at once, whether
 * it can be had now or not. Null if the failure was another one, or nothing can be had.
 */
async function baselineAfter(
  session: Session,
  { baseline }: ApplyRequest,
  { modernBuild }: Attempt,
  failure: unknown,
): Promise<{ kind: RouteKind; files: readonly string[] } | null> {
  const { host, home } = session;
  if (!(failure instanceof FailedStartError) || !failure.illegalInstruction) return null;
  if (modernBuild === null || failure.version === null) return null;
  const { version } = failure;
  try {
    if ('folder' in home) {
      await choicesFile.change(host, home.folder, (choices) =>
        withIllegalInstruction(choices, version, host.clock.now()),
      );
    }
    const found = (await baseline?.(version)) ?? null;
    if (found === null || found.update.release.binary.sha256 === modernBuild) return null;
    const { context, update, route, options } = found;
    context.emit({ event: 'fallback', version, to: route.kind, reason: failure.message, build: 'baseline' });
    const { files } = await downloadRoute(context, update, route, options);
    return { kind: route.kind, files };
  } catch (error) {
    // The old version is in place, which the failure says; the next check tries again.
    if (error instanceof InterruptedError || !(error instanceof UpdaterError)) throw error;
    return null;
  }
}

/** Before the release brings another one, which must not be compared with what nobody knows. */
async function recordUpdaterOrWarn(session: Session): Promise<void> {
  try {
    await recordUpdater(session);
  } catch (error) {
    const failure = asUpdaterError(error, session.layout.installDir);
    if (!(failure instanceof UpdaterError)) throw failure;
    session.emit({ event: 'warning', text: `The updater could not be recorded: ${failure.message}.` });
  }
}

async function installFrom(
  session: Session,
  request: ApplyRequest,
  packages: readonly string[],
  attempt: Attempt,
  awaited: number | null,
): Promise<Applied> {
  const { evolutions, allowDowngrade } = request;
  const root = request.root ?? trustedRootOf(session);
  const prepared = await prepareUpdate(session, { packages, root, evolutions, allowDowngrade });
  try {
    const { from, to } = prepared;
    attempt.versions = { from: from.version, to: to.version };
    attempt.modernBuild = baselineOf(prepared.contents) === null ? null : to.sha256;
    const changed = !prepared.binaryUnchanged || prepared.evolutions.length > 0;
    if (changed) requireRoomFor(session, prepared);
    await keepCompanions(session, prepared.contents);
    await bringUpdater(session, prepared);
    const snapshot = changed ? await change(session, prepared, awaited) : null;
    if (!changed && awaited !== null) await awaitExit(session, awaited);
    const evolutions = prepared.evolutions.map(({ carried }) => carried.id);
    return { from, to, changed, evolutions, before: snapshot?.id ?? null };
  } finally {
    prepared.close();
  }
}

/** The transaction. Returns the snapshot of the state before. */
async function change(
  session: Session,
  prepared: PreparedUpdate,
  awaited: number | null,
): Promise<Snapshot | null> {
  const { receipt, from, to } = prepared;
  const snapshot = await snapshotBeforeUpdate(session, prepared);
  const folders = updateFolders(session, prepared, snapshot);
  const after = receiptAfterUpdate(session, prepared, snapshot);
  const open = begin(session, { kind: 'update', from, to, receipt: { before: receipt, after }, folders });
  try {
    const plan = await prepareSwap(session, prepared, snapshot, open.id, awaited).catch((error) => {
      abandon(session, open, receipt);
      throw error;
    });
    if (from.sha256 === ABSENT) moveExecutableAside(session);
    await requireCommitted(
      session,
      await runTransaction(session, open, { resumed: false, ...plan }),
      from,
      to,
      receipt,
    );
  } catch (error) {
    await forgetSnapshot(session, open);
    throw error;
  }
  await pruneAfter(session, after);
  return snapshot;
}

function requireRoomFor(session: Session, prepared: PreparedUpdate): void {
  const { to, from, binaryUnchanged, routes } = prepared;
  const between = Math.max(
    0,
    ...routes.slice(0, 1).flatMap(({ steps }) => steps.slice(0, -1).map(({ payload }) => payload.toSize)),
  );
  requireRoom(session, {
    name: `the update to ${to.version}`,
    installed: from,
    binary: binaryUnchanged ? 0 : to.size,
    between,
  });
}

/** Does everything that is possible before the swap, so that DGMO is not running for as short a time as possible. */
async function prepareSwap(
  session: Session,
  prepared: PreparedUpdate,
  snapshot: Snapshot | null,
  transaction: string,
  awaited: number | null,
) {
  await stageUpdate(session, prepared, transaction);
  keepConfigSchema(session, prepared.contents.manifest.configSchema);
  if (awaited !== null) await awaitExit(session, awaited);
  await checkpoint(session);
  return planFolders(session, prepared, snapshot, transaction);
}

/** Saves the outcome for the next check: a version that did not work here is not offered again. */
async function remember(
  session: Session,
  { route, begun, versions, modernBuild, applied, failure }: Attempt,
  milliseconds: number,
): Promise<void> {
  const { host, home, layout, emit } = session;
  // A mistyped path of a package is no update that failed.
  if ('missing' in home || !begun || failure instanceof UsageError) return;
  const how = { route, milliseconds };
  const outcome: UpdateOutcome | null =
    applied !== undefined
      ? { ended: 'installed', version: applied.to.version, ...how }
      : failure instanceof RevertedError
        ? {
            ...{ ended: 'reverted', version: failure.version, reason: failure.message, ...how },
            tooModern: failure.illegalInstruction && modernBuild !== null ? modernBuild : undefined,
          }
        : // That somebody has stopped it says nothing of the release.
          failure instanceof InterruptedError
          ? null
          : { ended: 'failed', ...how };
  const receipt = receiptUnlessDamaged(host.disk, layout);
  const unwritten = await rememberOutcome(host, home.folder, outcome, {
    kind: 'update',
    from: versions?.from ?? receipt?.binary.version ?? null,
    to: versions?.to ?? null,
    installId: receipt?.installId ?? null,
    milliseconds,
    failure,
    isOpen: isOpen(session),
  });
  if (unwritten !== null)
    emit({ event: 'warning', text: `The outcome of the update could not be saved: ${unwritten.message}.` });
}
