/** Manifest and packages of a release, signed and placed, and the entries that name them. */
import { UsageError } from '../../../lib/errors.ts';
import type { PackageDraft, PayloadDraft } from '../../../lib/package/index.ts';
import { openSource } from '../../../lib/platform/files.ts';
import { type SigningKey, signBinary } from '../../../lib/trust/index.ts';
import {
  type Binary,
  type DGMOVersion,
  decodeManifest,
  isNewer,
  type ListedFile,
  type ListedPackage,
  type ListedRelease,
  type Target,
} from '../../../lib/version/index.ts';
import type { Signers } from '../../keys/signers.ts';
import { downloadUrl } from '../layout.ts';
import type { Published } from '../published.ts';
import type { AddRequest } from './add-request.ts';
import { readChannels, readListed } from './channel.ts';
import { type Goal, patchFrom } from './goal.ts';
import { findRelease, releasesBefore } from './list-changes.ts';
import { askForPackage, fullPackage, listManifest, placeManifest, placePackage } from './packages.ts';
import type { PayloadFile } from './payload-files.ts';

/**
 * The manifest that the release was described with before, on any channel for any target; that with the most binaries.
 * UsageError where it is described again.
 */
export function describedBefore(
  published: Published,
  goals: readonly Goal[],
  { version, words }: AddRequest,
): DGMOVersion | undefined {
  const before = readChannels(published)
    .flatMap((channel) => findRelease(channel, version) ?? [])
    .map((release) => readManifest(published, release))
    .sort((a, b) => b.binaries.length - a.binaries.length)[0];
  const changes = goals.some(({ here }) => here === undefined);
  if (before !== undefined && words.given && changes) {
    throw new UsageError(`${version} is described already: add to it without describing it again`);
  }
  return before;
}

export interface Added {
  target: Target;
  release: ListedRelease;
  /** Packages of it that this run made. */
  made: ListedPackage[];
}

export interface EntryOptions {
  before: DGMOVersion | undefined;
  payloads: ReadonlyMap<Goal, PayloadFile[]>;
  /** Every package carries all of them. */
  evolutions: readonly PayloadDraft[];
  /** Milliseconds since the epoch: the date of a release that bears none. */
  now: number;
}

/** Of each goal for which this brings anything. */
export async function makeEntries(
  published: Published,
  goals: readonly Goal[],
  request: AddRequest,
  { before, payloads, evolutions, now }: EntryOptions,
  signers: Signers,
): Promise<Added[]> {
  const wanted = goals.filter((goal) => goal.here === undefined || payloads.get(goal)?.length !== 0);
  const fresh = wanted.filter(({ known }) => known === undefined);
  const needsKeys = wanted.some((goal) => payloads.get(goal)?.length !== 0);
  const keys = needsKeys ? signers.keys('targets', published.root) : [];
  const extra = evolutions.reduce((sum, { content }) => sum + content.size, 0);
  const fresher =
    fresh.length === 0
      ? null
      : makeManifest(fresh, request, before, { sizes: smallest(fresh, payloads) + extra, keys, now });
  const described = (goal: Goal): Described =>
    fresher !== null && goal.known === undefined
      ? { manifest: fresher, file: listManifest(fresher).file }
      : known(published, goal);
  if (signers.elsewhere !== undefined) {
    for (const goal of wanted) {
      for (const payload of payloads.get(goal) ?? []) {
        const ask = (draft: PackageDraft) => askForPackage(draft, keys);
        await withDraft(published, goal, described(goal).manifest, payload, evolutions, ask);
      }
    }
    signers.elsewhere.requireAll();
  }
  if (fresher !== null) placeManifest(published, fresher);
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

/** The least that it has on the channel for any target. */
function rolloutSoFar(published: Published, { version, channel }: AddRequest): number {
  const others = readChannels(published, channel).flatMap((found) => findRelease(found, version) ?? []);
  return Math.min(100, ...others.map(({ rollout }) => rollout));
}

interface Described {
  manifest: DGMOVersion;
  file: ListedFile;
}

function known(published: Published, { known: release }: Goal): Described {
  if (release === undefined) throw new Error('a release that was not described');
  return { manifest: readManifest(published, release), file: release.manifest };
}

function readManifest(published: Published, release: ListedRelease): DGMOVersion {
  return decodeManifest(readListed(published, release.manifest));
}

/** Bytes that most people will fetch: of each target the smallest payload, and of those the largest. */
function smallest(goals: readonly Goal[], payloads: ReadonlyMap<Goal, PayloadFile[]>): number {
  return Math.max(...goals.map((goal) => Math.min(...(payloads.get(goal) ?? []).map(({ size }) => size))));
}

/** The description of before with further binaries, or a new one. */
function makeManifest(
  fresh: readonly Goal[],
  { version, words }: AddRequest,
  before: DGMOVersion | undefined,
  { sizes, keys, now }: { sizes: number; keys: SigningKey[]; now: number },
): DGMOVersion {
  const [signer] = keys;
  if (signer === undefined) throw new Error('no key to sign with');
  const binaries: Binary[] = fresh.map(({ target, digest }) => {
    const subject = { ...target, size: digest.size, checksum: digest.sha256 };
    const signature = signBinary(subject, version, signer);
    return { ...subject, signature, downloadUrl: downloadUrl(version, target) };
  });
  const description = before ?? words.describe(previous(fresh, version), sizes, now);
  return { ...description, binaries: [...(before?.binaries ?? []), ...binaries] };
}

/** The newest release before it, for any of the targets. */
function previous(goals: readonly Goal[], version: string): string | null {
  return goals
    .flatMap(({ channel }) => releasesBefore(channel, version)[0]?.version ?? [])
    .reduce<string | null>(
      (newest, found) => (newest === null || isNewer(found, newest) ? found : newest),
      null,
    );
}

/** The package of one payload, whose file is open until `use` is done, and of the evolutions. */
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

/** Packages that are there: all of this channel, and of another one those that are wanted here. */
function kept({ here, known: elsewhere, bases }: Goal): ListedPackage[] {
  if (here !== undefined) return here.packages;
  const full = elsewhere === undefined ? undefined : fullPackage(elsewhere);
  const patches = bases.flatMap((base) => patchFrom(elsewhere, base) ?? []);
  return full === undefined ? patches : [full, ...patches];
}

/** The full binary first, then the patches, that from the newest release first. */
function byBase(a: ListedPackage, b: ListedPackage): number {
  if (a.kind === 'full' || b.kind === 'full') return Number(a.kind !== 'full') - Number(b.kind !== 'full');
  return isNewer(a.from, b.from) ? -1 : Number(isNewer(b.from, a.from));
}
