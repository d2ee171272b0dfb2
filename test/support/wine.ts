/**
 * Windows on Linux, for tests: Bun-compiled Windows programs run under Wine. It enforces the rule that shapes
 * the updater's Windows half: an executable that runs, or that somebody holds open, can't be replaced.
 *
 * One prefix is made and cached (half a minute); each test file works in a clone of it (hard links), so that test runs
 * beside each other share no wineserver and each can end its own.
 */
import { afterAll, beforeAll, describe, test } from 'bun:test';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const TOP = path.resolve(import.meta.dir, '../..');
const CACHE = path.join(TOP, '.cache/wine');
const PRNG_SOURCE = path.join(TOP, 'test/windows/bcryptprimitives.c');
const WINE = firstThere('/usr/lib/wine/wine64', Bun.which('wine64'), Bun.which('wine'));
const SERVER = firstThere('/usr/lib/wine/wineserver64', Bun.which('wineserver'));
const MINGW = Bun.which('x86_64-w64-mingw32-gcc');
const TIME_LIMIT = 280_000;

/** Why there is no Wine here; null where there is. */
const wineMissing: string | null =
  WINE === null || SERVER === null
    ? 'Wine is not installed (Debian: wine64)'
    : MINGW === null
      ? 'mingw is not installed (Debian: gcc-mingw-w64-x86-64)'
      : null;

function firstThere(...files: (string | null)[]): string | null {
  return files.find((file) => file !== null && fs.existsSync(file)) ?? null;
}

/** `describe`, with a prefix ready. Without Wine it is skipped and says why, but in CI that is a failure. */
export function describeOnWine(name: string, body: () => void): void {
  if (wineMissing === null) {
    describe(name, () => {
      beforeAll(openPrefix, 300_000);
      afterAll(closePrefix, 60_000);
      body();
    });
  } else if (process.env.CI === 'true') {
    test(name, () => {
      throw new Error(`${wineMissing}, and CI must not skip these tests`);
    });
  } else {
    console.warn(`skipped: ${name}: ${wineMissing}`);
    describe.skip(name, body);
  }
}

/** A Windows program that runs; its output is collected. */
export interface WineProcess {
  /** What the program has written so far. */
  readonly output: { stdout: string; stderr: string };
  /** The exit code, as Unix sees it (its lowest 8 bits); null when it was killed. */
  readonly ended: Promise<number | null>;
  /** Resolves once the output holds `text`; rejects when the program ends or the time limit passes before. */
  waitForOutput(text: string, stream?: 'stdout' | 'stderr'): Promise<void>;
  kill(): void;
}

export interface WineOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Milliseconds, then it is killed and the promise rejects. */
  timeLimit?: number;
}

export interface WineResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a Windows program to its end. `exe` is a Unix path; paths in `args` go through `windowsPath` first. */
export async function wine(exe: string, args: string[] = [], options: WineOptions = {}): Promise<WineResult> {
  const running = startWine(exe, args, options);
  const timeLimit = options.timeLimit ?? TIME_LIMIT;
  let timedOut = false;
  const limit = setTimeout(() => {
    timedOut = true;
    running.kill();
  }, timeLimit);
  const code = await running.ended;
  clearTimeout(limit);
  const { stdout, stderr } = running.output;
  if (timedOut) throw new Error(`${exe} ${args.join(' ')} ran for ${timeLimit} ms\n${stdout}\n${stderr}`);
  return { code, stdout, stderr };
}

/** Starts a Windows program in the background. What still runs when the test file ends is killed then. */
export function startWine(exe: string, args: string[] = [], options: WineOptions = {}): WineProcess {
  const child = spawn(installed(WINE), [exe, ...args], {
    cwd: options.cwd ?? path.dirname(exe),
    env: { ...wineEnvironment(opened()), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return follow(child, `${exe} ${args.join(' ')}`);
}

function follow(child: ChildProcess, title: string): WineProcess {
  const output = { stdout: '', stderr: '' };
  let checkOutput: () => void = () => undefined;
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
      checkOutput();
    });
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    // Not 'close': what the program started and left behind may hold its output open for longer.
    child.on('exit', (code) => setTimeout(() => resolve(code), 50));
  });
  return {
    output,
    ended,
    waitForOutput: (text, stream = 'stdout') =>
      new Promise((resolve, reject) => {
        const fail = (why: string) => {
          clearTimeout(limit);
          reject(new Error(`${title} ${why} without "${text}"\n${output.stdout}\n${output.stderr}`));
        };
        const limit = setTimeout(() => fail(`ran for ${TIME_LIMIT} ms`), TIME_LIMIT);
        checkOutput = () => {
          if (!output[stream].includes(text)) return;
          clearTimeout(limit);
          resolve();
        };
        ended.then((code) => fail(`ended with ${code}`), reject);
        checkOutput();
      }),
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

/** How a Windows program names a Unix path: Wine shows `/` as drive Z. */
export function windowsPath(unixPath: string): string {
  return `Z:${path.resolve(unixPath).replaceAll('/', '\\')}`;
}

/** Compiles a C program of test/windows with mingw, cached by its content; resolves to its path. */
export function compileForWindows(source: string, ...flags: string[]): string {
  const hash = new Bun.CryptoHasher('sha256').update(fs.readFileSync(source)).update(flags.join(' '));
  const name = `${path.basename(source, '.c')}-${hash.digest('hex').slice(0, 16)}`;
  const file = path.join(CACHE, `${name}${flags.includes('-shared') ? '.dll' : '.exe'}`);
  if (fs.existsSync(file)) return file;
  fs.mkdirSync(CACHE, { recursive: true });
  const temporary = `${file}.${process.pid}`;
  mustRun(installed(MINGW), [source, '-O2', '-municode', '-o', temporary, ...flags], process.env);
  fs.renameSync(temporary, file);
  return file;
}

let prefix: string | undefined;
let clones = 0;

function opened(): string {
  if (prefix === undefined) throw new Error('call this inside describeOnWine');
  return prefix;
}

function installed(file: string | null): string {
  if (file === null) throw new Error(wineMissing ?? 'Wine is missing');
  return file;
}

function wineEnvironment(at: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: at,
    WINEPREFIX: at,
    WINEDEBUG: '-all',
    // No .NET, no browser engine, no menu entries: none is needed, and each would ask for a display.
    WINEDLLOVERRIDES: 'mscoree,mshtml=;winemenubuilder.exe=d',
    // File names are UTF-8, whatever the machine is set to.
    LC_ALL: 'C.UTF-8',
  };
}

function mustRun(file: string, args: string[], environment: NodeJS.ProcessEnv): void {
  const done = spawnSync(file, args, {
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (done.status !== 0)
    throw new Error(`${file} ${args.join(' ')} ended with ${done.status}: ${done.stderr}`);
}

/** The cached prefix that clones are made of; never used itself, so that it stays as it was made. */
function originalPrefix(): string {
  const library = compileForWindows(PRNG_SOURCE, '-shared', '-ladvapi32');
  const final = path.join(CACHE, `prefix-${path.basename(library, '.dll')}`);
  if (fs.existsSync(final)) return final;
  const temporary = `${final}.${process.pid}`;
  mustRun(installed(WINE), ['wineboot', '--init'], wineEnvironment(temporary));
  mustRun(installed(SERVER), ['-w'], wineEnvironment(temporary));
  fs.copyFileSync(library, path.join(temporary, 'drive_c/windows/system32/bcryptprimitives.dll'));
  try {
    fs.renameSync(temporary, final);
  } catch (error) {
    if (!fs.existsSync(final)) throw error;
    fs.rmSync(temporary, { recursive: true });
  }
  return final;
}

function openPrefix(): void {
  const original = originalPrefix();
  removeAbandonedClones();
  prefix = path.join(CACHE, `run-${process.pid}-${clones++}`);
  mustRun('cp', ['-al', original, prefix], process.env);
  // The registry is written to in place, so a hard link would lead into the original.
  for (const name of fs.readdirSync(prefix).filter((each) => each.endsWith('.reg'))) {
    fs.unlinkSync(path.join(prefix, name));
    fs.copyFileSync(path.join(original, name), path.join(prefix, name));
  }
}

function closePrefix(): void {
  if (prefix === undefined) return;
  spawnSync(installed(SERVER), ['-k'], { env: wineEnvironment(prefix) });
  spawnSync(installed(SERVER), ['-w'], { env: wineEnvironment(prefix) });
  fs.rmSync(prefix, { recursive: true, force: true });
  prefix = undefined;
}

/** A test run that was killed leaves its clone behind. */
function removeAbandonedClones(): void {
  for (const name of fs.readdirSync(CACHE)) {
    const pid = /^run-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || fs.existsSync(`/proc/${pid}`)) continue;
    fs.rmSync(path.join(CACHE, name), { recursive: true, force: true });
  }
}
