/**
 * Restoring files of config, plugins and evolutions. Each is replaced durably, so that its path names the damaged or the good
 * content at every instant, and the damaged one is kept beside it.
 */
import { DamagedError } from '../../errors.ts';
import type { JsonSchema } from '../../format/json-schema/json-schema.ts';
import { isFields } from '../../format/json-schema/violation.ts';
import { parseJsonc, salvageJsonc } from '../../format/jsonc.ts';
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import {
  type InstalledEvolution,
  installedEvolutions,
  type Receipt,
  type Session,
} from '../../install/index.ts';
import type { EvolutionArchive } from '../../package/index.ts';
import { createDirectories, digestBytes, readFile, statusOf } from '../../platform/files.ts';
import { EVOLUTIONS_RECEIPT } from '../../version/manifest.ts';
import { MAX_CONFIG } from '../check/config.ts';
import { configSchemaHere, isConfigOf, violationsOf, violationsText } from '../check/config-schema.ts';
import { contentProblem, pluginProblem } from '../check/plugins.ts';
import { moveAside } from './aside.ts';
import { lastGood, storedNames } from './last-good.ts';
import { NoGoodCopyError } from './no-good-copy.ts';
import { type FileToPlace, placeFile } from './place-file.ts';
import { validConfig } from './valid-config.ts';

/** Bytes. A file of an evolution that is larger is not the one that was installed. */
const LIMIT = 256 << 20;

/** Returns how it was repaired. */
export function repairConfig(
  session: Session,
  setup: SnapshotSetup,
  path: string,
  receipt: Receipt | null,
): string {
  const { disk } = session.host;
  if (setup.profile.roots.config.includes(path)) return restoreFolder(session, setup, path);
  const status = statusOf(disk, path);
  const isReadable = status?.kind === 'file' && status.size <= MAX_CONFIG;
  const salvaged = isReadable ? salvageJsonc(readFile(disk, path, MAX_CONFIG) ?? new Uint8Array(0)) : {};
  const here = isConfigOf(session, path) ? configSchemaHere(session, receipt) : null;
  const schema = here === 'missing' ? null : here;
  const good = lastGood(session, setup, path, (bytes) => isGood(bytes, schema));
  // Where the last good one and what can be read of this one agree, the last good one keeps its comments.
  const before = good === null ? {} : parseJsonc(good.bytes, path);
  const isObject = typeof before === 'object' && before !== null && !Array.isArray(before);
  const carriedOver = isObject ? { ...before, ...salvaged } : before;
  const merged = schema === null ? carriedOver : requireValid(path, schema, carriedOver, before);
  const carried = Object.keys(salvaged).filter((name) => isCarried(merged, name, salvaged[name])).length;
  const bytes =
    good !== null && (!isObject || Bun.deepEquals(before, merged))
      ? good.bytes
      : new TextEncoder().encode(`${JSON.stringify(merged, null, 2)}\n`);
  const beside = placeFile(session, setup, path, { bytes, mode: good?.mode ?? 0o600, keepsOther: true });
  const source = good === null ? 'the default' : `the snapshot ${good.snapshot}`;
  const kept = beside === null ? '' : `; the damaged one is ${beside}`;
  return `from ${source}${carried === 0 ? '' : `, with ${carried} of its own settings`}${kept}`;
}

/** It can be read, and has no setting that the schema does not take. */
function isGood(bytes: Uint8Array, schema: JsonSchema | null): boolean {
  return (
    parses(bytes) && (schema === null || (violationsOf(schema, parseJsonc(bytes, 'it')) ?? []).length === 0)
  );
}

/** Throws NoGoodCopyError, before anything is changed, if only the user can know what should be there. */
function requireValid(path: string, schema: JsonSchema, value: unknown, good: unknown): unknown {
  const valid = isFields(value) ? validConfig(schema, value, isFields(good) ? good : {}) : null;
  if (valid !== null) return valid;
  const found = violationsOf(schema, value);
  const what = found === null ? 'the schema takes too long to correct it' : violationsText(found);
  throw new NoGoodCopyError(`${path}: ${what}`, {
    advice: 'Correct it by hand: there is no older one to take these settings from.',
  });
}

function isCarried(merged: unknown, name: string, value: unknown): boolean {
  return isFields(merged) && Bun.deepEquals(merged[name], value);
}

function parses(bytes: Uint8Array): boolean {
  try {
    parseJsonc(bytes, 'it');
    return true;
  } catch (error) {
    if (error instanceof DamagedError) return false;
    throw error;
  }
}

/** What is no folder is kept beside, and the files that the newest snapshot has are written into a new one. */
function restoreFolder(session: Session, setup: SnapshotSetup, folder: string): string {
  const beside = moveAside(session, folder);
  const names = storedNames(session, setup, folder);
  createDirectories(session.host.disk, folder, setup.layout.dirname);
  let restored = 0;
  for (const path of names) {
    const good = lastGood(session, setup, path, () => true);
    if (good === null) continue;
    put(session, setup, path, good);
    restored++;
  }
  return `${restored} of ${names.length} files from the snapshots; what was there is ${beside}`;
}

/** Throws NoGoodCopyError if no snapshot has the plugin. */
export function repairPlugin(session: Session, setup: SnapshotSetup, path: string): string {
  const { plugins, evolutions } = setup.profile.roots;
  if (plugins.includes(path) || evolutions.includes(path)) return restoreFolder(session, setup, path);
  const good = lastGood(session, setup, path, (bytes) => contentProblem(bytes, path) === null);
  if (good === null) {
    throw new NoGoodCopyError(`no snapshot has a good ${path}`, {
      advice: 'Install the plugin again, or remove it from the config.',
    });
  }
  const beside = placeFile(session, setup, path, { ...good, keepsOther: true });
  const problem = pluginProblem(session, path, true);
  if (problem !== null)
    throw new DamagedError(`${path} was restored from the snapshot ${good.snapshot}, but ${problem}`);
  return `from the snapshot ${good.snapshot}${beside === null ? '' : `; the damaged one is ${beside}`}`;
}

/** Restores the files of evolutions that are not as the receipt says from snapshots. */
export function restoreEvolutions(
  session: Session,
  setup: SnapshotSetup,
): { missing: InstalledEvolution[]; restored: number } {
  const [root] = setup.profile.roots.evolutions;
  if (root === undefined) return { missing: [], restored: 0 };
  let restored = 0;
  const receipt = setup.layout.join(root, EVOLUTIONS_RECEIPT);
  if (installedEvolutions(session, setup).length === 0 && statusOf(session.host.disk, root) !== null) {
    const good = lastGood(session, setup, receipt, parses);
    if (good !== null) {
      placeFile(session, setup, receipt, { ...good, keepsOther: true });
      restored++;
    }
  }
  const missing = installedEvolutions(session, setup).filter((evolution) => {
    const damaged = evolution.files.filter(
      (file) => !isIntact(session, fileOf(setup, root, evolution.id, file.path), file.sha256),
    );
    const left = damaged.filter((file) => {
      const path = fileOf(setup, root, evolution.id, file.path);
      const good = lastGood(session, setup, path, (bytes) => digestBytes(bytes).sha256 === file.sha256);
      if (good === null) return true;
      put(session, setup, path, good);
      restored++;
      return false;
    });
    return left.length > 0;
  });
  return { missing, restored };
}

function fileOf({ layout }: SnapshotSetup, root: string, id: string, path: string): string {
  return layout.join(root, id, ...path.split('/'));
}

function isIntact({ host }: Session, path: string, sha256: string): boolean {
  const status = statusOf(host.disk, path);
  if (status?.kind !== 'file' || status.size > LIMIT) return false;
  const bytes = readFile(host.disk, path, LIMIT);
  return bytes !== null && digestBytes(bytes).sha256 === sha256;
}

/** Evolutions from the signed package: those that are listed as installed, or whose folder is there if the list is lost. */
export function installEvolutions(
  session: Session,
  setup: SnapshotSetup,
  archives: readonly { archive: EvolutionArchive; digest: string }[],
): void {
  const [root] = setup.profile.roots.evolutions;
  if (root === undefined) return;
  const listed = installedEvolutions(session, setup);
  const fresh = archives.map(
    ({ archive: { id, version, files }, digest }): InstalledEvolution => ({
      ...{ id, version, digest },
      files: files.map(({ path, bytes }) => ({ path, sha256: digestBytes(bytes).sha256 })),
    }),
  );
  for (const { archive } of archives) {
    for (const { path, bytes, mode } of archive.files)
      put(session, setup, fileOf(setup, root, archive.id, path), { bytes, mode });
  }
  const evolutions = [...listed.filter(({ id }) => !fresh.some((one) => one.id === id)), ...fresh];
  const receipt = new TextEncoder().encode(`${JSON.stringify({ schema: 1, evolutions }, null, 2)}\n`);
  put(session, setup, setup.layout.join(root, EVOLUTIONS_RECEIPT), { bytes: receipt, mode: 0o644 });
}

function put(
  session: Session,
  setup: SnapshotSetup,
  path: string,
  { bytes, mode }: Pick<FileToPlace, 'bytes' | 'mode'>,
): void {
  placeFile(session, setup, path, { bytes, mode, keepsOther: false });
}
