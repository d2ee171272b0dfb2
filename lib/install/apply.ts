/** `--apply`: read, verify, decide, stage, wait, swap, probe, commit or revert, start DGMO again. */
import { UsageError } from '../errors.ts';
import {
  checkPackage,
  isInstalled,
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
import { startAgain } from './again.ts';
import { begin } from './begin.ts';
import { conclude } from './conclude.ts';
import { appendEntry } from './journal.ts';
import { withLock } from './lock.ts';
import { type Binary, type Receipt, requireReceipt } from './receipt.ts';
import { recoverTransaction } from './recover.ts';
import { repairRoutes, standing } from './repair-from-package.ts';
import { breathe, type Session } from './session.ts';
import { stage } from './stage.ts';
import { sweep } from './sweep.ts';
import { settle } from './transaction.ts';
import { awaitExit, processToAwait } from './wait.ts';

export interface ApplyOptions {
  /** Path of the `.dgmopkg`. */
  package: string;
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
  onSettled?(outcome: { applied: Applied } | { failure: unknown }): void;
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
    checkIsFile(session, options.package);
    applied = await withLock(session.host, session.layout, () => update(session, options, awaited), awaited);
  } catch (error) {
    failure = tellable(error, session.layout.installDir);
  }
  options.onSettled?.(applied === undefined ? { failure } : { applied });
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

async function update(session: Session, options: ApplyOptions, awaited: number | null): Promise<Applied> {
  const { host, layout } = session;
  await recoverTransaction(session);
  const receipt = requireReceipt(host.disk, layout);
  const root = options.root();
  const source = openSource(host.disk, options.package);
  try {
    const contents = readPackage(source, root);
    const installed = receipt.binary;
    checkPackage(contents, { app: receipt.app, ...targetOf(host), installed, floor: receipt.floor });
    await verifyPayloads(contents, () => breathe(session));
    session.emit({ event: 'verified', version: contents.version, bytes: contents.size });
    const to: Binary = { version: contents.version, ...contents.binary };
    const from = standing(session, contents, installed);
    if (isInstalled(contents, from)) {
      if (awaited !== null) await awaitExit(session, awaited);
      return { from, to, changed: false };
    }
    const routes = from === installed ? planRoute(contents, installed) : repairRoutes(session, contents);
    await transact(session, { contents, routes, receipt, from, to, awaited });
    return { from, to, changed: true };
  } finally {
    source.close();
  }
}

interface Undertaking {
  contents: PackageContents;
  routes: Route[];
  receipt: Receipt;
  from: Binary;
  to: Binary;
  awaited: number | null;
}

async function transact(session: Session, undertaking: Undertaking): Promise<void> {
  const { contents, routes, receipt, from, to, awaited } = undertaking;
  const after = receiptAfter(session, receipt, from, to);
  const open = begin(session, { kind: 'update', from, to, receipt: { before: receipt, after } });
  try {
    await stage(session, { contents, routes, from, to, path: session.layout.staged(open.id) });
    if (awaited !== null) await awaitExit(session, awaited);
    await breathe(session);
  } catch (error) {
    abandon(session, receipt);
    throw error;
  }
  await conclude(session, await settle(session, open, false), from, to, receipt);
}

/** Nothing was touched yet: what was prepared goes, and the journal says so. */
function abandon(session: Session, receipt: Receipt): void {
  const { host, layout } = session;
  try {
    sweep(session, receipt);
    appendEntry(host.disk, layout, { type: 'end', at: host.clock.now(), outcome: 'abandoned' });
  } catch {
    // The failure that brought us here is the one to tell; the next run closes what stayed open.
  }
}

function receiptAfter(session: Session, receipt: Receipt, from: Binary, to: Binary): Receipt {
  return {
    ...receipt,
    binary: to,
    // What is damaged or gone is nothing to go back to.
    previous: from === receipt.binary ? receipt.binary : receipt.previous,
    floor: isNewer(to.version, receipt.floor) ? to.version : receipt.floor,
    source: 'package',
    installedAt: session.host.clock.now(),
  };
}
