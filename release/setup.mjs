// Makes a fresh checkout ready with nothing but Node and npm: installs what the lock file names, lets bun place
// its executable (no other install script runs), compiles the WebAssembly. Quick when all of it stands.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const top = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => path.join(top, ...parts);

function run(command, args) {
  const done = spawnSync(command, args, {
    cwd: top,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (done.status !== 0) {
    console.error(
      `setup: \`${command} ${args.join(' ')}\` failed (exit code ${done.status ?? done.error?.message})`,
    );
    process.exit(1);
  }
}

const stamp = at('node_modules', '.setup-lock');
const lock = readFileSync(at('package-lock.json'), 'utf8');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  if (lstatSync(at('node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    // npm ci empties the folder that a link leads to, which other checkouts use.
    console.error(
      'setup: node_modules is a symbolic link, and does not hold what package-lock.json names: remove the link',
    );
    process.exit(1);
  }
  if (!isInstalled()) {
    console.error('setup: installing what the lock file names');
    // Without the packages' scripts: one would compile a parser that nobody needs where no prebuilt one fits.
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  const bun = spawnSync(at('node_modules', 'bun', 'bin', 'bun.exe'), ['--version']);
  if (bun.status !== 0) run(process.execPath, [at('node_modules', 'bun', 'install.js')]);
  writeFileSync(stamp, lock);
}

const source = at('lib', 'delta', 'assembly');
const compiled = ['delta.wasm', 'mixing.wasm', 'deflate.wasm'].map((name) => at('lib', 'delta', name));
if (
  existsSync(source) &&
  compiled.some((file) => !existsSync(file) || newest(source) > statSync(file).mtimeMs)
) {
  console.error('setup: compiling the WebAssembly (once, for less than a minute)');
  run('npm', ['run', '--silent', 'build:wasm']);
}

/** By npm's own list, where somebody has run it before. Packages for other systems are not on it. */
function isInstalled() {
  const list = at('node_modules', '.package-lock.json');
  if (!existsSync(list)) return false;
  const installed = JSON.parse(readFileSync(list, 'utf8')).packages;
  return Object.entries(JSON.parse(lock).packages).every(
    ([name, { integrity, optional }]) =>
      name === '' || installed[name]?.integrity === integrity || (optional && !(name in installed)),
  );
}

function newest(folder) {
  return Math.max(
    ...readdirSync(folder, { recursive: true }).map((name) => statSync(path.join(folder, name)).mtimeMs),
  );
}
