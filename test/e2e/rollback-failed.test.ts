/** An update that fails goes back by itself, with the data; and how many snapshots updates leave behind. */
import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { type Installed, makeInstall, resultOf } from '../support/installed.ts';
import { buildStandin, waitForStarts } from '../support/standin.ts';
import { openSharedWorkshop, type Workshop } from '../support/workshop.ts';
import { byReference, fillHome, homeOf, homePicture, pack, script, snapshotIds } from './snapshot-stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe.concurrent;

posixOnly('an update', () => {
  let shop: Workshop;
  let updater: string;
  const made: Installed[] = [];

  beforeAll(async () => {
    shop = await openSharedWorkshop();
    updater = byReference(shop, await shop.updater());
  });

  afterAll(() => {
    for (const install of made) install.remove();
    shop?.remove();
  });

  async function install(binary: string): Promise<Installed> {
    const here = await makeInstall({ binary, version: '1.0.0', updater });
    made.push(here);
    fillHome(homeOf(here));
    return here;
  }

  test.each(['crash', 'hang'] as const)(
    'to a version that migrates the data and then fails (%s): 15, and the data is the old one',
    async (how) => {
      const one = await buildStandin({ version: '1.0.0' });
      const bad = await buildStandin({ version: '2.0.0', behaviour: `migrate-then-${how}`, dataVersion: 2 });
      const old = { version: '1.0.0', file: one };
      const toBad = await pack(shop, { version: '2.0.0', file: bad, old, say: ['--data-version', '2'] });
      const here = await install(one);
      const file = path.join(homeOf(here), 'data/sessions.db');
      const database = new Database(file);
      database.run('CREATE TABLE sessions (id INTEGER PRIMARY KEY, text TEXT)');
      database.run("INSERT INTO sessions VALUES (1, 'mine')");
      database.run('PRAGMA user_version = 1');
      database.close();
      const before = { dir: here.picture(), home: homePicture(homeOf(here), /^$/) };

      const ran = await here.update(['--apply', toBad, '--probe-limit', '2', '--', '--resume']);
      expect(ran.code).toBe(15);
      expect(ran.stderr).toContain('1.0.0 is back and works');
      const [start] = await waitForStarts(here.starts, 1);
      expect(start).toMatchObject({
        version: '1.0.0',
        args: ['--resume'],
        data: { dataVersion: 1, text: 'mine' },
      });
      // The old version has opened its database meanwhile.
      const { dir, home } = { dir: here.picture(), home: homePicture(homeOf(here)) };
      expect({ dir, home }).toEqual({
        dir: before.dir,
        home: Object.fromEntries(
          Object.entries(before.home).filter(([name]) => !name.includes('sessions.db')),
        ),
      });
      const after = new Database(file);
      expect(after.query('SELECT * FROM sessions').all()).toEqual([{ id: 1, text: 'mine' }]);
      expect(after.query('PRAGMA user_version').get()).toEqual({ user_version: 1 });
      after.close();
    },
  );

  test('seven of them leave five snapshots, and besides those that are pinned or needed', async () => {
    const here = await install(script(shop.folder, '1.0.0'));
    const ids = () => snapshotIds(homeOf(here));
    expect((await here.update(['snapshots', 'create', '--pin', '--reason', 'my own'])).code).toBe(0);
    const [pinned = ''] = ids();
    const listed = async () => {
      const { snapshots } = resultOf(await here.update(['snapshots', '--json']));
      return snapshots as { id: string; version: string; reason: string }[];
    };
    for (let number = 2; number <= 8; number++) {
      const version = `${number}.0.0`;
      const to = await pack(shop, { version, file: script(shop.folder, version) });
      fs.writeFileSync(path.join(homeOf(here), 'data/data.json'), `data of ${version}`);
      expect(await here.update(['--apply', to, '--no-relaunch'])).toMatchObject({ code: 0 });
    }
    expect((await listed()).map(({ version }) => version)).toEqual([
      '1.0.0',
      '3.0.0',
      '4.0.0',
      '5.0.0',
      '6.0.0',
      '7.0.0',
    ]);
    expect((await listed())[0]).toMatchObject({ id: pinned, reason: 'my own' });
    expect(await here.update(['snapshots', 'verify'])).toMatchObject({ code: 0 });
    // That of the version before the installed one is needed for a rollback, however many others come after it.
    for (let number = 0; number < 6; number++)
      expect((await here.update(['snapshots', 'create'])).code).toBe(0);
    expect(await here.update(['snapshots', 'prune', '--yes'])).toMatchObject({ code: 0 });
    expect((await listed()).map(({ version }) => version)).toEqual([
      '1.0.0',
      '7.0.0',
      ...Array.from({ length: 5 }, () => '8.0.0'),
    ]);
    expect((await here.update(['rollback', '--yes'])).code).toBe(0);
    expect(await here.version()).toBe('7.0.0');
    expect(fs.readFileSync(path.join(homeOf(here), 'data/data.json'), 'utf8')).toBe('data of 8.0.0');
  });

  describe('with evolutions', () => {
    interface Files {
      [name: string]: string;
    }
    let count = 0;
    function evolution(id: string, autoApply: boolean, files: Files): string[] {
      const folder = path.join(shop.folder, `evolution-${count++}`);
      const all = { ...files, 'evolution.json': JSON.stringify({ id, description: id, autoApply }) };
      for (const [name, content] of Object.entries(all)) {
        fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
        fs.writeFileSync(path.join(folder, name), content, { mode: name.startsWith('bin/') ? 0o755 : 0o644 });
      }
      return ['--evolution', folder];
    }
    const packageOf = (version: string, ...evolutions: string[][]) =>
      pack(shop, { version, file: script(shop.folder, version), say: evolutions.flat() });

    /** What stands in the evolutions folder; the receipt aside. */
    function standing(here: Installed): Files {
      const root = path.join(homeOf(here), 'evolutions');
      const found: Files = {};
      for (const name of Object.keys(homePicture(homeOf(here)))) {
        const file = path.join(homeOf(here), name);
        if (file.startsWith(root) && fs.statSync(file).isFile() && !file.endsWith('installed.json'))
          found[path.relative(root, file)] = fs.readFileSync(file, 'utf8');
      }
      return found;
    }
    const receipt = (here: Installed) =>
      JSON.parse(fs.readFileSync(path.join(homeOf(here), 'evolutions/installed.json'), 'utf8'));
    const ids = (here: Installed) =>
      Object.keys(standing(here)).filter((name) => name.endsWith('evolution.json'));

    const both = (version: string) =>
      packageOf(
        version,
        evolution('search', true, {
          'index.js': `search ${version}`,
          [`only-${version}`]: '',
          'bin/run': 'x',
        }),
        evolution('extra', false, { 'index.js': `extra ${version}` }),
      );

    test.each([
      [[], ['search/evolution.json']],
      [
        ['--evolutions', 'all'],
        ['extra/evolution.json', 'search/evolution.json'],
      ],
      [['--evolutions', 'none'], []],
      [['--evolutions', 'extra'], ['extra/evolution.json']],
      [
        ['--evolutions', 'extra, search'],
        ['extra/evolution.json', 'search/evolution.json'],
      ],
    ])('%p installs %p', async (args, wanted) => {
      const here = await install(script(shop.folder, '1.0.0'));
      const to = await both('2.0.0');
      expect(await here.update(['--apply', to, '--no-relaunch', ...args])).toMatchObject({ code: 0 });
      expect(ids(here).sort()).toEqual(wanted);
      if (wanted.length === 0) {
        expect(fs.existsSync(path.join(homeOf(here), 'evolutions'))).toBe(false);
        return;
      }
      const { schema, evolutions } = receipt(here);
      expect(schema).toBe(1);
      expect(evolutions.map(({ id }: { id: string }) => `${id}/evolution.json`).sort()).toEqual(wanted);
      for (const one of evolutions)
        expect(one).toMatchObject({ version: '2.0.0', digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    });

    test('an id that the package has not: 2, and nothing has changed', async () => {
      const here = await install(script(shop.folder, '1.0.0'));
      const before = { dir: here.picture(), home: homePicture(homeOf(here)) };
      const ran = await here.update([
        '--apply',
        await both('2.0.0'),
        '--no-relaunch',
        '--evolutions',
        'extra,serach',
      ]);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain(
        'wanted some of search, extra, which come with the package, found "serach"',
      );
      expect({ dir: here.picture(), home: homePicture(homeOf(here)) }).toEqual(before);
    });

    test("a later release updates and removes; what is the user's own stays; rollbacks go both ways", async () => {
      const here = await install(script(shop.folder, '1.0.0'));
      const first = standing(here);
      expect(await here.update(['--apply', await both('2.0.0'), '--no-relaunch'])).toMatchObject({ code: 0 });
      const own = path.join(homeOf(here), 'evolutions');
      fs.writeFileSync(path.join(own, 'search/settings.json'), 'mine');
      fs.mkdirSync(path.join(own, 'homemade'));
      fs.writeFileSync(path.join(own, 'homemade/index.js'), 'mine');
      const second = standing(here);
      expect(fs.statSync(path.join(own, 'search/bin/run')).mode & 0o777).toBe(0o755);
      expect(await here.update(['--apply', await both('3.0.0'), '--no-relaunch'])).toMatchObject({ code: 0 });
      const third = standing(here);
      expect(third).toEqual({
        'homemade/index.js': 'mine',
        'search/settings.json': 'mine',
        'search/evolution.json': second['search/evolution.json'] ?? '',
        'search/index.js': 'search 3.0.0',
        'search/only-3.0.0': '',
        'search/bin/run': 'x',
      });
      expect(receipt(here).evolutions).toMatchObject([{ id: 'search', version: '3.0.0' }]);
      for (const [wanted, version] of [
        [second, '2.0.0'],
        [third, '3.0.0'],
        [second, '2.0.0'],
      ] as const) {
        expect(await here.update(['rollback', '--yes'])).toMatchObject({ code: 0 });
        expect(standing(here)).toEqual(wanted);
        expect(receipt(here).evolutions).toMatchObject([{ id: 'search', version }]);
      }
      expect(await here.update(['rollback', '--yes', '--to', '1.0.0'])).toMatchObject({ code: 0 });
      expect(standing(here)).toEqual(first);
      expect(fs.existsSync(own)).toBe(false);
    });

    test('a version that fails takes its evolutions with it', async () => {
      const here = await install(script(shop.folder, '1.0.0'));
      const before = homePicture(homeOf(here));
      const bad = await pack(shop, {
        version: '2.0.0',
        file: script(shop.folder, '2.0.0', 'exit 70'),
        say: evolution('search', true, { 'index.js': 'search' }),
      });
      expect(await here.update(['--apply', bad, '--no-relaunch'])).toMatchObject({ code: 15 });
      expect(homePicture(homeOf(here))).toEqual(before);
      expect(fs.existsSync(path.join(homeOf(here), 'evolutions'))).toBe(false);
    });
  });
});
