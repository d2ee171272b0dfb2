/**
 * Preparing an update: opens the packages, checks signatures, policy and digests, and decides what has to change. Only
 * reads. The result is data for the phases that follow, and keeps the packages open until `close`.
 */
import { DamagedError, UsageError } from '../../errors.ts';
import { requireAllowedByAdministrator } from '../../home/admission/administrator.ts';
import { requireNotRevoked } from '../../home/admission/revoked.ts';
import { refusalOfShared } from '../../home/foreign.ts';
import {
  type CarriedEvolution,
  checkPackage,
  type EvolutionArchive,
  isInstalled,
  joinPackages,
  type PackageContents,
  planRoute,
  type Route,
  readPackage,
  verifyPayloads,
} from '../../package/index.ts';
import { digestSource, openSource, type Source } from '../../platform/files.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import type { Snapshot } from '../../snapshot/index.ts';
import type { TrustedRoot } from '../../trust/index.ts';
import { type DGMOVersion, isBaseline, isNewer, targetOf, updaterFor } from '../../version/index.ts';
import { type Binary, type Receipt, requireReceipt, withoutConfirmation } from '../receipt.ts';
import { requireRootVersion, withRootVersion } from '../root-version.ts';
import { checkpoint, type Session } from '../session.ts';
import { chooseEvolutions, type EvolutionWish, isUpToDate } from './evolutions.ts';
import { installedEvolutions } from './installed-evolutions.ts';
import { binaryToReplace, repairRoutes } from './repair-from-package.ts';

export interface PrepareOptions {
  /** Paths of `.dgmopkg` files: the last one holds the release, those before it the first patches of a chain. */
  packages: readonly string[];
  root: TrustedRoot;
  /** Which of the evolutions in the package are installed. */
  evolutions: EvolutionWish;
  /** The user agrees to a version older than the installed one, or below the floor. */
  allowDowngrade: boolean;
}

export interface PreparedUpdate {
  /** The receipt before the update. */
  receipt: Receipt;
  contents: PackageContents;
  /** The binary to replace: the one in the receipt or, for a repair, the one that was found instead. */
  from: Binary;
  to: Binary;
  /** The binary of the release is already installed and intact. */
  binaryUnchanged: boolean;
  /** The executable is damaged or missing, and the package replaces it. */
  isRepair: boolean;
  /** Routes to the new binary, fewest bytes first; empty if the binary is unchanged. */
  routes: Route[];
  /** The evolutions to install, each with its archive, checked. */
  evolutions: { carried: CarriedEvolution; archive: EvolutionArchive }[];
  /** Of the root that the packages were verified with. */
  rootVersion: number;
  close(): void;
}

/**
 * The caller holds the lock, has recovered any open transaction, and calls `close` in the end.
 *
 * @throws UsageError if a path names no file, TrustError, DamagedError, PolicyError, InterruptedError
 */
export async function prepareUpdate(session: Session, options: PrepareOptions): Promise<PreparedUpdate> {
  const { host, layout } = session;
  for (const path of options.packages) checkIsFile(session, path);
  const receipt = requireReceipt(host.disk, layout);
  const sources: ReturnType<typeof openSource>[] = [];
  const close = () => {
    for (const source of sources) source.close();
  };
  try {
    for (const path of options.packages) {
      const source = openSource(host.disk, path);
      sources.push(source);
      await checkNamedDigest(session, source, path);
    }
    const contents = joinPackages(sources.map((source) => readPackage(source, options.root)));
    requireRootVersion(receipt, options.root);
    checkPackage(contents, {
      app: receipt.app,
      ...targetOf(host),
      installed: receipt.binary,
      floor: receipt.floor,
      allowDowngrade: options.allowDowngrade,
      rollback: receipt.rollback,
    });
    if (!isInstalled(contents, receipt.binary)) requireAdmission(session, receipt, contents);
    await verifyPayloads(contents, () => checkpoint(session));
    session.emit({ event: 'verified', version: contents.version, bytes: contents.size });
    const to: Binary = binaryOf(contents);
    const from = binaryToReplace(session, contents, receipt.binary);
    const isRepair = from !== receipt.binary;
    const binaryUnchanged = isInstalled(contents, from);
    const evolutions = await openEvolutions(session, contents, options.evolutions, binaryUnchanged);
    return {
      rootVersion: options.root.version,
      ...{ receipt, contents, from, to, binaryUnchanged, isRepair, evolutions, close },
      routes: routesFor(session, contents, { receipt, isRepair, binaryUnchanged }),
    };
  } catch (error) {
    close();
    throw error;
  }
}

function binaryOf(contents: PackageContents): Binary {
  const { version, binary } = contents;
  return { version, ...binary, ...(isBaseline(contents) ? { build: 'baseline' } : {}) };
}

/**
 * The receipt to write once the update is committed.
 *
 * @param snapshot that was taken before
 */
export function receiptAfterUpdate(
  { host }: Session,
  prepared: PreparedUpdate,
  snapshot: Snapshot | null,
): Receipt {
  const { to, contents, isRepair, binaryUnchanged, rootVersion } = prepared;
  const receipt = withRootVersion(prepared.receipt, rootVersion);
  if (binaryUnchanged) return receipt;
  const { confirm, configSchema } = contents.manifest;
  const { updater: _, configSchema: __, ...before } = withoutConfirmation(receipt);
  // After a repair there is nothing to go back to.
  const owed: Pick<Receipt, 'confirmation'> =
    confirm === undefined || isRepair
      ? {}
      : { confirmation: { within: confirm.seconds * 1000, snapshot: snapshot?.id ?? null, starts: [] } };
  return {
    ...before,
    ...owed,
    ...updaterOf(host, contents.manifest),
    ...(configSchema === undefined ? {} : { configSchema }),
    binary: to,
    // Never go back to a damaged or missing binary.
    previous: isRepair ? receipt.previous : receipt.binary,
    floor: isNewer(to.version, receipt.floor) ? to.version : receipt.floor,
    source: 'package',
    rollback: contents.manifest.rollback,
    installedAt: host.clock.now(),
  };
}

/** The updater that the release brings for this machine. */
function updaterOf(host: Session['host'], manifest: DGMOVersion): Pick<Receipt, 'updater'> {
  const brought = updaterFor(manifest, targetOf(host));
  if (brought === undefined) return {};
  const { version, checksum: sha256, size, file } = brought;
  return { updater: { version, sha256, size, file } };
}

/** What speaks against the release on this machine, whatever the package says. */
function requireAdmission(session: Session, { app, binary }: Receipt, contents: PackageContents): void {
  const { version, manifest } = contents;
  requireNotRevoked(session, { app, version }, null);
  const isSecurity = manifest.updates.type === 'security';
  requireAllowedByAdministrator(session, { app, installed: binary.version, version, isSecurity });
}

function routesFor(
  session: Session,
  contents: PackageContents,
  { receipt, isRepair, binaryUnchanged }: Pick<PreparedUpdate, 'receipt' | 'isRepair' | 'binaryUnchanged'>,
): Route[] {
  if (binaryUnchanged) return [];
  return isRepair ? repairRoutes(session, contents) : planRoute(contents, receipt.binary);
}

/**
 * The cache names a package by the digest that the index signed. It must still have it: another package with the right
 * signatures in its place is not the one that was chosen.
 */
async function checkNamedDigest(session: Session, source: Source, path: string): Promise<void> {
  const wanted = pathsOf(session.host.platform).basename(path);
  if (!/^[0-9a-f]{64}$/.test(wanted)) return;
  const found = await digestSource(source, () => checkpoint(session));
  if (found === wanted) return;
  throw new DamagedError(
    `${path}: wanted a package with SHA-256 ${wanted}, as its name says, found ${found}`,
    {
      advice: 'Download it again.',
    },
  );
}

function checkIsFile(session: Session, path: string): void {
  if (path === '') throw new UsageError('--apply: wanted a package, found nothing');
  const { disk } = session.host;
  let kind: string | undefined;
  try {
    kind = disk.status(disk.resolve(path))?.kind;
  } catch {
    // Missing, or a broken symlink: the same to the user.
  }
  if (kind === 'file') return;
  const found =
    { undefined: 'no file', directory: 'a folder' }[String(kind)] ?? 'something that is not a file';
  throw new UsageError(`--apply: wanted a package, found ${found} at ${path}`);
}

/**
 * If the binary is already installed, so are the evolutions that apply automatically. Then only those that the user names
 * are installed, if they differ from the installed ones.
 */
async function openEvolutions(
  session: Session,
  contents: PackageContents,
  wish: EvolutionWish,
  binaryUnchanged: boolean,
): Promise<PreparedUpdate['evolutions']> {
  const installed = session.snapshots === null ? [] : installedEvolutions(session, session.snapshots);
  const chosen = chooseEvolutions(contents.evolutions(), installed, wish);
  const pending = chosen.filter(
    (carried) => !binaryUnchanged || (wish !== 'auto' && !isUpToDate(carried, installed)),
  );
  for (const folder of pending.length === 0 ? [] : (session.snapshots?.profile.roots.evolutions ?? [])) {
    const refusal = refusalOfShared(session.host, folder);
    if (refusal !== null) throw refusal;
  }
  const archives = await contents.openEvolutions(pending.map(({ id }) => id));
  return archives.flatMap((archive) =>
    pending.filter(({ id }) => id === archive.id).map((carried) => ({ carried, archive })),
  );
}
