/** Builds versions of the DGMO stand-in (test/fixtures/dgmo): each one a real executable of about 100 MB. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Behaviour } from '../fixtures/dgmo/compiled.ts';
import type { StandinStart } from '../fixtures/dgmo/report.ts';

export type { StandinStart };

export interface StandinOptions {
  version: string;
  /** How this build breaks; 'well' unless given. */
  behaviour?: Behaviour;
  /** What it migrates the data to; 1 unless given. */
  dataVersion?: number;
  /** A target of `bun build --compile`, e.g. 'bun-windows-x64'; this machine unless given. */
  target?: string;
}

const TOP = path.resolve(import.meta.dir, '../..');
const SOURCES = path.join(TOP, 'test/fixtures/dgmo');
const CACHE = path.join(TOP, '.cache/standins');

const building = new Map<string, Promise<string>>();

/** Resolves to the path of the executable: built once, and then cached by the content of its sources. Don't write to it. */
export function buildStandin(options: StandinOptions): Promise<string> {
  const full = { behaviour: 'well' as const, dataVersion: 1, target: 'native', ...options };
  const hash = new Bun.CryptoHasher('sha256').update(`${Bun.version} ${JSON.stringify(full)}`);
  for (const name of fs.readdirSync(SOURCES).sort()) {
    hash.update(`${name}\0`).update(fs.readFileSync(path.join(SOURCES, name)));
  }
  const suffix = isWindows(full.target) ? '.exe' : '';
  const name = `dgmo-${full.version}-${full.behaviour}-${full.target}-${hash.digest('hex').slice(0, 16)}${suffix}`;
  const file = path.join(CACHE, name);
  const built = building.get(file) ?? build(file, full);
  building.set(file, built);
  return built;
}

function isWindows(target: string): boolean {
  return target === 'native' ? process.platform === 'win32' : target.includes('windows');
}

async function build(file: string, options: Required<StandinOptions>): Promise<string> {
  if (fs.existsSync(file)) return file;
  fs.mkdirSync(CACHE, { recursive: true });
  // Built under another name, so that a second test run never sees half of it.
  const temporary = path.join(CACHE, `${process.pid}-${path.basename(file)}`);
  await compileProgram(path.join(SOURCES, 'dgmo.ts'), temporary, options.target, [
    `STANDIN_VERSION=${JSON.stringify(options.version)}`,
    `STANDIN_BEHAVIOUR=${JSON.stringify(options.behaviour)}`,
    `STANDIN_DATA_VERSION=${options.dataVersion}`,
  ]);
  fs.renameSync(temporary, file);
  return file;
}

/** `bun build --compile`; a target of 'native' is this machine. Each define is `NAME=value`, the value as JSON. */
export function compileProgram(
  entry: string,
  output: string,
  target: string,
  defines: string[] = [],
): Promise<void> {
  const args = [
    'build',
    entry,
    '--compile',
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    ...(target === 'native' ? [] : [`--target=${target}`]),
    ...defines.map((define) => `--define=${define}`),
    `--outfile=${output}`,
  ];
  return new Promise((resolve, reject) => {
    // Bun leaves a temporary file in the working directory, so that is where the output goes.
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: path.dirname(output),
    });
    let errors = '';
    child.stderr.on('data', (bytes: Buffer) => {
      errors += bytes;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`bun ${args.join(' ')} ended with ${code}: ${errors}`));
    });
  });
}

/** Every start that the stand-in wrote down in the file that `DGMO_STANDIN_LOG` named; none where it is missing. */
export function readStandinLog(file: string): StandinStart[] {
  if (!fs.existsSync(file)) return [];
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as StandinStart);
}

/** Waits until that many starts are written down: the relaunched program outlives whoever relaunched it. */
export async function waitForStarts(
  file: string,
  count: number,
  timeLimit = 30_000,
): Promise<StandinStart[]> {
  const deadline = performance.now() + timeLimit;
  for (;;) {
    const starts = readStandinLog(file);
    if (starts.length >= count) return starts;
    if (performance.now() > deadline) {
      throw new Error(`${file}: ${count} starts wanted within ${timeLimit} ms, found ${starts.length}`);
    }
    await Bun.sleep(20);
  }
}
