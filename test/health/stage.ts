/**
 * An install with everything that can be damaged: an executable that was updated from an older one, an updater, config,
 * plugins, evolutions, data, a snapshot, a cache; and a feed on a real server that has it all.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type SelfHealingOptions, SelfHealingSystem } from '../../lib/api/index.ts';
import type { Settings } from '../../lib/home/compiled-in.ts';
import type { Host } from '../../lib/platform/host.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { type Printed, runCommand } from '../support/command-line.ts';
import { openStage, SETTINGS, type Stage } from '../update/stage.ts';

export interface HealthStage extends AsyncDisposable {
  stage: Stage;
  dir: string;
  home: string;
  dgmo: string;
  updater: string;
  config: string;
  plugin: string;
  /** A file of an evolution. */
  evolution: string;
  workDir: string;
  health(options?: SelfHealingOptions): SelfHealingSystem;
  settings: Settings;
  host: Host;
  /** The command line, without a terminal. */
  run(...argv: string[]): Promise<Printed>;
  /** Everything as it was when the stage was opened, whatever was done to it since. */
  reset(): void;
  /** Path to content and mode of everything in the install dir and in the home, but for the record of what was read. */
  picture(): Map<string, string>;
  /** The same of the files alone: their content, by path. */
  contents(): Map<string, string>;
}

const EVOLUTION = {
  id: 'notes',
  description: 'Takes notes',
  autoApply: true,
  files: { 'plugin.js': 'export default () => "notes";\n', 'README.md': '# Notes\n' },
};

/** As far as anything here starts it. */
const UPDATER = `#!/bin/sh
case "$1" in --version) echo ${SETTINGS.version} ;; *) echo '{"event":"result"}' ;; esac
exit 0
${'#'.repeat(500)}
`;

export async function openHealthStage(): Promise<HealthStage> {
  const stage = await openStage();
  const { dir, home, folder } = stage;
  const config = path.join(home, 'config', 'dgmo.json');
  const plugin = path.join(home, 'plugins', 'hello.js');
  const put = (file: string, content: string, mode = 0o644) => {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content, { mode });
  };
  put(
    config,
    `{\n  // the theme\n  "theme": "dark",\n  "plugin": ["../plugins/hello.js"],\n  "model": "large"\n}\n`,
  );
  put(plugin, 'export default () => "hello";\n');
  put(path.join(home, 'data', 'sessions.json'), '["one"]\n');
  const updater = path.join(dir, 'dgmo-updater');
  put(updater, UPDATER, 0o755);
  await stage.release('1.1.0', { evolutions: [EVOLUTION] });
  const manager = stage.manager();
  const update = await manager.checkForUpdates();
  if (update === null) throw new Error('the update is not offered');
  await manager.applyUpdate(await manager.downloadUpdate(update));
  const settings = { ...SETTINGS, feed: stage.url, root: stage.feed.rootJson };
  const host = hostOf(path.join(folder, 'downloads', 'dgmo-updater'));
  put(path.join(folder, 'downloads', 'dgmo-updater'), fs.readFileSync(updater, 'utf8'), 0o755);
  const pristine = path.join(folder, 'pristine');
  for (const name of ['bin', 'home'])
    fs.cpSync(path.join(folder, name), path.join(pristine, name), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
  return {
    stage,
    dir,
    home,
    dgmo: stage.dgmo,
    updater,
    config,
    plugin,
    evolution: path.join(home, 'evolutions', 'notes', 'plugin.js'),
    workDir: path.join(dir, '.dgmo-updater'),
    health: (options = {}) => new SelfHealingSystem({ installDir: dir, home, settings, host, ...options }),
    settings,
    host,
    run: (...argv) => runCommand([...argv, '--home', home], { host, settings, ownFolder: dir }),
    reset() {
      for (const name of ['bin', 'home']) {
        const place = path.join(folder, name);
        fs.rmSync(place, { recursive: true, force: true });
        fs.cpSync(path.join(pristine, name), place, {
          recursive: true,
          verbatimSymlinks: true,
          preserveTimestamps: true,
        });
      }
    },
    picture: () => new Map([...pictureOf(dir), ...pictureOf(home)]),
    contents: () => new Map([...contentsOf(dir), ...contentsOf(home)]),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}

/** This machine, on which an updater from elsewhere runs, as after a new download, and nothing is on the PATH. */
function hostOf(updater: string): NonNullable<SelfHealingOptions['host']> {
  const host = nativeHost();
  // Nothing here outlives the test, and flushing takes most of its time.
  const disk = {
    ...host.disk,
    flush: () => undefined,
    flushDirectory: () => undefined,
    flushMeanwhile: async () => undefined,
  };
  return {
    ...host,
    disk,
    environment: { ...host.environment, PATH: '/usr/bin:/bin' },
    processes: {
      ...host.processes,
      executable: (pid) => (pid === host.processes.pid ? updater : host.processes.executable(pid)),
    },
  };
}

function pictureOf(folder: string): [string, string][] {
  if (!fs.existsSync(folder)) return [];
  // The record of what was read is a cache.
  const all = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name !== 'read.json');
  return all.map((entry): [string, string] => {
    const file = path.join(entry.parentPath, entry.name);
    const mode = fs.lstatSync(file).mode.toString(8);
    if (entry.isSymbolicLink()) return [file, `${mode} -> ${fs.readlinkSync(file)}`];
    return [file, entry.isFile() ? `${mode} ${Bun.hash(fs.readFileSync(file))}` : mode];
  });
}

function contentsOf(folder: string): [string, string][] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry): [string, string] => {
      const file = path.join(entry.parentPath, entry.name);
      return [file, String(Bun.hash(fs.readFileSync(file)))];
    });
}
