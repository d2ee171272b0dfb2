/** What a terminal shows of the progress in its taskbar or tab (OSC 9;4) is gone, however the command ends. */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { withStages } from '../../support/compiled-updater.ts';
import type { Stage } from '../../update/stage.ts';

const CTRL_C = '\u0003';
const CTRL_BACKSLASH = '\u001c';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STATES = /\u001b\]9;4;([0-4])(?:;\d+)?\u001b\\/g;
const statesIn = (said: string) => [...said.matchAll(STATES)].map(([, state]) => state);

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('a download that is shown in the taskbar', () => {
  let updater: string;
  let stage: Stage;
  withStages(async (opened) => {
    ({ updater, stage } = opened);
    await stage.release('2.0.0', { deltas: 0 });
  });

  interface Shown {
    type(keys: string): void;
    kill(signal: NodeJS.Signals): void;
    /** The rest of the download, or something else in its place. */
    receive(rest: 'rest' | 'damaged'): void;
  }

  /** Calls `then` once the download stands still and is shown. */
  async function update(then: (shown: Shown) => void) {
    let receive: Shown['receive'] = () => undefined;
    stage.answer = (name) => {
      if (!name.endsWith('.dgmopkg')) return undefined;
      const bytes = fs.readFileSync(path.join(stage.feed.folder, name));
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(bytes.subarray(0, 20_000));
          receive = (rest) => {
            controller.enqueue(rest === 'rest' ? bytes.subarray(20_000) : bytes.subarray(20_000).fill(1));
            controller.close();
            stage.answer = (name) =>
              name.endsWith('.dgmopkg') ? new Response('', { status: 404 }) : undefined;
          };
        },
      });
      return new Response(body, { headers: { 'content-length': String(bytes.length) } });
    };
    let said = '';
    let waits = true;
    const child = Bun.spawn([updater, 'update', '--yes', '--install-dir', stage.dir, '--home', stage.home], {
      cwd: stage.folder,
      env: { ...process.env, TERM: 'xterm-256color', TERM_PROGRAM: 'ghostty', TMUX: '' },
      terminal: {
        cols: 100,
        rows: 40,
        data(terminal, bytes) {
          said += new TextDecoder().decode(bytes);
          if (!waits || !statesIn(said).includes('1')) return;
          waits = false;
          then({
            type: (keys) => void terminal.write(keys),
            kill: (signal) => child.kill(signal),
            receive,
          });
        },
      },
    });
    await child.exited;
    child.terminal?.close();
    return { states: statesIn(said), code: child.exitCode, signal: child.signalCode };
  }

  test.each<[string, (shown: Shown) => void, { code: number | null; signal: NodeJS.Signals | null }]>([
    ['it is done', ({ receive }) => receive('rest'), { code: 0, signal: null }],
    ['it is damaged', ({ receive }) => receive('damaged'), { code: 11, signal: null }],
    ['Ctrl-C', ({ type }) => type(CTRL_C), { code: 130, signal: null }],
    ['SIGTERM', ({ kill }) => kill('SIGTERM'), { code: 130, signal: null }],
    [
      'SIGHUP, which ends nothing but questions',
      ({ kill, receive }) => {
        kill('SIGHUP');
        receive('rest');
      },
      { code: 0, signal: null },
    ],
    ['Ctrl-\\', ({ type }) => type(CTRL_BACKSLASH), { code: null, signal: 'SIGQUIT' }],
  ])('%s', async (_, then, wanted) => {
    const { states, ...end } = await update(then);
    expect(end).toEqual(wanted);
    expect(states).toContain('1');
    expect(states.at(-1)).toBe('0');
  });
});
