/** The recovery menu in a real terminal emulator, in each state: the whole screen, before a choice and after it. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { encodeEntry } from '../../lib/install/transaction/journal.ts';
import { hasTmux, openScreen, type Screen } from '../support/tmux.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

/** Without the folder of the test, digests, and times, which differ from run to run. */
const plain = (screen: string) =>
  screen
    .replaceAll(here.stage.folder, '')
    .replaceAll(/as of \d+ (s|min) ago/g, 'as of a while ago')
    .replaceAll(/Swapped in \d+ m?s/g, 'Swapped in a moment')
    .replaceAll(/snapshot \d{8}-\d{6}-[0-9a-f]{4} \([-\d]+ [:\d]+\)/g, 'snapshot <id> (<time>)')
    .replaceAll(/[0-9a-f]{64}/g, '<digest>');

const gone = (...files: string[]) => {
  for (const file of files) fs.rmSync(file, { recursive: true, force: true });
};

function interrupt(): void {
  const { receipt } = JSON.parse(fs.readFileSync(path.join(here.workDir, 'installed.json'), 'utf8'));
  const to = { version: '1.2.0', sha256: '0'.repeat(64), size: 1 };
  const begin = { type: 'begin', id: '0', at: 0, kind: 'update', from: receipt.binary, to, receipt } as const;
  fs.appendFileSync(path.join(here.workDir, 'journal'), encodeEntry(begin));
}

function flip(): void {
  const bytes = fs.readFileSync(here.dgmo);
  bytes[20_000] = (bytes[20_000] ?? 0) ^ 1;
  fs.writeFileSync(here.dgmo, bytes);
}

function openMenu(): Screen {
  const define = `BUILD_SETTINGS=${JSON.stringify(here.settings)}`;
  const updater = path.join(import.meta.dir, '../../updater.ts');
  const places = ['--install-dir', here.dir, '--home', here.home];
  return openScreen([process.execPath, '--define', define, updater, ...places], {
    environment: { PATH: '/usr/bin:/bin', HOME: here.stage.folder },
    // No line is broken, however long the name of the folder is.
    ...{ columns: 400, rows: 30 },
  });
}

const STATES: [state: string, damage: () => void, said: string, menu: string][] = [
  [
    'healthy',
    () => undefined,
    `dgmo 1.1.0 is installed in /bin, and it is healthy.`,
    `│  ● Look for an update
│  ○ Go back to 1.0.0, as of a while ago, with its data
│  ○ Nothing`,
  ],
  [
    'the executable is gone',
    () => gone(here.dgmo),
    `dgmo 1.1.0 is installed in /bin, and something is wrong with it.
1 problem found:
  /bin/dgmo: the executable of dgmo is missing.
    Repair would put it back: from what is kept here, else from the feed.`,
    `│  ● Repair what is damaged; settings and data are kept
│  ○ Go back to 1.0.0, as of a while ago, with its data
│  ○ Nothing`,
  ],
  [
    'an update was interrupted',
    interrupt,
    `dgmo in /bin: the update from 1.1.0 to 1.2.0 was interrupted, and is neither finished nor undone.`,
    `│  ● Finish or undo what was interrupted
│  ○ Repair what is damaged; settings and data are kept
│  ○ Go back to 1.0.0, as of a while ago, with its data
│  ○ Look for an update
│  ○ Nothing`,
  ],
  [
    'the home is gone',
    () => gone(here.home),
    `dgmo 1.1.0 is installed in /bin, and it is healthy.`,
    `│  ● Look for an update
│  ○ Go back to 1.0.0
│  ○ Nothing`,
  ],
  [
    'only the two executables are left',
    () => gone(here.home, here.workDir),
    `There is a dgmo in /bin, and it is not looked after yet.`,
    `│  ● Record the dgmo that is there, so that it can be updated
│  ○ Install the newest dgmo from its feed
│  ○ Nothing`,
  ],
  [
    'only the updater is left',
    () => gone(here.home, here.workDir, here.dgmo),
    `dgmo is not installed in /bin.`,
    `│  ● Install the newest dgmo from its feed
│  ○ Nothing`,
  ],
];

describe.skipIf(!hasTmux)('the screen', () => {
  test.each(STATES)(
    '%s: what is said, what is offered, and that nothing is done',
    async (_, damage, said, menu) => {
      damage();
      const before = here.picture();
      using terminal = openMenu();
      expect(plain(await terminal.shows('└'))).toBe(`${said}
│
◆  What shall be done?
${menu}
│  ↑/↓ to navigate • Enter: confirm
└`);
      // The last choice is one above the first.
      terminal.type('Up', 'Enter');
      expect(plain(await terminal.shows('[ended with'))).toBe(`${said}
│
◇  What shall be done?
│  Nothing
dgmo-updater: nothing was changed
[ended with 130]`);
      expect(here.picture()).toEqual(before);
    },
  );

  test('a flipped byte is mended by the first choice', async () => {
    flip();
    using terminal = openMenu();
    await terminal.shows('└');
    terminal.type('Enter');
    expect(
      plain(await terminal.shows('[ended with')),
    ).toBe(`dgmo 1.1.0 is installed in /bin, and something is wrong with it.
1 problem found:
  /bin/dgmo: its bytes are not those of 1.1.0 that were installed: wanted SHA-256 <digest>, found <digest>.
    Repair would put it back: from what is kept here, else from the feed. If you changed it yourself, run \`dgmo-updater init\` to adopt it.
│
◇  What shall be done?
│  Repair what is damaged; settings and data are kept
Swapped in a moment.
Repaired /bin/dgmo: the older version that is kept here, and the patch that was downloaded before.
The installation is healthy (nothing was downloaded).
The state before is kept as snapshot <id> (<time>).
[ended with 0]`);
    expect(here.stage.version()).toBe('1.1.0');
  });
});
