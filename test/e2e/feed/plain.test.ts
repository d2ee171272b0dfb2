/** Every command at a terminal without a color in its bytes, if that is asked for, and with nothing but JSON on standard output. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { OFFERED_WORDS } from '../../../lib/ui/arguments.ts';
import { verbsOf } from '../../../lib/ui/parsing/verbs.ts';
import { withUpdater } from '../../support/compiled-updater.ts';
import { run } from '../../support/workshop.ts';
import { openStage, type Stage } from '../../update/stage.ts';

/** What each command is tried with, in an order in which each has something to say. */
const TRIED = [
  ...['', 'help', 'help update', 'version', 'man', 'init', 'status', 'check', 'check --channel nowhere'],
  ...['config list', 'config get channel', 'config set channel beta', 'config unset channel'],
  ...['config explain', 'config explain channel', 'config set autoUpdate sometimes', 'statsu'],
  ...['skip 2.0.0', 'unskip 2.0.0', 'pin 2.0.0', 'unpin', 'download', 'update --check-only', 'update'],
  ...['update --yes --evolutions all', 'snapshots list', 'snapshots create --pin', 'snapshots show 1'],
  ...['snapshots pin 2', 'snapshots remove 2', 'snapshots unpin 2', 'snapshots verify', 'snapshots compact'],
  ...['snapshots prune', 'snapshots remove 1', 'rollback', 'rollback --yes', 'history', 'confirm'],
  ...['--apply nowhere.dgmopkg', 'verify --full', 'doctor', 'repair', 'recover', 'upgrade'],
  ...['service status', 'service run', 'service install', 'service uninstall'],
  ...['completions bash', 'completions zsh', 'completions fish', 'completions powershell'],
];

const NOTES = '# 2.0.0\n\n## Breaking changes\n\n- `dgmo run` needs **a name**\n\n> Said by nobody.\n';

let updater: string;
let stage: Stage;
withUpdater((compiled) => {
  ({ updater } = compiled);
});

async function openPlace(): Promise<void> {
  stage = await openStage();
  const evolutions = [{ id: 'search', description: 'Searches', autoApply: true }];
  await stage.release('2.0.0', { notes: NOTES, risk: 'high', deltas: 0, evolutions });
  for (const name of ['systemctl', 'launchctl'])
    fs.writeFileSync(path.join(stage.folder, name), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
}

const words = (line: string) => (line === '' ? [] : line.split(' '));
const commandOf = (line: string) => [
  updater,
  ...words(line),
  '--install-dir',
  stage.dir,
  '--home',
  stage.home,
];
const environment = () => ({ PATH: `${stage.folder}:${process.env.PATH}`, HOME: stage.folder });

test('every command, and every word that one takes, is tried', () => {
  const verbs = (['snapshots', 'config', 'service', 'completions'] as const).flatMap((command) =>
    verbsOf(command).map((verb) => `${command} ${verb} `),
  );
  const missing = [...OFFERED_WORDS.map((word) => `${word} `), ...verbs].filter(
    (words) => !TRIED.some((line) => `${line} `.startsWith(words)),
  );
  expect(missing).toEqual([]);
});

/** A question, or something that goes on until somebody ends it. */
const WAITS = /now\?|Enter: confirm|(Yes|No) \/ |Next check/;
/** Milliseconds until a command that asks something else is ended. */
const PATIENCE = 60_000;

/** What the terminal receives. Questions are answered with Ctrl-C. */
async function atTerminal(line: string, more: { option?: string; variables?: Record<string, string> }) {
  let said = '';
  let answered = false;
  const decoder = new TextDecoder();
  const child = Bun.spawn([...commandOf(line), ...(more.option === undefined ? [] : [more.option])], {
    env: { ...environment(), LANG: 'C.UTF-8', TERM: 'xterm-256color', ...more.variables },
    signal: AbortSignal.timeout(PATIENCE),
    terminal: {
      cols: 80,
      rows: 200,
      data(terminal, bytes) {
        said += decoder.decode(bytes, { stream: true });
        if (answered || !WAITS.test(Bun.stripANSI(said))) return;
        answered = true;
        terminal.write('\x03');
      },
    },
  });
  await child.exited;
  expect([line, child.signalCode]).toEqual([line, null]);
  child.terminal?.close();
  return said;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const COLOR = /\x1b\[[\d;:]*m/;

describe.skipIf(process.platform === 'win32')('at a terminal', () => {
  beforeAll(openPlace);
  afterAll(() => stage[Symbol.asyncDispose]());

  test('there are colors, if nobody says otherwise', async () => {
    expect(await atTerminal('update', {})).toMatch(COLOR);
  });

  test.each<[string, { option?: string; variables?: Record<string, string> }]>([
    ['--no-color', { option: '--no-color' }],
    ['NO_COLOR', { variables: { NO_COLOR: '1' } }],
  ])('%s: not one of them, whatever the command', async (_name, how) => {
    const colored: string[] = [];
    for (const line of TRIED) if (COLOR.test(await atTerminal(line, how))) colored.push(line);
    expect(colored).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('--json', () => {
  beforeAll(openPlace);
  afterAll(() => stage[Symbol.asyncDispose]());

  // `service run` goes on.
  test.each([...TRIED.filter((line) => line !== 'service run'), 'skip --help'])(
    '%s: a line of JSON for each thing, the result last',
    async (line) => {
      const { code, stdout } = await run(updater, [...commandOf(line).slice(1), '--json'], {
        env: environment(),
      });
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((text): unknown => JSON.parse(text));
      expect(lines.at(-1)).toMatchObject({ event: 'result', exitCode: code });
    },
  );
});
