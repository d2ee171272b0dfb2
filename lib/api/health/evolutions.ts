/** Plugins from a snapshot; evolutions from a snapshot, else from the signed package of the release. */
import { DamagedError } from '../../errors.ts';
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

/** Throws DamagedError if neither a snapshot nor the release has it; NetworkError, TrustError. */
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
  const missing = restoreEvolutions(session, snapshots).map(({ id }) => id);
  const listed = installedEvolutions(session, snapshots);
  // If the list is lost, the folders say which there were.
  const wanted = listed.length === 0 ? evolutionFolders(session, snapshots) : missing;
  if (wanted.length === 0) return { how: 'a snapshot', bytesFetched: 0 };
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
  const file = await downloadPackage(context, release.version, smallest, {
    place: { index: 0, packages: 1 },
  });
  await installFrom(session, file, wanted);
  return { how: 'the signed package', bytesFetched: smallest.length };
}

async function installFrom(session: Session, file: string, wanted: readonly string[]): Promise<void> {
  const { snapshots } = session;
  if (snapshots === null) return;
  const source = openSource(session.host.disk, file);
  try {
    const contents = readPackage(source, trustedRootOf(session));
    const carried = contents.evolutions().filter(({ id }) => wanted.includes(id));
    const archives = await contents.openEvolutions(carried.map(({ id }) => id));
    const chosen = archives.flatMap((archive) =>
      carried.filter(({ id }) => id === archive.id).map(({ sha256 }) => ({ archive, digest: sha256 })),
    );
    installEvolutions(session, snapshots, chosen);
    const left = wanted.filter((id) => !chosen.some(({ archive }) => archive.id === id));
    if (left.length > 0)
      throw new DamagedError(`the release does not carry ${left.join(', ')}`, {
        advice: 'Remove it, or install the release that it came with.',
      });
  } finally {
    source.close();
  }
}
