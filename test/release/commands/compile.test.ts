import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { digestBytes } from '../../../lib/platform/files.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { MACHINES, targetName, targetOf } from '../../../lib/version/index.ts';
import { bunTarget, compileTarget } from '../../../release/commands/compile.ts';
import { freshFolder } from '../run.ts';

const TOP = path.resolve(import.meta.dir, '../../..');

test('every target has the name that bun gives it', () => {
  expect(MACHINES.map(bunTarget)).toEqual([
    'bun-linux-x64',
    'bun-linux-arm64',
    'bun-linux-x64-musl',
    'bun-linux-arm64-musl',
    'bun-darwin-x64',
    'bun-darwin-arm64',
    'bun-windows-x64',
    'bun-windows-arm64',
  ]);
});

test('the settings are compiled in, nothing beside the executable is read, and its digest stands beside it', async () => {
  using folder = freshFolder();
  const entry = folder.at('entry.ts');
  writeFileSync(entry, 'console.log(JSON.stringify([BUILD_SETTINGS, process.env.FROM_DOTENV ?? null]));');
  writeFileSync(folder.at('.env'), 'FROM_DOTENV=read');
  const root = { signed: { "it's": 'a "root"' } };
  const settings = { app: 'dgmo', feed: 'https://example.org/', root, version: '1.2.3', revision: 'abc' };
  const target = targetOf(nativeHost());
  const file = await compileTarget(target, settings, folder.at(), entry);

  const ran = Bun.spawnSync([file], { cwd: folder.at() });
  expect(JSON.parse(ran.stdout.toString())).toEqual([settings, null]);
  const name = `dgmo-updater-${targetName(target)}${process.platform === 'win32' ? '.exe' : ''}`;
  expect(file).toBe(folder.at(name));
  const digest = digestBytes(readFileSync(file)).sha256;
  expect(readFileSync(`${file}.sha256`, 'utf8')).toBe(`${digest}  ${name}\n`);
  expect(readdirSync(folder.at()).toSorted()).toEqual(['.env', name, `${name}.sha256`, 'entry.ts']);
});

const isLinuxOnX64 = process.platform === 'linux' && process.arch === 'x64';

test.skipIf(!isLinuxOnX64 || (Bun.which('qemu-x86_64') === null && process.env.CI !== 'true'))(
  'it runs on a processor of 2008, which has SSE4.2 and no AVX',
  async () => {
    using folder = freshFolder();
    writeFileSync(folder.at('entry.ts'), "console.log('it runs');");
    const settings = { app: 'dgmo', feed: null, root: null, version: '1.2.3', revision: 'abc' };
    const file = await compileTarget(targetOf(nativeHost()), settings, folder.at(), folder.at('entry.ts'));
    const { exitCode, stdout } = Bun.spawnSync(['qemu-x86_64', '-cpu', 'Nehalem', file]);
    expect([exitCode, stdout.toString()]).toEqual([0, 'it runs\n']);
  },
);

test('no variable turns it into Bun, or runs foreign code in it', async () => {
  using folder = freshFolder();
  writeFileSync(folder.at('entry.ts'), "console.log('ours', process.argv[2]);");
  writeFileSync(folder.at('foreign.js'), "console.log('foreign');");
  const settings = { app: 'dgmo', feed: null, root: null, version: '1.2.3', revision: 'abc' };
  const file = await compileTarget(targetOf(nativeHost()), settings, folder.at(), folder.at('entry.ts'));
  for (const env of [{ BUN_BE_BUN: '1' }, { BUN_OPTIONS: '--preload ./foreign.js' }]) {
    const { stdout } = Bun.spawnSync([file, '--version'], { cwd: folder.at(), env });
    expect(stdout.toString()).toBe('ours --version\n');
  }
});

test('parts are loaded when they are asked for, all from bytecode; the same sources make the same bytes', async () => {
  const build = async (folder: ReturnType<typeof freshFolder>, ...outdir: string[]) => {
    mkdirSync(folder.at(...outdir), { recursive: true });
    writeFileSync(folder.at('entry.ts'), "if (process.argv[2] === 'part') await import('./part.ts');");
    writeFileSync(folder.at('part.ts'), 'console.log(1);');
    const settings = { app: 'dgmo', feed: null, root: null, version: '1.2.3', revision: 'abc' };
    return compileTarget(targetOf(nativeHost()), settings, folder.at(...outdir), folder.at('entry.ts'));
  };
  using one = freshFolder();
  using other = freshFolder();
  const file = await build(one);
  // Also where the sources and the result are elsewhere: two checkouts of one commit gave other names to the parts.
  expect(readFileSync(file).equals(readFileSync(await build(other, 'deep', 'dist')))).toBe(true);

  const modulesFromBytecode = (...args: string[]) => {
    const { stderr } = Bun.spawnSync([file, ...args], { env: { BUN_JSC_verboseDiskCache: '1' } });
    return stderr.toString().split('Cache hit for sourceCode').length - 1;
  };
  expect([modulesFromBytecode(), modulesFromBytecode('part')]).toEqual([1, 2]);
});

test.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGHUP'] as const)(
  '%s while it compiles: 130, and nothing half is left',
  async (signal) => {
    using folder = freshFolder();
    const dist = folder.at('dist');
    const target = bunTarget(targetOf(nativeHost()));
    // The same twice, so that it is still at work when the signal comes.
    const args = ['compile', '--target', target, '--target', target, '--outdir', dist];
    // In a process group of its own, which is what a terminal sends Ctrl-C to.
    const child = spawn(process.execPath, [path.join(TOP, 'release/cli.ts'), ...args], {
      stdio: 'ignore',
      detached: true,
    });
    const ended = once(child, 'exit');
    while (leftovers(dist).length === 0 && child.exitCode === null) await Bun.sleep(5);
    process.kill(-(child.pid ?? 0), signal);
    expect(await ended).toEqual([130, null]);
    expect(leftovers(dist)).toEqual([]);
  },
);

/** What Bun leaves in its working directory when it is stopped, there and here. */
function leftovers(folder: string): string[] {
  const names = [TOP, folder].filter((name) => existsSync(name)).flatMap((name) => readdirSync(name));
  return names.filter((name) => name.endsWith('.bun-build') || name.startsWith('.compile.'));
}
