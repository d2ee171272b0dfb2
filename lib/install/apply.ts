/** `--apply`: read, verify, decide, stage, wait, swap, probe, commit or revert, start DGMO again. */
import { DamagedError, UsageError } from '../errors.ts';
import {
  checkPackage,
  isInstalled,
  joinPackages,
  type PackageContents,
  planRoute,
  type Route,
  readPackage,
  verifyPayloads,
} from '../package/index.ts';
import { tellable } from '../platform/failures.ts';
import { openSource } from '../platform/files.ts';
import type { TrustedRoot } from '../trust/index.ts';
import { isNewer, targetOf } from '../version/index.ts';
import type { EvolutionWish } from './folders/evolutions.ts';
import { clearFolders } from './folders/folders.ts';
import { pruneAfter } from './folders/snapshots.ts';
import { openUpdateFolders } from './folders/update-folders.ts';
import { withLock } from './lock.ts';
import { startAgain } from './process/restart-policy.ts';
import { awaitExit, processToAwait } from './process/wait.ts';
import { type Binary, type Receipt, requireReceipt } from './receipt.ts';
import { repairRoutes, standing } from './repair-from-package.ts';
import { breathe, type Session } from './session.ts';
import { begin } from './transaction/begin.ts';
import { conclude } from './transaction/conclude.ts';
import { appendEntry, type OpenTransaction } from './transaction/journal.ts';
import { recoverTransaction } from './transaction/recover.ts';
import { stage } from './transaction/stage.ts';
import { sweep } from './transaction/sweep.ts';
import { settle } from './transaction/transaction.ts';

export interface ApplyOptions {
  /** Paths of `.dgmopkg` files: the last one brings the release, those before it lend their patches (a chain). */
  packages: readonly string[];
  /**
   * Asked for other packages of the same release where these are damaged, or their patches do not fit: while DGMO still
   * runs and nothing was touched. Null: there are none.
   */
  instead?(failure: DamagedError): Promise<readonly string[] | null>;
  /** Which of the evolutions that come with the release are installed; without it those that apply by themselves. */
  evolutions?: EvolutionWish;
  /** A person's word: an older version than the installed one, or one below the floor, is wanted. */
  allowDowngrade?: boolean;
  /** Throws where none is trusted. */
  root(): TrustedRoot;
  /** `--wait-pid`: undefined where it was not given. */
  waitFor: number | undefined;
  /** Wait for nobody and start nothing. */
  noWait: boolean;
  relaunch: boolean;
  /** For the DGMO that is started. */
  args: string[];
  /** Our standard output carries JSON lines: what DGMO prints goes to standard error. */
  outputToError: boolean;
  /** Told what came of it before DGMO is started again, which may keep us for as long as it has the terminal. */
  onSettled?(outcome: { applied: Applied } | { failure: unknown }): void | Promise<void>;
}

export interface Applied {
  from: Binary;
  to: Binary;
  /** False where the very same binary was installed already. */
  changed: boolean;
}

/**
 * Throws what stopped it, as an UpdaterError; the old version stands then, and has been started again where
 * it had been asked to go. RevertedError: the new version was tried and did not work.
 */
export async function applyPackage(session: Session, options: ApplyOptions): Promise<Applied> {
  // From here on DGMO may be gone, or going: whatever happens, it is to run again.
  const awaited = options.noWait ? null : processToAwait(session, options.waitFor);
  let failure: unknown;
  let applied: Applied | undefined;
  try {
    for (const path of options.packages) checkIsFile(session, path);
    applied = await withLock(
      session.host,
      session.layout,
      () => updateOrElse(session, options, awaited),
      awaited,
    );
  } catch (error) {
    failure = tellable(error, session.layout.installDir);
  }
  await options.onSettled?.(applied === undefined ? { failure } : { applied });
  if (options.relaunch && !options.noWait) await startAgain(session, options, awaited, failure);
  if (failure !== undefined) throw failure;
  if (applied === undefined) throw new Error('an update ended with neither a result nor a failure');
  return applied;
}

function checkIsFile(session: Session, path: string): void {
  const { disk } = session.host;
  let kind: string | undefined;
  try {
    kind = disk.status(disk.resolve(path))?.kind;
  } catch {
    // Nothing there, a link that leads nowhere or in a circle: for the person it is one and the same.
  }
  if (kind === 'file') return;
  const found =
    { undefined: 'no file', directory: 'a folder' }[String(kind)] ?? 'something that is not a file';
  throw new UsageError(`--apply: wanted a package, found ${found} at ${path}`);
}

/** With these packages, or, where they do not do, with others of the same release. */
async function updateOrElse(
  session: Session,
  options: ApplyOptions,
  awaited: number | null,
): Promise<Applied> {
  await recoverTransaction(session);
  try {
    return await update(session, options, options.packages, awaited);
  } catch (error) {
    const packages =
      error instanceof DamagedError && stands(session) ? await options.instead?.(error) : undefined;
    if (packages === undefined || packages === null) throw error;
    return update(session, options, packages, awaited);
  }
}

/** Where the installed binary is not what it was, no other package of a newer version helps. */
function stands({ host, layout, digests }: Session): boolean {
  return digests.of(layout.target)?.sha256 === requireReceipt(host.disk, layout).binary.sha256;
}

async function update(
  session: Session,
  options: ApplyOptions,
  packages: readonly string[],
  awaited: number | null,
): Promise<Applied> {
  const { host, layout } = session;
  const receipt = requireReceipt(host.disk, layout);
  const root = options.root();
  const sources: ReturnType<typeof openSource>[] = [];
  try {
    for (const path of packages) sources.push(openSource(host.disk, path));
    const contents = joinPackages(sources.map((source) => readPackage(source, root)));
    const installed = receipt.binary;
    checkPackage(contents, {
      app: receipt.app,
      ...targetOf(host),
      installed,
      floor: receipt.floor,
      allowDowngrade: options.allowDowngrade === true,
      rollback: receipt.rollback,
    });
    await verifyPayloads(contents, () => breathe(session));
    session.emit({ event: 'verified', version: contents.version, bytes: contents.size });
    const to: Binary = { version: contents.version, ...contents.binary };
    const from = standing(session, contents, installed);
    if (isInstalled(contents, from)) {
      if (awaited !== null) await awaitExit(session, awaited);
      return { from, to, changed: false };
    }
    const routes = from === installed ? planRoute(contents, installed) : repairRoutes(session, contents);
    const wish = options.evolutions ?? 'auto';
    await transact(session, { contents, routes, receipt, from, to, awaited, wish });
    return { from, to, changed: true };
  } finally {
    for (const source of sources) source.close();
  }
}

interface Undertaking {
  contents: PackageContents;
  routes: Route[];
  receipt: Receipt;
  from: Binary;
  to: Binary;
  awaited: number | null;
  wish: EvolutionWish;
}

async function transact(session: Session, undertaking: Undertaking): Promise<void> {
  const { contents, routes, receipt, from, to, awaited, wish } = undertaking;
  const repair = from !== receipt.binary;
  const { folders, ready } = await openUpdateFolders(session, { receipt, contents, wish, repair });
  const after = receiptAfter(session, undertaking);
  const open = begin(session, { kind: 'update', from, to, receipt: { before: receipt, after }, folders });
  let beside: Awaited<ReturnType<typeof ready>>;
  try {
    await stage(session, { contents, routes, from, to, path: session.layout.staged(open.id) });
    if (awaited !== null) await awaitExit(session, awaited);
    await breathe(session);
    beside = await ready(open.id);
  } catch (error) {
    abandon(session, open, receipt);
    throw error;
  }
  await conclude(session, await settle(session, open, { resumed: false, ...beside }), from, to, receipt);
  await pruneAfter(session, after);
}

/** Nothing was touched yet: what was prepared goes, and the journal says so. */
function abandon(session: Session, open: OpenTransaction, receipt: Receipt): void {
  const { host, layout } = session;
  try {
    if (open.folders !== null) clearFolders(session, open.folders, open.id);
    sweep(session, receipt);
    appendEntry(host.disk, layout, { type: 'end', at: host.clock.now(), outcome: 'abandoned' });
  } catch {
    // The failure that brought us here is the one to tell; the next run closes what stayed open.
  }
}

function receiptAfter({ host }: Session, { receipt, from, to, contents }: Undertaking): Receipt {
  return {
    ...receipt,
    binary: to,
    // What is damaged or gone is nothing to go back to.
    previous: from === receipt.binary ? receipt.binary : receipt.previous,
    floor: isNewer(to.version, receipt.floor) ? to.version : receipt.floor,
    source: 'package',
    rollback: contents.manifest.rollback,
    installedAt: host.clock.now(),
  };
}
