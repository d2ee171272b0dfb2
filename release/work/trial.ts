/**
 * Tries the executables of a release before anything is made of them: the headers have to fit the target, and what this
 * machine can run has to print the version that it is published as.
 */
import path from 'node:path';
import { UsageError } from '../../lib/errors.ts';
import { childEnvironment } from '../../lib/install/process/start.ts';
import { judgeRun, printedVersion } from '../../lib/install/transaction/probe.ts';
import { openSource } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import { executableName, type Target, targetName } from '../../lib/version/index.ts';
import { withoutSecrets } from '../platform/children.ts';
import { withScratchFolder } from '../platform/scratch.ts';
import { withLine } from '../progress.ts';
import { misfit } from './executable.ts';

export interface Candidate {
  target: Target;
  /** Path of the executable. */
  file: string;
  /** What it has to print with `--version`. */
  version: string;
}

/** As long as an installation waits for it (lib/install/transaction/transaction.ts). */
const LIMIT = 30_000;

/** Who is told what was seen, and what to do about what does not fit. */
export interface TrialWords {
  /** Of each that could be started, and why if one could not. */
  say(line: string): void;
  /** @param printed the version that it printed instead; null: it printed none, or is for another target */
  mend(candidate: Candidate, printed: string | null): string;
}

/**
 * UsageError for the first that does not fit or does not print its version.
 *
 * @param scratch a folder that exists, for copies of what is started
 */
export async function tryExecutables(
  host: Host,
  candidates: readonly Candidate[],
  scratch: string,
  words: TrialWords,
): Promise<void> {
  for (const candidate of candidates) requireFit(host, candidate, words);
  for (const candidate of candidates) {
    if (runsHere(host, candidate.target)) await tryOne(host, candidate, scratch, words);
  }
}

function requireFit({ disk }: Host, candidate: Candidate, { mend }: TrialWords): void {
  const { target, file } = candidate;
  const source = openSource(disk, file);
  try {
    const reason = misfit(target, source.size, (offset, wanted) => {
      const into = new Uint8Array(Math.max(0, Math.min(wanted, source.size - offset)));
      if (into.length > 0) source.read(offset, into);
      return into;
    });
    if (reason === null) return;
    throw new UsageError(`${file}: wanted an executable for ${targetName(target)}, but ${reason}`, {
      advice: mend(candidate, null),
    });
  } finally {
    source.close();
  }
}

function runsHere({ platform, arch, musl }: Host, target: Target): boolean {
  const [processor] = target.arch.split('-', 1);
  return (
    target.platform === platform &&
    processor === arch &&
    (platform !== 'linux' || target.arch.includes('musl') === musl)
  );
}

/**
 * Starts a copy: what a build server has kept is often not executable. It gets a home of its own, since a program makes its
 * folders when it starts.
 */
async function tryOne(
  { disk, processes, environment, platform }: Host,
  candidate: Candidate,
  scratch: string,
  { say, mend }: TrialWords,
): Promise<void> {
  const { target, file, version } = candidate;
  await withScratchFolder(path.join(scratch, 'trial'), async (folder) => {
    const program = path.join(folder, executableName('dgmo', platform));
    const home = Object.fromEntries(HOMES.map((name) => [name, folder]));
    const run = await withLine(`trying ${path.basename(file)} (${targetName(target)})`, () => {
      disk.copy(file, program);
      disk.setMode(program, 0o755);
      return processes.run(program, ['--version'], {
        environment: childEnvironment({ ...withoutSecrets(environment), ...home }),
        workingDirectory: folder,
        timeLimit: LIMIT,
      });
    });
    const { ok, detail } = judgeRun(run, version, LIMIT);
    if (ok === false) {
      throw new UsageError(`${file}: wanted a program that prints ${version} with --version, but ${detail}`, {
        advice: mend(candidate, run.started ? printedVersion(run.stdout) : null),
      });
    }
    say(`${targetName(target)}: ${ok === true ? `tried: ${detail}` : `not tried: ${detail}`}`);
  });
}

const HOMES = ['HOME', 'USERPROFILE', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME'];
