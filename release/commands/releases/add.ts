/** `release add`: publishes a release on a channel. */
import path from 'node:path';
import { APPLY_LIMIT } from '../../../lib/delta/index.ts';
import { UsageError } from '../../../lib/errors.ts';
import { createDirectories } from '../../../lib/platform/files.ts';
import {
  isChannelName,
  isNewer,
  MACHINES,
  MAX_PACKAGES,
  TARGETS,
  type Target,
  targetName,
} from '../../../lib/version/index.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { applyLimit, type Command, readArguments, wholeNumber } from '../../command.ts';
import { readInput, requireInput, requireOutput } from '../../files.ts';
import { strangeTitle } from '../../manifest/notes.ts';
import { DESCRIBE_HELP, DESCRIBE_OPTIONS, readDescription, requireVersion } from '../../manifest/options.ts';
import { readTarget } from '../../manifest/target.ts';
import { withStopSignal } from '../../platform/signals.ts';
import { print } from '../../platform/terminal.ts';
import { repositoryLayout } from '../../repository/layout.ts';
import { addRelease, planRelease } from '../../repository/releases/add-release.ts';
import type { AddRequest, AddTools } from '../../repository/releases/add-request.ts';
import { readConfigSchema } from '../../repository/releases/config-schema.ts';
import { DEFAULT_PATCHES } from '../../repository/releases/spacing.ts';
import { machineLimits } from '../../work/limits.ts';
import { workLines } from '../../work/report.ts';
import { type Candidate, type TrialWords, tryExecutables } from '../../work/trial.ts';
import { processWorkers } from '../../work/workers.ts';
import { SIGNING_HELP, SIGNING_OPTIONS, tellNext, withSigning } from '../signing.ts';
import { describePlan, outcomeOf } from './add-summary.ts';

const HELP = `Usage: release add <version> --repo <dir> --keys <keys> --binary <platform>-<arch>=<file> ... [options]

Publishes a version on a channel: the compressed binary of each target, patches from earlier releases, and the manifest,
all signed. Clients see nothing of it before everything is in place. Every payload is tried, and every package read
back, before anything names it.

It uses all cores, with a process for each payload. If it is interrupted, what it has made stays in <dir>/.work and is
not made again; once published, the same \`add\` has nothing to do. A version never gets another binary (exit code 17).

To a version that is published already, \`add\` adds what is new: another target (with the description of the first
\`add\`; entries of the other targets stay as they are), another channel (which lists the existing packages), a patch
from a release named by --from, a higher --minimum.

It looks at each executable first: its headers have to fit the target, and what this machine can run has to print the
version. At the end it prints what there is for each target, and how long it took here to make the binary of it in memory.

${SIGNING_HELP}\
  --dry-run                do all this but the long work: print what would be made, and publish nothing
  --no-trial               publish executables that do not fit, or do not print their version
  --binary <p>-<a>=<file>  the binary of a target, once for each:
                           ${lines(TARGETS.map(targetName), ' '.repeat(27))}
                           A -baseline build is for processors of before 2013 (no AVX2): they get it by themselves. Whoever
                           publishes none says that the other one runs on all
  --updater <p>-<a>=<file> the updater that comes with it, once for each target, as \`release compile\` made it. It costs nothing
                           where it is installed already, and the feed has it once for all releases
  --updater-version <v>    what it prints with --version (default: ${packageJson.version}, as this is)
  --config-schema <file>   the JSON Schema that its config file, <app>.json or <app>.jsonc, has to follow: \`verify\` names the
                           settings that do not, and \`repair\` puts them right. Released once for all that have the same
  --channel <name>         default stable
  --rollout <percent>      of the installations that it is offered to; \`release rollout\` raises it (default: as for
                           other targets of the version on the channel, else 100)
  --deltas <k>             patches from k earlier releases of the channel, 1, 2, 4, 8, ... back (default ${DEFAULT_PATCHES}). A patch
                           that is not at least 30 % smaller than the full binary is left out; to a
                           binary that is a mere stub beside the earlier one none is made
  --from <version>         a patch from this release as well, which many people still have; may be repeated
  --minimum <version>      installations of an older version must update
  --minimum-from <v>       the lowest version that may be updated to this one
  --level <1-22>           how hard the full binary is compressed (default 14)
  --apply-limit <bytes>    how many bytes of a patch may have to be modelled when it is applied, about a million in one or two
                           seconds (default ${APPLY_LIMIT}). 0 makes patches that apply fastest, and are larger
${DESCRIBE_HELP}`;

/** With commas, at most six a line. */
function lines(names: readonly string[], indent: string): string {
  const rows: string[] = [];
  for (let at = 0; at < names.length; at += 6) rows.push(names.slice(at, at + 6).join(', '));
  return rows.join(`,\n${indent}`);
}

const OPTIONS = {
  ...SIGNING_OPTIONS,
  ...DESCRIBE_OPTIONS,
  'dry-run': { type: 'boolean', default: false },
  'no-trial': { type: 'boolean', default: false },
  binary: { type: 'string', multiple: true, default: [] as string[] },
  updater: { type: 'string', multiple: true, default: [] as string[] },
  'updater-version': { type: 'string', default: packageJson.version },
  'config-schema': { type: 'string' },
  channel: { type: 'string', default: 'stable' },
  rollout: { type: 'string' },
  deltas: { type: 'string' },
  from: { type: 'string', multiple: true, default: [] as string[] },
  minimum: { type: 'string' },
  'minimum-from': { type: 'string' },
  level: { type: 'string' },
  'apply-limit': { type: 'string' },
} as const;

export const add: Command = {
  name: 'add',
  summary: 'publish a release in a repository',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['version'], OPTIONS);
    const [version = ''] = operands;
    requireVersion('<version>', version);
    requireChannel('--channel', values.channel);
    for (const from of values.from) requireOlder('--from', from, version);
    requireVersion('--updater-version', values['updater-version']);
    if (values.minimum !== undefined) requireVersion('--minimum', values.minimum);
    if (values['minimum-from'] !== undefined) requireOlder('--minimum-from', values['minimum-from'], version);
    const level = values.level === undefined ? null : wholeNumber('--level', values.level, 0, [1, 22]);
    const request: AddRequest = {
      version,
      channel: values.channel,
      binaries: readBinaries(values.binary),
      updaters: readFiles('--updater', values.updater, MACHINES).map((one) => ({
        ...one,
        version: values['updater-version'],
      })),
      description: readDescription(version, values),
      configSchema: configSchemaOf(values['config-schema']),
      deltas: wholeNumber('--deltas', values.deltas, DEFAULT_PATCHES, [0, MAX_PACKAGES - 1]),
      from: values.from,
      rollout: values.rollout === undefined ? null : wholeNumber('--rollout', values.rollout, 0, [0, 100]),
      minimum: values.minimum ?? null,
      minimumFrom: values['minimum-from'] ?? null,
      level,
      applyLimit: applyLimit(values['apply-limit']),
    };
    const report = workLines();
    try {
      const result = await withStopSignal((stop) =>
        withSigning(['add', version], values, async ({ host, repo, signers }) => {
          for (const { file } of [...request.binaries, ...request.updaters]) requireInput(file);
          // Before the work, which takes minutes.
          if (values['sign-request'] !== undefined) requireOutput(values['sign-request']);
          const strange = strangeTitle(request.description.notes, version);
          if (strange !== null) report.say(strange);
          const { work } = repositoryLayout(repo);
          const trial = async (candidates: readonly Candidate[]) => {
            createDirectories(host.disk, work, path.dirname);
            await tryExecutables(host, candidates, work, { say: report.say, mend: mendText(request) });
          };
          const means: AddTools = {
            workers: processWorkers(host.disk),
            limits: machineLimits(),
            report,
            trial: values['no-trial'] ? null : trial,
            stop,
          };
          return values['dry-run']
            ? {
                changed: false,
                text: describePlan(request, await planRelease(host, repo, request, signers, means)),
              }
            : outcomeOf(request, await addRelease(host, repo, request, signers, means), report.trials);
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

/** What is most likely wrong with an executable that does not print the version that it is published as. */
function mendText({ version, updaters }: AddRequest): TrialWords['mend'] {
  return ({ file }, printed) => {
    const isUpdater = updaters.some((updater) => updater.file === file);
    const mends = [
      ...(printed === null || printed === version
        ? []
        : [
            isUpdater
              ? `say \`--updater-version ${printed}\``
              : `publish it as \`release add ${printed} ...\``,
          ]),
      isUpdater ? 'name another file with --updater' : `name the file of ${version} with --binary`,
    ];
    const [first = '', ...others] = mends;
    const text = [`${first.slice(0, 1).toUpperCase()}${first.slice(1)}`, ...others].join(', or ');
    return `Nothing was published. ${text}. --no-trial publishes it as it is.`;
  };
}

function configSchemaOf(file: string | undefined): Uint8Array | null {
  return file === undefined ? null : readConfigSchema(readInput(file), file);
}

export function requireChannel(option: string, name: string): void {
  if (!isChannelName(name)) {
    throw new UsageError(`${option}: wanted a name of a-z, 0-9 and dash, found ${JSON.stringify(name)}`);
  }
}

function requireOlder(option: string, found: string, version: string): void {
  requireVersion(option, found);
  if (!isNewer(version, found)) {
    throw new UsageError(`${option}: wanted a version before ${version}, found ${found}`);
  }
}

function readBinaries(values: string[]): TargetFile[] {
  if (values.length === 0) throw new UsageError('--binary is wanted, and was not given');
  return readFiles('--binary', values);
}

interface TargetFile {
  target: Target;
  file: string;
}

/** The values of an option such as `linux-x64=<file>`, each target once. */
function readFiles(option: string, values: string[], targets = TARGETS): TargetFile[] {
  const files = values.map((value) => {
    const at = value.indexOf('=');
    const found = `, then = and a file, found ${JSON.stringify(value)}`;
    const target = readTarget(at < 0 ? value : value.slice(0, at), targets, option, found);
    if (at < 0 || at === value.length - 1) {
      throw new UsageError(
        `${option}: wanted ${targetName(target)}= and a file, found ${JSON.stringify(value)}`,
      );
    }
    return { target, file: value.slice(at + 1) };
  });
  const names = files.map(({ target }) => targetName(target));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`${option}: wanted each target once, found ${twice} twice`);
  return files;
}
