import { afterAll, describe, expect, test } from 'bun:test';
import { freshFolder } from './run.ts';

const folder = freshFolder();
afterAll(() => folder[Symbol.dispose]());

const COMMANDS = ['keys init', 'diff', 'patch', 'bundle', 'inspect', 'compile'];

test('help names every command', async () => {
  const { code, stdout, stderr } = await folder.release(['--help']);
  expect(code).toBe(0);
  expect(stderr).toBe('');
  for (const name of COMMANDS) expect(stdout).toContain(`  ${name} `);
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
  const cases: [args: string[], message: string][] = [
    [[], 'wanted a command (keys init, diff, patch, bundle, inspect, compile), found none'],
    [['publish'], 'wanted a command (keys init, diff, patch, bundle, inspect, compile), found "publish"'],
    [['keys'], 'wanted a command'],
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
    [['keys', 'init', '--dir', 'k', '--force'], "Unknown option '--force'"],
    [['diff', 'old', '-o', 'p'], 'wanted <old> <new>, found old'],
    [['diff', 'old', 'new'], '-o <patch> is wanted'],
    [['diff', 'old', 'new', '-o', 'p'], 'old: wanted a file to read, found nothing there'],
    [['patch', 'old', 'p', '-o', 'new'], 'old: wanted a file to read, found nothing there'],
    [bundle, 'keys/root.json: wanted a file to read, found nothing there'],
    [bundle.with(1, 'v1'), '<version>: wanted a semantic version such as 1.2.3, found "v1"'],
    [bundle.with(3, 'windows-x64'), '--platform: wanted linux-x64, linux-arm64'],
    [[...bundle, '--old', 'old'], '--old and --from are wanted together, found one'],
    [[...bundle, '--old', 'old', '--from', '1.1.0'], '--from: wanted a version before 1.1.0, found 1.1.0'],
    [[...bundle, '--risk', 'none'], '--risk: wanted low or medium or high, found "none"'],
    [[...bundle, '--app', 'D G'], '--app: wanted a name such as dgmo, found "D G"'],
    [[...bundle, '--release-date', 'soon'], '--release-date: wanted a time such as'],
    [[...bundle, '--notes', 'notes.md'], 'notes.md: wanted a file to read, found nothing there'],
    [['inspect'], 'wanted <file>, found none'],
    [['inspect', 'nothing'], 'nothing: wanted a file to read, found nothing there'],
    [['compile', '--target', 'linux-x64'], '--target: wanted bun-linux-x64, bun-linux-arm64'],
    [
      ['compile', '--feed', 'http://example.org'],
      '--feed: wanted an https address, found "http://example.org"',
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
