/** A Windows install in a temporary folder: the stand-in and the compiled updater, adopted, run under Wine. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readStandinLog, type StandinStart } from '../support/standin.ts';
import { startWine, type WineProcess, type WineResult, windowsPath, wine } from '../support/wine.ts';

export interface WindowsInstall {
  readonly folder: string;
  readonly dgmo: string;
  /** `.dgmo-updater` in the install dir. */
  readonly workDir: string;
  /** The Windows path of a name in the temporary folder. */
  at(name: string): string;
  update(...args: string[]): Promise<WineResult>;
  startUpdate(...args: string[]): WineProcess;
  /** Starts the stand-in; resolves once it is up. It stays until `release` is called. */
  startDgmo(): Promise<{ pid: string; process: WineProcess; release(): void }>;
  runDgmo(...args: string[]): Promise<WineResult>;
  starts(): StandinStart[];
  /** Where the stand-in writes down its starts. */
  readonly log: string;
  version(): Promise<string>;
  /** Every file of the install by its digest, but the journal and the lock, which may grow. */
  picture(): Record<string, string>;
  remove(): void;
}

export interface WindowsInstallOptions {
  binary: string;
  version: string;
  updater: string;
  /** Name of the install dir. */
  name?: string;
}

export async function makeWindowsInstall(options: WindowsInstallOptions): Promise<WindowsInstall> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-windows-'));
  const dir = path.join(folder, options.name ?? 'bin');
  fs.mkdirSync(dir);
  const dgmo = path.join(dir, 'dgmo.exe');
  const updater = path.join(dir, 'dgmo-updater.exe');
  fs.copyFileSync(options.binary, dgmo, fs.constants.COPYFILE_FICLONE);
  fs.copyFileSync(options.updater, updater, fs.constants.COPYFILE_FICLONE);
  const log = path.join(folder, 'starts');
  const env = {
    DGMO_HOME: windowsPath(path.join(folder, 'home')),
    DGMO_STANDIN_LOG: windowsPath(log),
    TEST_KEPT: 'ja – да',
  };
  const run = { cwd: folder, env };
  let running = 0;
  const here: WindowsInstall = {
    folder,
    dgmo,
    log,
    workDir: path.join(dir, '.dgmo-updater'),
    at: (name) => windowsPath(path.join(folder, name)),
    update: (...args) => wine(updater, args, run),
    startUpdate: (...args) => startWine(updater, args, run),
    async startDgmo() {
      const until = path.join(folder, `until-${running++}`);
      const process = startWine(dgmo, [], {
        ...run,
        env: { ...env, DGMO_STANDIN_UNTIL: windowsPath(until) },
      });
      await process.waitForOutput('is up');
      const pid = String(readStandinLog(log).at(-1)?.pid);
      return { pid, process, release: () => fs.writeFileSync(until, '') };
    },
    runDgmo: (...args) => wine(dgmo, args, run),
    starts: () => readStandinLog(log),
    version: async () => (await wine(dgmo, ['--version'], run)).stdout.trim(),
    picture: () => picture(dir),
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
  const { code, stderr } = await here.update('init', '--version', options.version);
  if (code !== 0) throw new Error(`init ended with ${code}: ${stderr}`);
  return here;
}

function picture(dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of fs.readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'journal' || entry.name === 'lock') continue;
    const file = path.join(entry.parentPath, entry.name);
    found[path.relative(dir, file)] = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
  }
  return found;
}
