/**
 * Adds a release to a channel: makes the payloads, writes the packages and reads them back, then publishes the index that
 * names them. What exists already, on whichever channel, is not made again. A release is described once, when its first
 * binary is added; all its packages carry the same evolutions.
 *
 * Binaries for other targets may be added later. The manifest in their packages lists the earlier binaries as well, while
 * entries and packages of the other targets stay as they are.
 */
import { digestBytes } from '../../../lib/platform/files.ts';
import type { Host } from '../../../lib/platform/host.ts';
import { type DGMOVersion, type Target, targetName, type UpdaterBinary } from '../../../lib/version/index.ts';
import { requireKeys, type Signers } from '../../keys/signers.ts';
import { evolutionContents, packEvolutions } from '../../manifest/evolution.ts';
import type { Job } from '../../work/job.ts';
import { removeProducts } from '../../work/products.ts';
import { commit } from '../commit.ts';
import { withRepositoryLock } from '../lock.ts';
import { type Published, readPublished, requireCurrent } from '../published.ts';
import { forgetStart, startTime } from '../start-time.ts';
import type { AddRequest, AddTools } from './add-request.ts';
import { type Channel, readChannels } from './channel.ts';
import { placeConfigSchema } from './config-schema.ts';
import { type Added, dataVersionFor, describedBefore, makeEntries } from './entries.ts';
import { publishedEvolutions } from './evolutions.ts';
import { type Goal, readGoal, requireNamedBases } from './goal.ts';
import { requireNotRevoked, withMinimum, withRelease } from './list-changes.ts';
import { makePayloadFiles, missingPayloads, worthMaking } from './payload-files.ts';
import { placeUpdaters } from './updaters.ts';

export interface AddOutcome {
  /** Empty if all of it existed before. */
  added: Added[];
  /** The updaters that it brings, of those that were asked for. */
  updaters: readonly UpdaterBinary[];
  /** Whether anything that clients see changed. */
  changed: boolean;
}

/** PolicyError if the version has a different binary already, or was revoked. */
export async function addRelease(
  host: Host,
  folder: string,
  request: AddRequest,
  signers: Signers,
  means: AddTools,
): Promise<AddOutcome> {
  return await withRepositoryLock(host, folder, async (layout) => {
    const published = readPublished(host, folder);
    const { goals, before, dataVersion } = await prepare(published, request, signers, means);
    const now = startTime(host, layout, work(request, goals));
    // Fails before the long work if something can't be packed.
    const packed =
      before === undefined ? await packEvolutions(request.description.evolutions, request.version) : null;
    const payloads = await makePayloadFiles(published, goals, request, means);
    const making = goals.some((goal) => payloads.get(goal)?.length !== 0);
    const evolutions = packed ?? (making ? publishedEvolutions(published, before) : []);
    const updaters = making ? await placeUpdaters(published, request, means) : [];
    const configSchema = before === undefined ? placeConfigSchema(published, request) : undefined;
    const options = { before, payloads, evolutions, updaters, configSchema, dataVersion, now };
    const added = await makeEntries(published, goals, request, options, signers);
    const channels = goals.flatMap((goal) => changedChannel(goal, added, request));
    if (channels.length > 0) commit(published, { channels, now: host.clock.now() }, signers);
    forgetStart(host, layout);
    removeProducts(host.disk, layout.products);
    return { added, updaters, changed: channels.length > 0 };
  });
}

export interface PlannedTarget {
  target: Target;
  /** The payloads that would be made. */
  jobs: Job[];
  /** Whether the version would be new on the channel. */
  isNew: boolean;
}

/** What `addRelease` would do, found out as it does, except for what only the long work can tell. Publishes nothing. */
export async function planRelease(
  host: Host,
  folder: string,
  request: AddRequest,
  signers: Signers,
  means: AddTools,
): Promise<PlannedTarget[]> {
  const published = readPublished(host, folder);
  const { goals, before } = await prepare(published, request, signers, means);
  if (before === undefined) await packEvolutions(request.description.evolutions, request.version);
  return goals.map((goal) => ({
    target: goal.target,
    jobs: worthMaking(missingPayloads(published, goal, request), means.report.say),
    isNew: goal.here === undefined,
  }));
}

/** What is found out before the long work, so that nobody waits for a mistake to be told. Writes nothing. */
async function prepare(
  published: Published,
  request: AddRequest,
  signers: Signers,
  means: AddTools,
): Promise<{ goals: Goal[]; before: DGMOVersion | undefined; dataVersion: number }> {
  requireCurrent(published);
  requireKeys(signers, published.root, ['targets', 'snapshot', 'timestamp']);
  const { version, channel, updaters } = request;
  requireNotRevoked(readChannels(published), version, channel, 'it is not added again');
  const goals = request.binaries.map((binary) => readGoal(published, request, binary));
  requireNamedBases(goals, request, means.report.say);
  const before = describedBefore(published, goals, request);
  const dataVersion = before?.rollback.dataVersion ?? dataVersionFor(published, request);
  const fresh = goals.filter(({ known }) => known === undefined);
  const binaries = fresh.map(({ target, file }) => ({ target, file, version }));
  await means.trial?.([...binaries, ...(fresh.length === 0 ? [] : updaters)]);
  return { goals, before, dataVersion };
}

/** All that tells this work from other work. The paths of the files are no part of it. */
function work(
  { description, binaries: _, updaters, configSchema, ...request }: AddRequest,
  goals: readonly Goal[],
): unknown {
  const binaries = goals.map(({ target, digest }) => [targetName(target), digest.sha256]);
  const files = evolutionContents(description.evolutions);
  const brought = updaters.map(({ target, version }) => [targetName(target), version]);
  const schema = configSchema === null ? [] : [digestBytes(configSchema).sha256];
  return ['add', request, description.describe(null, 1, 0), binaries, files, brought, ...schema];
}

/** Empty if nothing in it changed. */
function changedChannel(goal: Goal, added: readonly Added[], { minimum }: AddRequest): Channel[] {
  const ours = added.find(({ target }) => targetName(target) === targetName(goal.target));
  const listed = ours === undefined ? goal.channel : withRelease(goal.channel, ours.release);
  const channel = minimum === null || listed.minimum === minimum ? listed : withMinimum(listed, minimum);
  return channel === goal.channel ? [] : [channel];
}
