/** Where the passphrase of the keys comes from, how it is changed, and that a wrong one is told before any work. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import {
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { decodeKeyFile, decodeRoot, openKey } from '../../../lib/trust/index.ts';
import { keysPasswd } from '../../../release/commands/keys/passwd.ts';
import { makeFeed } from '../feed.ts';
import { CHEAP, type Folder, freshFolder, PASSPHRASE } from '../run.ts';

const CLI = path.join(import.meta.dir, '../../../release/cli.ts');
const NONE = { DGMO_KEY_PASSPHRASE: undefined };
const NEW = 'a new one, longer';

let folder: Folder;
beforeAll(async () => {
  folder = freshFolder();
  writeFileSync(folder.at('secret'), `${PASSPHRASE}\r\nof the keys\n`);
  writeFileSync(folder.at('new'), NEW);
  const made = ['keys', 'init', '--dir', 'keys', '--passphrase-file', 'secret', ...CHEAP];
  expect(await folder.release(made, NONE)).toMatchObject({ code: 0 });
  expect(await folder.release(['init', '--repo', 'repo', '--keys', 'keys'])).toMatchObject({ code: 0 });
});
afterAll(() => folder[Symbol.dispose]());

const refresh = (...more: string[]) => ['refresh', '--repo', 'repo', '--keys', 'keys', ...more];

test('the first line of a file', async () => {
  const { code, stdout } = await folder.release(refresh('--passphrase-file', 'secret'), NONE);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^nothing is due; all is valid until /)]);
});

test.skipIf(process.platform === 'win32')('a descriptor, a pipe included', async () => {
  const run = (descriptor: number, stdin: 'ignore' | Buffer, extra: number[] = []) =>
    Bun.spawnSync([process.execPath, CLI, ...refresh('--passphrase-fd', String(descriptor))], {
      cwd: folder.at(),
      env: { ...process.env, ...NONE },
      stdio: [stdin, 'pipe', 'pipe', ...extra],
    });
  expect(run(0, Buffer.from(`${PASSPHRASE}\n`)).exitCode).toBe(0);
  expect(run(3, 'ignore', [openSync(folder.at('secret'), 'r')]).exitCode).toBe(0);
  const closed = run(9, 'ignore');
  expect([closed.exitCode, closed.stderr.toString()]).toEqual([
    2,
    expect.stringContaining('descriptor 9: wanted a passphrase in its first line, could not read it (EBADF)'),
  ]);
  expect(closed.stderr.toString()).toContain('npm hands on descriptors 0 to 2 alone');
});

test('what can not be read, and two at once, are a wrong call', async () => {
  const missing = await folder.release(refresh('--passphrase-file', 'nowhere'), NONE);
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('nowhere: wanted a passphrase') });
  const both = await folder.release(refresh('--passphrase-file', 'secret', '--passphrase-fd', '0'));
  expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('found both') });
  const nobody = await folder.release(refresh(), NONE);
  expect(nobody).toMatchObject({ code: 2, stderr: expect.stringContaining('--passphrase-file') });
});

test('refresh tells a wrong passphrase and missing keys although nothing is due', async () => {
  const wrong = await folder.release(refresh(), { DGMO_KEY_PASSPHRASE: 'not this one' });
  expect(wrong).toMatchObject({ code: 10, stderr: expect.stringContaining('key') });
  mkdirSync(folder.at('half'));
  copyFileSync(folder.at('keys', 'timestamp-1.key'), folder.at('half', 'timestamp-1.key'));
  const half = await folder.release(['refresh', '--repo', 'repo', '--keys', 'half']);
  expect(half).toMatchObject({
    code: 10,
    stderr: expect.stringContaining("half: wanted 1 of the root's 1 snapshot keys to sign with, found 0"),
  });
  const nowhere = await folder.release(['refresh', '--repo', 'repo', '--keys', 'nowhere']);
  expect(nowhere).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--keys: wanted a folder with keys, found nothing at nowhere'),
  });
});

test('rotate writes no key before the passphrase and the root keys are known to be right', async () => {
  using feed = await makeFeed();
  using folder = freshFolder();
  const rotate = (more: string[], environment = {}) =>
    folder.release(
      ['rotate', 'snapshot', '--repo', feed.folder, '--keys', feed.keys, ...more, ...CHEAP],
      environment,
    );
  const before = readdirSync(feed.keys);
  for (const more of [[], ['--sign-request', folder.at('request')]]) {
    const wrong = await rotate(more, { DGMO_KEY_PASSPHRASE: 'another one' });
    expect([wrong.code, wrong.stderr]).toEqual([10, expect.stringContaining('wanted its passphrase')]);
    expect(readdirSync(feed.keys)).toEqual(before);
  }
  const away = ['root-1.key', 'root-2.key'];
  mkdirSync(folder.at('away'));
  for (const name of away) renameSync(path.join(feed.keys, name), folder.at('away', name));
  const few = await rotate([]);
  expect([few.code, few.stderr]).toEqual([10, expect.stringContaining('3 root keys to sign with, found 1')]);
  expect(readdirSync(feed.keys)).toEqual(before.filter((name) => !away.includes(name)));
  for (const name of away) renameSync(folder.at('away', name), path.join(feed.keys, name));
  const { keyid } = decodeKeyFile(readFileSync(path.join(feed.keys, 'snapshot-1.key')));
  const { code, stderr } = await rotate(['--replace', keyid.slice(0, 7)]);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
});

test('keys passwd gives every key another passphrase, and continues where it was interrupted', async () => {
  using other = freshFolder();
  const made = ['keys', 'init', '--dir', 'keys', ...CHEAP];
  expect((await other.release(made)).code).toBe(0);
  const names = readdirSync(other.at('keys')).filter((name) => name.endsWith('.key'));
  const read = () => names.map((name) => readFileSync(other.at('keys', name)));
  const ids = read().map((bytes) => openKey(bytes, PASSPHRASE).id);
  const before = read();
  const passwd = ['keys', 'passwd', '--keys', 'keys', ...CHEAP];
  const wrong = await other.release(passwd, { DGMO_KEY_PASSPHRASE: 'wrong', DGMO_KEY_NEW_PASSPHRASE: NEW });
  expect([wrong.code, read()]).toEqual([10, before]);
  expect(wrong.stderr).toContain('or were given last by `release keys passwd`');
  const short = await other.release(passwd, { DGMO_KEY_NEW_PASSPHRASE: 'short' });
  expect([short.code, read()]).toEqual([2, before]);

  writeFileSync(other.at('new'), NEW);
  const done = await other.release([...passwd, '--new-passphrase-file', 'new']);
  expect([done.code, done.stdout]).toEqual([0, expect.stringContaining(ids[0] ?? 'no key')]);
  expect(read().map((bytes) => openKey(bytes, NEW).id)).toEqual(ids);
  if (process.platform !== 'win32') {
    expect(names.map((name) => statSync(other.at('keys', name)).mode & 0o777)).toEqual(
      names.map(() => 0o600),
    );
  }

  const [first = ''] = names;
  const [old] = before;
  writeFileSync(other.at('keys', first), old ?? '');
  const again = await other.release([...passwd, '--new-passphrase-file', 'new']);
  expect(again.code).toBe(0);
  expect(read().map((bytes) => openKey(bytes, NEW).id)).toEqual(ids);
});

test('a Ctrl-C during keys passwd says how many keys have which passphrase, and that is so', async () => {
  using other = freshFolder();
  expect((await other.release(['keys', 'init', '--dir', 'keys', ...CHEAP])).code).toBe(0);
  writeFileSync(other.at('old'), PASSPHRASE);
  writeFileSync(other.at('new'), NEW);
  const files = readdirSync(other.at('keys')).filter((name) => name.endsWith('.key'));
  const changed = () =>
    files.filter((name) => {
      try {
        return openKey(readFileSync(other.at('keys', name)), NEW) !== null;
      } catch {
        return false;
      }
    }).length;
  const passwd = (turns: number) => {
    const wait = (left: number): unknown =>
      left === 0 ? process.emit('SIGINT') : setImmediate(() => wait(left - 1));
    wait(turns);
    const passphrases = ['--passphrase-file', other.at('old'), '--new-passphrase-file', other.at('new')];
    return keysPasswd.run(['--keys', other.at('keys'), ...passphrases, ...CHEAP]);
  };
  await expect(passwd(2)).rejects.toThrow('interrupted: nothing was changed');
  expect(changed()).toBe(0);
  const message = await passwd(files.length + 3).catch((error: Error) => error.message);
  expect(changed()).toBeGreaterThan(0);
  expect(message).toStartWith(`interrupted: ${changed()} of ${files.length} keys have the new passphrase`);
});

test('keys init makes as many keys of each role as are asked for, and as many must sign', async () => {
  using other = freshFolder();
  const sizes = [
    '--root-keys',
    '5',
    '--root-threshold',
    '3',
    '--targets-keys',
    '2',
    '--targets-threshold',
    '2',
  ];
  const more = ['--timestamp-keys', '2', '--snapshot-keys', '3', '--snapshot-threshold', '2'];
  expect((await other.release(['keys', 'init', '--dir', 'keys', ...sizes, ...more, ...CHEAP])).code).toBe(0);
  const { roles } = decodeRoot(readFileSync(other.at('keys', 'root.json')));
  const found = Object.entries(roles).map(([role, { keys, threshold }]) => [role, threshold, keys.length]);
  expect(found).toEqual([
    ['root', 3, 5],
    ['targets', 2, 2],
    ['snapshot', 2, 3],
    ['timestamp', 1, 2],
  ]);
  expect((await other.release(['init', '--repo', 'repo', '--keys', 'keys'])).code).toBe(0);
  const few = ['keys', 'init', '--dir', 'few', '--root-keys', '2', '--root-threshold', '3'];
  expect(await other.release(few)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--root-threshold: wanted a whole number from 1 to 2, found "3"'),
  });
});
