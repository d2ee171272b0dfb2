/** Plugins from a snapshot; evolutions from a snapshot, else from the signed package of the release. */
import { DamagedError, InterruptedError, UpdaterError } from '../../errors.ts';
import {
  evolutionFolders,
  type HealthIssue,
  installEvolutions,
  repairPlugin,
  restoreEvolutions,
} from '../../health/index.ts';
import { trustedRootOf } from '../../home/trusted-root.ts';
import { installedEvolutions, type Receipt, type Session } from '../../install/index.ts';
import { readPackage } from '../../package/index.ts';
import { openSource } from '../../platform/files.ts';
import { releaseOfBinary } from '../../update/check/installed-release.ts';
import type { UpdateContext } from '../../update/context.ts';
import { downloadPackage } from '../../update/download/download-packages.ts';
import type { Repaired } from './executable.ts';

/** A repair has failed, and has left everything as it was. */
export class UntouchedError extends Error {
  constructor(readonly failure: UpdaterError) {
    super(failure.message, { cause: failure });
  }
}

/** Throws DamagedError if neither a snapshot nor the release has it; NetworkError, TrustError; these as UntouchedError if nothing was changed. */
export async function repairEvolutions(
  session: Session,
  { where }: HealthIssue,
  receipt: Receipt | null,
  openFeed: ((receipt: Receipt) => UpdateContext) | null,
): Promise<Repaired> {
  const { snapshots } = session;
  if (snapshots === null) throw new DamagedError('this user has no home, where plugins are');
  const [root] = snapshots.profile.roots.evolutions;
  const isEvolution = root !== undefined && where.startsWith(root) && where !== root;
  if (!isEvolution) return { how: repairPlugin(session, snapshots, where), bytesFetched: 0 };
  const { missing, restored } = restoreEvolutions(session, snapshots);
  const listed = installedEvolutions(session, snapshots);
  // If the list is lost, the folders say which there were.
  const wanted = listed.length === 0 ? evolutionFolders(session, snapshots) : missing.map(({ id }) => id);
  if (wanted.length === 0) return { how: 'a snapshot', bytesFetched: 0 };
  const source = { receipt, openFeed };
  const { file, length } = await downloaded(wanted, source).catch((error) => {
    const isFailure = error instanceof UpdaterError && !(error instanceof InterruptedError);
    throw isFailure && restored === 0 ? new UntouchedError(error) : error;
  });
  const left = await installFrom(session, file, wanted);
  if (left.length > 0) {
    const failure = new DamagedError(`the release does not carry ${left.join(', ')}`, {
      advice: 'Remove it, or install the release that it came with.',
    });
    throw restored === 0 && left.length === wanted.length ? new UntouchedError(failure) : failure;
  }
  return { how: 'the signed package', bytesFetched: length };
}

/** The smallest package of the installed release. */
async function downloaded(
  wanted: readonly string[],
  { receipt, openFeed }: { receipt: Receipt | null; openFeed: ((receipt: Receipt) => UpdateContext) | null },
): Promise<{ file: string; length: number }> {
  const context = receipt === null || openFeed === null ? null : openFeed(receipt);
  const found =
    receipt === null || context === null ? null : await releaseOfBinary(context, receipt.binary.sha256);
  const release = found?.release ?? null;
  const [smallest] = (release?.packages ?? []).toSorted((a, b) => a.length - b.length);
  if (context === null || release === null || smallest === undefined) {
    throw new DamagedError(
      `no snapshot has ${wanted.join(', ')}, and the package of the release can't be read`,
      {
        advice: 'Run `dgmo-updater repair` with a network, or remove the evolution.',
      },
    );
  }
  const place = { index: 0, packages: 1 };
  const file = await downloadPackage(context, release.version, smallest, { place });
  return { file, length: smallest.length };
}

/** Returns those that the package does not carry. */
async function installFrom(session: Session, file: string, wanted: readonly string[]): Promise<string[]> {
  const { snapshots } = session;
  if (snapshots === null) return [];
  const source = openSource(session.host.disk, file);
  try {
    const contents = readPackage(source, trustedRootOf(session));
    const carried = contents.evolutions().filter(({ id }) => wanted.includes(id));
    const archives = await contents.openEvolutions(carried.map(({ id }) => id));
    const chosen = archives.flatMap((archive) =>
      carried.filter(({ id }) => id === archive.id).map(({ sha256 }) => ({ archive, digest: sha256 })),
    );
    if (chosen.length > 0) installEvolutions(session, snapshots, chosen);
    return wanted.filter((id) => !chosen.some(({ archive }) => archive.id === id));
  } finally {
    source.close();
  }
}
