/** `release add` as a real process with real workers: killed in its middle, run again; and two at once. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { digestBytes } from '../../../lib/platform/files.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { readPublished } from '../../../release/repository/published.ts';
import { CHEAP, type Folder, freshFolder, noise, PASSPHRASE } from '../run.ts';

const CLI = path.join(import.meta.dir, '../../../release/cli.ts');
/** Above what is done without processes. */
const SIZE = 6 << 20;
const REPO = ['--repo', 'repo', '--keys', 'keys', '--level', '1'];

let folder: Folder;
beforeAll(async () => {
  folder = freshFolder();
  await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);
  await folder.release(['init', '--repo', 'repo', '--keys', 'keys']);
  const content = noise(1, SIZE);
  for (const [number, name] of ['old', 'linux', 'darwin', 'win'].entries()) {
    content.set(noise(number + 2, 100), 1000 * number);
    writeFileSync(folder.at(name), content);
  }
  const first = ['--binary', 'linux-x64=old', '--binary', 'darwin-x64=old', '--binary', 'win32-x64=old'];
  expect((await folder.release(['add', '1.0.0', ...REPO, '--no-trial', ...first])).code).toBe(0);
});
afterAll(() => folder[Symbol.dispose]());

const SECOND = [
  'add',
  '1.1.0',
  ...REPO,
  '--no-trial',
  ...['--binary', 'linux-x64=linux', '--binary', 'darwin-x64=darwin', '--binary', 'win32-x64=win'],
];

function start() {
  return Bun.spawn([process.execPath, CLI, ...SECOND], {
    cwd: folder.at(),
    env: { ...process.env, DGMO_KEY_PASSPHRASE: PASSPHRASE },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
}

/** What the process says until it has said `wanted`. */
async function until(stream: ReadableStream<Uint8Array>, wanted: RegExp): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let said = '';
  while (!wanted.test(said)) {
    const { done, value } = await reader.read();
    if (done) break;
    said += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return said;
}

test('what was made before it was killed is not made again', async () => {
  const timestamp = readFileSync(folder.at('repo/metadata/timestamp.json'), 'utf8');
  const killed = start();
  await until(killed.stderr, /bytes, [\d.]+ s\n[\s\S]*bytes, [\d.]+ s\n/);
  killed.kill('SIGKILL');
  await killed.exited;
  expect(readFileSync(folder.at('repo/metadata/timestamp.json'), 'utf8')).toBe(timestamp);

  const { code, stderr, stdout } = await folder.release(SECOND);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  expect(stderr.match(/made before/g)?.length).toBeGreaterThanOrEqual(2);
  expect(stdout).toContain('win32-x64: patch from 1.0.0');
  expect(readFileSync(folder.at('repo/metadata/timestamp.json'), 'utf8')).not.toBe(timestamp);
  expect(readdirSync(folder.at('repo/.work/products'))).toEqual([]);
  for (const [name] of readPublished(nativeHost(), folder.at('repo')).current?.roles ?? []) {
    const output = `${name}.dgmopkg`;
    const bundled = [
      'bundle',
      '1.1.0',
      '--repo',
      'repo',
      '--platform',
      name,
      '--from',
      '1.0.0',
      '-o',
      output,
    ];
    expect((await folder.release(bundled)).code).toBe(0);
    expect((await folder.release(['inspect', output, '--root', 'keys/root.json'])).code).toBe(0);
  }
  const again = await folder.release(SECOND);
  expect([again.code, again.stdout]).toEqual([0, '1.1.0 is on stable already: nothing to do\n']);
});

test('a second command at the same time is told to wait', async () => {
  const lock = nativeHost().locks.acquire(folder.at('repo/.work/lock'));
  const { code, stderr } = await folder.release(['refresh', '--repo', 'repo', '--keys', 'keys']);
  lock?.release();
  expect([code, stderr.includes('another release command is at work there')]).toEqual([14, true]);
});

test('a worker does not outlive who started it', async () => {
  const job = {
    kind: 'full',
    label: 'endless',
    level: 22,
    older: null,
    to: { version: '1.0.0', file: folder.at('old'), digest: digestBytes(readFileSync(folder.at('old'))) },
  };
  const child = path.join(import.meta.dir, '../../../release/work/child.ts');
  const worker = Bun.spawn([process.execPath, child, JSON.stringify(job), folder.at('product')], {
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  worker.stdin.end();
  expect(await worker.exited).toBe(130);
  expect(existsSync(folder.at('product'))).toBe(false);
});
