/** What a person sees when it does not go well: no network, no room, no permission, a version that does not work, a process that was killed. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openSession, withLock } from '../../../lib/install/index.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { openStage, program, SETTINGS, type Stage } from '../../update/stage.ts';
import { expectScreen, openTranscript, transcript } from './kept-screens.ts';
import { mounts, skipped } from './standing.ts';

export function screensOfTrouble(updaterOf: () => string): void {
  describe('what does not go well', () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage(killsOnce);
      await stage.release('1.5.0', { deltas: 0 });
      await stage.release('2.0.0', { deltas: 0, works: false });
    });
    afterAll(() => stage?.[Symbol.asyncDispose]());

    const typed = (lines: readonly string[], updater = updaterOf(), columns = 80) => ({
      ...{ updater, stage, columns, lines },
    });

    test('a version that does not work', async () => {
      const lines = [
        ...['update --version 2.0.0 --yes', 'check', 'history', 'status', 'doctor --offline'],
        ...['pin 2.0.0', 'check', 'unpin'],
      ];
      expectScreen('does-not-work-80', await transcript(typed(lines)));
      expectScreen('does-not-work-40', await transcript(typed(['history'], updaterOf(), 40)));
    });

    test('no feed, or one that answers something else', async () => {
      const closed = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('') });
      const feed = `--feed http://127.0.0.1:${closed.port}/`;
      await closed.stop(true);
      const answers = [
        () => new Response('', { status: 403 }),
        () => new Response('', { status: 429, headers: { 'retry-after': '3600' } }),
        () => new Response('', { status: 503 }),
        () => new Response('<html>Sign in</html>'),
      ];
      const screens = [
        await transcript(
          typed([`check ${feed}`, `update --yes ${feed}`, 'status', `doctor ${feed} | tail -4`]),
        ),
      ];
      for (const answer of answers) {
        stage.answer = answer;
        screens.push(await transcript(typed(['check'])));
      }
      stage.answer = () => undefined;
      await using other = await openStage();
      await other.release('9.0.0', { deltas: 0 });
      screens.push(await transcript(typed([`check --feed ${other.url}`])));
      expectScreen('network-80', screens.join('\n').replaceAll('[ended with 0]\n', ''));
    });

    test('owned by a package manager', async () => {
      const record = path.join(stage.dir, 'managed-by.json');
      const managed = { manager: 'Tea', package: 'dgmo', command: 'tea upgrade dgmo' };
      fs.writeFileSync(record, JSON.stringify(managed), { mode: 0o644 });
      const lines = [
        'check',
        'update --version 1.5.0 --yes',
        'rollback --yes',
        'doctor --offline | grep -A 2 owner',
        'status | head -3',
        '</dev/null',
      ];
      const unasked = await transcript(typed(lines));
      expectScreen('managed-80', `${unasked}\n${await transcript(typed(['update']))}`);
      fs.rmSync(record);
    });

    test.skipIf(!mounts)(`no room, no inodes, a read-only disk, another owner${skipped}`, async () => {
      const lines = ['update --version 1.5.0 --yes', 'snapshots create'];
      const cache = path.join(stage.home, 'cache');
      const snapshots = path.join(stage.home, '.snapshots');
      const screens: string[] = [];
      for (const mount of [
        `mount -t tmpfs -o mode=755,size=16k none '${cache}' && mount -t tmpfs -o mode=755,size=8k none '${snapshots}'`,
        `mount -t tmpfs -o mode=755,nr_inodes=2 none '${cache}' && mount -t tmpfs -o mode=755,nr_inodes=3 none '${snapshots}'`,
        `mount -o bind '${stage.dir}' '${stage.dir}' && mount -o remount,bind,ro '${stage.dir}'`,
      ]) {
        fs.rmSync(cache, { recursive: true, force: true });
        for (const folder of [cache, snapshots]) fs.mkdirSync(folder, { recursive: true });
        screens.push(
          await transcript(typed(lines, wrapper(`unshare -m sh -c "${mount}"' && exec "$@"' sh`))),
        );
      }
      fs.chmodSync(stage.folder, 0o755);
      const nobody = wrapper('setpriv --reuid=65534 --regid=65534 --clear-groups');
      screens.push(await transcript(typed(['update --version 1.5.0 --yes'], nobody)));
      // Names of files are longer than a line, and others each time.
      const text = screens.join('\n').replaceAll('[ended with 0]\n', '');
      expectScreen('machine-80', text.replaceAll(/[0-9a-f]{20,}\n?[0-9a-f]*/g, '<digest>'));
    });

    test('a version that has not confirmed that it is well', async () => {
      await using own = await openStage();
      await own.release('1.5.0', { deltas: 0, confirm: 30 });
      const seen = await transcript({ ...typed(['update --yes', 'status']), stage: own });
      const library = path.resolve(import.meta.dir, '../../../lib/index.ts');
      const start = `import { Installation } from ${JSON.stringify(library)}; await new Installation(${JSON.stringify({ installDir: own.dir, home: own.home, settings: SETTINGS })}).beginStart();`;
      // One that ends before it has confirmed.
      expect(Bun.spawnSync([process.execPath, '-e', start]).stderr.toString()).toBe('');
      const lines = [
        'status | grep Confirmed',
        '</dev/null',
        'history',
        'confirm',
        'status | grep Confirmed',
      ];
      const later = await transcript({ ...typed(lines), stage: own });
      expectScreen('unconfirmed-80', `${seen.replace('[ended with 0]', '')}${later}`);
    });

    test('another updater is at work', async () => {
      await using own = await openStage();
      for (const version of ['1.5.0', '2.0.0']) await own.release(version, { deltas: 0 });
      await transcript({ ...typed(['update --version 1.5.0 --yes']), stage: own });
      const { layout } = openSession(nativeHost(), { installDir: own.dir, app: 'dgmo' });
      await withLock(nativeHost(), layout, async () => {
        const lines = [
          ...['update --yes', 'rollback --yes', 'snapshots create', 'repair --yes'],
          ...['recover --yes', 'check', 'status | head -2', 'doctor --offline | grep -A 2 lock', 'history'],
        ];
        expectScreen('busy-80', await transcript({ ...typed(lines), stage: own }));
      });
    });

    test.skipIf(!canBeImmutable)(
      `an immutable executable, and an immutable folder${canBeImmutable ? '' : ' (skipped: needs root on Linux, and a file system that knows them)'}`,
      async () => {
        await using own = await openStage();
        await own.release('1.5.0', { deltas: 0 });
        const screens: string[] = [];
        for (const path of [own.dgmo, own.dir]) {
          Bun.spawnSync(['chattr', '+i', path]);
          try {
            const lines = ['update --yes', 'doctor --offline | grep permission'];
            screens.push(await transcript({ ...typed(lines), stage: own }));
          } finally {
            Bun.spawnSync(['chattr', '-i', path]);
          }
        }
        expectScreen('immutable-80', screens.join('\n').replaceAll('[ended with 0]\n', ''));
      },
    );

    /** The updater, started by another command. */
    function wrapper(command: string): string {
      const file = path.join(stage.folder, 'wrapped-updater');
      fs.writeFileSync(file, `#!/bin/sh\nexec ${command} '${updaterOf()}' "$@"\n`, { mode: 0o755 });
      return file;
    }

    test('killed in its trial start: what is said of it, and that the next command goes on', async () => {
      fs.writeFileSync(path.join(stage.dir, 'kill'), '');
      const lines = [
        ...['update --version 1.5.0 --yes', 'status', '</dev/null', 'verify', 'check'],
        ...['recover', 'status', 'history', 'recover'],
      ];
      expectScreen('killed-80', await transcript(typed(lines)));
      expect(stage.version()).toBe('1.5.0');
    });

    test('killed: at a terminal it is the first thing that the menu offers', async () => {
      fs.writeFileSync(path.join(stage.dir, 'kill'), '');
      const lines = ['rollback --yes', 'update --version 1.5.0 --yes', ''];
      using screen = openTranscript(typed(lines));
      expectScreen('killed-menu-80', await screen.shows('Enter: confirm'));
      screen.type('Enter');
      expectScreen('killed-recovered-80', await screen.shows('[ended with 0]'));
      expect(stage.version()).toBe('1.5.0');
    });
  });
}

/** Where there is a file `kill` beside it, 1.5.0 kills who tries it, once. */
function killsOnce(version: string, works = true): Uint8Array {
  const plain = Buffer.from(program(version, works));
  if (version !== '1.5.0') return plain;
  const text = plain.toString('latin1');
  const kill = 'if [ -e "$(dirname "$0")/kill" ]; then rm "$(dirname "$0")/kill"; kill -9 $PPID; fi\n';
  return Buffer.from(text.replace('#!/bin/sh\n', `#!/bin/sh\n${kill}`), 'latin1');
}

/** Whether files can be made immutable here. */
const canBeImmutable = (() => {
  if (!mounts) return false;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-immutable-'));
  const change = (flag: string) => Bun.spawnSync(['chattr', flag, folder]).exitCode === 0;
  const can = Bun.which('chattr') !== null && change('+i') && change('-i');
  fs.rmSync(folder, { recursive: true });
  return can;
})();
