/** What a person sees of an update, before and after it; and, from the other files, of what they decide and what is wrong. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { OFFERED_WORDS } from '../../../lib/ui/arguments.ts';
import { verbsOf } from '../../../lib/ui/parsing/verbs.ts';
import { hasTmux, openScreen, type Screen, type ScreenOptions } from '../../support/tmux.ts';
import { openSharedWorkshop, type Workshop } from '../../support/workshop.ts';
import { openStage, type Stage } from '../../update/stage.ts';
import { environmentOf, expectScreen, UTF8 } from './kept-screens.ts';
import { screensOfChoices } from './screens-of-choices.ts';
import { screensOfCommands } from './screens-of-commands.ts';
import { screensOfHealth } from './screens-of-health.ts';
import { screensOfTrouble } from './screens-of-trouble.ts';

const NOTES = `# 2.0.0

Back up before updating! See [the guide](https://example.org/guide).

## Breaking changes

- \`dgmo run\` needs **a name**
  1. not the old one
  2. nor none

### Added

- A thing with a description that is so long that it has to be wrapped, wherever it is shown

| old | new |
|---|---|
| 1 | 2 |

> Said by nobody.

\`\`\`sh
dgmo --new
\`\`\`

<b>HTML</b> &amp; an entity that is an escape code: &#27;[2J
`;

/** What can be looked at after an update, and how wide the terminal is. */
const LOOKS: [name: string, columns: number, ...args: string[]][] = [
  ['status-80', 80, 'status'],
  ['history-80', 80, 'history'],
  ['history-40', 40, 'history'],
  ['snapshots-80', 80, 'snapshots'],
  ['doctor-80', 80, 'doctor'],
  ['service-status-40', 40, 'service', 'status'],
];

let shop: Workshop;
let updater: string;
beforeAll(async () => {
  if (!hasTmux) return;
  shop = await openSharedWorkshop();
  updater = await shop.rootlessUpdater();
});
afterAll(() => shop?.remove());

test('every command, and every word that one takes, has a screen that is kept', () => {
  const folder = path.join(import.meta.dir, 'screens');
  const kept = fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name), 'utf8'));
  const typed = kept.flatMap((text) =>
    [...text.matchAll(/^\$ dgmo-updater (.*)/gm)].map(([, line = '']) => `${line} `),
  );
  const verbs = (['snapshots', 'config', 'service', 'completions'] as const).flatMap((command) =>
    verbsOf(command).map((verb) => `${command} ${verb} `),
  );
  const commands = [...OFFERED_WORDS, '--apply'].map((command) => `${command} `);
  const helps = OFFERED_WORDS.filter((command) => command !== 'help').map((command) => `help ${command} `);
  const missing = [...commands, ...verbs, ...helps].filter(
    (words) => !typed.some((line) => line.startsWith(words)),
  );
  expect(missing).toEqual([]);
});

describe.skipIf(!hasTmux)('on a real terminal, other screens', () => {
  screensOfChoices(() => updater);
  screensOfCommands(() => updater);
  screensOfHealth(() => updater);
  screensOfTrouble(() => updater);
});

describe.skipIf(!hasTmux)('on a real terminal', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await openStage();
    const evolutions = [
      { id: 'faster-search', description: 'Searches faster', autoApply: true },
      { id: 'dark-mode', description: 'Easier on the eyes', autoApply: false, riskLevel: 'medium' as const },
    ];
    await stage.release('2.0.0', { notes: NOTES, risk: 'medium', deltas: 0, evolutions });
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  const open = (args: string[], options: ScreenOptions): Screen =>
    openScreen([updater, ...args, '--install-dir', stage.dir, '--home', stage.home], options);

  test('an update, from the question to how it can be undone', async () => {
    using screen = open(['update'], { columns: 80, environment: UTF8 });
    expectScreen('update-80', await screen.shows('Always Auto-Update'));
    screen.type('Enter');
    expectScreen('evolutions-80', await screen.shows('Space'));
    screen.type('Down', 'Space', 'Enter');
    expectScreen('updated-80', await screen.shows('[ended with 0]'));
    expect(stage.version()).toBe('2.0.0');
    using back = open(['rollback'], { columns: 80, environment: UTF8 });
    expectScreen('rollback-80', await back.shows('○ Yes / ● No'));
    back.type('Enter');
    await back.shows('[ended with 130]');
    for (const [name, columns, ...args] of LOOKS) {
      using look = open(args, { columns, environment: environmentOf(stage) });
      expectScreen(name, await look.shows('[ended with 0]'));
    }
  });

  test.each<[string, number, Record<string, string>, string]>([
    ['update-40', 40, UTF8, 'Always Auto-Update'],
    ['update-200', 200, UTF8, 'Always Auto-Update'],
    ['update-no-color', 80, { ...UTF8, NO_COLOR: '1' }, 'Always Auto-Update'],
    ['update-ascii', 80, { LANG: 'C', LC_ALL: 'C' }, 'Number, 1 to 4'],
    ['update-dumb', 80, { ...UTF8, TERM: 'dumb' }, 'Number, 1 to 4'],
  ])('%s', async (name, columns, environment, words) => {
    using screen = open(['update'], { columns, environment });
    const seen = await screen.shows(words);
    expectScreen(name, seen);
    // Nothing of the notes is lost, and nothing in them is an order to the terminal.
    for (const line of ['Back up before', 'Breaking changes', 'nor none', 'Said by nobody', 'dgmo --new'])
      expect(seen).toContain(line);
    screen.type('C-c');
    await screen.shows('[ended with 130]');
    expect(stage.version()).toBe('1.0.0');
  });

  test('an update that passes over a release shows the notes of that as well', async () => {
    await stage.release('2.1.0', { notes: '### Fixed\n\n- A leak\n', deltas: 0 });
    using screen = open(['update'], { columns: 80, environment: UTF8 });
    expectScreen('update-passed-80', await screen.shows('Always Auto-Update'));
    screen.type('C-c');
    await screen.shows('[ended with 130]');
  });

  test.each(['C-c', 'Escape'])(
    'after %s at a menu no choice is shown as the one that was made',
    async (key) => {
      using screen = open(['update'], { columns: 80, environment: UTF8 });
      await screen.shows('Always Auto-Update');
      screen.type(key);
      const ended = (await screen.shows('[ended with 130]')).split('now?\n').at(-1);
      expect(ended).toMatch(/^│ {2}cancelled\n│\ndgmo-updater: (interrupted|not now): nothing was changed\n/);
      using some = open(['update'], { columns: 80, environment: UTF8 });
      await some.shows('Always Auto-Update');
      some.type('Enter');
      await some.shows('Space');
      some.type(key);
      const left = (await some.shows('[ended with 130]')).split('with it?\n').at(-1);
      expect(left).toMatch(/^│\ndgmo-updater: (interrupted|not now): nothing was changed\n/);
      expect(stage.version()).toBe('1.0.0');
    },
  );

  test.each(['C-c', 'Escape', 'q'])('after %s at a yes or no neither is shown as chosen', async (key) => {
    fs.writeFileSync(stage.dgmo, 'damaged');
    using screen = open(['repair'], { columns: 80, environment: UTF8 });
    await screen.shows('○ Yes / ● No');
    screen.type(key);
    const ended = (await screen.shows('[ended with 130]')).split('Repair it now?\n').at(-1);
    expect(ended).toMatch(/^│ {2}cancelled\n│\ndgmo-updater: (interrupted|not now)/);
  });

  test('numbered choices: a number, several, and nonsense is asked again', async () => {
    using screen = open(['update'], { columns: 80, environment: { ...UTF8, TERM: 'dumb' } });
    await screen.shows('Number, 1 to 4');
    screen.type('9', 'Enter');
    await screen.shows('n for not now [1]: 9\nUpdate to');
    screen.type('1', 'Enter');
    await screen.shows('Numbers with commas');
    screen.type('1,2', 'Enter');
    expectScreen('updated-dumb', await screen.shows('[ended with 0]'));
    expect(stage.version()).toBe('2.0.0');
  });

  test('evolutions of the installed version can be added later', async () => {
    using screen = open(['update', '--yes', '--evolutions', 'none'], { columns: 100, environment: UTF8 });
    expect(await screen.shows('[ended with 0]')).not.toContain('Installed evolutions');
    using later = open(['update', '--evolutions', 'dark-mode'], { columns: 100, environment: UTF8 });
    await later.shows('Install evolutions of 2.0.0 now?');
    later.type('Enter');
    expect(await later.shows('[ended with 0]')).toContain('Installed evolutions: dark-mode.');
    expect(fs.existsSync(path.join(stage.home, 'evolutions/dark-mode'))).toBe(true);
    using all = open(['update', '--evolutions', 'dark-mode'], { columns: 100, environment: UTF8 });
    expect(await all.shows('[ended with 0]')).toContain('Installed already, as 2.0.0 has it: dark-mode.');
    const evolutions = [
      { id: 'dark-mode', description: 'Easier on the eyes', autoApply: false },
      { id: 'sounds', description: 'Is heard', autoApply: false },
    ];
    await stage.release('2.1.0', { evolutions, deltas: 0 });
    using newer = open(['update'], { columns: 100, environment: UTF8 });
    await newer.shows('Always Auto-Update');
    newer.type('Enter');
    const menu = await newer.shows('Space');
    expect(menu).toContain('◼ dark-mode: Easier on the eyes (installed)');
    expect(menu).toContain('◻ sounds: Is heard\n');
    newer.type('C-c');
    await newer.shows('[ended with 130]');
    using plain = open(['update'], { columns: 100, environment: { ...UTF8, TERM: 'dumb' } });
    await plain.shows('Number, 1 to 4');
    plain.type('Enter');
    const list = await plain.shows('Numbers with commas');
    expect(list).toContain('1) [x] dark-mode: Easier on the eyes (installed)');
    expect(list).toContain('2) [ ] sounds: Is heard');
    plain.type('C-c');
    await plain.shows('[ended with 130]');
  });
});
