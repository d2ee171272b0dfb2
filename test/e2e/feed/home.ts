/** The home of the compiled updater: full, damaged on the disk, used by several at once, or told strange names. */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { run } from '../../support/workshop.ts';
import { testKey } from '../../trust/keys.ts';
import { feedKeys, openPublisher } from './publisher.ts';
import { mounts, type Standing, skipped } from './standing.ts';

/** Names that mean mischief: other folders, devices of Windows, longer than filesystems take. */
const STRANGE = [
  ...['../../escape', '/etc/passwd', 'a\0b', 'a\\..\\b', 'CON', 'nul.txt', 'com1', 'x'.repeat(300)],
];

export function homes(standing: () => Standing): void {
  const files = (home: string) =>
    fs
      .readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/^(lock|lock-.|.*\.lock)$/.test(entry.name))
      .map((entry) => path.relative(home, path.join(entry.parentPath, entry.name)));

  describe('the home', () => {
    test.concurrent.skipIf(!mounts)(
      `full at each write, on a real disk${skipped}: 12, and with room again it does its work`,
      async () => {
        const { stage, updater } = standing();
        const home = standing().freshHome();
        // A page more each time, then seven, and at last more than enough. What it says goes to a disk with room.
        const script = `
        root="$4/root.json" && cp "$1/trust/root.json" "$root"
        for pages in $(seq 1 9) $(seq 14 7 98) 2048; do
          mount -t tmpfs -o size=$((pages * 4))k,mode=755 none "$1" || exit 99
          mkdir "$1/trust" && cp "$root" "$1/trust/root.json" || exit 98
          "$2" download --install-dir "$3" --home "$1" >"$4/out" 2>"$4/err"; code=$?
          echo "$code $(grep ^dgmo-updater: "$4/err")"
          [ $code = 0 ] || mount -o remount,size=8m "$1" || exit 97
          "$2" download --install-dir "$3" --home "$1" >"$4/out" 2>"$4/err" || { cat "$4/err"; exit 96; }
          sha256sum <"$(cat "$4/out")" | cut -c1-64 >>"$4/digests"
          ls "$1/cache" >>"$4/names"
          umount "$1" || exit 95
          [ $code != 0 ] || break
        done`;
        const paths = [home, updater, stage.dir, stage.folder];
        const ran = await run('unshare', ['-m', 'sh', '-c', script, 'sh', ...paths]);
        expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
        const lines = ran.stdout.trim().split('\n');
        expect(lines.pop()).toBe('0');
        expect(lines.length).toBeGreaterThan(9);
        for (const line of lines)
          expect(line).toMatch(/^12 dgmo-updater: .*(no space is left on the disk|there is no room for the)/);
        // Each of them was met: metadata, documents. Before the package is downloaded it is known that there is no room.
        expect(lines.at(-1)).toContain('there is no room for the update to 2.0.0');
        for (const file of ['timestamp.json', 'snapshot.json', 'targets.json', '/cache/[^:]*'])
          expect(lines.join('\n')).toMatch(new RegExp(`${file}: no space`));
        const told = (name: string) =>
          fs.readFileSync(path.join(stage.folder, name), 'utf8').trim().split('\n');
        expect([...new Set(told('digests'))]).toEqual([standing().fullPackage().sha256]);
        expect(told('names').filter((name) => /partial|json|tmp/.test(name))).toEqual([]);
        expect(stage.version()).toBe('1.0.0');
      },
      120_000,
    );

    test.concurrent('damaged or cut, each file of it: what the feed has is fetched again, what the person said is named', async () => {
      const { stage } = standing();
      const home = standing().freshHome();
      standing().fetched(await standing().run(home, ['download']));
      await standing().run(home, ['config', 'set', 'channel', 'stable']);
      await stage.manager({ home }).skipVersion('1.5.0');
      const DAMAGE: ((bytes: Buffer) => Buffer)[] = [
        (bytes) => bytes.subarray(0, bytes.length >> 1),
        (bytes) => bytes.map((byte, index) => (index % 7 === 0 ? byte ^ 0x55 : byte)) as Buffer,
      ];
      const found = files(home);
      expect(found.length).toBeGreaterThanOrEqual(10);
      for (const name of found) {
        for (const damage of DAMAGE) {
          const file = path.join(home, name);
          const bytes = fs.readFileSync(file);
          fs.writeFileSync(file, damage(bytes));
          const ran = await standing().run(home, ['download']);
          if (name === 'trust/root.json') {
            // None is compiled in, so trust begins with it.
            standing().refused(ran, 11, /root: wanted /);
            expect(ran.stderr).toContain('Give it again with');
          } else if (
            name.startsWith('trust/') ||
            name.startsWith('cache/') ||
            /^(last-)?checks?\.json$/.test(name)
          )
            standing().fetched(ran);
          else {
            standing().refused(ran, 11, new RegExp(`${name.replace('.', '\\.')}: wanted `));
            expect(ran.stderr).toContain(`Correct ${file}, or run \`dgmo-updater repair\`.`);
          }
          fs.writeFileSync(file, bytes);
        }
      }
      standing().fetched(await standing().run(home, ['download']));
    });

    test.concurrent('six checks at once on a home that is new: all of them are told', async () => {
      const home = standing().freshHome();
      const all = await Promise.all(Array.from({ length: 6 }, () => standing().run(home, ['check'])));
      for (const ran of all) {
        expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
        expect(ran.stdout).toContain('2.0.0 is available');
      }
      expect(files(home).filter((name) => name.includes('tmp'))).toEqual([]);
    });

    test.concurrent('after a feed that lies, an honest one at another address is believed, from the same home', async () => {
      const { stage } = standing();
      await using liar = openPublisher(stage, feedKeys(stage));
      liar.answer = (name) =>
        name.endsWith('.dgmopkg') ? new Response(Buffer.alloc(60_000, 'x')) : undefined;
      // Far ahead of what the honest one says.
      liar.repository.versions.timestamp = 1000;
      liar.publish();
      const home = standing().freshHome();
      const feed = ['--feed', liar.url];
      standing().refused(await standing().run(home, ['update', '--yes', ...feed]), 11, /signed/);
      standing().fetched(await standing().run(home, ['download']));
    });

    test.concurrent('strange names of files in the signed index: refused, or of no effect on names on the disk', async () => {
      const { stage } = standing();
      await using publisher = openPublisher(stage, feedKeys(stage));
      const feed = ['--feed', publisher.url];
      for (const name of STRANGE) {
        const index = publisher.index();
        const [release] = index.releases;
        const strange = (listed: object | undefined) => ({ ...listed, path: name });
        publisher.publish({
          ...index,
          releases: [{ ...release, packages: release?.packages.map(strange) }, ...index.releases.slice(1)],
        });
        publisher.answer = (asked) =>
          asked === `targets/${name}`
            ? new Response(Bun.file(path.join(stage.feed.folder, standing().fullPackage().file)))
            : undefined;
        const home = standing().freshHome();
        const ran = await standing().run(home, ['download', ...feed]);
        if (/^[\w.]+$/.test(name)) standing().fetched(ran);
        else {
          standing().refused(
            ran,
            11,
            /index\.releases\[0\]\.packages\[0\]\.path: wanted a path inside the feed/,
          );
          expect(ran.stderr).not.toMatch(/[^\P{Cc}\n]/u);
        }
        expectPlainNames(home);
      }
      expect(fs.existsSync(path.join(stage.folder, 'escape'))).toBe(false);
    });

    test.concurrent('strange names of roles that are asked before the right one: digests on the disk', async () => {
      const { stage } = standing();
      await using publisher = openPublisher(stage, feedKeys(stage));
      const keys = [testKey(61)];
      for (const name of STRANGE) publisher.repository.publishTargets(name, {}, keys);
      publisher.publish(
        publisher.index(),
        STRANGE.map((name) => ({ name, keys, paths: ['channels/*/*'] })),
      );
      const home = standing().freshHome();
      standing().fetched(await standing().run(home, ['download', '--feed', publisher.url]));
      expectPlainNames(home);
      expect(files(home).filter((name) => /role-[0-9a-f]{64}\.json$/.test(name))).toHaveLength(
        STRANGE.length,
      );
      expect(fs.existsSync(path.join(stage.folder, 'escape'))).toBe(false);
    });
  });

  function expectPlainNames(home: string): void {
    for (const name of files(home))
      expect(name).toMatch(
        /^(trust\/root\.json|trust\/feed\/[0-9a-f]{16}\/[a-z0-9-]{1,70}\.json|cache\/[0-9a-f]{64}|checks\.json|last-check\.json)$/,
      );
  }
}
