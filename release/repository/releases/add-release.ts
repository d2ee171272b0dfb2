/**
 * A release, added to a channel: payloads made, packages read back and placed, then the index that names them. What is
 * there already is not made again, whichever channel it came by. A release is described once, when its first binary
 * comes; every package of it carries the same evolutions.
 *
 * Binaries for further targets may come later: the manifest that their packages carry lists those of before as well,
 * while the entries and packages of the other targets stay as they are.
 */
import type { Host } from '../../../lib/platform/host.ts';
import { targetName } from '../../../lib/version/index.ts';
import type { Signers } from '../../keys/signers.ts';
import { evolutionContents, packEvolutions } from '../../manifest/evolution.ts';
import { removeProducts } from '../../work/products.ts';
import { commit } from '../commit.ts';
import { alone } from '../open.ts';
import { beginning, ended } from '../pending.ts';
import { readPublished, requireCurrent } from '../published.ts';
import type { AddMeans, AddRequest } from './add-request.ts';
import type { Channel } from './channel.ts';
import { type Added, describedBefore, makeEntries } from './entries.ts';
import { publishedEvolutions } from './evolutions.ts';
import { type Goal, readGoal, requireNamedBases } from './goal.ts';
import { withMinimum, withRelease } from './list-changes.ts';
import { makePayloadFiles } from './payload-files.ts';

export interface AddOutcome {
  /** Empty where all of it was there before. */
  added: Added[];
  /** Whether anything that clients see changed. */
  changed: boolean;
}

/** PolicyError where the version has another binary already, or was revoked. */
export async function addRelease(
  host: Host,
  folder: string,
  request: AddRequest,
  signers: Signers,
  means: AddMeans,
): Promise<AddOutcome> {
  return await alone(host, folder, async (layout) => {
    const published = readPublished(host, folder);
    requireCurrent(published);
    const goals = request.binaries.map((binary) => readGoal(published, request, binary));
    requireNamedBases(goals, request, means.report.say);
    const before = describedBefore(published, goals, request);
    const now = beginning(host, layout, work(request, goals));
    // What can't be packed is told before the long work.
    const packed =
      before === undefined ? await packEvolutions(request.words.evolutions, request.version) : null;
    const payloads = await makePayloadFiles(published, goals, request, means);
    const making = goals.some((goal) => payloads.get(goal)?.length !== 0);
    const evolutions = packed ?? (making ? publishedEvolutions(published, before) : []);
    const options = { before, payloads, evolutions, now };
    const added = await makeEntries(published, goals, request, options, signers);
    const channels = goals.flatMap((goal) => changedChannel(goal, added, request));
    if (channels.length > 0) commit(published, { channels, now: host.clock.now() }, signers);
    ended(host, layout);
    removeProducts(host.disk, layout.products);
    return { added, changed: channels.length > 0 };
  });
}

/** All that tells this work from another; where the files stand is no part of it. */
function work({ words, binaries: _, ...request }: AddRequest, goals: readonly Goal[]): unknown {
  const binaries = goals.map(({ target, digest }) => [targetName(target), digest.sha256]);
  const files = evolutionContents(words.evolutions);
  return ['add', request, words.describe(null, 1, 0), binaries, files];
}

/** Empty where nothing in it changed. */
function changedChannel(goal: Goal, added: readonly Added[], { minimum }: AddRequest): Channel[] {
  const mine = added.find(({ target }) => targetName(target) === targetName(goal.target));
  const listed = mine === undefined ? goal.channel : withRelease(goal.channel, mine.release);
  const channel = minimum === null || listed.minimum === minimum ? listed : withMinimum(listed, minimum);
  return channel === goal.channel ? [] : [channel];
}
