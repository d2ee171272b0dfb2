/**
 * What tests of snapshots and rollbacks share: a home with data of every kind in it, pictures of it, a DGMO that is a few
 * bytes of shell where nothing has to run for long, and a person at a terminal.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Installed } from '../support/installed.ts';
import { NATIVE_PLATFORM, type Workshop } from '../support/workshop.ts';

const COMPONENT_FOLDERS = ['data', 'config', 'plugins', 'evolutions'];

export interface PackageOptions {
  version: string;
  file: string;
  old?: { version: string; file: string };
  /** What a release engineer says besides, e.g. `--data-version 2`. */
  say?: string[];
}

let scripts = 0;

/** `release bundle`: path of the package. */
export function pack(shop: Workshop, { version, file, old, say = [] }: PackageOptions): Promise<string> {
  const from = old === undefined ? ['--level', '3'] : ['--old', old.file, '--from', old.version];
  // Unless it is said, a release can be rolled back to the one before it alone.
  const lowest = say.includes('--rollback-min') ? [] : ['--rollback-min', '0.1.0'];
  const what = ['--platform', NATIVE_PLATFORM, '--new', file];
  return shop.package(version, [...what, ...from, ...say, ...lowest]);
}

/** A DGMO of a few bytes: it says its version, and whatever `body` does before. */
export function script(folder: string, version: string, body = ''): string {
  const file = path.join(folder, `script-${version}-${scripts++}`);
  fs.writeFileSync(file, `#!/bin/sh\n${body}\necho ${version}\n`, { mode: 0o755 });
  return file;
}

/** What stands for the compiled updater in an install: it is 110 MB, and every install would have a copy of its own. */
export function byReference(shop: Workshop, updater: string): string {
  const file = path.join(shop.folder, 'dgmo-updater');
  const body = `exec '${updater}' --install-dir "$(dirname "$0")" "$@"`;
  fs.writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
}

/** Data, config and plugins of version 1 of the format. */
export function fillHome(home: string): void {
  const at = (name: string) => path.join(home, name);
  for (const folder of ['data/empty', 'data/deep/er', 'config', 'plugins'])
    fs.mkdirSync(at(folder), { recursive: true });
  fs.writeFileSync(at('data/data.json'), '{"dataVersion":1,"text":"mine"}\n');
  fs.writeFileSync(at('data/auth.json'), '{"key":"secret"}\n', { mode: 0o600 });
  fs.writeFileSync(at('data/deep/er/größe – 日本'), Buffer.alloc(70_000, 'deep '));
  fs.symlinkSync('deep/er', at('data/link'));
  fs.symlinkSync('/nowhere/at/all', at('data/dangling'));
  fs.writeFileSync(at('config/config.json'), '{"theme":"dark"}\n');
  fs.writeFileSync(at('plugins/tool'), '#!/bin/sh\necho tool\n', { mode: 0o755 });
}

/** What stands in the components: kind, mode, content, time. Not what `except` names. */
export function homePicture(home: string, except = /(^|\/)sessions\.db/): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (name: string) => {
    const file = path.join(home, name);
    for (const entry of fs.readdirSync(file).sort()) {
      const inside = path.join(name, entry);
      if (except.test(inside)) continue;
      found[inside] = describe(path.join(home, inside));
      if (found[inside].startsWith('folder')) visit(inside);
    }
  };
  for (const component of COMPONENT_FOLDERS) if (fs.existsSync(path.join(home, component))) visit(component);
  return found;
}

function describe(file: string): string {
  const status = fs.lstatSync(file);
  if (status.isSymbolicLink()) return `link to ${fs.readlinkSync(file)}`;
  const mode = (status.mode & 0o7777).toString(8);
  if (status.isDirectory()) return `folder ${mode}`;
  const digest = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
  return `file ${mode} ${digest} of ${Math.trunc(status.mtimeMs)}`;
}

/** Everything that must not change where a command is refused: install dir, components, and which snapshots there are. */
export function everything(here: Installed): Record<string, unknown> {
  const home = homeOf(here);
  return { dir: here.picture(), home: homePicture(home), snapshots: snapshotIds(home) };
}

export function homeOf(here: Installed): string {
  return here.env.DGMO_HOME ?? '';
}

export function snapshotIds(home: string): string[] {
  const folder = path.join(home, '.snapshots/snapshots');
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/**
 * Runs the updater at a terminal; types each of the keys as soon as the words before it are shown, in this order. Keys that
 * are a function are typed when it is done.
 */
export async function onTerminal(
  here: Installed,
  args: string[],
  answers: readonly (readonly [words: string, keys: string | (() => Promise<string>)])[],
  env: Record<string, string> = {},
): Promise<{ code: number; said: string }> {
  const decoder = new TextDecoder();
  let said = '';
  let next = 0;
  let from = 0;
  const child = Bun.spawn([here.updater, ...args], {
    cwd: here.folder,
    env: { ...process.env, ...here.env, ...env, TERM: 'xterm' },
    terminal: {
      cols: 200,
      rows: 50,
      data(terminal, bytes) {
        said += decoder.decode(bytes, { stream: true });
        const [words, keys] = answers[next] ?? [];
        if (words === undefined || keys === undefined) return;
        const at = said.indexOf(words, from);
        if (at < 0) return;
        next++;
        from = at + words.length;
        if (keys === HANG_UP) terminal.close();
        else if (typeof keys === 'string') terminal.write(keys);
        else void keys().then((typed) => terminal.write(typed));
      },
    },
  });
  const code = await child.exited;
  child.terminal?.close();
  return { code, said: Bun.stripANSI(said).replaceAll('\r', '') };
}

/** Yes: the answer that is selected first is No. */
export const YES = 'y';
export const ENTER = '\r';
export const CTRL_C = '\u0003';
export const CTRL_D = '\u0004';
/** Closes the terminal. */
export const HANG_UP = 'hang up';
