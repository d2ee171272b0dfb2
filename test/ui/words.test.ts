/** Mistyped words, second names, and help. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../lib/errors.ts';
import { didYouMean } from '../../lib/format/nearest.ts';
import { COMMAND_WORDS, type CommandName, parseCommandLine } from '../../lib/ui/arguments.ts';
import { helpText } from '../../lib/ui/text/help.ts';
import { openStage, type Stage } from '../update/stage.ts';
import { type Around, command } from './command-line.ts';

test.each([
  ['chek', 'check'],
  ['udpate', 'update'],
  ['STATUS', 'status'],
  ['snap', 'snapshots'],
  ['roll-back', 'rollback'],
  ['', undefined],
  ['xyzzy', undefined],
  ['s', undefined],
])('%j: %p', (typed, wanted) => {
  expect(didYouMean(typed, COMMAND_WORDS)).toBe(wanted === undefined ? undefined : `Did you mean ${wanted}?`);
});

const adviceOf = (...argv: string[]) => {
  try {
    parseCommandLine(argv);
  } catch (error) {
    if (error instanceof UsageError) return error.advice;
    throw error;
  }
  return expect.unreachable();
};

test('a mistyped command or option names the one that was probably meant', () => {
  expect(adviceOf('chek')).toStartWith('Did you mean check?');
  expect(adviceOf('help', 'statsu')).toStartWith('Did you mean status?');
  expect(adviceOf('update', '--verison', '2.0.0')).toBe('Did you mean --version?');
  expect(adviceOf('rollback', '--kil')).toBe('Did you mean --kill?');
  expect(adviceOf('--jsn')).toBe('Did you mean --json?');
  expect(adviceOf('--verison')).toBe('Did you mean --version?');
  expect(adviceOf('--hoem', '/x', 'status')).toBe('Did you mean --home?');
  expect(adviceOf('--instal-dir=/x')).toBe('Did you mean --install-dir?');
});

test('second names', () => {
  expect(parseCommandLine(['upgrade', '--yes']).command).toBe('update');
  expect(parseCommandLine(['help', 'upgrade'])).toMatchObject({ command: 'update', values: { help: true } });
  expect(parseCommandLine(['-V']).command).toBe('version');
});

test.each([...COMMAND_WORDS, 'apply'] as CommandName[])(
  'the help of %s has an example that parses',
  (name) => {
    const [, text = ''] = helpText(name).split('\nExamples:\n');
    const examples = text.split('\n\n')[0]?.split('\n').filter(Boolean) ?? [];
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const words = /dgmo-updater ([^|]*?)(?: {3,}.*| \|\|.*)?$/.exec(example)?.[1] ?? '';
      const argv = [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
      expect(name === 'help' || parseCommandLine(argv).command === name).toBe(true);
    }
  },
);

test('whatever the locale is, what is printed is ASCII, but for the bar of the progress', () => {
  const lib = path.resolve(import.meta.dir, '../../lib');
  const isComment = (line: string) => /^\s*(\/\/|\/?\*)/.test(line);
  const beyond = fs
    .readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== path.join('ui', 'terminal', 'progress.ts'))
    .flatMap((name) =>
      fs
        .readFileSync(path.join(lib, name), 'utf8')
        .split('\n')
        .filter((line) => /[^\p{ASCII}]/u.test(line) && !isComment(line))
        .map((line) => `${name}: ${line.trim()}`),
    );
  expect(beyond).toEqual([]);
});

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('on an install', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test('help fits the terminal that a pager shows it on', async () => {
    const { out } = await command(stage, ['help', 'snapshots'], { columns: 40 });
    expect(out.split('\n').filter((line) => line.length > 40 && line.trim().includes(' '))).toEqual([]);
    expect(await command(stage, ['snapshots', '--help'], { columns: 40 })).toMatchObject({ code: 0, out });
    expect((await command(stage, ['help', 'snapshots'], { columns: 40, outColumns: 90 })).out).not.toBe(out);
  });

  test('check --exit-code: 100 if something is offered', async () => {
    expect((await command(stage, ['check', '--exit-code'])).code).toBe(0);
    await stage.release('1.1.0');
    expect((await command(stage, ['check'])).code).toBe(0);
    const found = await command(stage, ['check', '--exit-code', '--json']);
    expect(found.code).toBe(100);
    const last = JSON.parse(found.out.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ ok: true, exitCode: 100, available: true });
  });

  test('notes have the same signs in a check as before the question of an update', async () => {
    await stage.release('1.2.0', { notes: '## Breaking changes\n\n- one\n' });
    const shown = async (around: Around) =>
      (await command(stage, ['check'], around)).out.split('\n').find((line) => /^ +[-─]+$/.test(line));
    expect(await shown({ outColumns: 80 })).toContain('─');
    expect(await shown({})).toContain('-');
  });

  test('keys, verbs and ids', async () => {
    expect((await command(stage, ['config', 'get', 'chanel'])).error).toContain('Did you mean channel?');
    expect((await command(stage, ['config', 'lst'])).error).toContain('Did you mean list?');
    expect((await command(stage, ['snapshots', 'creat'])).error).toContain('Did you mean create?');
    const { out } = await command(stage, ['snapshots', 'create', '--json']);
    const { id } = JSON.parse(out.trim().split('\n').at(-1) ?? '') as { id: string };
    const mistyped = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;
    expect((await command(stage, ['snapshots', 'show', mistyped])).error).toContain(`Did you mean ${id}?`);
  });
});
