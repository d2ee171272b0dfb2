/** What a mistyped command line is answered: what is wrong with it, in the words that were typed, and what was probably meant. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../lib/errors.ts';
import { OFFERED_WORDS, parseCommandLine } from '../../lib/ui/arguments.ts';
import { helpText } from '../../lib/ui/text/help.ts';
import { openStage, type Stage } from '../update/stage.ts';
import { command } from './command-line.ts';

test('every command for people is in the general help, in README, and in what an unknown command is answered', () => {
  const readme = fs.readFileSync(path.join(import.meta.dir, '../../README.md'), 'utf8');
  const { advice } = errorOf(() => parseCommandLine(['xyzzy']));
  const lacking = [readme, helpText('help'), advice?.replaceAll(/\b\w+\b/g, 'dgmo-updater $&') ?? ''].map(
    (text) =>
      OFFERED_WORDS.filter(
        (word) => !new RegExp(`dgmo-updater .*\\b${word}\\b`).test(text) && !text.includes(`\`${word} `),
      ),
  );
  expect(lacking).toEqual([[], [], []]);
});

function errorOf(call: () => unknown): UsageError {
  try {
    call();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  return expect.unreachable();
}

test('version is a command and an option', () => {
  expect(parseCommandLine(['version'])).toMatchObject({ command: 'version', operands: [] });
  expect(parseCommandLine(['version', '--help'])).toMatchObject({
    command: 'version',
    values: { help: true },
  });
  expect(parseCommandLine(['--version', '--help'])).toMatchObject({ command: 'help' });
});

describe.skipIf(process.platform === 'win32')('on an install', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test.each<[typed: string, message: string, advice: string]>([
    ['snapshots show', 'snapshots show: wanted <id>, found nothing', '`dgmo-updater snapshots list` shows'],
    ['snapshots lst abc', 'snapshots: wanted list, create,', 'Did you mean list?'],
    ['snapshots list abc', 'snapshots list: wanted no more words, found "abc"', 'help snapshots'],
    ['config set channel', 'config set: wanted <key> <value>, found "channel"', 'config explain channel'],
    ['config set', 'config set: wanted <key> <value>, found nothing', '`dgmo-updater config list`'],
    ['config set channel a b', 'config set: wanted <key> <value>, found "channel" "a" "b"', 'help config'],
    ['config get chanel', 'there is no setting "chanel"', 'Did you mean channel?'],
    ['config set snapshotsKept 0', 'snapshotsKept: wanted a whole number from 1 to 1000, found 0', ''],
    ['config set telemetry maybe', 'telemetry: wanted on or off, found "maybe"', ''],
    ['service', 'service: wanted run, install, uninstall or status, found nothing', 'help service'],
    ['completions', 'completions: wanted bash, zsh, fish or powershell, found nothing', 'help completions'],
    ['completions bahs', 'found "bahs"', 'Did you mean bash?'],
    [
      'check --channel ../x',
      '--channel: wanted a name of a-z, 0-9 and dash, at most 32 long, found "../x"',
      '',
    ],
    ['skip 5', 'version: wanted a semantic version such as 1.2.3, found "5"', ''],
    ['pin 5', 'pin: wanted a semantic version such as 1.2.3, found "5"', ''],
    ['pin v1.0.0', 'pin: wanted a semantic version', ''],
    [
      'rollback --to v1.0.0',
      '--to: wanted a semantic version such as 1.2.3, found "v1.0.0"; leave out the v',
      '',
    ],
    ['rollback --to 1.0', '--to: wanted a semantic version such as 1.2.3, found "1.0"', ''],
    [
      'unskip v1.0.0',
      'version: wanted a semantic version such as 1.2.3, found "v1.0.0"; leave out the v',
      '',
    ],
    ['confirm --version v1.0.0', 'version: wanted a semantic version', 'leave out the v'],
    ['update --version V1.0.0', '--version: wanted a semantic version such as', 'leave out the V'],
    ['init --version v1.0.0', '--version: wanted a semantic version such as', 'leave out the v'],
    ['rollback v1.0.0', 'there is no snapshot "v1.0.0"', '`dgmo-updater rollback --to 1.0.0` goes back'],
    ['update 1.0.0', 'unexpected argument "1.0.0"', 'Did you mean `dgmo-updater update --version 1.0.0`?'],
    ['download v1.0.0', 'unexpected', 'Did you mean `dgmo-updater download --version 1.0.0`?'],
    ['update a/b.dgmopkg', 'unexpected', 'Did you mean `dgmo-updater --apply a/b.dgmopkg`?'],
    ['apply b.dgmopkg', 'there is no command "apply"', 'Did you mean `dgmo-updater --apply <package>`?'],
  ])('%s', async (typed, message, advice) => {
    const { code, error } = await command(stage, typed.split(' '));
    expect(code).toBe(2);
    expect(error).toStartWith(`dgmo-updater: ${message.startsWith('found') ? 'completions' : message}`);
    expect(error).toContain(message);
    expect(error).toContain(advice);
  });

  test('a variable of the environment is named as it is written', async () => {
    const environment = { DGMO_UPDATER_CHANNEL: 'a b', DGMO_UPDATER_TELEMETRY: '' };
    const { error } = await command(stage, ['config'], { environment });
    expect(error).toStartWith('DGMO_UPDATER_CHANNEL: wanted a name of a-z');
    const refused = await command(stage, ['config', 'get', 'channel'], { environment });
    expect(refused.error).toStartWith('dgmo-updater: DGMO_UPDATER_CHANNEL: wanted a name of a-z');
  });
});
