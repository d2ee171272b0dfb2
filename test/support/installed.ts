/** An install in a temporary folder: a stand-in and the compiled updater, adopted. For this machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readStandinLog, waitForStarts } from './standin.ts';
import { type Ran, type RunOptions, run } from './workshop.ts';

export interface Installed {
  /** The temporary folder that holds the rest. */
  folder: string;
  dir: string;
  dgmo: string;
  updater: string;
  /** Where the stand-in writes down its starts. */
  starts: string;
  env: Record<string, string>;
  update(args: string[], options?: RunOptions): Promise<Ran>;
  /** Starts DGMO, which stays until it is let go, or the install is removed. Resolves when it is up. */
  startDgmo(): Promise<RunningDgmo>;
  /** What `dgmo --version` prints. */
  version(): Promise<string>;
  /** Every file of the install dir by its digest, and the receipt; not the journal, the lock and the notes of its holders. */
  picture(): Record<string, string>;
  remove(): void;
}

export interface RunningDgmo {
  child: ChildProcess;
  pid: number;
  /** Lets it end, and waits for that. */
  letGo(): Promise<void>;
}

export interface InstalledOptions {
  binary: string;
  version: string;
  updater: string;
  /** Name of the folder, for names that are hard to handle. */
  name?: string;
  app?: string;
}

export async function makeInstall({
  binary,
  version,
  updater,
  name = 'bin',
  app = 'dgmo',
}: InstalledOptions): Promise<Installed> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-install-'));
  const dir = path.join(folder, name);
  fs.mkdirSync(dir, { recursive: true });
  const dgmo = path.join(dir, app);
  fs.copyFileSync(binary, dgmo, fs.constants.COPYFILE_FICLONE);
  fs.chmodSync(dgmo, 0o755);
  const installed = path.join(dir, 'dgmo-updater');
  fs.copyFileSync(updater, installed, fs.constants.COPYFILE_FICLONE);
  const starts = path.join(folder, 'starts');
  const env = { DGMO_HOME: path.join(folder, 'home'), DGMO_STANDIN_LOG: starts };
  const running: ChildProcess[] = [];
  const here: Installed = {
    folder,
    dir,
    dgmo,
    updater: installed,
    starts,
    env,
    update: (args, options = {}) =>
      run(installed, args, { cwd: folder, ...options, env: { ...env, ...options.env } }),
    version: async () => (await run(dgmo, ['--version'], { env })).stdout.trim(),
    async startDgmo() {
      const until = path.join(folder, `go-${running.length}`);
      const count = readStandinLog(starts).length;
      const child = spawn(dgmo, [], {
        env: { ...process.env, ...env, DGMO_STANDIN_UNTIL: until },
        stdio: 'ignore',
      });
      running.push(child);
      const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
      await waitForStarts(starts, count + 1);
      return {
        child,
        pid: child.pid ?? 0,
        async letGo() {
          fs.writeFileSync(until, '');
          await ended;
        },
      };
    },
    picture: () => picture(dir),
    remove() {
      for (const child of running) child.kill('SIGKILL');
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
  const { code, stderr } = await here.update(['init', '--version', version, '--app', app]);
  if (code !== 0) throw new Error(`init ended with ${code}: ${stderr}`);
  return here;
}

function picture(dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of fs.readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || ['journal', 'lock', 'holder', 'last-holder'].includes(entry.name)) continue;
    const digest = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
    found[path.relative(dir, file)] = `${digest} ${fs.statSync(file).mode.toString(8)}`;
  }
  return found;
}

/** The result line of a command that ran with `--json`. */
export function resultOf(ran: Ran): Record<string, unknown> {
  const lines = ran.stdout.trim().split('\n');
  return JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
}
