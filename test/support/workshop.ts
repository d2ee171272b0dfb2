/**
 * What a release engineer has, in a temporary folder: keys, the trusted root, and an updater with it compiled in.
 * Everything is done with the commands that an engineer types.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const TOP = path.resolve(import.meta.dir, '../..');
const CACHE = path.join(TOP, '.cache/workshop');
export const PASSPHRASE = 'only for tests';

export interface Ran {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
}

/** Runs a program to its end, without input. */
export function run(file: string, args: string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd ?? TOP,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (bytes: Buffer) => {
      said.stdout += bytes;
    });
    child.stderr.on('data', (bytes: Buffer) => {
      said.stderr += bytes;
    });
    child.on('error', reject);
    // Not 'close': what was started for good may hold the pipes open.
    child.on('exit', (code, signal) => setImmediate(() => resolve({ code, signal, ...said })));
  });
}

/** `release <args>`; throws where it fails. */
export async function release(args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(process.execPath, [path.join(TOP, 'release/cli.ts'), ...args], {
    env: { DGMO_KEY_PASSPHRASE: PASSPHRASE },
  });
  if (code !== 0) throw new Error(`release ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

export interface Workshop {
  folder: string;
  keys: string;
  root: string;
  /** Path of a package; `old` makes it a patch. */
  bundle(options: BundleOptions): Promise<string>;
  /** The same for what `release bundle <version>` takes besides the keys and where the package goes. */
  package(version: string, args: readonly string[]): Promise<string>;
  /** Path of the updater for a target of `bun build --compile`; this machine unless given. */
  updater(target?: string): Promise<string>;
  /** The same with no root inside: it trusts the one in its home, so that each test can have a feed with keys of its own. */
  rootlessUpdater(target?: string): Promise<string>;
  remove(): void;
}

export interface BundleOptions {
  version: string;
  platform?: string;
  app?: string;
  file: string;
  old?: { version: string; file: string };
}

const NATIVE_TARGET = `bun-${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
export const NATIVE_PLATFORM = `${process.platform}-${process.arch}`;

/** Makes the keys, too. `app` is the program that the updater is compiled for. */
export async function openWorkshop(app = 'dgmo'): Promise<Workshop> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-workshop-'));
  const keys = path.join(folder, 'keys');
  await initKeys(keys);
  return workshopIn({ folder, keys, app, compile: compileUpdater, makePackage: bundlePackage });
}

/**
 * One whose keys, updaters and packages are those of all tests, made once and then cached. Don't write to what it hands out, but for packages,
 * of which each gets a copy.
 */
export async function openSharedWorkshop(): Promise<Workshop> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-workshop-'));
  const keys = await sharedKeys();
  return workshopIn({ folder, keys, app: 'dgmo', compile: sharedUpdater, makePackage: sharedPackage });
}

interface Ways {
  folder: string;
  keys: string;
  app: string;
  compile: typeof compileUpdater;
  makePackage: typeof bundlePackage;
}

function workshopIn({ folder, keys, app, compile, makePackage }: Ways): Workshop {
  const root = path.join(keys, 'root.json');
  const updaters = new Map<string, Promise<string>>();
  let packages = 0;
  const once = (target: string, rootOptions: string[]): Promise<string> => {
    const name = rootOptions.length === 0 ? `${target}-rootless` : target;
    const made = updaters.get(name) ?? compile(path.join(folder, `dist-${name}`), rootOptions, app, target);
    updaters.set(name, made);
    return made;
  };
  return {
    folder,
    keys,
    root,
    bundle({ version, platform = NATIVE_PLATFORM, app: forApp = app, file, old }) {
      // A full binary takes two minutes at the level that releases are made with.
      const from = old === undefined ? ['--level', '3'] : ['--old', old.file, '--from', old.version];
      return this.package(version, ['--platform', platform, '--app', forApp, '--new', file, ...from]);
    },
    async package(version, args) {
      const to = path.join(folder, `${version}-${packages++}.dgmopkg`);
      await makePackage([version, '--keys', keys, ...args], to);
      return to;
    },
    updater: (target = NATIVE_TARGET) => once(target, ['--root', root]),
    rootlessUpdater: (target = NATIVE_TARGET) => once(target, []),
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

async function initKeys(folder: string): Promise<void> {
  await release(['keys', 'init', '--dir', folder, '--scrypt-cost', '10']);
}

/** A root is valid for longer than a month. */
async function sharedKeys(): Promise<string> {
  return await cached(`keys-${new Date().toISOString().slice(0, 7)}`, initKeys);
}

async function bundlePackage(args: readonly string[], to: string): Promise<void> {
  await release(['bundle', ...args, '-o', to]);
}

/** By what is in the files that are named, and in the keys, wherever they are. */
async function sharedPackage(args: readonly string[], to: string): Promise<void> {
  const hash = new Bun.CryptoHasher('sha256');
  const digestOf = (file: string) =>
    new Bun.CryptoHasher('sha256').update(fs.readFileSync(file)).digest('hex');
  for (const arg of args) {
    const found = fs.statSync(arg, { throwIfNoEntry: false });
    hash.update(
      `${found?.isFile() ? digestOf(arg) : found?.isDirectory() ? digestsIn(arg, digestOf) : arg}\0`,
    );
  }
  const sources = sourcesDigest().slice(0, 16);
  const made = await cached(
    path.join(`packages-${sources}`, hash.digest('hex').slice(0, 32)),
    async (folder) => {
      removeMadeOfOther('packages', sources);
      fs.mkdirSync(folder, { recursive: true });
      await bundlePackage(args, path.join(folder, 'p.dgmopkg'));
    },
  );
  fs.copyFileSync(path.join(made, 'p.dgmopkg'), to, fs.constants.COPYFILE_FICLONE);
}

function digestsIn(folder: string, digestOf: (file: string) => string): string {
  const files = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile());
  const named = files.map(({ parentPath, name }) => path.join(parentPath, name)).sort();
  return named.map((file) => `${path.relative(folder, file)} ${digestOf(file)}`).join('\n');
}

async function sharedUpdater(_: string, rootOptions: string[], app: string, target: string): Promise<string> {
  const sources = sourcesDigest();
  const options = new Bun.CryptoHasher('sha256').update(`${Bun.version} ${app} ${target}`);
  for (const file of rootOptions.slice(1)) options.update(fs.readFileSync(file));
  const name = `updater-${sources.slice(0, 16)}-${target}-${options.digest('hex').slice(0, 16)}`;
  return updaterIn(
    await cached(name, async (dist) => {
      removeMadeOfOther('updater', sources.slice(0, 16));
      await compileUpdater(dist, rootOptions, app, target);
    }),
  );
}

let digestOfSources: string | undefined;

/** What an updater is compiled of, and what compiles it and makes packages. They stay as they are while a test file runs. */
function sourcesDigest(): string {
  digestOfSources ??= computeSourcesDigest();
  return digestOfSources;
}

function computeSourcesDigest(): string {
  const hash = new Bun.CryptoHasher('sha256');
  const files = [...new Bun.Glob('{lib,release}/**/*').scanSync({ cwd: TOP })].sort();
  for (const file of [...files, 'updater.ts', 'package.json', 'package-lock.json'])
    hash.update(`${file}\0`).update(fs.readFileSync(path.join(TOP, file)));
  return hash.digest('hex');
}

/** Each takes 100 MB. The newest may be in use, by tests that began before the sources changed. */
function removeMadeOfOther(what: 'updater' | 'packages', sources: string): void {
  const others = fs
    .readdirSync(CACHE)
    .filter((name) => name.startsWith(`${what}-`) && !name.startsWith(`${what}-${sources}`))
    .map((name) => path.join(CACHE, name))
    .sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs);
  for (const folder of others.slice(4)) fs.rmSync(folder, { recursive: true, force: true });
}

/** A folder that is made whole, or is there already: all test files get the same. */
async function cached(name: string, make: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = path.join(CACHE, name);
  if (fs.existsSync(folder)) return folder;
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const temporary = fs.mkdtempSync(path.join(CACHE, 'unfinished-'));
  await make(path.join(temporary, name));
  try {
    fs.renameSync(path.join(temporary, name), folder);
  } catch (error) {
    // Another test file was faster.
    if (!fs.existsSync(folder)) throw error;
  }
  fs.rmSync(temporary, { recursive: true, force: true });
  return folder;
}

async function compileUpdater(
  dist: string,
  rootOptions: string[],
  app: string,
  target: string,
): Promise<string> {
  await release(['compile', '--target', target, ...rootOptions, '--app', app, '--outdir', dist]);
  return updaterIn(dist);
}

function updaterIn(dist: string): string {
  const name = fs
    .readdirSync(dist)
    .find((entry) => entry.startsWith('dgmo-updater') && !/\.(sha256|json)$/.test(entry));
  if (name === undefined) throw new Error(`release compile left nothing in ${dist}`);
  return path.join(dist, name);
}
