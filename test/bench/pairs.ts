/**
 * Real releases to measure with, fetched by name from the npm registry into `.cache/pairs` (ignored by git). Used by
 * the benches and by `npm run demo -- --real`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const CACHE = path.join(import.meta.dir, '..', '..', '.cache', 'pairs');

/** The path of the executable in the npm package `name`@`version`, fetched when it is not there yet. */
export async function fetchPackage(name: string, version: string): Promise<string> {
  return executableIn(await fetchFolder(name, version));
}

/**
 * The folder of the npm package `name`@`version`, fetched when it is not there yet. Several callers at once, and one that is
 * stopped half-way, do no harm: what stands under its final name is whole.
 */
export async function fetchFolder(name: string, version: string): Promise<string> {
  const folder = path.join(CACHE, `${name.replace('@', '').replace('/', '-')}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const temporary = mkdtempSync(path.join(CACHE, '.fetching-'));
  try {
    await run(
      'npm',
      ['pack', `${name}@${version}`, '--loglevel=error', '--pack-destination', temporary],
      CACHE,
    );
    const archive = readdirSync(temporary).find((file) => file.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm pack ${name}@${version} gave no archive`);
    await run('tar', ['-xzf', archive], temporary);
    try {
      renameSync(path.join(temporary, 'package'), folder);
    } catch (error) {
      // Another caller was faster.
      if (!existsSync(folder)) throw error;
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return folder;
}

/** The largest file in the package's `bin`. */
function executableIn(folder: string): string {
  const bin = path.join(folder, 'bin');
  const files = readdirSync(bin).map((file) => {
    const full = path.join(bin, file);
    return { full, size: statSync(full).size };
  });
  const largest = files.sort((a, b) => b.size - a.size)[0];
  if (largest === undefined || largest.size === 0) throw new Error(`${bin} holds no executable`);
  return largest.full;
}

function run(command: string, args: string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: process.platform === 'win32',
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`\`${command} ${args.join(' ')}\` failed (exit code ${code}): ${said.trim()}`));
    });
  });
}
