/** `snapshots`: what a person sees of them and does with them, and what the store refuses when it is not what it was. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from '../../lib/snapshot/document.ts';
import { type Installed, makeInstall, resultOf } from '../support/installed.ts';
import { openSharedWorkshop, type Ran, type Workshop } from '../support/workshop.ts';
import {
  byReference,
  everything,
  fillHome,
  homeOf,
  homePicture,
  pack,
  script,
  snapshotIds,
} from './snapshot-stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('snapshots', () => {
  let shop: Workshop;
  let updater: string;
  let one: string;
  const made: Installed[] = [];

  beforeAll(async () => {
    shop = await openSharedWorkshop();
    updater = byReference(shop, await shop.updater());
    one = script(shop.folder, '1.0.0');
  });

  afterAll(() => {
    for (const install of made) install.remove();
    shop?.remove();
  });

  async function install(): Promise<Installed> {
    const here = await makeInstall({ binary: one, version: '1.0.0', updater });
    made.push(here);
    return here;
  }

  async function filled(): Promise<Installed> {
    const here = await install();
    fillHome(homeOf(here));
    return here;
  }

  const snapshots = (here: Installed, ...args: string[]) => here.update(['snapshots', ...args]);
  async function done(run: Promise<Ran>): Promise<Ran> {
    const ran = await run;
    expect({ code: ran.code, stderr: ran.code === 0 ? '' : ran.stderr }).toEqual({ code: 0, stderr: '' });
    return ran;
  }

  async function create(here: Installed, ...args: string[]): Promise<string> {
    return String(resultOf(await done(snapshots(here, 'create', '--json', ...args))).id);
  }

  function write(here: Installed, name: string, content: string): void {
    const file = path.join(homeOf(here), name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
  const read = (here: Installed, name: string) => fs.readFileSync(path.join(homeOf(here), name), 'utf8');
  const at = (here: Installed, ...names: string[]) => path.join(homeOf(here), ...names);

  async function refused(here: Installed, code: number, why: RegExp | string, args: string[]): Promise<Ran> {
    const before = everything(here);
    const ran = await here.update(args);
    if (typeof why === 'string') expect(ran.stderr).toContain(why);
    else expect(ran.stderr).toMatch(why);
    expect(ran.code).toBe(code);
    expect(everything(here)).toEqual(before);
    return ran;
  }

  describe.concurrent('the commands', () => {
    test('list: none yet, then what each is and costs', async () => {
      const here = await filled();
      expect((await done(snapshots(here))).stdout).toContain('There are no snapshots yet');
      const first = await create(here, '--reason', 'by me');
      write(here, 'data/data.json', 'other');
      const second = await create(here, '--pin');
      const { stdout } = await done(snapshots(here, 'list'));
      const [head, ...rows] = stdout.trimEnd().split('\n');
      expect(head?.split(/\s{2,}/)).toEqual(['ID', 'TAKEN', 'VERSION', 'OWN', 'REASON']);
      expect(rows).toHaveLength(2);
      expect(rows[0]).toMatch(new RegExp(`^${first}  [-\\d]+ [:\\d]+  1\\.0\\.0 +[\\d.]+ \\w+ +by me$`));
      expect(rows[1]).toMatch(new RegExp(`^${second}.*  Taken by hand \\(pinned\\)$`));
      const { snapshots: listed } = resultOf(await done(snapshots(here, 'list', '--json')));
      expect(listed).toMatchObject([
        {
          id: first,
          pinned: false,
          version: '1.0.0',
          reason: 'by me',
          kind: 'manual',
          thisInstallation: true,
        },
        { id: second, pinned: true, warnings: 0 },
      ]);
    });

    test('an id bears the time in UTC, and beside it is that of the clock', async () => {
      const here = await filled();
      const id = await create(here);
      const [, date, time] = /^(\d{8})-(\d{4})/.exec(id) ?? [];
      const utc = Date.parse(
        `${date?.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time?.replace(/(..)/, '$1:')}Z`,
      );
      const there = new Date(utc + 5.5 * 3_600_000).toISOString();
      const listed = await done(here.update(['snapshots'], { env: { TZ: 'Asia/Kolkata' } }));
      expect(listed.stdout).toContain(`${id}  ${there.slice(0, 10)} ${there.slice(11, 16)}  1.0.0`);
    });

    test('create tells the id, --json the same; show tells all of it', async () => {
      const here = await filled();
      const said = await done(snapshots(here, 'create', '--reason', 'a\u0007b'));
      const [, id = ''] =
        /^(\d{8}-\d{6}-[0-9a-f]{4}): [\d.]+ KB of 1\.0\.0, in [\d.]+ m?s\.\n$/.exec(said.stdout) ?? [];
      expect(snapshotIds(homeOf(here))).toEqual([id]);
      const { stdout } = await done(snapshots(here, 'show', id.slice(0, -2)));
      for (const words of [
        `Snapshot:    ${id}\n`,
        '(a b)\n',
        'Version:     dgmo 1.0.0, ',
        `Data:        ${at(here, 'data')}: 3 files, `,
        `Evolutions:  ${at(here, 'evolutions')}: does not exist\n`,
        `Config:      ${at(here, 'config')}: 1 file, `,
        `Binary:      ${here.dgmo}, `,
      ])
        expect(stdout).toContain(words);
      const shown = resultOf(await done(snapshots(here, 'show', id, '--json')));
      expect(shown).toMatchObject({ snapshot: { id, version: '1.0.0', kind: 'manual' }, pinned: false });
    });

    test('verify: one, all, none; --json names them', async () => {
      const here = await filled();
      expect((await done(snapshots(here, 'verify'))).stdout).toMatch(/There are no snapshots|^0 snapshots/);
      const first = await create(here);
      const second = await create(here);
      expect((await done(snapshots(here, 'verify', first))).stdout).toMatch(
        new RegExp(`^${first} \\(\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d\\) is sound\\.\\n$`),
      );
      expect((await done(snapshots(here, 'verify'))).stdout).toBe('2 snapshots are sound.\n');
      expect(resultOf(await done(snapshots(here, 'verify', '--json')))).toMatchObject({
        verified: [first, second],
      });
    });

    test('prune keeps what it should, and gives the room back; pin and unpin', async () => {
      const here = await filled();
      const ids: string[] = [];
      for (let number = 0; number < 4; number++) {
        write(here, 'data/large', String(number).repeat(100) + Math.random().toString());
        ids.push(await create(here));
      }
      const [first = '', second = '', third = '', fourth = ''] = ids;
      expect((await done(snapshots(here, 'pin', first))).stdout).toBe(`${first} is kept permanently.\n`);
      expect((await done(snapshots(here, 'prune'))).stdout).toMatch(
        /^(Nothing to remove|Removed no snapshot, and freed \d+ bytes that none needs)\.\n$/,
      );
      const pruned = resultOf(await done(snapshots(here, 'prune', '--keep', '1', '--yes', '--json')));
      expect(pruned).toMatchObject({ removed: [second, third], unreadable: [] });
      expect(Number(pruned.freed)).toBeGreaterThan(0);
      expect(snapshotIds(homeOf(here))).toEqual([first, fourth].sort());
      await done(snapshots(here, 'unpin', first));
      expect((await done(snapshots(here, 'prune', '--keep', '1', '--yes'))).stdout).toMatch(
        /^Removed 1 snapshot and freed /,
      );
      expect(snapshotIds(homeOf(here))).toEqual([fourth]);
      await done(snapshots(here, 'verify'));
    });

    test('a wrong word: 2, and what is wanted', async () => {
      const here = await filled();
      const id = await create(here);
      for (const [args, why] of [
        [
          ['lsit'],
          /wanted list, create, show, verify, prune, compact, pin, unpin or remove, found "lsit"\nDid you mean list\?/,
        ],
        [['show'], /snapshots show: wanted <id>, found nothing\n`dgmo-updater snapshots list` shows the ids/],
        [['pin'], /snapshots pin: wanted <id>, found nothing/],
        [['list', id], /snapshots list: wanted no more words, found "/],
        [['verify', id, id], /snapshots verify: wanted \[<id>\], found "/],
        [['show', '20990101-000000-0000'], /there is no snapshot "20990101-000000-0000"/],
        [['verify', 'x'], /there is no snapshot "x"/],
        [['pin', '../../x'], /there is no snapshot "\.\.\/\.\.\/x"/],
        [['prune', '--keep', 'many'], /--keep: wanted a number, found "many"/],
        [['prune', '--keep', '-1'], /--keep/],
        [['--wrong'], /wrong/],
      ] as const)
        await refused(here, 2, why, ['snapshots', ...args]);
      const json = resultOf(await snapshots(here, 'show', 'x', '--json'));
      expect(json).toMatchObject({ event: 'result', command: 'snapshots', ok: false, exitCode: 2 });
    });
  });

  describe.concurrent('a store that is not what it was', () => {
    /** One that is damaged by the test, and an older one that shares nothing with it: not even a pack, as small ones do. */
    async function twoSnapshots() {
      const here = await install();
      const noise = () => write(here, 'data/noise', randomBytes(200_000).toString('base64'));
      write(here, 'data/file', 'the good one');
      noise();
      const good = await create(here);
      const before = new Set(store(here));
      write(here, 'data/file', 'the one that is damaged');
      noise();
      const bad = await create(here);
      const fresh = store(here).filter((name) => !before.has(name));
      write(here, 'data/file', 'what stands');
      noise();
      return { here, good, bad, fresh };
    }

    function store(here: Installed): string[] {
      return ['snapshots', 'trees', 'packs', 'binaries'].flatMap((folder) =>
        fs
          .readdirSync(at(here, '.snapshots', folder))
          .map((name) => path.join(homeOf(here), '.snapshots', folder, name)),
      );
    }

    const HARM: Record<string, (file: string) => void> = {
      flipped: (file) => {
        const bytes = fs.readFileSync(file);
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0x20;
        fs.unlinkSync(file);
        fs.writeFileSync(file, bytes);
      },
      'cut short': (file) => {
        const bytes = fs.readFileSync(file);
        fs.unlinkSync(file);
        fs.writeFileSync(file, bytes.subarray(0, bytes.length >> 1));
      },
      empty: (file) => {
        fs.unlinkSync(file);
        fs.writeFileSync(file, '');
      },
      missing: (file) => fs.unlinkSync(file),
    };
    const CASES = ['snapshots', 'trees', 'packs'].flatMap((folder) =>
      Object.keys(HARM)
        .filter((harm) => folder !== 'snapshots' || harm !== 'missing')
        .map((harm) => [folder, harm] as const),
    );

    test.each(CASES)(
      '%s %s: verify names it, a rollback to it is refused, the good one is offered',
      async (folder, harm) => {
        const { here, good, bad, fresh } = await twoSnapshots();
        const [file = '', ...others] = fresh.filter((name) => name.includes(`/${folder}/`));
        expect(others).toEqual([]);
        HARM[harm]?.(file);

        const verified = await refused(here, 11, `1 of 2 snapshots can't be restored in full: ${bad}`, [
          'snapshots',
          'verify',
        ]);
        // What was in a pack that is gone is known by its digest alone.
        if (folder !== 'packs' || harm !== 'missing') expect(verified.stderr).toContain(file);
        expect(verified.stderr).toContain(`The newest sound one is ${good} (`);

        if (folder === 'snapshots')
          expect((await done(snapshots(here))).stdout).toMatch(
            new RegExp(
              `^${bad}  [-\\d]+ [:\\d]+ +can't be read: .dgmo-updater snapshots verify. shows why$`,
              'm',
            ),
          );
        const before = { ...everything(here), snapshots: [] };
        const ran = await here.update(['rollback', '--yes', bad]);
        expect(ran.code).toBe(11);
        if (folder !== 'packs' || harm !== 'missing') expect(ran.stderr).toContain(file);
        expect(ran.stderr).toContain('`dgmo-updater rollback 2');
        if (folder !== 'snapshots')
          expect(ran.stderr).toContain(`\`dgmo-updater rollback ${bad} --only binary\` goes back`);
        expect({ ...everything(here), snapshots: [] }).toEqual(before);
        await done(here.update(['rollback', '--yes', good]));
        expect(read(here, 'data/file')).toBe('the good one');
      },
    );

    test('a document that is gone is a snapshot that is not there', async () => {
      const { here, bad } = await twoSnapshots();
      fs.unlinkSync(at(here, '.snapshots/snapshots', `${bad}.json`));
      await refused(here, 2, `there is no snapshot "${bad}"`, ['rollback', '--yes', bad]);
      expect((await done(snapshots(here, 'verify'))).stdout).toMatch(/ is sound\.\n$/);
    });

    test.each(Object.keys(HARM))('binary %s: the same, where it stands nowhere else', async (harm) => {
      const here = await install();
      const first = await create(here);
      const [file = ''] = store(here).filter((name) => name.includes('/binaries/'));
      for (const version of ['2.0.0', '3.0.0'])
        await done(here.update(['--apply', await to(version), '--no-relaunch']));
      HARM[harm]?.(file);
      const verified = await refused(here, 11, file, ['snapshots', 'verify']);
      expect(verified.stderr).toContain(first);
      const ran = await refused(here, 11, file, ['rollback', '--yes', first]);
      // The one of 2.0.0: of those that are left the newest.
      const good = snapshotIds(homeOf(here)).at(-1);
      expect(ran.stderr).toContain(`The next one is ${good} (2.0.0): \`dgmo-updater rollback ${good}\``);
      await refused(here, 11, file, ['rollback', '--yes', '--to', '1.0.0']);
      await done(here.update(['rollback', '--yes']));
      expect(await here.version()).toBe('2.0.0');
    });
    const packed = new Map<string, Promise<string>>();
    function to(version: string): Promise<string> {
      const made = packed.get(version) ?? pack(shop, { version, file: script(shop.folder, version) });
      packed.set(version, made);
      return made;
    }

    test('of another installation in the same home: 17', async () => {
      const here = await filled();
      const id = await create(here);
      const other = await makeInstall({ binary: one, version: '1.0.0', updater });
      made.push(other);
      const env = { DGMO_HOME: homeOf(here) };
      const ran = await other.update(['rollback', '--yes', id], { env });
      expect(ran.code).toBe(17);
      expect(ran.stderr).toContain(`the snapshot ${id} was taken of another installation (dgmo 1.0.0)`);
      expect((await other.update(['snapshots'], { env })).stdout).toContain('(of another installation)');
      expect((await other.update(['snapshots', 'prune', '--yes', '--keep', '0'], { env })).code).toBe(0);
      expect(snapshotIds(homeOf(here))).toEqual([id]);
    });

    function edit(here: Installed, id: string, change: (snapshot: Snapshot) => object): void {
      const file = at(here, '.snapshots/snapshots', `${id}.json`);
      const snapshot = decodeSnapshot(fs.readFileSync(file), file);
      fs.writeFileSync(file, encodeSnapshot(change(snapshot) as Snapshot));
    }

    test('of another platform: 17', async () => {
      const here = await filled();
      const id = await create(here);
      edit(here, id, (it) => ({ ...it, metadata: { ...it.metadata, platform: 'win32', arch: 'arm64' } }));
      await refused(here, 17, `the snapshot ${id} was taken on win32-arm64, this is ${process.platform}`, [
        'rollback',
        id,
      ]);
    });

    test('of a newer updater: 11, and it is not pruned', async () => {
      const here = await filled();
      const id = await create(here);
      edit(here, id, (it) => ({ ...it, schema: 99 }));
      const sound = await create(here);
      const ran = await refused(here, 11, 'newer updater', ['rollback', '--yes', id]);
      expect(ran.stderr).toContain(id);
      await refused(here, 11, 'newer updater', ['snapshots', 'show', id]);
      await done(snapshots(here, 'prune', '--keep', '1'));
      expect(snapshotIds(homeOf(here)).sort()).toEqual([id, sound].sort());
    });
  });

  describe.concurrent('components', () => {
    test('a folder that is a symlink is captured and restored through it; where it leads elsewhere: 12', async () => {
      const here = await install();
      const real = path.join(here.folder, 'real');
      fs.mkdirSync(real);
      fs.mkdirSync(homeOf(here), { recursive: true });
      fs.symlinkSync(real, at(here, 'data'));
      write(here, 'data/file', 'then');
      const id = await create(here);
      write(here, 'data/file', 'now');
      await done(here.update(['rollback', '--yes', id]));
      expect(fs.readFileSync(path.join(real, 'file'), 'utf8')).toBe('then');
      expect(fs.readlinkSync(at(here, 'data'))).toBe(real);

      const elsewhere = path.join(here.folder, 'elsewhere');
      fs.mkdirSync(elsewhere);
      fs.writeFileSync(path.join(elsewhere, 'file'), "somebody else's");
      fs.unlinkSync(at(here, 'data'));
      fs.symlinkSync(elsewhere, at(here, 'data'));
      write(here, 'config/file', 'as it is');
      const before = here.picture();
      const ran = await here.update(['rollback', '--yes', id]);
      expect(ran.code).toBe(12);
      expect(ran.stderr).toContain(`${at(here, 'data')} leads to ${elsewhere}; it led to ${real}`);
      expect(here.picture()).toEqual(before);
      expect(fs.readFileSync(path.join(elsewhere, 'file'), 'utf8')).toBe("somebody else's");
      expect(read(here, 'config/file')).toBe('as it is');
    });

    test('a component that is a file: 12', async () => {
      const here = await filled();
      const id = await create(here);
      fs.rmSync(at(here, 'data'), { recursive: true });
      fs.writeFileSync(at(here, 'data'), 'a file');
      for (const args of [
        ['snapshots', 'create'],
        ['rollback', '--yes', id],
      ]) {
        const ran = await here.update(args);
        expect(ran.code).toBe(12);
        expect(ran.stderr).toContain(`${at(here, 'data')}: wanted a folder, found a file`);
      }
      expect(read(here, 'data')).toBe('a file');
      expect(snapshotIds(homeOf(here))).toEqual([id]);
    });

    test('what was missing is missing again, what has gone is there again', async () => {
      const here = await filled();
      fs.rmSync(at(here, 'config'), { recursive: true });
      const before = homePicture(homeOf(here));
      const id = await create(here);
      fs.rmSync(at(here, 'data'), { recursive: true });
      write(here, 'config/new', 'new');
      await done(here.update(['rollback', '--yes', id]));
      expect(homePicture(homeOf(here))).toEqual(before);
      expect(fs.existsSync(at(here, 'config'))).toBe(false);
    });

    test('folders that were set, and what is left out', async () => {
      const here = await install();
      const data = path.join(here.folder, 'my data');
      const set = (key: string, value: string) => done(here.update(['config', 'set', key, value]));
      await set('dataFolder', data);
      await set('snapshotExclude', '*.tmp,private/');
      await set('snapshotInclude', 'kept.log');
      fs.mkdirSync(path.join(data, 'private'), { recursive: true });
      fs.mkdirSync(path.join(data, 'cache'));
      const all = ['file', 'a.tmp', 'private/file', 'cache/file', 'some.log', 'kept.log'];
      const say = (text: string) => {
        for (const name of all) fs.writeFileSync(path.join(data, name), text);
      };
      say('then');
      write(here, 'data/file', 'the usual folder is none now');
      const id = await create(here);
      say('now!');
      write(here, 'data/file', 'left alone');
      await done(here.update(['rollback', '--yes', id]));
      expect(all.map((name) => fs.readFileSync(path.join(data, name), 'utf8'))).toEqual([
        'then',
        'now!',
        'now!',
        'now!',
        'now!',
        'then',
      ]);
      expect(read(here, 'data/file')).toBe('left alone');
      expect(await here.update(['config', 'set', 'dataFolder', 'relative/path'])).toMatchObject({ code: 2 });
    });

    test('patterns and folders that were changed since: nothing is lost, and the way back leads back', async () => {
      const here = await install();
      const set = (key: string, value: string) => done(here.update(['config', 'set', key, value]));
      const names = ['data/file', 'data/private', 'data/a.tmp', 'data/new.tmp'];
      const say = (text: string) => {
        for (const name of names) write(here, name, text);
      };
      const content = () => names.map((name) => (fs.existsSync(at(here, name)) ? read(here, name) : null));
      await set('snapshotExclude', 'private');
      say('then');
      fs.rmSync(at(here, 'data/new.tmp'));
      const id = await create(here);
      // What was left out is taken now, and the other way round; and the data is to be elsewhere, for a while.
      await set('snapshotExclude', '*.tmp');
      await set('dataFolder', at(here, 'elsewhere'));
      say('now!');
      // It would bring back an executable without the data that it works on.
      await refused(here, 17, 'dgmo has its data in', ['rollback', '--yes', id]);
      await set('dataFolder', 'none');
      await done(here.update(['rollback', '--yes', id]));
      expect(content()).toEqual(['then', 'now!', 'then', 'now!']);
      const [before = ''] = snapshotIds(homeOf(here)).filter((other) => other !== id);
      await done(here.update(['rollback', '--yes', before]));
      expect(content()).toEqual(['now!', 'now!', 'now!', 'now!']);
    });

    test("the folders of opencode's family, where the home is the usual one", async () => {
      const here = await install();
      const user = path.join(here.folder, 'user');
      const names = ['.config/dgmo/dgmo.json', '.local/share/dgmo/session', '.local/state/dgmo/state'];
      const say = (text: string) => {
        for (const name of [...names, '.cache/dgmo/thing', '.dgmo/data/file']) {
          fs.mkdirSync(path.dirname(path.join(user, name)), { recursive: true });
          fs.writeFileSync(path.join(user, name), text);
        }
      };
      const heard = (name: string) => fs.readFileSync(path.join(user, name), 'utf8');
      say('then');
      const env = {
        DGMO_HOME: '',
        HOME: user,
        XDG_CONFIG_HOME: '',
        XDG_DATA_HOME: '',
        XDG_STATE_HOME: '',
      };
      const id = String(resultOf(await done(here.update(['snapshots', 'create', '--json'], { env }))).id);
      say('now!');
      await done(here.update(['rollback', '--yes', id], { env }));
      for (const name of [...names, '.dgmo/data/file']) expect(heard(name)).toBe('then');
      expect(heard('.cache/dgmo/thing')).toBe('now!');
    });
  });
});
