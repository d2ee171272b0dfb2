/** What `release add` prints at its end: what there is of the release for each target, or what there would be. */
import { type DGMOVersion, type ListedPackage, targetName } from '../../../lib/version/index.ts';
import { bytes } from '../../progress.ts';
import type { AddOutcome, PlannedTarget } from '../../repository/releases/add-release.ts';
import type { AddRequest } from '../../repository/releases/add-request.ts';
import { seconds } from '../../work/report.ts';

/** Whether clients will see something else, and what is said of it. */
export function outcomeOf(
  request: AddRequest,
  outcome: AddOutcome,
  trials: ReadonlyMap<string, number>,
): { changed: boolean; text: string } {
  return { changed: outcome.changed, text: describeOutcome(request, outcome, trials) };
}

/**
 * @param trials by label of the job, how many milliseconds it took to make the binary of what this run has made
 */
function describeOutcome(
  { version, channel, minimum }: AddRequest,
  { added, changed, updaters }: AddOutcome,
  trials: ReadonlyMap<string, number>,
): string {
  if (!changed) return `${version} is on ${channel} already: nothing to do\n`;
  const lines = added.flatMap(({ target, release }) => {
    const name = targetName(target);
    const full = release.packages.find(({ kind }) => kind === 'full')?.length;
    return release.packages.map((entry) => {
      const trial = trials.get(`${name}: ${kindOf(entry)}`);
      return [
        `${name}: ${kindOf(entry)}, ${bytes(entry.length)}`,
        ...(entry.kind === 'patch' && full !== undefined
          ? [`${share(entry.length, full)} of the full binary`]
          : []),
        ...(trial === undefined
          ? []
          : [`${entry.kind === 'patch' ? 'applied' : 'unpacked'} in ${seconds(trial)}`]),
      ].join(', ');
    });
  });
  lines.push(...updaters.map(describeUpdater));
  const percent = added[0]?.release.rollout;
  if (percent !== undefined) lines.push(`${version} is on ${channel}, for ${percent} % of the installations`);
  if (minimum !== null) lines.push(`installations before ${minimum} must update`);
  return lines.map((line) => `${line}\n`).join('');
}

function kindOf(entry: ListedPackage): string {
  return entry.kind === 'full' ? 'full binary' : `patch from ${entry.from}`;
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

function describeUpdater({ version, file, ...target }: NonNullable<DGMOVersion['updaters']>[number]): string {
  return `${targetName(target)}: updater ${version}, ${bytes(file.length)}`;
}

/** The same before anything was made. */
export function describePlan({ version, channel }: AddRequest, targets: readonly PlannedTarget[]): string {
  const lines = targets.flatMap(({ target, jobs, isNew }) => {
    const name = targetName(target);
    if (jobs.length > 0) return jobs.map(({ label }) => `would make ${label}`);
    return [isNew ? `would list the packages of ${name} that exist` : `${name}: nothing to make`];
  });
  const what = targets.some(({ jobs, isNew }) => isNew || jobs.length > 0)
    ? `${version} could be published on ${channel}; nothing was changed`
    : `${version} is on ${channel} already: nothing to do`;
  return [...lines, what].map((line) => `${line}\n`).join('');
}
