/** What a person sees of help, of what is offered and held back, of settings, of snapshots, and of the questions before a loss. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { PASSPHRASE } from '../../release/run.ts';
import { openScreen } from '../../support/tmux.ts';
import { NATIVE_PLATFORM } from '../../support/workshop.ts';
import { openStage, type Stage } from '../../update/stage.ts';
import { environmentOf, expectScreen, openTranscript, transcript, UTF8 } from './kept-screens.ts';
import { mounts, skipped } from './standing.ts';

const TOP = path.resolve(import.meta.dir, '../../..');

const NOTES = '## Breaking changes\n\n- `dgmo run` needs a name\n\n### Added\n\n- A thing\n';

/** Those of which nothing has to be answered, in the order in which they are typed. */
const TRANSCRIPTS: [name: string, columns: number, lines: string[]][] = [
  ['help-pager-40', 40, ['help check | cat', 'skip --help | cat']],
  ['check-80', 80, ['check --exit-code']],
  ['check-40', 40, ['check', 'check | tail -3']],
  [
    'choices-80',
    80,
    [
      ...['skip 2.0.0', 'check', 'update </dev/null', 'unskip 2.0.0', 'unskip 2.0.0'],
      ...['pin 1.0.0', 'check', 'unpin', 'unpin'],
    ],
  ],
  [
    'held-back-80',
    80,
    [
      'config set minimumAge 3d',
      'check',
      'config unset minimumAge',
      'config set updates off',
      'check',
      'config unset updates',
    ],
  ],
  [
    'mistakes-80',
    80,
    [
      ...['updat', 'update --yess', 'update 2.0.0', 'skip v2.0.0', 'update --version 2.0.0+5'],
      ...['config set chanel beta', 'config set autoUpdate al', 'snapshots shw', 'rollback'],
    ],
  ],
];

export function screensOfChoices(updaterOf: () => string): void {
  describe('what is offered, decided and asked', () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage();
      await stage.release('2.0.0', { notes: NOTES, risk: 'high', deltas: 0 });
    });
    afterAll(() => stage?.[Symbol.asyncDispose]());

    const typed = (columns: number, lines: readonly string[], environment?: Record<string, string>) => ({
      ...{ updater: updaterOf(), stage, columns, lines },
      ...(environment && { environment }),
    });

    test.each(TRANSCRIPTS)('%s', async (name, columns, lines) => {
      expectScreen(name, await transcript(typed(columns, lines)));
    });

    test.skipIf(!mounts)(`settings, with a policy and the environment${skipped}`, async () => {
      const policy = JSON.stringify({ channel: 'stable', minimumAge: '2d' });
      const lines = [
        ...['config list', 'config explain channel', 'config explain autoUpdate', 'config set channel beta'],
        ...['config set autoUpdate off', 'check'],
      ];
      const { screen } = underPolicy(policy, lines);
      using shown = screen;
      expectScreen('settings-80', await shown.shows('[ended with 0]'));
    });

    /** In a system of its own, of which /etc has nothing but the policy. */
    function underPolicy(policy: string, lines: readonly string[]) {
      const updater = path.join(stage.folder, 'under-policy');
      fs.writeFileSync(
        updater,
        `#!/bin/sh
exec unshare -m sh -c 'mount -t tmpfs none /etc && mkdir /etc/dgmo-updater &&
  printf %s '\\''${policy}'\\'' >/etc/dgmo-updater/policy.json && exec "$@"' sh '${updaterOf()}' "$@"\n`,
        { mode: 0o755 },
      );
      const environment = { DGMO_UPDATER_AUTO_UPDATE: 'security' };
      return { screen: openTranscript({ updater, stage, columns: 80, lines, environment }) };
    }

    test('snapshots, and that a pinned one is not removed by Enter', async () => {
      const script = [
        `snapshots create --pin --reason 'before the migration'`,
        'snapshots',
        'snapshots verify',
        'snapshots compact',
        'snapshots prune --keep 0',
        'snapshots remove 2',
      ];
      using screen = openTranscript(typed(100, script));
      await screen.shows('○ Yes / ● No');
      screen.type('Enter');
      expectScreen('snapshots-remove-100', await screen.shows('[ended with 0]'));
      expect(fs.readdirSync(path.join(stage.home, '.snapshots/snapshots'))).toHaveLength(2);
    });

    test('a release is not revoked by Enter, and nobody is asked with a wrong passphrase', async () => {
      const listed = async () => (await stage.feed.index('stable', NATIVE_PLATFORM))?.revoked;
      const revoke = `'${process.execPath}' release/cli.ts revoke 2.0.0 --repo '${stage.feed.folder}' --keys '${stage.feed.keys}'`;
      const lines = ['wrong words', PASSPHRASE].map(
        (words) => `DGMO_KEY_PASSPHRASE='${words}' ${revoke}; echo "[$?]"`,
      );
      using screen = openScreen(['sh', '-c', `cd '${TOP}'; ${lines.join('\n')}`], {
        columns: 80,
        environment: UTF8,
      });
      await screen.shows('○ Yes / ● No');
      screen.type('Enter');
      const seen = await screen.shows('[130]');
      expectScreen('revoke-80', seen.replace(/key [0-9a-f]{12}/, 'key <id>'));
      expect(await listed()).toEqual([]);
    });

    test.each([
      ['downloading-100', 100, UTF8],
      ['downloading-40', 40, UTF8],
      ['downloading-ascii', 100, { LANG: 'C', LC_ALL: 'C' }],
    ])('%s: how far it is, and Ctrl-C', async (name, columns, environment) => {
      stage.answer = (asked) => (asked.endsWith('.dgmopkg') ? slowly(stage, asked) : undefined);
      fs.rmSync(path.join(stage.home, 'cache'), { recursive: true, force: true });
      using screen = openScreen(
        [updaterOf(), 'update', '--yes', '--install-dir', stage.dir, '--home', stage.home],
        { columns, environment: { ...environmentOf(stage), ...environment } },
      );
      expectScreen(name, await screen.shows('left'));
      screen.type('C-c');
      const interrupted = await screen.shows('[ended with 130]');
      if (name === 'downloading-100') expectScreen('interrupted-100', interrupted);
      expect(stage.version()).toBe('1.0.0');
      stage.answer = () => undefined;
    });
  });
}

/** A KB at a time, and the last one never comes. */
function slowly(stage: Stage, name: string): Response {
  const bytes = fs.readFileSync(path.join(stage.feed.folder, name));
  let sent = 0;
  const stream = new ReadableStream({
    async pull(controller) {
      await Bun.sleep(20);
      controller.enqueue(bytes.subarray(sent, Math.min(sent + 1000, bytes.length - 1)));
      sent += 1000;
    },
  });
  return new Response(stream, { headers: { 'content-length': String(bytes.length) } });
}
