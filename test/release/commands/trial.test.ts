/** Executables are tried before anything is made of them. */
import { describe, expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { nativeHost } from '../../../lib/platform/native.ts';
import { TARGETS, type Target, targetName, targetOf } from '../../../lib/version/index.ts';
import { misfit } from '../../../release/work/executable.ts';
import { tryExecutables } from '../../../release/work/trial.ts';
import { tinyExecutable } from '../../support/tiny-executable.ts';
import { CHEAP, freshFolder, noise } from '../run.ts';

const read = (bytes: Uint8Array) => (offset: number, size: number) => bytes.subarray(offset, offset + size);

function reasonFor(name: string, bytes: Uint8Array, size = bytes.length): string | null {
  const target = TARGETS.find((one) => targetName(one) === name);
  if (target === undefined) throw new Error(`no target ${name}`);
  return misfit(target, size, read(bytes));
}

const here = targetOf(nativeHost());
const onLinux = test.skipIf(process.platform !== 'linux');

describe('the headers', () => {
  test('of each target fit no target of another system or processor', () => {
    const bare = ({ platform, arch }: Target) =>
      `${platform}-${arch.replace('-musl', '').replace('-baseline', '')}`;
    for (const made of TARGETS) {
      for (const wanted of TARGETS) {
        const reason = reasonFor(targetName(wanted), tinyExecutable(targetName(made)));
        expect([targetName(made), targetName(wanted), reason === null]).toEqual([
          targetName(made),
          targetName(wanted),
          bare(made) === bare(wanted),
        ]);
      }
    }
  });

  test('of this program fit this machine', () => {
    expect(reasonFor(targetName(here), readFileSync(process.execPath))).toBeNull();
  });

  const musl = tinyExecutable('linux-x64', { loader: '/lib/ld-musl-x86_64.so.1' });
  const glibc = tinyExecutable('linux-x64', { loader: '/lib64/ld-linux-x86-64.so.2' });
  const unsigned = Buffer.from(tinyExecutable('darwin-arm64'));
  unsigned.writeUInt32LE(0x1b, 32);
  const universal = Buffer.alloc(64);
  universal.writeUInt32BE(0xcafebabe, 0);
  universal.writeUInt32BE(2, 4);
  universal.writeUInt32BE(0x01000007, 8);
  universal.writeUInt32BE(0x0100000c, 28);

  const cases: [what: string, target: string, bytes: Uint8Array, reason: string | null][] = [
    ['musl for glibc', 'linux-x64', musl, 'it asks for the loader of musl, and linux-x64 has that of glibc'],
    ['glibc for musl', 'linux-x64-musl', glibc, 'it asks for the loader of glibc'],
    ['musl for musl', 'linux-x64-musl', musl, null],
    ['glibc for glibc', 'linux-x64', glibc, null],
    ['no signature on Apple silicon', 'darwin-arm64', unsigned, 'it has no signature'],
    ['both processors of macOS', 'darwin-x64', universal, null],
    ['both processors of macOS', 'darwin-arm64', universal, null],
    [
      'Windows for Linux',
      'linux-x64',
      tinyExecutable('win32-x64'),
      'it is a PE executable, of Windows for x64',
    ],
    ['a script', 'linux-x64', Buffer.from(`#!/bin/sh\n${' '.repeat(99)}`), 'it is no executable of Linux'],
    ['noise', 'linux-x64', noise(1, 500), 'it is no executable of Linux'],
    ['an ELF that is cut off in its headers', 'linux-x64', glibc.subarray(0, 70), 'it is no executable'],
    ['a page of an error', 'win32-x64', Buffer.from('<html>Not found</html>'), 'it is no executable'],
  ];
  for (const [what, target, bytes, reason] of cases) {
    test(`${what}, for ${target}`, () => {
      const found = reasonFor(target, bytes);
      if (reason === null) expect(found).toBeNull();
      else expect(found).toStartWith(reason);
    });
  }

  test('show that a file was cut off on its way', () => {
    const bytes = readFileSync(process.execPath);
    expect(reasonFor(targetName(here), bytes.subarray(0, bytes.length >> 1))).toStartWith('it is cut off: ');
  });
});

describe('release add', () => {
  const REPO = ['--repo', 'repo', '--keys', 'keys'];

  async function prepared() {
    const folder = freshFolder();
    await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);
    await folder.release(['init', ...REPO]);
    return folder;
  }

  onLinux('publishes what prints its version, executable or not', async () => {
    using folder = await prepared();
    const name = targetName(here);
    const build = tinyExecutable(name, { prints: '1.0.0\n', rest: noise(1, 3000) });
    writeFileSync(folder.at('dgmo'), build, { mode: 0o644 });
    const { code, stdout, stderr } = await folder.release([
      ...['add', '1.0.0', ...REPO, '--binary', `${name}=dgmo`],
      ...['--binary', 'win32-x64=dgmo.exe'],
    ]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('dgmo.exe: wanted a file to read, found nothing there');
    writeFileSync(folder.at('dgmo.exe'), tinyExecutable('win32-x64', { rest: noise(2, 3000) }));
    const done = await folder.release([
      ...['add', '1.0.0', ...REPO, '--binary', `${name}=dgmo`],
      ...['--binary', 'win32-x64=dgmo.exe'],
    ]);
    expect(done.code).toBe(0);
    expect(done.stderr).toContain(`${name}: tried: it printed 1.0.0\n`);
    expect(done.stdout).toMatch(
      new RegExp(`^${name}: full binary, [\\d,]+ bytes, unpacked in \\d+\\.\\d s$`, 'm'),
    );
    expect(done.stdout).toContain('1.0.0 is on stable, for 100 % of the installations\n');
  });

  onLinux('refuses what prints another version, or does not fit, before it makes anything', async () => {
    using folder = await prepared();
    const name = targetName(here);
    writeFileSync(folder.at('old'), tinyExecutable(name, { prints: 'dgmo 0.9.0\n' }));
    writeFileSync(folder.at('dgmo.exe'), tinyExecutable('win32-arm64'));
    const before = readdirSync(folder.at('repo'), { recursive: true });
    const add = (file: string) => folder.release(['add', '1.0.0', ...REPO, '--binary', file]);
    const wrong = await add(`${name}=old`);
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toContain(
      'old: wanted a program that prints 1.0.0 with --version, but it says it is 0.9.0, not 1.0.0\n' +
        'Nothing was published. Publish it as `release add 0.9.0 ...`, or name the file of 1.0.0 with --binary. ',
    );
    expect(await add('win32-x64=dgmo.exe')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('but it is a PE executable, of Windows for arm64'),
    });
    const left = readdirSync(folder.at('repo'), { recursive: true });
    expect(left.filter((file) => !String(file).startsWith('.work'))).toEqual(
      before.filter((file) => !String(file).startsWith('.work')),
    );
    expect(left.filter((file) => String(file).includes('trial-'))).toEqual([]);
    const forced = await folder.release(['add', '1.0.0', ...REPO, '--binary', `${name}=old`, '--no-trial']);
    expect(forced.code).toBe(0);
  });

  onLinux('says with --dry-run what it would make, and what is wrong, and changes nothing', async () => {
    using folder = await prepared();
    const name = targetName(here);
    for (const [index, version] of ['1.0.0', '1.1.0'].entries()) {
      const build = tinyExecutable(name, { prints: version, rest: noise(index + 1, 3000) });
      writeFileSync(folder.at(version), build);
    }
    const add = (version: string, ...more: string[]) =>
      folder.release(['add', version, ...REPO, '--binary', `${name}=${version}`, ...more]);
    expect((await add('1.0.0')).code).toBe(0);
    const timestamp = readFileSync(folder.at('repo/metadata/timestamp.json'), 'utf8');
    expect(await add('1.1.0', '--dry-run')).toMatchObject({
      code: 0,
      stdout:
        `would make ${name}: full binary\nwould make ${name}: patch from 1.0.0\n` +
        '1.1.0 could be published on stable; nothing was changed\n',
    });
    expect(await add('1.0.0', '--dry-run')).toMatchObject({
      code: 0,
      stdout: `${name}: nothing to make\n1.0.0 is on stable already: nothing to do\n`,
    });
    expect(existsSync(folder.at('repo/targets/releases/1.1.0'))).toBe(false);
    expect(readFileSync(folder.at('repo/metadata/timestamp.json'), 'utf8')).toBe(timestamp);
    const wrong = await folder.release(['add', '1.1.0', ...REPO, '--binary', `${name}=1.1.0`, '--dry-run'], {
      DGMO_KEY_PASSPHRASE: 'another one',
    });
    expect(wrong).toMatchObject({ code: 10, stdout: '' });
  });
});

test('a program that is tried gets a home of its own, and no passphrase', async () => {
  using folder = freshFolder();
  writeFileSync(folder.at('dgmo'), tinyExecutable('linux-x64'));
  const native = nativeHost();
  const seen: Record<string, string>[] = [];
  const environment = {
    HOME: '/home/me',
    DGMO_KEY_PASSPHRASE: 'secret',
    DGMO_KEY_NEW_PASSPHRASE: 's',
    KEPT: '1',
  };
  const host = {
    ...native,
    ...({ platform: 'linux', arch: 'x64', musl: false } as const),
    environment,
    processes: {
      ...native.processes,
      run: async (_: string, __: string[], options: { environment: Record<string, string> }) => {
        seen.push(options.environment);
        return { started: false as const, code: 'EACCES', reason: 'the filesystem is mounted noexec' };
      },
    },
  };
  const said: string[] = [];
  const candidate = {
    target: { platform: 'linux', arch: 'x64' } as const,
    file: folder.at('dgmo'),
    version: '1.0.0',
  };
  await tryExecutables(host, [candidate], folder.at(), {
    say: (line) => said.push(line),
    mend: () => '',
  });
  expect(said).toEqual(['linux-x64: not tried: it could not be started: the filesystem is mounted noexec']);
  expect(seen[0]).toMatchObject({ KEPT: '1' });
  expect(seen[0]?.HOME).toStartWith(folder.at());
  expect(Object.keys(seen[0] ?? {}).filter((name) => name.includes('PASSPHRASE'))).toEqual([]);
});
