/** What a person sees of an installation that is new here, or damaged, and of the questions before it is changed. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { openScreen } from '../../support/tmux.ts';
import { openStage, type Stage } from '../../update/stage.ts';
import { environmentOf, expectScreen, openTranscript, transcript, UTF8 } from './kept-screens.ts';

export function screensOfHealth(updaterOf: () => string): void {
  describe('what is new here, or wrong', () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage();
      await stage.release('2.0.0', { deltas: 0 });
      fs.copyFileSync(updaterOf(), path.join(stage.dir, 'dgmo-updater'), fs.constants.COPYFILE_FICLONE);
    });
    afterAll(() => stage?.[Symbol.asyncDispose]());

    const typed = (columns: number, lines: readonly string[]) => ({
      updater: updaterOf(),
      ...{ stage, columns, lines },
    });

    test('first contact, until it is looked after', async () => {
      const bare = path.join(stage.folder, 'bare');
      fs.mkdirSync(bare);
      for (const name of ['dgmo', 'dgmo-updater'])
        fs.copyFileSync(path.join(stage.dir, name), path.join(bare, name), fs.constants.COPYFILE_FICLONE);
      const lines = ['', 'status', 'check', 'verify', 'snapshots', 'init', 'init'];
      const there = { ...stage, dir: bare, home: path.join(stage.folder, 'new-home') };
      // Nobody can be asked, so that the menu is a list.
      const menu = lines.map((line) => (line === '' ? '</dev/null' : line));
      expectScreen('first-contact-100', await transcript({ ...typed(100, menu), stage: there }));
    });

    test('first contact where nothing is installed', async () => {
      const empty = path.join(stage.folder, 'empty');
      fs.mkdirSync(empty);
      const there = { ...stage, dir: empty, home: path.join(stage.folder, 'newer-home') };
      const lines = ['</dev/null', 'status | head -3', 'check', 'update', 'rollback', 'init'];
      expectScreen('nothing-installed-80', await transcript({ ...typed(80, lines), stage: there }));
    });

    test('damage: what is said of it, and that Enter repairs nothing', async () => {
      const whole = fs.readFileSync(stage.dgmo);
      fs.writeFileSync(stage.dgmo, Buffer.concat([whole.subarray(0, -1), Buffer.from('?')]));
      const lines = ['verify', 'status', '</dev/null', 'doctor --offline', 'repair'];
      using screen = openTranscript(typed(100, lines));
      await screen.shows('○ Yes / ● No');
      screen.type('Enter');
      expectScreen('damaged-100', await screen.shows('[ended with 0]'));
      expect(fs.readFileSync(stage.dgmo).equals(whole)).toBe(false);
      expectScreen('repaired-100', await transcript(typed(100, ['repair --yes', 'verify', 'repair'])));
      expect(fs.readFileSync(stage.dgmo).equals(whole)).toBe(true);
    });

    test('the menu, and always by itself: the service is offered', async () => {
      fs.writeFileSync(path.join(stage.folder, 'systemctl'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
      using screen = openScreen([updaterOf(), '--install-dir', stage.dir, '--home', stage.home], {
        columns: 80,
        environment: { ...environmentOf(stage), PATH: `${stage.dir}:${stage.folder}:/usr/bin:/bin` },
      });
      expectScreen('menu-80', await screen.shows('Enter: confirm'));
      screen.type('Enter');
      await screen.shows('Always Auto-Update');
      screen.type('Down', 'Down', 'Down', 'Enter');
      expectScreen('service-question-80', await screen.shows('○ Yes / ● No'));
      screen.type('y');
      expectScreen('service-installed-80', await screen.shows('[ended with 0]'));
      expect(stage.version()).toBe('2.0.0');
    });

    test('what was revoked, and the way back from it', async () => {
      await stage.feed.revoke('2.0.0', 'It loses data');
      const lines = ['check', '</dev/null', 'update --version 2.0.0 --yes', 'update </dev/null'];
      expectScreen('revoked-100', await transcript(typed(100, lines)));
    });

    test('numbered: a rollback is not done by Enter', async () => {
      using screen = openScreen([updaterOf(), 'rollback', '--install-dir', stage.dir, '--home', stage.home], {
        columns: 40,
        environment: { ...UTF8, TERM: 'dumb' },
      });
      await screen.shows('[y/N]');
      screen.type('Enter');
      expectScreen('rollback-dumb-40', await screen.shows('[ended with 130]'));
      expect(stage.version()).toBe('2.0.0');
    });
  });
}
