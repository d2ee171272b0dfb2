/** Signs and places the manifest and packages of a release, and makes the entries that name them. */
import { UsageError } from '../../../lib/errors.ts';
import type { PackageDraft, PayloadDraft } from '../../../lib/package/index.ts';
import { openSource } from '../../../lib/platform/files.ts';
import { type SigningKey, signBinary } from '../../../lib/trust/index.ts';
import {
  type Binary,
  type ConfigSchema,
  type DGMOVersion,
  decodeManifest,
  isNewer,
  type ListedFile,
  type ListedPackage,
  type ListedRelease,
  manifestSchema,
  type Target,
  type UpdaterBinary,
} from '../../../lib/version/index.ts';
import type { Signers } from '../../keys/signers.ts';
import { FIRST_FORMAT } from '../../manifest/options.ts';
import { blocksOf } from '../../work/payloads.ts';
import { downloadUrl } from '../layout.ts';
import type { Published } from '../published.ts';
import type { AddRequest } from './add-request.ts';
import { readChannels, readListed } from './channel.ts';
import { type Goal, patchFrom } from './goal.ts';
import { findRelease } from './list-changes.ts';
import {
  askForPackage,
  fullPackage,
  listManifest,
  placeBlockList,
  placeManifest,
  placePackage,
} from './packages.ts';
import type { PayloadFile } from './payload-files.ts';
import { withUpdaters } from './updaters.ts';

/**
 * The manifest that describes the release already, on any channel and for any target: the one with the most binaries.
 * UsageError if the request describes the release again.
 */
export function describedBefore(
  published: Published,
  goals: readonly Goal[],
  { version, description }: AddRequest,
): DGMOVersion | undefined {
  const before = readChannels(published)
    .flatMap((channel) => findRelease(channel, version) ?? [])
    .map((release) => readManifest(published, release))
    .sort((a, b) => b.binaries.length - a.binaries.length)[0];
  const changes = goals.some(({ here }) => here === undefined);
  if (before !== undefined && description.given && changes) {
    throw new UsageError(
      `${version} was described when it was first added: wanted no options that describe it, found some`,
      { advice: 'Leave out --notes, --type, --risk, --evolution and the like: what was said first stays.' },
    );
  }
  return before;
}

/**
 * The format of the user data that a new release writes if nothing is said: that of the newest earlier release, on any channel and for
 * any target. A format that was raised once stays so, and never goes down: an older program would be taken for one that can read the data.
 * UsageError if the request says a lower one.
 */
export function dataVersionFor(published: Published, { version, description }: AddRequest): number {
  const earlier = readChannels(published)
    .flatMap(({ releases }) => releases.filter((release) => isNewer(version, release.version)))
    .reduce<ListedRelease | null>(
      (newest, found) => (newest === null || isNewer(found.version, newest.version) ? found : newest),
      null,
    );
  if (earlier === null) return description.dataVersion ?? FIRST_FORMAT;
  const { dataVersion } = readManifest(published, earlier).rollback;
  const found = description.dataVersion ?? dataVersion;
  if (found >= dataVersion) return found;
  throw new UsageError(
    `--data-version: wanted at least ${dataVersion}, the format that ${earlier.version} writes, found ${found}`,
    {
      advice: `Leave it out if ${version} writes the same format. Another one gets a higher number, never an older one.`,
    },
  );
}

export interface Added {
  target: Target;
  release: ListedRelease;
  /** The packages that this run made. */
  made: ListedPackage[];
}

export interface EntryOptions {
  before: DGMOVersion | undefined;
  payloads: ReadonlyMap<Goal, PayloadFile[]>;
  /** Carried by every package. */
  evolutions: readonly PayloadDraft[];
  /** The updaters that come with it. */
  updaters: readonly UpdaterBinary[];
  configSchema: ConfigSchema | undefined;
  /** The format of the user data. */
  dataVersion: number;
  /** Milliseconds since the epoch: the release date, if none was given. */
  now: number;
}

/** One entry for each goal that is new or gets packages. */
export async function makeEntries(
  published: Published,
  goals: readonly Goal[],
  request: AddRequest,
  { before, payloads, evolutions, updaters, configSchema, dataVersion, now }: EntryOptions,
  signers: Signers,
): Promise<Added[]> {
  const wanted = goals.filter((goal) => goal.here === undefined || payloads.get(goal)?.length !== 0);
  const undescribed = wanted.filter(({ known }) => known === undefined);
  const needsKeys = wanted.some((goal) => payloads.get(goal)?.length !== 0);
  const keys = needsKeys ? signers.keys('targets', published.root) : [];
  const extra = evolutions.reduce((sum, { content }) => sum + content.size, 0);
  const newManifest =
    undescribed.length === 0
      ? null
      : makeManifest(undescribed, request, before, {
          payloads,
          sizes: typicalSize(undescribed, payloads) + extra,
          keys,
          updaters,
          configSchema,
          dataVersion,
          now,
        });
  const described = (goal: Goal): Described =>
    newManifest !== null && goal.known === undefined
      ? { manifest: newManifest, file: listManifest(newManifest).file }
      : known(published, goal);
  if (signers.remote !== undefined) {
    for (const goal of wanted) {
      for (const payload of payloads.get(goal) ?? []) {
        const ask = (draft: PackageDraft) => askForPackage(draft, keys);
        await withDraft(published, goal, described(goal).manifest, payload, evolutions, ask);
      }
    }
    signers.remote.requireAll();
  }
  if (newManifest !== null) {
    for (const goal of undescribed) placeBlockList(published, request.version, goal);
    placeManifest(published, newManifest);
  }
  const rollout = request.rollout ?? rolloutSoFar(published, request);
  const added: Added[] = [];
  for (const goal of wanted) {
    const { manifest, file } = described(goal);
    const made: ListedPackage[] = [];
    for (const payload of payloads.get(goal) ?? []) {
      const place = (draft: PackageDraft) => placePackage(published, draft, keys);
      made.push(await withDraft(published, goal, manifest, payload, evolutions, place));
    }
    const release: ListedRelease = {
      version: request.version,
      releaseDate: manifest.releaseDate,
      type: manifest.updates.type,
      riskLevel: manifest.updates.riskLevel,
      binary: { sha256: goal.digest.sha256, size: goal.digest.size },
      rollout: goal.here?.rollout ?? rollout,
      minimumFrom: goal.here === undefined ? request.minimumFrom : goal.here.minimumFrom,
      manifest: file,
      packages: [...kept(goal), ...made].sort(byBase),
    };
    added.push({ target: goal.target, release, made });
  }
  return added;
}

/** The lowest percentage that it has on the channel for any target. */
function rolloutSoFar(published: Published, { version, channel }: AddRequest): number {
  const others = readChannels(published, channel).flatMap((found) => findRelease(found, version) ?? []);
  return Math.min(100, ...others.map(({ rollout }) => rollout));
}

interface Described {
  manifest: DGMOVersion;
  file: ListedFile;
}

function known(published: Published, { known: release }: Goal): Described {
  if (release === undefined) throw new Error('the release has no manifest yet');
  return { manifest: readManifest(published, release), file: release.manifest };
}

function readManifest(published: Published, release: ListedRelease): DGMOVersion {
  return decodeManifest(readListed(published, release.manifest));
}

/** Bytes that most people will fetch: the smallest payload of each target, and of these the largest. */
function typicalSize(goals: readonly Goal[], payloads: ReadonlyMap<Goal, PayloadFile[]>): number {
  return Math.max(...goals.map((goal) => Math.min(...(payloads.get(goal) ?? []).map(({ size }) => size))));
}

/** The existing description with further binaries, or a new one. */
function makeManifest(
  goals: readonly Goal[],
  { version, description }: AddRequest,
  before: DGMOVersion | undefined,
  {
    payloads,
    sizes,
    keys,
    updaters,
    configSchema,
    dataVersion,
    now,
  }: Pick<EntryOptions, 'payloads' | 'updaters' | 'configSchema' | 'dataVersion' | 'now'> & {
    sizes: number;
    keys: SigningKey[];
  },
): DGMOVersion {
  const [signer] = keys;
  if (signer === undefined) throw new Error('no key to sign with');
  const binaries: Binary[] = goals.map((goal) => {
    const { target, digest } = goal;
    const subject = { ...target, size: digest.size, checksum: digest.sha256 };
    const signature = signBinary(subject, version, signer);
    const blocks = blocksOf(goal.blocks);
    const frames = payloads.get(goal)?.find((payload) => payload.frames !== undefined)?.frames;
    return { ...subject, signature, downloadUrl: downloadUrl(version, target), blocks, frames };
  });
  const draft = before ?? description.describe(previous(goals), sizes, now, dataVersion);
  const all = before === undefined ? [...updaters] : withUpdaters(before, updaters);
  const described = [...(before?.binaries ?? []), ...binaries];
  return {
    ...draft,
    schema: manifestSchema(described, draft.evolutions),
    binaries: described,
    ...(all.length === 0 ? {} : { updaters: all }),
    ...(configSchema === undefined ? {} : { configSchema }),
  };
}

/** The newest earlier release, for any of the targets. */
function previous(goals: readonly Goal[]): string | null {
  return goals
    .flatMap(({ before }) => before[0]?.version ?? [])
    .reduce<string | null>(
      (newest, found) => (newest === null || isNewer(found, newest) ? found : newest),
      null,
    );
}

/** Drafts the package with one payload and the evolutions. The payload's file is open until `use` is done. */
async function withDraft<Result>(
  { host, settings: { app } }: Published,
  { target }: Goal,
  manifest: DGMOVersion,
  { file, payload }: PayloadFile,
  evolutions: readonly PayloadDraft[],
  use: (draft: PackageDraft) => Result | Promise<Result>,
): Promise<Result> {
  const source = openSource(host.disk, file);
  try {
    return await use({ app, ...target, manifest, payloads: [payload(source), ...evolutions] });
  } finally {
    source.close();
  }
}

/** Existing packages: all of this channel's entry, or those of another channel's entry that are wanted here. */
function kept({ here, known: elsewhere, bases }: Goal): ListedPackage[] {
  if (here !== undefined) return here.packages;
  const full = elsewhere === undefined ? undefined : fullPackage(elsewhere);
  const patches = bases.flatMap((base) => patchFrom(elsewhere, base) ?? []);
  return full === undefined ? patches : [full, ...patches];
}

/** The full binary first, then the patches, the one from the newest release first. */
function byBase(a: ListedPackage, b: ListedPackage): number {
  if (a.kind === 'full' || b.kind === 'full') return Number(a.kind !== 'full') - Number(b.kind !== 'full');
  return isNewer(a.from, b.from) ? -1 : Number(isNewer(b.from, a.from));
}
