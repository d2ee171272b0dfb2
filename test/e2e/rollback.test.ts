/** `rollback`: where it goes, what it asks and refuses, and that it works where DGMO itself does not. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { type Installed, makeInstall, resultOf } from '../support/installed.ts';
import { openSharedWorkshop, type Ran, type Workshop } from '../support/workshop.ts';
import {
  byReference,
  CTRL_C,
  CTRL_D,
  ENTER,
  everything,
  fillHome,
  HANG_UP,
  homeOf,
  homePicture,
  onTerminal,
  pack,
  script,
  snapshotIds,
  YES,
} from './snapshot-stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('rollback', () => {
  let shop: Workshop;
  let updater: string;
  let first: string;
  let toOne: string;
  let toTwo: string;
  let toNewFormat: string;
  const made: Installed[] = [];

  beforeAll(async () => {
    shop = await openSharedWorkshop();
    updater = byReference(shop, await shop.updater());
    first = script(shop.folder, '0.9.0');
    const two = script(shop.folder, '2.0.0');
    toOne = await pack(shop, { version: '1.0.0', file: script(shop.folder, '1.0.0') });
    toTwo = await pack(shop, { version: '2.0.0', file: two });
    toNewFormat = await pack(shop, { version: '2.0.0', file: two, say: ['--data-version', '2'] });
  });

  afterAll(() => {
    for (const install of made) install.remove();
    shop?.remove();
  });

  /** 0.9.0, adopted, with a home that is full. */
  async function adopted(): Promise<Installed> {
    const here = await makeInstall({ binary: first, version: '0.9.0', updater });
    made.push(here);
    fillHome(homeOf(here));
    return here;
  }

  /** 1.0.0 with format 1, then this update, and then the data moves on. */
  async function updated(to = toTwo): Promise<Installed> {
    const here = await adopted();
    await done(here.update(['--apply', toOne, '--no-relaunch']));
    await done(here.update(['--apply', to, '--no-relaunch']));
    write(here, 'data/data.json', 'new data');
    write(here, 'config/config.json', 'new config');
    return here;
  }

  async function done(run: Promise<Ran>): Promise<Ran> {
    const ran = await run;
    expect({ code: ran.code, stderr: ran.code === 0 ? '' : ran.stderr }).toEqual({ code: 0, stderr: '' });
    return ran;
  }

  async function refused(here: Installed, code: number, why: RegExp, args: string[]): Promise<Ran> {
    const before = everything(here);
    const ran = await here.update(['rollback', '--yes', ...args]);
    expect(ran.stderr).toMatch(why);
    expect(ran.code).toBe(code);
    expect(everything(here)).toEqual(before);
    return ran;
  }

  const write = (here: Installed, name: string, text: string) =>
    fs.writeFileSync(path.join(homeOf(here), name), text);
  const read = (here: Installed, name: string) => fs.readFileSync(path.join(homeOf(here), name), 'utf8');
  const OLD_DATA = '{"dataVersion":1,"text":"mine"}\n';
  const OLD_CONFIG = '{"theme":"dark"}\n';

  describe.concurrent('without a terminal', () => {
    test.each([[[]], [['--yes']]])('nothing is asked: rollback %p', async (args) => {
      const here = await updated();
      const ran = await done(here.update(['rollback', '--yes', ...args]));
      const [, before] =
        /^1\.0\.0 is back \(before: 2\.0\.0\)\. The state before is kept as snapshot (\S+) \(\d{4}-\d\d-\d\d \d\d:\d\d\)\.\n$/.exec(
          ran.stdout,
        ) ?? ['', ''];
      expect(snapshotIds(homeOf(here))).toContain(before ?? '');
      expect(await here.version()).toBe('1.0.0');
      expect(read(here, 'data/data.json')).toBe(OLD_DATA);
    });

    test('--json: the result is the last line, and what there was before is named', async () => {
      const here = await updated();
      const result = resultOf(await done(here.update(['rollback', '--yes', '--json'])));
      expect(result).toMatchObject({
        event: 'result',
        command: 'rollback',
        ok: true,
        from: '2.0.0',
        to: '1.0.0',
        components: ['data', 'evolutions', 'plugins', 'config', 'binary'],
      });
      expect(snapshotIds(homeOf(here))).toContain(String(result.before));
      expect(snapshotIds(homeOf(here))).toContain(String(result.snapshot));
    });
  });

  describe.concurrent('at a terminal', () => {
    test('it says where it goes and what changes, and on yes it does', async () => {
      const here = await updated(toNewFormat);
      const { code, said } = await onTerminal(here, ['rollback'], [['Go back?', YES]]);
      expect(code).toBe(0);
      const lines = said
        .slice(0, said.indexOf('Go back?'))
        .split('\n')
        .filter((line) => /\w/.test(line));
      expect(lines).toHaveLength(3);
      expect(lines[0]).toMatch(
        /^This goes back from 2\.0\.0 to 1\.0\.0: the executable, config, plugins, evolutions and data, as of \d+ s ago \(Pre-update to 2\.0\.0\), data of format 1 instead of 2\.$/,
      );
      expect(lines[1]).toMatch(
        /^The executable is replaced \([\d.]+ [A-Za-z]+\)(, \d+ files? (is|are) written \([\d.]+ [A-Za-z]+\))?(, \d+ files? (is|are) removed)?\.$/,
      );
      expect(lines[2]).toBe(
        'A snapshot of the current state is taken first: `dgmo-updater rollback` returns to it.',
      );
      expect(await here.version()).toBe('1.0.0');
    });

    test('the terminal is closed at a question: 130, and nothing has changed', async () => {
      const here = await updated();
      const before = everything(here);
      const { code } = await onTerminal(here, ['rollback'], [['Go back?', HANG_UP]]);
      expect(code).toBe(130);
      expect(everything(here)).toEqual(before);
    });

    test.each([
      ['Enter, which is no,', ENTER, 'not rolled back: 2.0.0 is still installed'],
      ['Ctrl-C', CTRL_C, 'nothing was changed'],
      ['Ctrl-D', CTRL_D, 'nothing was changed'],
    ])('%s: 130, and nothing has changed', async (_, keys, words) => {
      const here = await updated();
      const before = everything(here);
      const { code, said } = await onTerminal(here, ['rollback'], [['Go back?', keys]]);
      expect(code).toBe(130);
      expect(said).toContain(words);
      expect(everything(here)).toEqual(before);
    });

    test('what another one did while the question stood is not done over: 14', async () => {
      const here = await updated();
      let before: unknown;
      const { code, said } = await onTerminal(
        here,
        ['rollback'],
        [
          [
            'Go back?',
            async () => {
              await done(here.update(['rollback', '--yes']));
              before = everything(here);
              return YES;
            },
          ],
        ],
      );
      expect(said).toMatch(/meanwhile: 2\.0\.0 was installed, 1\.0\.0 is now; nothing was changed/);
      expect(code).toBe(14);
      expect(everything(here)).toEqual(before as Record<string, unknown>);
    });
  });

  describe.concurrent('where it goes', () => {
    test('to a snapshot by its id, or the beginning of it', async () => {
      const here = await updated();
      const [oldest = '', newest = ''] = snapshotIds(homeOf(here));
      await done(here.update(['rollback', '--yes', oldest]));
      expect(await here.version()).toBe('0.9.0');
      const others = snapshotIds(homeOf(here)).filter((id) => id !== newest);
      let beginning = newest.slice(0, 8);
      while (others.some((id) => id.startsWith(beginning))) beginning = newest.slice(0, beginning.length + 1);
      expect(beginning).not.toBe(newest);
      await done(here.update(['rollback', '--yes', beginning]));
      expect(await here.version()).toBe('1.0.0');
    });

    test('an id that is not clear, or not there, or one too many: 2', async () => {
      const here = await updated();
      const [oldest = '', newest = ''] = snapshotIds(homeOf(here));
      const ran = await refused(here, 2, /^dgmo-updater: 2 snapshots begin with "20": /, ['20']);
      expect(ran.stderr).toContain(oldest);
      expect(ran.stderr).toContain(newest);
      await refused(here, 2, /there is no snapshot "20010101-000000-0000"/, ['20010101-000000-0000']);
      await refused(here, 2, /there is no snapshot "\.\.\/x"/, ['../x']);
      await refused(here, 2, /wanted one snapshot, found/, [oldest, newest]);
      await refused(here, 2, /a snapshot and --to exclude each other/, [oldest, '--to', '1.0.0']);
    });

    test('to the newest snapshot of a version', async () => {
      const here = await updated();
      write(here, 'data/data.json', 'newer data');
      await done(here.update(['snapshots', 'create']));
      write(here, 'data/data.json', 'newest data');
      await done(here.update(['rollback', '--yes', '--to', '0.9.0']));
      expect(await here.version()).toBe('0.9.0');
      await done(here.update(['rollback', '--yes', '--to', '2.0.0']));
      expect(await here.version()).toBe('2.0.0');
      // What stood when the first rollback began, not what was taken by hand before.
      expect(read(here, 'data/data.json')).toBe('newest data');
      await refused(here, 17, /there is no snapshot of 1\.5\.0 here/, ['--to', '1.5.0']);
      await refused(here, 2, /--to: wanted a semantic version such as 1\.2\.3, found "nonsense"/, [
        '--to',
        'nonsense',
      ]);
    });

    test.each([
      ['binary', '1.0.0', 'new data', 'new config'],
      ['config', '2.0.0', 'new data', OLD_CONFIG],
      ['data', '2.0.0', OLD_DATA, 'new config'],
      ['data,binary', '1.0.0', OLD_DATA, 'new config'],
      ['config, data , evolutions,plugins,binary', '1.0.0', OLD_DATA, OLD_CONFIG],
    ])('--only %s', async (only, version, data, config) => {
      const here = await updated();
      const ran = await done(here.update(['rollback', '--yes', '--only', only]));
      expect(await here.version()).toBe(version);
      expect(read(here, 'data/data.json')).toBe(data);
      expect(read(here, 'config/config.json')).toBe(config);
      if (version === '2.0.0')
        expect(ran.stdout).toMatch(
          new RegExp(`^${only} is back as of the snapshot \\S+ \\([-\\d]+ [:\\d]+\\)\\. The state before`),
        );
      expect(resultOf(await here.update(['status', '--json']))).toMatchObject({
        binary: 'sound',
        receipt: { binary: { version } },
        open: null,
      });
      // And all of that is taken back again.
      const last = snapshotIds(homeOf(here)).at(-1) ?? '';
      await done(
        here.update(['rollback', '--yes', ran.stdout.match(/is the snapshot (\S+)\./)?.[1] ?? last]),
      );
      expect(await here.version()).toBe('2.0.0');
      expect(read(here, 'data/data.json')).toBe('new data');
      expect(read(here, 'config/config.json')).toBe('new config');
    });

    test('--only something else: 2', async () => {
      const here = await updated();
      for (const only of ['', ',', 'foo', 'data,foo', 'Data'])
        await refused(here, 2, /--only: wanted some of data, evolutions, plugins, config, binary, found/, [
          '--only',
          only,
        ]);
    });

    test('a rollback is rolled back: the new version and its data', async () => {
      const here = await updated();
      const before = homePicture(homeOf(here));
      await done(here.update(['rollback', '--yes']));
      expect(homePicture(homeOf(here))).not.toEqual(before);
      await done(here.update(['rollback', '--yes']));
      expect(await here.version()).toBe('2.0.0');
      expect(homePicture(homeOf(here))).toEqual(before);
      await done(here.update(['rollback', '--yes']));
      expect(await here.version()).toBe('1.0.0');
      expect(read(here, 'data/data.json')).toBe(OLD_DATA);
    });
  });

  describe.concurrent('what the release says', () => {
    test('the format of the data has moved: the binary alone does not go back without --force', async () => {
      const here = await updated(toNewFormat);
      const why =
        /the data has format 2 now and format 1 in the snapshot, so binary and data have to go back together/;
      for (const only of ['binary', 'binary,config', 'data']) await refused(here, 17, why, ['--only', only]);
      await done(here.update(['rollback', '--yes', '--only', 'config']));
      await done(here.update(['rollback', '--yes', '--only', 'binary', '--force']));
      expect(await here.version()).toBe('1.0.0');
      expect(read(here, 'data/data.json')).toBe('new data');
    });

    test('and so where the version of then was adopted, which counts as the first format', async () => {
      const here = await adopted();
      await done(here.update(['--apply', toNewFormat, '--no-relaunch']));
      await refused(here, 17, /format 2 now and format 1 in the snapshot/, ['--only', 'binary']);
      await done(here.update(['rollback', '--yes']));
      expect(await here.version()).toBe('0.9.0');
    });

    test.each([
      ['--no-rollback', "2\\.0\\.0 can't be rolled back: its release says so"],
      ['--rollback-min 1.5.0', '2\\.0\\.0 can be rolled back to 1\\.5\\.0 or newer, wanted 1\\.0\\.0'],
    ])('%s: 17, but with --force it goes', async (say, why) => {
      const to = await pack(shop, {
        version: '2.0.0',
        file: script(shop.folder, '2.0.0'),
        say: say.split(' '),
      });
      const here = await updated(to);
      const ran = await refused(here, 17, new RegExp(why), []);
      expect(ran.stderr).toContain('--force');
      // What does not bring an older version back is not what the release speaks of.
      await done(here.update(['rollback', '--yes', '--only', 'config']));
      await done(here.update(['rollback', '--yes', '--force']));
      expect(await here.version()).toBe('1.0.0');
    });
  });

  describe.concurrent('a DGMO that does not work', () => {
    test.each<[string, (file: string) => void]>([
      ['damaged', (file) => fs.writeFileSync(`${file}.x`, 'damaged', { mode: 0o755 })],
      ['missing', (file) => fs.rmSync(file)],
      ['cut off', (file) => fs.truncateSync(file, 10)],
    ])('%s: the version before comes back with its data', async (kind, harm) => {
      const here = await updated();
      harm(here.dgmo);
      if (kind === 'damaged') fs.renameSync(`${here.dgmo}.x`, here.dgmo);
      await done(here.update(['rollback', '--yes']));
      expect(await here.version()).toBe('1.0.0');
      expect(read(here, 'data/data.json')).toBe(OLD_DATA);
      expect(resultOf(await here.update(['status', '--json']))).toMatchObject({ binary: 'sound' });
    });

    test('damaged, and no update was ever done: the same version as it was', async () => {
      const here = await adopted();
      await done(here.update(['snapshots', 'create']));
      fs.writeFileSync(`${here.dgmo}.x`, 'damaged', { mode: 0o755 });
      fs.renameSync(`${here.dgmo}.x`, here.dgmo);
      await done(here.update(['rollback', '--yes']));
      expect(await here.version()).toBe('0.9.0');
    });

    test('it crashes at start, though it says its version', async () => {
      const here = await adopted();
      const broken = script(shop.folder, '1.0.0', '[ "$1" = --version ] || exit 70');
      const to = await pack(shop, { version: '1.0.0', file: broken });
      await done(here.update(['--apply', to, '--no-relaunch']));
      await done(here.update(['rollback', '--yes']));
      expect(await here.version()).toBe('0.9.0');
    });

    test('an install that has only the kept binary: it goes back, and what stood is kept from now on', async () => {
      const here = await updated();
      fs.rmSync(path.join(homeOf(here), '.snapshots'), { recursive: true });
      const data = homePicture(homeOf(here));
      await refusedWithoutSnapshots(here);
      await done(here.update(['rollback', '--yes']));
      expect(await here.version()).toBe('1.0.0');
      expect(homePicture(homeOf(here))).toEqual(data);
      await done(here.update(['rollback', '--yes']));
      expect(await here.version()).toBe('2.0.0');
    });

    async function refusedWithoutSnapshots(here: Installed): Promise<void> {
      const ran = await here.update(['rollback', '--yes', '--only', 'binary,data']);
      expect(ran).toMatchObject({ code: 17 });
      expect(ran.stderr).toContain('there is no snapshot to take data from: only the binary was kept here');
    }

    test('nothing to go back to: 17', async () => {
      const here = await adopted();
      await refused(here, 17, /there is no version before 0\.9\.0 to go back to/, []);
    });
  });
});
