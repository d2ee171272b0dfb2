import { afterAll, describe, expect, test } from 'bun:test';
import path from 'node:path';
import { APPLY_LIMIT } from '../../lib/delta/index.ts';
import { printableText } from '../../lib/format/printable.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { run } from '../support/workshop.ts';
import { freshFolder } from './run.ts';

const CLI = path.resolve(import.meta.dir, '../../release/cli.ts');

const folder = freshFolder();
afterAll(() => folder[Symbol.dispose]());

const COMMANDS = [
  'keys init',
  'keys sign',
  'keys passwd',
  'init',
  'add',
  'promote',
  'rollout',
  'revoke',
  'refresh',
  'rotate',
  'prune',
  'diff',
  'patch',
  'bundle',
  'inspect',
  'compile',
  'status',
  'notes',
  'page',
];

test('help names every command', async () => {
  const { code, stdout, stderr } = await folder.release(['--help']);
  expect(code).toBe(0);
  expect(stderr).toBe('');
  for (const name of COMMANDS) expect(stdout).toContain(`  ${name} `);
});

test('of a long word as much is printed as it takes to find it', async () => {
  for (const args of [[], ['--json']]) {
    const { code, stdout, stderr } = await folder.release(['x'.repeat(3000), ...args]);
    expect(code).toBe(2);
    expect(`${stdout}${stderr}`).toContain('xxx... (');
    expect(`${stdout}${stderr}`).not.toContain('x'.repeat(300));
  }
});

const posixOnly = process.platform === 'win32' ? test.skip : test;

posixOnly('a reader that has closed the pipe has had enough', async () => {
  const typed = (words: string) => ['-c', `"$0" "$@" ${words}`, process.execPath, CLI];
  const closed = await run('bash', [...typed('| true; exit $PIPESTATUS'), '--help']);
  expect([closed.code, closed.stderr]).toEqual([0, '']);
  const unheard = await run('bash', [...typed('2>&1 | true; exit $PIPESTATUS'), 'stats']);
  expect([unheard.code, unheard.stderr]).toEqual([2, '']);
});

test.skipIf(process.platform !== 'linux')('a result that can not be written: 12', async () => {
  const { code, stderr } = await run('sh', ['-c', '"$0" "$@" >/dev/full', process.execPath, CLI, '--help']);
  expect([code, stderr]).toEqual([
    12,
    'release: it is done, but the result could not be written to standard output: no space is left on the disk (ENOSPC)\n',
  ]);
});

test('help <command> is the help of it, and --version the version', async () => {
  const [one, other, version] = await Promise.all(
    [['help', 'keys', 'init'], ['keys', 'init', '--help'], ['--version']].map((args) => folder.release(args)),
  );
  expect([one?.code, one?.stdout]).toEqual([0, other?.stdout ?? '']);
  expect([version?.code, version?.stdout]).toEqual([0, `${packageJson.version}\n`]);
});

test('the help of a group lists its commands, however it is asked for', async () => {
  const asked = [
    ['help', 'keys'],
    ['keys', '--help'],
    ['keys', '-h'],
    ['keys', '--dir', 'k', '--help'],
  ];
  for (const args of asked) {
    const { code, stdout, stderr } = await folder.release(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toStartWith('Usage: release keys <command> [options]\n');
    for (const name of ['keys init', 'keys sign', 'keys passwd']) expect(stdout).toContain(`\n  ${name} `);
    expect(stdout).not.toContain('\n  add ');
  }
});

test('with --json a failure is one document as well, whatever failed', async () => {
  await Bun.write(folder.at('foreign'), 'nothing of ours');
  const failures: [args: string[], code: number, message: string][] = [
    [['inspect', 'nothing', '--json'], 2, 'nothing: wanted a file to read, found nothing there'],
    [['inspect', 'foreign', '--old', 'foreign', '--json'], 2, '--old is for a patch, and foreign is none'],
    [['status', '--repo', 'nowhere', '--json'], 2, 'nowhere: wanted a repository, found no repository.json'],
    [['inspect', '--json', '--frob'], 2, 'unknown option --frob'],
  ];
  for (const [args, exitCode, message] of failures) {
    const { code, stdout, stderr } = await folder.release(args);
    expect([code, JSON.parse(stdout)]).toEqual([
      exitCode,
      { ok: false, exitCode, message, advice: expect.any(String) },
    ]);
    expect(stderr).toStartWith(`release: ${message}\n`);
  }
  const damaged = await folder.release(['inspect', 'foreign', '--json']);
  expect([damaged.code, JSON.parse(damaged.stdout)]).toMatchObject([11, { sound: false, exitCode: 11 }]);
});

test('by npm, files are meant from where it was typed, and not from the checkout', async () => {
  using elsewhere = freshFolder();
  await Bun.write(elsewhere.at('here'), 'nothing of ours');
  const top = path.join(import.meta.dir, '../..');
  const typed = {
    INIT_CWD: elsewhere.at(),
    npm_lifecycle_event: 'release',
    npm_package_json: path.join(top, 'package.json'),
  };
  expect((await folder.release(['inspect', 'here'], typed)).code).toBe(11);
  // A script of that name of another package that runs this.
  const foreign = { ...typed, npm_package_json: elsewhere.at('package.json') };
  expect((await folder.release(['inspect', 'here'], foreign)).code).toBe(2);
});

test('the limit of patches that help names is the one that there is', async () => {
  for (const name of ['add', 'bundle', 'diff']) {
    expect((await folder.release([name, '--help'])).stdout).toContain(`(default ${APPLY_LIMIT})`);
  }
});

describe('every command has help of its own:', () => {
  for (const name of COMMANDS) {
    test.concurrent(name, async () => {
      const { code, stdout } = await folder.release([...name.split(' '), '--help']);
      expect(code).toBe(0);
      expect(stdout).toStartWith(`Usage: release ${name}`);
    });
  }
});

describe('a wrong call says what was wanted and ends with 2:', () => {
  const bundle = [
    'bundle',
    '1.1.0',
    '--platform',
    'linux-x64',
    '--keys',
    'keys',
    '--new',
    'new',
    '-o',
    'out',
  ];
  const add = ['add', '1.1.0', '--repo', 'repo', '--keys', 'k'];
  const cases: [args: string[], message: string][] = [
    [[], 'Usage: release <command>'],
    [['release'], 'wanted a command, found "release"\n`release --help` lists them.'],
    [['statsu'], 'found "statsu"\nDid you mean status?'],
    [['keys'], 'wanted keys init or keys sign or keys passwd, found "keys"'],
    [['keys', 'int'], 'found "keys int"\nDid you mean keys init?'],
    [['help', 'ad'], 'Did you mean add?'],
    [['keys', 'init'], '--dir is wanted, and was not given'],
    [
      ['keys', 'init', '--dir', 'k', '--targets-keys', '0'],
      '--targets-keys: wanted a whole number from 1 to 16, found "0"',
    ],
    [
      ['keys', 'init', '--dir', 'k', '--targets-threshold', '2'],
      '--targets-threshold: wanted a whole number from 1 to 1, found "2"',
    ],
    [
      ['keys', 'init', '--dir', 'k', '--scrypt-cost', '60'],
      '--scrypt-cost: wanted a whole number from 10 to 20, found "60"',
    ],
    [['keys', 'init', '--dir', 'k', '--force'], 'unknown option --force'],
    [['keys', 'init', '--dri', 'k'], 'unknown option --dri\nDid you mean --dir?'],
    [['keys', 'init', '--dir', 'k', '--dir', 'l'], '--dir was given twice, as "k" and as "l"'],
    [['diff', 'old', '-o', 'p'], 'wanted <old> <new>, found old'],
    [['diff', 'old', 'new'], '-o <patch> is wanted'],
    [['diff', 'old', 'new', '-o', 'p'], 'old: wanted a file to read, found nothing there'],
    [['patch', 'old', 'p', '-o', 'new'], 'old: wanted a file to read, found nothing there'],
    [bundle, 'keys/root.json: wanted a file to read, found nothing there'],
    [bundle.with(1, 'v1'), '<version>: wanted a semantic version such as 1.2.3, found "v1"'],
    [['diff', 'a', 'b', '-o', 'c', '--from', 'v1.2.3'], 'found "v1.2.3"\nWrite it without the v: 1.2.3'],
    [bundle.with(1, 'v1.2.3'), 'found "v1.2.3"\nWrite it without the v: 1.2.3'],
    [bundle.with(3, 'windows-x64'), 'found "windows-x64"\nDid you mean win32-x64?'],
    [bundle.with(3, 'macos-aarch64'), 'Did you mean darwin-arm64?'],
    [[...bundle, '--old', 'old'], '--old and --from are wanted together, found one'],
    [[...bundle, '--old', 'old', '--from', '1.1.0'], '--from: wanted a version before 1.1.0, found 1.1.0'],
    [[...bundle, '--risk', 'none'], '--risk: wanted low or medium or high, found "none"'],
    [[...bundle, '--app', 'D G'], '--app: wanted a name such as dgmo, found "D G"'],
    [[...bundle, '--release-date', 'soon'], '--release-date: wanted a time such as'],
    [[...bundle, '--notes', 'notes.md'], 'notes.md: wanted a file to read, found nothing there'],
    [['init'], '--repo is wanted, and was not given'],
    [['init', '--repo', 'r'], '--keys is wanted, and was not given'],
    [['init', '--repo', 'r', '--keys', 'k'], '--keys: wanted a folder with keys, found nothing at k'],
    [[...add, '--binary', 'linux-x64'], '--binary: wanted linux-x64= and a file, found "linux-x64"'],
    [[...add, '--binary', 'linux-x64='], '--binary: wanted linux-x64= and a file, '],
    [[...add, '--binary', 'linux=f'], 'found "linux=f"\nDid you mean linux-x64?'],
    [[...add, '--binary', 'beos-x64=f'], 'found "beos-x64=f"'],
    [add, '--binary is wanted, and was not given'],
    [[...add, '--binary', 'linux-x64=f', '--binary', 'linux-x64=g'], 'wanted each target once'],
    [[...add, '--from', '1.1.0'], '--from: wanted a version before 1.1.0, found 1.1.0'],
    [[...add, '--minimum-from', '2.0.0'], '--minimum-from: wanted a version before 1.1.0'],
    [[...add, '--channel', 'Beta'], '--channel: wanted a name of a-z'],
    [
      [...add, '--rollout', '101', '--binary', 'linux-x64=f'],
      '--rollout: wanted a whole number from 0 to 100',
    ],
    [[...add, '--binary', 'linux-x64=f'], 'repo: wanted a repository, found no repository.json'],
    [
      [...add, '--binary', 'linux-x64=f', '--dry-run', '--sign-request', 'r'],
      'wanted --dry-run or --sign-request, found both',
    ],
    [
      ['promote', '1.0.0', '--from', 'beta', '--to', 'stable', '--dry-run', '--sign-request', 'r'],
      'wanted --dry-run or --sign-request, found both',
    ],
    [['promote', '1.0.0', '--from', 'beta', '--to', 'Be ta'], '--to: wanted a name of a-z'],
    [['promote', '1.0.0', '--from', 'Be ta', '--to', 'beta'], '--from: wanted a name of a-z'],
    [['rollout', '1.0.0', '--repo', 'repo', '--keys', 'k'], 'wanted <version> <percent>, found 1.0.0'],
    [['rollout', '1.0.0', 'all', '--repo', 'repo', '--keys', 'k'], '<percent>: wanted a whole number'],
    [
      ['revoke', '1.0.0', '--reason', '', '--repo', 'repo', '--keys', 'k'],
      '--reason: wanted one line of 1 to 1000 characters for people to read, found none\nSay in',
    ],
    [['revoke', '1.0.0', '--reason', '  ', '--repo', 'repo', '--keys', 'k'], '--reason: wanted one line'],
    [['revoke', '1.0.0', '--repo', 'repo', '--keys', 'k'], '--yes was not given'],
    [['refresh', '--repo', 'repo', '--keys', 'k'], 'repo: wanted a repository, found no repository.json'],
    [['rotate', 'boss', '--repo', 'repo', '--keys', 'k'], '<role>: wanted root or targets or'],
    [['prune', '--repo', 'repo', '--keep', '0'], '--keep: wanted a whole number from 1'],
    [[...bundle, '--repo', 'repo'], '--keys and --repo do not go together'],
    [['inspect'], 'wanted <file>, found none'],
    [['inspect', 'nothing'], 'nothing: wanted a file to read, found nothing there'],
    [['compile', '--target', 'linux-x64'], '--target: wanted bun-linux-x64, bun-linux-arm64'],
    [
      ['compile', '--feed', 'http://example.org'],
      '--feed: wanted an https address, or http on loopback, found "http://example.org"',
    ],
    [['compile', '--root', 'root.json'], 'root.json: wanted a file to read, found nothing there'],
    [['compile', 'everything'], 'wanted no arguments but options, found everything'],
  ];
  for (const [args, message] of cases) {
    test.concurrent(args.join(' ') || '(nothing)', async () => {
      const { code, stdout, stderr } = await folder.release(args);
      expect({ code, stdout, says: stderr.includes(message) ? message : stderr }).toEqual({
        code: 2,
        stdout: '',
        says: message,
      });
    });
  }
});

test.skipIf(process.platform === 'win32')(
  'a name with escape codes reaches the terminal spelled out',
  async () => {
    const name = 'a\u001b[2J\u202eb';
    await Bun.write(folder.at(name), 'nothing of ours');
    for (const args of [[name], [name, '--json'], [`no-${name}`]]) {
      const { code, stdout, stderr } = await folder.release(['inspect', ...args]);
      const said = stdout + stderr;
      expect([code, said === printableText(said)]).toEqual([args[0] === name ? 11 : 2, true]);
      expect(stdout + stderr).toContain('a\\u001b[2J\\u202eb');
    }
  },
);
