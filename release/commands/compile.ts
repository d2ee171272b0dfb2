/** `release compile`: makes the executable of the updater for each platform, with the trusted root compiled in. */
import path from 'node:path';
import { DamagedError, InterruptedError, MachineError, UsageError } from '../../lib/errors.ts';
import { decodeInput } from '../../lib/format/decoder.ts';
import { MAX_DOCUMENT, parseJson } from '../../lib/format/json.ts';
import type { Settings } from '../../lib/home/compiled-in.ts';
import { isAppName } from '../../lib/package/index.ts';
import { ANY_SIZE, createDirectories, digestFile, readFile, writeAll } from '../../lib/platform/files.ts';
import { nativeDisk as disk } from '../../lib/platform/native-disk.ts';
import { decodeRoot } from '../../lib/trust/index.ts';
import { feedAddress } from '../../lib/version/feed-address.ts';
import { executableName, MACHINES, type Target, targetName } from '../../lib/version/index.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { type Command, readArguments } from '../command.ts';
import { readInput, requireOutput, untilInterrupted, writeOutput } from '../files.ts';
import { runChild } from '../platform/children.ts';
import { BUN } from '../platform/machine.ts';
import { withScratchFolder } from '../platform/scratch.ts';
import { isStopSignal } from '../platform/signals.ts';
import { print, tell } from '../platform/terminal.ts';
import { bytes } from '../progress.ts';
import { environmentEdits } from '../work/environment-edits.ts';
import { makeBom } from '../work/sbom.ts';

const TOP = path.resolve(import.meta.dir, '../..');

/** Bun's name for a target. */
export function bunTarget({ platform, arch }: Target): string {
  return `bun-${platform === 'win32' ? 'windows' : platform}-${arch}`;
}

const BOM_NAME = 'dgmo-updater-sbom.cdx.json';

const HELP = `Usage: release compile [--target <bun-target> ...] [--root <root.json>] [--app <name>] [--feed <url>]
                       [--outdir <dir>]

Writes <dir>/dgmo-updater-<platform>-<arch>[-musl][.exe] and its digest beside it (.sha256), and what is in them all as
<dir>/${BOM_NAME} (CycloneDX), for one target or all:
${MACHINES.map(bunTarget).join(', ')}.

Those for x64 need SSE4.2 and nothing newer (2008): since 1.4 Bun has one build for x64, which is the baseline one.

  --root <root.json>   the trusted root of \`release keys init\`; without it, \`dgmo-updater init --root\` has to provide it
  --app <name>         the program that is updated (default dgmo)
  --feed <url>         where releases are announced (default none)
  --outdir <dir>       default dist
`;

export const compile: Command = {
  name: 'compile',
  summary: 'make the updater for every platform',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], {
      target: { type: 'string', multiple: true, default: [] },
      root: { type: 'string' },
      app: { type: 'string', default: 'dgmo' },
      feed: { type: 'string' },
      outdir: { type: 'string', default: 'dist' },
    });
    const targets = values.target.length === 0 ? [...MACHINES] : values.target.map(readTarget);
    const settings = await makeSettings(values.app, values.feed, values.root);
    createDirectories(disk, values.outdir, path.dirname, 0o755);
    const bom = path.join(values.outdir, BOM_NAME);
    requireOutput(bom);
    await untilInterrupted('not everything was compiled', async (stopIfInterrupted) => {
      for (const target of targets) {
        tell(`compiling for ${targetName(target)}\n`);
        const file = await compileTarget(target, settings, values.outdir);
        stopIfInterrupted();
        const digest = digestFile(disk, file, ANY_SIZE);
        print(`${file}: ${bytes(digest?.size ?? 0)}, SHA-256 ${digest?.sha256}\n`);
      }
      await writeOutput(bom, (write) => write(makeBom(readInput(path.join(TOP, 'package-lock.json')))));
      print(`${bom}\n`);
    });
  },
};

function readTarget(name: string): Target {
  const target = MACHINES.find((candidate) => bunTarget(candidate) === name);
  if (target === undefined) {
    throw new UsageError(
      `--target: wanted ${MACHINES.map(bunTarget).join(', ')}, found ${JSON.stringify(name)}`,
    );
  }
  return target;
}

async function makeSettings(
  app: string,
  feed: string | undefined,
  rootFile: string | undefined,
): Promise<Settings> {
  if (!isAppName(app))
    throw new UsageError(`--app: wanted a name such as dgmo, found ${JSON.stringify(app)}`);
  if (feed !== undefined) decodeInput(feedAddress, feed, '--feed');
  let root: unknown = null;
  if (rootFile !== undefined) {
    const content = readInput(rootFile, MAX_DOCUMENT);
    // An updater with an invalid root would trust nobody, and only its users would notice.
    decodeRoot(content);
    root = parseJson(content, rootFile);
  }
  return { app, feed: feed ?? null, root, version: packageJson.version, revision: await revision() };
}

/** The commit that it is built from, with `-dirty` if files differ from it; 'unknown' outside a checkout. */
async function revision(): Promise<string> {
  const command = ['git', 'describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
  let output = '';
  const { code } = await runChild(command, {
    workingDirectory: TOP,
    onOutput: (text) => {
      output += text;
    },
  });
  return code === 0 ? output.trim() : 'unknown';
}

/** Compiles `entry`. Returns the path of the executable. */
export async function compileTarget(
  target: Target,
  settings: Settings,
  folder: string,
  entry = path.join(TOP, 'updater.ts'),
): Promise<string> {
  const name = executableName(`dgmo-updater-${targetName(target)}`, target.platform);
  const file = path.join(folder, name);
  const output = requireOutput(file);
  requireOutput(`${file}.sha256`);
  return await withScratchFolder(path.join(path.dirname(output), '.compile'), async (scratch) => {
    const temporary = path.join(scratch, name);
    // Bun works in it, and leaves a file of 80 MB there if it is interrupted. It is beside the sources, because the names of the
    // program's parts are made of the way from here to them: so that is the same in every checkout.
    await withScratchFolder(path.join(path.dirname(entry), '.compile'), (workingDirectory) =>
      build(target, settings, entry, { output: temporary, workingDirectory }),
    );
    ignoreEnvironment(temporary);
    const digest = digestFile(disk, temporary, ANY_SIZE);
    if (digest === null)
      throw new MachineError(`bun build: wanted an executable at ${temporary}, found nothing`);
    disk.rename(temporary, output);
    const line = new TextEncoder().encode(`${digest.sha256}  ${name}\n`);
    await writeOutput(`${file}.sha256`, (write) => write(line));
    return file;
  });
}

/** Twice what Bun's part takes for the largest target. */
const MOST_BYTES = 256 << 20;

function ignoreEnvironment(file: string): void {
  const executable = readFile(disk, file, MOST_BYTES);
  if (executable === null)
    throw new MachineError(`bun build: wanted an executable at ${file}, found nothing`);
  const handle = disk.open(file, 'update');
  try {
    for (const edit of environmentEdits(executable)) writeAll(disk, handle, edit.bytes, edit.offset);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    throw new DamagedError(`${file}: ${error.message}`, {
      advice:
        'This Bun makes other executables than are known here: `npm ci` installs the one that is wanted.',
      cause: error,
    });
  } finally {
    disk.close(handle);
  }
}

/**
 * What each flag is for, apart from `--minify`:
 *
 * - `--bytecode`: the JavaScript is compiled here, not at each start; so is that of the built-in modules that we import.
 *   It works for every target, wherever it is compiled. Bytecode of another version of Bun is ignored.
 * - `--splitting`: `import()` loads a part of the program, and the built-in modules that this part imports, only when it
 *   is reached. In one piece, they would all be loaded at each start.
 * - `--compile-jit-policy`: start-up code is interpreted thirty times as long before it is compiled to machine code, which
 *   takes threads and 4 ms, of a check 2 ms more than with ten; updater.ts ends that after 200 ms.
 * - `--no-compile-autoload-*`: a `.env` or `bunfig.toml` in the folder in which a person starts it is not read.
 *
 * Two builds of the same sources are the same, byte by byte, wherever the checkout is, if `output` has the same last name, which is
 * part of them, and the working directory is as far from the sources.
 */
const FLAGS = [
  '--compile',
  '--minify',
  '--bytecode',
  '--format=esm',
  '--splitting',
  '--compile-jit-policy=30',
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
];

async function build(
  target: Target,
  settings: Settings,
  entry: string,
  { output, workingDirectory }: { output: string; workingDirectory: string },
): Promise<void> {
  const { code, signal, errors } = await runChild(
    [
      BUN,
      'build',
      ...FLAGS,
      `--target=${bunTarget(target)}`,
      `--define=BUILD_SETTINGS=${JSON.stringify(settings)}`,
      `--outfile=${output}`,
      entry,
    ],
    { workingDirectory },
  );
  // A Ctrl-C reaches Bun as well, and its end may be noticed before the signal is.
  if (isStopSignal(signal)) throw new InterruptedError(`interrupted: ${path.basename(output)} was not made`);
  if (code !== 0) {
    throw new MachineError(
      `bun build for ${targetName(target)} ended with ${signal ?? `exit code ${code}`}: ${errors || 'it said nothing'}`,
      { advice: signal === null ? '`npm ci` installs what it needs.' : 'Try again with more free memory.' },
    );
  }
}
