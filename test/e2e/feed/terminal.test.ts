/** `update` with a person in front of it: a real terminal, and Ctrl-C. */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { withStages } from '../../support/compiled-updater.ts';
import type { Stage } from '../../update/stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

const DOWN = '\u001b[B';
const ENTER = '\r';
const CTRL_C = '\u0003';

posixOnly('update on a terminal', () => {
  let updater: string;
  let stage: Stage;
  withStages(async (opened) => {
    ({ updater, stage } = opened);
    await stage.release('2.0.0', { notes: '## Added\n\n- a thing\n', deltas: 0 });
  });

  /** Types `keys` as soon as the terminal shows `prompt`, and what follows after that. */
  async function on(
    prompt: string,
    keys: string,
    then: [prompt: string, keys: string][] = [],
    env: Record<string, string> = {},
    columns = 120,
  ): Promise<{ code: number; said: string }> {
    const left = [[prompt, keys] as const, ...then];
    let said = '';
    const command = [updater, 'update', '--install-dir', stage.dir, '--home', stage.home];
    const child = Bun.spawn(['sh', '-c', `stty cols ${columns}; exec "$@"`, 'sh', ...command], {
      env: { ...process.env, TERM: 'xterm', ...env },
      terminal: {
        cols: 120,
        rows: 50,
        data(terminal, bytes) {
          said += new TextDecoder().decode(bytes);
          const [next] = left;
          if (next === undefined || !said.includes(next[0])) return;
          left.shift();
          terminal.write(next[1]);
        },
      },
    });
    const code = await child.exited;
    child.terminal?.close();
    return { code, said };
  }
  const choices = () => JSON.parse(fs.readFileSync(path.join(stage.home, 'choices.json'), 'utf8'));
  const LAST = 'Always Auto-Update';

  test('shows what it is, asks, and installs it on Enter', async () => {
    const { code, said } = await on(LAST, ENTER);
    expect(said).toContain('2.0.0 is available (installed: 1.0.0)');
    expect(said).toContain('a thing');
    expect({ code, version: stage.version() }).toEqual({ code: 0, version: '2.0.0' });
  });

  test('remind me later', async () => {
    const { code, said } = await on(LAST, DOWN + ENTER);
    expect({ code, version: stage.version() }).toEqual({ code: 0, version: '1.0.0' });
    expect(said).toContain('not offered again before tomorrow');
    expect(choices().remindAfter).toBeGreaterThan(Date.now() + 23 * 3_600_000);
  });

  test('skip this version', async () => {
    expect((await on(LAST, DOWN + DOWN + ENTER)).said).toContain('2.0.0 is skipped.');
    expect(choices().skipped).toEqual(['2.0.0']);
    expect(await stage.manager().checkForUpdates()).toBeNull();
  });

  test('always by itself', async () => {
    expect((await on(LAST, DOWN + DOWN + DOWN + ENTER)).code).toBe(0);
    expect(stage.version()).toBe('2.0.0');
    expect(stage.manager().preferences().autoUpdate).toBe('all');
  });

  test.skipIf(process.platform !== 'linux')(
    'always by itself offers to install what does it: only if the user wants it',
    async () => {
      fs.copyFileSync(updater, path.join(stage.dir, 'dgmo-updater'), fs.constants.COPYFILE_FICLONE);
      const told = path.join(stage.folder, 'told');
      fs.writeFileSync(path.join(stage.folder, 'systemctl'), `#!/bin/sh\necho "$@" >>"${told}"\n`, {
        mode: 0o755,
      });
      const env = { PATH: `${stage.folder}:${process.env.PATH}`, XDG_CONFIG_HOME: stage.folder };
      const ALWAYS = DOWN + DOWN + DOWN + ENTER;
      const QUESTION = 'Start it now and at every login?';
      const refused = await on(LAST, ALWAYS, [[QUESTION, ENTER]], env);
      expect({ code: refused.code, version: stage.version() }).toEqual({ code: 0, version: '2.0.0' });
      expect(fs.existsSync(told)).toBe(false);
      await stage.release('2.1.0', { deltas: 0 });
      const { code, said } = await on(LAST, ALWAYS, [[QUESTION, 'y']], env);
      expect({ code, version: stage.version() }).toEqual({ code: 0, version: '2.1.0' });
      expect(said).toContain('installed by themselves (systemd).');
      expect(fs.readFileSync(told, 'utf8')).toMatch(/^--user enable --now dgmo-updater-\w+\.service$/m);
    },
    600_000,
  );

  test.each([
    ['n', 'n'],
    ['q', 'q'],
    ['Esc', '\u001b'],
    ['Ctrl-D', '\u0004'],
  ])('%s at the question: not now, and nothing has changed', async (_, key) => {
    const { code, said } = await on(LAST, key);
    expect({ code, version: stage.version() }).toEqual({ code: 130, version: '1.0.0' });
    expect(said).toContain('dgmo-updater: not now: nothing was changed');
    // The cursor is shown again.
    expect(said.lastIndexOf('\u001b[?25h')).toBeGreaterThan(said.lastIndexOf('\u001b[?25l'));
    expect(fs.existsSync(path.join(stage.home, 'choices.json'))).toBe(false);
  });

  test.each(['n', 'q', 'N', 'no'])(
    '%s at numbered choices: not now, and nothing has changed',
    async (typed) => {
      const { code, said } = await on('or n for not now [1]: ', `${typed}\r`, [], { TERM: 'dumb' });
      expect({ code, version: stage.version() }).toEqual({ code: 130, version: '1.0.0' });
      expect(said).toContain('dgmo-updater: not now: nothing was changed');
    },
  );

  test('another letter is no answer, and the menu stays', async () => {
    const { code } = await on(LAST, `x${ENTER}`);
    expect({ code, version: stage.version() }).toEqual({ code: 0, version: '2.0.0' });
  });

  test.each([
    [0, LAST],
    [10_000, LAST],
    // No room for a menu.
    [1, '[1]:'],
    [19, '[1]:'],
  ])('in %p columns it asks as well', async (columns, prompt) => {
    const { code, said } = await on(prompt, ENTER, [], {}, columns);
    expect({ code, version: stage.version() }).toEqual({ code: 0, version: '2.0.0' });
    if (columns === 0) expect(said).toContain('2.0.0 is available (installed: 1.0.0)');
  });

  test('Ctrl-C at the question: 130, and nothing has changed', async () => {
    const { code } = await on(LAST, CTRL_C);
    expect({ code, version: stage.version() }).toEqual({ code: 130, version: '1.0.0' });
    expect(fs.existsSync(path.join(stage.home, 'choices.json'))).toBe(false);
  });

  test('Ctrl-C in the middle of the download: 130, and what has come is kept', async () => {
    stage.answer = (name) => {
      if (!name.endsWith('.dgmopkg')) return undefined;
      const bytes = fs.readFileSync(path.join(stage.feed.folder, name));
      return new Response(
        new ReadableStream({ start: (controller) => controller.enqueue(bytes.subarray(0, 20_000)) }),
        { headers: { 'content-length': String(bytes.length) } },
      );
    };
    const child = Bun.spawn(
      [updater, 'update', '--yes', '--json', '--install-dir', stage.dir, '--home', stage.home],
      { stdout: 'pipe', stderr: 'pipe' },
    );
    let said = '';
    const decoder = new TextDecoder();
    for await (const bytes of child.stdout) {
      said += decoder.decode(bytes);
      if (said.includes('"receiving"')) child.kill('SIGINT');
    }
    expect(await child.exited).toBe(130);
    expect(JSON.parse(said.trim().split('\n').at(-1) ?? '')).toMatchObject({ ok: false, exitCode: 130 });
    expect(fs.readdirSync(path.join(stage.home, 'cache')).some((name) => name.endsWith('.partial'))).toBe(
      true,
    );
    expect(stage.version()).toBe('1.0.0');
  });
});
