/** `release promote`: lists a release of one channel on another. */
import path from 'node:path';
import { UsageError } from '../../../lib/errors.ts';
import { createDirectories } from '../../../lib/platform/files.ts';
import { MAX_PACKAGES, targetName } from '../../../lib/version/index.ts';
import { applyLimit, type Command, readArguments, required, wholeNumber } from '../../command.ts';
import { requireOutput } from '../../files.ts';
import { readDescription, requireVersion } from '../../manifest/options.ts';
import { withScratchFolder } from '../../platform/scratch.ts';
import { withStopSignal } from '../../platform/signals.ts';
import { print } from '../../platform/terminal.ts';
import { repositoryLayout } from '../../repository/layout.ts';
import { readPublished } from '../../repository/published.ts';
import { addRelease, planRelease } from '../../repository/releases/add-release.ts';
import type { AddRequest } from '../../repository/releases/add-request.ts';
import { readChannels } from '../../repository/releases/channel.ts';
import { findRelease, noRelease, requireNotRevoked } from '../../repository/releases/list-changes.ts';
import { unpackBinary } from '../../repository/releases/published-binary.ts';
import { DEFAULT_PATCHES } from '../../repository/releases/spacing.ts';
import { machineLimits } from '../../work/limits.ts';
import { workLines } from '../../work/report.ts';
import { processWorkers } from '../../work/workers.ts';
import { SIGNING_HELP, SIGNING_OPTIONS, tellNext, withSigning } from '../signing.ts';
import { requireChannel } from './add.ts';
import { describePlan, outcomeOf } from './add-summary.ts';

const HELP = `Usage: release promote <version> --from <channel> --to <channel> --repo <dir> --keys <keys> [options]

Lists a release that is on one channel on another as well, for every target that it has there. No binary is needed: the packages
are reused, and patches from earlier releases of the other channel are made from what the feed has. What was tested on the first
channel is what people on the second get, to the byte.

${SIGNING_HELP}\
  --from <channel>         where it is
  --to <channel>           where it is to be
  --rollout <percent>      of the installations there that it is offered to (default: as for other targets of the version, else 100)
  --deltas <k>             as for \`release add\` (default ${DEFAULT_PATCHES})
  --apply-limit <bytes>    as for \`release add\`
  --dry-run                do all this but the long work: print what would be made, and publish nothing
`;

export const promote: Command = {
  name: 'promote',
  summary: 'list a release of one channel on another',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['version'], {
      ...SIGNING_OPTIONS,
      from: { type: 'string' },
      to: { type: 'string' },
      rollout: { type: 'string' },
      deltas: { type: 'string' },
      'apply-limit': { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
    });
    const [version = ''] = operands;
    requireVersion('<version>', version);
    const [from, to] = [required('--from', values.from), required('--to', values.to)];
    requireChannel('--from', from);
    requireChannel('--to', to);
    if (from === to) throw new UsageError(`--to: wanted another channel than ${from}, found the same`);
    const request: Omit<AddRequest, 'binaries' | 'minimumFrom'> = {
      version,
      channel: to,
      updaters: [],
      configSchema: null,
      description: readDescription(version, { evolution: [], 'no-rollback': false }),
      deltas: wholeNumber('--deltas', values.deltas, DEFAULT_PATCHES, [0, MAX_PACKAGES - 1]),
      from: [],
      rollout: values.rollout === undefined ? null : wholeNumber('--rollout', values.rollout, 0, [0, 100]),
      minimum: null,
      level: null,
      applyLimit: applyLimit(values['apply-limit']),
    };
    const report = workLines();
    try {
      const result = await withStopSignal((stop) =>
        withSigning(['promote', version], values, async ({ host, repo, signers }) => {
          // Before the work, which takes minutes.
          if (values['sign-request'] !== undefined) requireOutput(values['sign-request']);
          const published = readPublished(host, repo);
          const found = readChannels(published, from).flatMap((channel) => {
            const release = findRelease(channel, version);
            return release === undefined ? [] : [{ target: channel.target, release }];
          });
          if (found.length === 0) throw noRelease(repo, version, from);
          for (const name of [from, to])
            requireNotRevoked(readChannels(published), version, name, `it is not listed on ${to}`);
          const { work } = repositoryLayout(repo);
          createDirectories(host.disk, work, path.dirname);
          return await withScratchFolder(path.join(work, 'promote'), async (folder) => {
            const binaries: AddRequest['binaries'][number][] = [];
            for (const { target, release } of found) {
              const file = path.join(folder, targetName(target));
              await unpackBinary(published, target, release, file);
              binaries.push({ target, file });
            }
            const whole = { ...request, binaries, minimumFrom: found[0]?.release.minimumFrom ?? null };
            const limits = machineLimits();
            const means = { workers: processWorkers(host.disk), limits, report, trial: null, stop };
            if (values['dry-run']) {
              const plan = await planRelease(host, repo, whole, signers, means);
              return { changed: false, text: describePlan(whole, plan) };
            }
            return outcomeOf(whole, await addRelease(host, repo, whole, signers, means), report.trials);
          });
        }),
      );
      report.end();
      print(result.text);
      if (result.changed) tellNext(values);
    } finally {
      report.end();
    }
  },
};
