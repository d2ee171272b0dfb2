/** What a person sees of the commands that only tell: every help text, the man page, the settings, and the rest of what each command says. */
import { afterAll, beforeAll, describe, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { OFFERED_WORDS } from '../../../lib/ui/arguments.ts';
import { openScreen } from '../../support/tmux.ts';
import { openStage, type Stage } from '../../update/stage.ts';
import { environmentOf, expectScreen, openTranscript, transcript } from './kept-screens.ts';

const HELPS = [
  'help',
  ...OFFERED_WORDS.filter((name) => name !== 'help').map((name) => `help ${name}`),
  '--apply --help',
];

/** Each of them on a terminal of that width. */
const TOLD: [name: string, columns: number, lines: string[]][] = [
  ['help-80', 80, HELPS],
  ['help-40', 40, ['help', 'help update', 'help config', 'help snapshots']],
  ['help-200', 200, ['help']],
  [
    'told-80',
    80,
    [
      ...[
        'version',
        '-V',
        'status',
        'check',
        'config list',
        'config get',
        'config get channel',
        'config explain',
      ],
      ...['config set channel beta', 'config unset channel', 'service status', 'history', 'snapshots list'],
      ...['recover', 'repair </dev/null', 'confirm', 'snapshots prune', 'doctor --offline --verbose'],
      ...['completions bash | head -2', 'completions zsh | head -2', 'completions fish | head -2'],
      ...['completions powershell | head -2', '--apply nowhere.dgmopkg'],
    ],
  ],
  ['told-40', 40, ['status', 'config list', 'config explain channel', 'snapshots']],
  ['told-200', 200, ['status', 'check', 'doctor --offline']],
];

/** Those that change something, and are asked about by nobody. */
const DONE = [
  ...[
    'download | wc -l',
    'update --yes',
    'snapshots list',
    'snapshots show 2',
    'snapshots pin 2',
    'snapshots unpin 2',
  ],
  ...[
    'rollback </dev/null',
    'rollback --yes',
    'snapshots list',
    'snapshots show 2',
    'rollback --only data --yes',
  ],
  ...['rollback --to 9.9.9', 'history', 'snapshots prune --keep 1 --yes', 'skip 2.0.0', 'unskip 2.0.0'],
];

export function screensOfCommands(updaterOf: () => string): void {
  describe('what each command tells', () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage();
      await stage.release('2.0.0', { deltas: 0 });
    });
    afterAll(() => stage?.[Symbol.asyncDispose]());

    const typed = (columns: number, lines: readonly string[]) => ({
      ...{ updater: updaterOf(), stage, columns, lines, rows: 2000 },
    });

    test.each(TOLD)('%s', async (name, columns, lines) => {
      expectScreen(name, await transcript(typed(columns, lines)));
    });

    test.skipIf(Bun.which('man') === null)('the man page', async () => {
      const lines = ['man | man --nj --nh -l - | cat'];
      expectScreen('man-80', await transcript(typed(80, lines)));
    });

    test('changes, at 80 and 40 columns', async () => {
      expectScreen('done-80', await transcript(typed(80, DONE)));
      const again = ['update --yes', 'snapshots list', 'rollback --yes', 'history'];
      expectScreen('done-40', await transcript(typed(40, again)));
    });

    test('the service in a terminal, and its status meanwhile', async () => {
      fs.writeFileSync(path.join(stage.folder, 'systemctl'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
      const environment = { ...environmentOf(stage), PATH: `${stage.folder}:/usr/bin:/bin` };
      const place = ['--install-dir', stage.dir, '--home', stage.home];
      using service = openScreen([updaterOf(), 'service', 'run', ...place], { columns: 80, environment });
      await service.shows('Next check');
      const lines = ['service status', 'service run', 'service install', 'service uninstall', 'status'];
      using status = openTranscript({ ...typed(80, lines), environment });
      expectScreen('service-80', await status.shows('[ended with 0]'));
      service.type('C-c');
      expectScreen('service-run-80', await service.shows('[ended with'));
    });
  });
}
