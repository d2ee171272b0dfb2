/**
 * A signal to stop during the long work of commands that change no repository: it is said what was not done, and nothing half is
 * left, after a kill by the next run.
 */
import { describe, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import packageJson from '../../../package.json' with { type: 'json' };
import { tinyExecutable } from '../../support/tiny-executable.ts';
import { NATIVE_PLATFORM } from '../../support/workshop.ts';
import { CHEAP, type Folder, freshFolder, noise, PASSPHRASE } from '../run.ts';

const CLI = path.join(import.meta.dir, '../../../release/cli.ts');

/** So much that it is still at work when the signal comes. */
const MUCH = 48 << 20;

/** Runs the command in a process group of its own, which is what a terminal sends Ctrl-C to; `begun`: the signal may come. */
async function interrupted(
  cwd: string,
  args: string[],
  begun: (said: string, pid: number) => boolean,
  signal: NodeJS.Signals = 'SIGINT',
  starter: string[] = [],
) {
  const child = Bun.spawn([...starter, process.execPath, CLI, ...args], {
    cwd,
    env: { ...process.env, DGMO_KEY_PASSPHRASE: PASSPHRASE },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  const decoder = new TextDecoder();
  const reading = (async () => {
    for await (const piece of child.stderr) said += decoder.decode(piece, { stream: true });
  })();
  while (!begun(said, child.pid) && child.exitCode === null) await Bun.sleep(5);
  process.kill(-child.pid, signal);
  await Promise.all([child.exited, reading]);
  return [child.exitCode, said];
}

test.skipIf(process.platform === 'win32')('release diff and release bundle', async () => {
  using folder = freshFolder();
  await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);
  for (const [index, name] of ['old', 'new'].entries())
    writeFileSync(folder.at(name), noise(index + 1, MUCH));
  const before = readdirSync(folder.at()).toSorted();
  const hasBegun = () => readdirSync(folder.at()).length > before.length;
  const bundle = ['bundle', '1.1.0', '--platform', 'linux-x64', '--keys', 'keys', '--new', 'new', '-o', 'b'];
  for (const [output, args] of [
    ['p', ['diff', 'old', 'new', '-o', 'p']],
    ['b', [...bundle, '--old', 'old', '--from', '1.0.0']],
    ['b', bundle],
  ] as const) {
    expect(await interrupted(folder.at(), [...args], hasBegun)).toEqual([
      130,
      `release: interrupted: ${output} was not written\n`,
    ]);
    expect(readdirSync(folder.at()).toSorted()).toEqual(before);
  }
});

describe.skipIf(process.platform === 'win32')('release diff', () => {
  const DIFF = ['diff', 'old', 'new', '-o', 'p'];
  const files = (folder: Folder, size: number) => {
    for (const [index, name] of ['old', 'new'].entries())
      writeFileSync(folder.at(name), noise(index + 1, size));
  };
  const hasBegun = (folder: Folder) => () => readdirSync(folder.at()).length > 2;

  test.each(['SIGTERM', 'SIGHUP'] as const)('%s: nothing half is left', async (signal) => {
    using folder = freshFolder();
    files(folder, MUCH);
    expect(await interrupted(folder.at(), DIFF, hasBegun(folder), signal)).toEqual([
      130,
      'release: interrupted: p was not written\n',
    ]);
    expect(readdirSync(folder.at()).toSorted()).toEqual(['new', 'old']);
  });

  test.skipIf(process.platform !== 'linux')(
    'under nohup it goes on when the terminal is closed',
    async () => {
      using folder = freshFolder();
      // Alike, so that it does not take long; so large that another process does it.
      writeFileSync(folder.at('old'), noise(1, 5 << 19));
      writeFileSync(folder.at('new'), Buffer.concat([noise(1, 5 << 19), noise(2, 5000)]));
      const nohup = ['sh', '-c', 'trap "" HUP; exec "$@"', 'sh'];
      const works = (_: string, pid: number) => {
        const session = Bun.spawnSync(['ps', '-o', 'sess=', '--ppid', String(pid)])
          .stdout.toString()
          .trim();
        return session !== '' && session !== String(pid);
      };
      expect(await interrupted(folder.at(), DIFF, works, 'SIGHUP', nohup)).toEqual([0, '']);
      expect(readdirSync(folder.at()).toSorted()).toEqual(['new', 'old', 'p']);
    },
  );

  test('what is left by one that was killed is removed by the next one for the same output', async () => {
    using folder = freshFolder();
    files(folder, MUCH);
    await interrupted(folder.at(), DIFF, hasBegun(folder), 'SIGKILL');
    expect(readdirSync(folder.at()).length).toBe(3);
    files(folder, 5000);
    expect(await folder.release(DIFF)).toMatchObject({ code: 0 });
    expect(readdirSync(folder.at()).toSorted()).toEqual(['new', 'old', 'p']);
  });
});

test.skipIf(process.platform === 'win32')('release page, while it compresses the updaters', async () => {
  using folder = freshFolder();
  await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);
  await folder.release(['init', '--repo', 'repo', '--keys', 'keys']);
  const address = 'https://updates.example.org/dgmo/';
  mkdirSync(folder.at('dist'));
  const compiledIn = Buffer.concat([
    Buffer.from(address),
    readFileSync(folder.at('keys', 'root.json')),
    noise(1, MUCH),
  ]);
  const name = `dgmo-updater-${NATIVE_PLATFORM}`;
  const program = tinyExecutable(NATIVE_PLATFORM, { prints: `${packageJson.version}\n`, rest: compiledIn });
  writeFileSync(folder.at('dist', name), program);
  const args = ['page', '--repo', 'repo', '--url', address, '-o', 'www', '--updaters', 'dist'];
  const [code, said] = await interrupted(folder.at(), args, (text) => text.includes('tried'));
  expect(code).toBe(130);
  expect(said).toContain(
    `release: interrupted at ${name} (1 of 1): the page is as it was\nThe same command goes on`,
  );
  expect(readdirSync(folder.at('www'), { recursive: true })).toEqual([]);
});
