import { expect, test } from 'bun:test';
import { UsageError } from '../../lib/errors.ts';
import { type CommandName, optionsOf, parseCommandLine } from '../../lib/ui/arguments.ts';
import { helpText } from '../../lib/ui/text/help.ts';

test.each([
  [['--help'], 'help'],
  [['--apply', '--help'], 'apply'],
  [['--apply', 'p.dgmopkg', '-h'], 'apply'],
  [['status', '--help', '--frob'], 'status'],
  [['--version', '--help'], 'help'],
] as const)('help is told whatever else is said: %p', (words, command) => {
  const line = parseCommandLine(words);
  expect(line.command).toBe(command);
  expect(line.values.help).toBe(true);
  expect(helpText(line.command)).not.toBe('');
});

test.each([
  [['help'], 'help'],
  [['help', 'rollback'], 'rollback'],
  [['help', 'apply', '--no-color'], 'apply'],
  [['help', '--apply'], 'apply'],
  [['help', 'help'], 'help'],
  [['help', 'service', 'install'], 'service'],
  [['help', 'snapshots', 'show'], 'snapshots'],
  [['help', 'config', 'set'], 'config'],
] as const)('help takes the name of a command: %p', (words, command) => {
  expect(parseCommandLine(words)).toMatchObject({ command, values: { help: true } });
});

test.each([[[]], [['--quiet', '-q']], [['--home', '/some/home']]])(
  'no command says what will help: %p',
  (words) => {
    expect(parseCommandLine(words)).toMatchObject({ command: 'recovery' });
  },
);

test.each([
  [['--frob'], 'unknown option --frob'],
  [['--quiet', '--frob=1'], 'unknown option --frob'],
  [['-qx'], 'unknown option -x'],
  [['--frob', 'x'], 'unknown option --frob'],
  [['frob'], 'there is no command "frob"'],
  [['apply'], 'there is no command "'],
  [['help', 'frob'], 'there is no command "frob"'],
  [['help', 'check', 'update'], 'unexpected argument "update"'],
  [['help', 'config', 'set', 'channel'], 'unexpected argument "channel"'],
])('%p: %s', (words, message) => {
  expect(() => parseCommandLine(words)).toThrow(message);
});

test('what stands behind -- is for DGMO, --help too', () => {
  const line = parseCommandLine(['--apply', 'p.dgmopkg', '--', '--help']);
  expect(line).toMatchObject({ command: 'apply', values: { apply: 'p.dgmopkg' }, rest: ['--help'] });
  expect(line.values.help).toBeUndefined();
});

test.each([
  ['check', '--exit-code'],
  ['status', '--json'],
  ['snapshots', 'create'],
  ['skip', '2.0.0'],
])('%s starts no DGMO, so words behind -- are a mistake', (command, word) => {
  expect(() => parseCommandLine([command, '--', word])).toThrow(
    `${command}: wanted no words after --, found "${word}"`,
  );
});

test.each([['update'], ['rollback'], []])('%s takes them', (...command) => {
  expect(parseCommandLine([...command, '--', 'a']).rest).toEqual(['a']);
});

test.each([
  [['--apply', 'p.dgmopkg', '--frob'], '--apply --help'],
  [['status', '--frob'], 'status --help'],
  [['--home'], '`dgmo-updater --help`'],
] as const)('a wrong word leads to the help that lists the right ones: %p', (words, advice) => {
  try {
    parseCommandLine(words);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).advice).toContain(advice);
  }
});

const COMMANDS: CommandName[] = [
  ...(['apply', 'check', 'config', 'download', 'help', 'init'] as const),
  ...(['recover', 'rollback', 'snapshots', 'status', 'update'] as const),
];

test.each(COMMANDS)('the help of %s lists every option that it takes, and no other', (command) => {
  // The general help names the options of `--apply` and `init` in its examples.
  const examples = command === 'help' ? ['apply', 'version'] : ['version'];
  const listed = [...helpText(command).matchAll(/--([a-z][a-z-]*)/g)].map(([, name]) => name ?? '');
  expect(optionsOf(command).filter((name) => !listed.includes(name))).toEqual([]);
  const known = [...optionsOf(command), ...examples];
  expect(listed.filter((name) => !known.includes(name))).toEqual([]);
});
