/**
 * Evolutions, the signed plugins of a release: which of those in a package are installed, and where. Each has its own folder
 * in the evolutions folder, and all its files are in it. `installed.json` beside them is the receipt of these files. A
 * rollback removes what the update installed, since the evolutions folder is part of every snapshot.
 */
import { DamagedError, UsageError } from '../../errors.ts';
import { didYouMean } from '../../format/nearest.ts';
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import { MAX_UNPACKED } from '../../package/evolution-index.ts';
import type { CarriedEvolution, EvolutionArchive } from '../../package/index.ts';
import { digestBytes, digestFile, foundText } from '../../platform/files.ts';
import type { Amendment, NewFile } from '../../snapshot/index.ts';
import { EVOLUTIONS_RECEIPT } from '../../version/manifest.ts';
import type { Session } from '../session.ts';
import { type InstalledEvolution, installedEvolutions } from './installed-evolutions.ts';

/** What the user wants. `auto`: those that apply automatically, and new versions of those that are installed. */
export type EvolutionWish = 'auto' | 'all' | 'none' | readonly string[];

/** Throws UsageError if the user wants one that the package does not contain. */
export function chooseEvolutions(
  carried: readonly CarriedEvolution[],
  installed: readonly InstalledEvolution[],
  wish: EvolutionWish,
): CarriedEvolution[] {
  if (wish === 'all') return [...carried];
  if (wish === 'none') return [];
  if (wish === 'auto')
    return carried.filter(({ id, autoApply }) => autoApply || installed.some((one) => one.id === id));
  const unknown = wish.find((id) => !carried.some((one) => one.id === id));
  if (unknown === undefined) return carried.filter(({ id }) => wish.includes(id));
  if (carried.length === 0)
    throw new UsageError(
      `--evolutions: no evolution comes with the package, so not ${JSON.stringify(unknown)} either`,
    );
  const ids = carried.map(({ id }) => id);
  const near = didYouMean(unknown, ids);
  throw new UsageError(
    `--evolutions: wanted some of ${ids.join(', ')}, which come with the package, found ${JSON.stringify(unknown)}`,
    near === undefined ? {} : { advice: near },
  );
}

/** Whether exactly this archive is installed. */
export function isUpToDate(
  { id, sha256 }: CarriedEvolution,
  installed: readonly InstalledEvolution[],
): boolean {
  return installed.some((one) => one.id === id && one.digest === sha256);
}

/** The changes in the folder to install these evolutions in place of their earlier versions. */
export function evolutionAmendment(
  session: Session,
  setup: SnapshotSetup,
  added: readonly { carried: CarriedEvolution; archive: EvolutionArchive }[],
): Amendment {
  const earlier = installedEvolutions(session, setup);
  const fresh = added.map(
    ({ carried, archive }): InstalledEvolution => ({
      id: archive.id,
      version: archive.version,
      digest: carried.sha256,
      files: archive.files.map(({ path, bytes }) => ({ path, sha256: digestBytes(bytes).sha256 })),
    }),
  );
  const isFresh = ({ id }: { id: string }) => fresh.some((one) => one.id === id);
  const evolutions = [...earlier.filter((one) => !isFresh(one)), ...fresh];
  const receipt: NewFile = {
    path: EVOLUTIONS_RECEIPT,
    mode: 0o644,
    bytes: new TextEncoder().encode(`${JSON.stringify({ schema: 1, evolutions }, null, 2)}\n`),
  };
  const files = added.flatMap(({ archive: { id, files } }) =>
    files.map(({ path, mode, bytes }) => ({ path: `${id}/${path}`, mode, bytes })),
  );
  const replaced = earlier
    .filter(isFresh)
    .flatMap(({ id, files }) => files.map(({ path }) => `${id}/${path}`));
  return { component: 'evolutions', remove: new Set(replaced), add: [...files, receipt] };
}

/** Throws DamagedError unless the receipt lists these evolutions with all of their files, and each file is there. */
export function requireInstalled(
  session: Session,
  setup: SnapshotSetup,
  added: readonly { carried: CarriedEvolution; archive: EvolutionArchive }[],
): void {
  const { disk } = session.host;
  const [root] = setup.profile.roots.evolutions;
  const installed = installedEvolutions(session, setup);
  for (const { carried, archive } of added) {
    const listed = installed.find(({ id, digest }) => id === archive.id && digest === carried.sha256);
    if (root === undefined || listed?.files.length !== archive.files.length) {
      throw new DamagedError(
        `the evolution ${archive.id} is not in the receipt of evolutions as it was installed`,
      );
    }
    for (const { path, sha256 } of archive.files) {
      const file = setup.layout.join(root, archive.id, ...path.split('/'));
      const found = digestFile(disk, file, { atMost: MAX_UNPACKED });
      if (found?.sha256 === sha256) continue;
      throw new DamagedError(
        `the evolution ${archive.id} was not installed whole: wanted ${file} with SHA-256 ${sha256}, found ${foundText(found)}`,
      );
    }
  }
}
