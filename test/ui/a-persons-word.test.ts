/** What a person decides about versions counts, and can be taken back; what they type goes before what they put off. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { openStage, type Stage } from '../update/stage.ts';
import { command } from './command-line.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('a person decides', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await openStage();
    await stage.release('1.1.0');
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  const run = (...args: string[]) => command(stage, args);
  const typed = (...args: string[]) => command(stage, args, { terminal: true });

  test('skip holds a version back, and says how to lift it; unskip lifts it', async () => {
    expect((await run('skip', '1.1.0')).out).toContain('`dgmo-updater unskip 1.1.0` lifts that');
    const { out } = await run('check');
    expect(out).toContain('1.1.0 is not offered: you skipped it; `dgmo-updater unskip 1.1.0` lifts that.');
    expect(await run('update', '--yes')).toMatchObject({ code: 0 });
    expect(stage.version()).toBe('1.0.0');
    expect((await run('unskip', '1.1.0')).out).toBe('1.1.0 is offered again.\n');
    expect((await run('unskip', '1.1.0')).out).toBe('1.1.0 was not skipped.\n');
    expect((await run('check')).out).toContain('1.1.0 is available');
  });

  test('update that a person types offers what was skipped or put off, and says so', async () => {
    await run('skip', '1.1.0');
    const skipped = await typed('update', '--check-only');
    expect(skipped.out).toContain('1.1.0 is available');
    expect(skipped.out).toContain('You skipped it before; it is offered because you ask for it.');
    await run('unskip', '1.1.0');
    await stage.manager().remindLater(3_600_000);
    // It may be newer than what was offered when somebody said so.
    expect((await typed('update', '--check-only')).out).toContain('You have put updates off; it is offered');
    expect((await run('check')).out).toContain(
      'you have put updates off; `dgmo-updater update` offers it now',
    );
    // Who has just typed that is told another way.
    expect((await run('update')).out).toContain(
      'you have put updates off; `dgmo-updater update --version 1.1.0` offers it now',
    );
  });

  test('the command that is named installs what was asked about: its version, channel and evolutions', async () => {
    const search = { id: 'search', description: 'Searches', autoApply: false, riskLevel: 'low' } as const;
    await stage.release('1.2.0', { evolutions: [search], deltas: 0 });
    await stage.release('1.3.0', { channel: 'beta', deltas: 0 });
    const advice = async (...args: string[]) => (await run(...args)).out.trimEnd().split('\n').at(-1);
    expect([
      await advice('update'),
      await advice('update', '--version', '1.1.0'),
      await advice('update', '--evolutions', 'search'),
      await advice('update', '--evolutions', "search, it's"),
      await advice('update', '--channel', 'beta'),
      await advice('check', '--channel', 'beta'),
    ]).toEqual([
      '`dgmo-updater update --yes` installs it without asking.',
      '`dgmo-updater update --version 1.1.0 --yes` installs it without asking.',
      '`dgmo-updater update --evolutions search --yes` installs it without asking.',
      "`dgmo-updater update --evolutions 'search, it'\\''s' --yes` installs it without asking.",
      '`dgmo-updater update --channel beta --yes` installs it without asking.',
      'Run `dgmo-updater update --channel beta` to install it.',
    ]);
    expect(await run('update', '--yes')).toMatchObject({ code: 0 });
    expect(await advice('update', '--version', '1.1.0')).toBe(
      '`dgmo-updater update --version 1.1.0 --yes` goes back to it.',
    );
  });

  test('where a package manager owns it, its command is told in place of ours, and nobody is asked', async () => {
    const owner = { manager: 'Tea', package: 'dgmo', command: 'tea upgrade dgmo' };
    fs.writeFileSync(path.join(stage.dir, 'managed-by.json'), JSON.stringify(owner));
    const how = 'It was installed by Tea, as the package dgmo. Update it with: tea upgrade dgmo\n';
    for (const args of [['check'], ['update'], ['update', '--check-only']]) {
      const { code, out } = await run(...args);
      expect([code, out.endsWith(how), out.includes('dgmo-updater update')]).toEqual([0, true, false]);
    }
    const asked = await typed('update');
    expect(asked).toMatchObject({ code: 17 });
    expect(asked.error).toContain('Update it with: tea upgrade dgmo');
    expect(asked.error).not.toContain('now?');
    await stage.manager().remindLater(3_600_000);
    expect((await run('check')).out).toContain('put updates off; `tea upgrade dgmo` offers it now');
    const menu = await run();
    expect(menu.out).toContain(how);
    expect(menu.out).not.toMatch(/dgmo-updater (update|rollback)/);
    await stage.feed.revoke('1.0.0', 'It loses data');
    for (const name of ['check', 'status', 'doctor']) {
      const { out } = await run(name);
      expect(out).toContain('It loses data');
      expect(out).toMatch(/Update it with:? `?tea upgrade dgmo/);
      expect(out).not.toMatch(/dgmo-updater (update|rollback)/);
    }
  });

  test('of a newer version that is held back the reason is told, also if another one is offered', async () => {
    await stage.release('1.2.0');
    await run('skip', '1.2.0');
    const { out } = await run('check');
    expect(out).toContain('1.1.0 is available');
    expect(out).toContain(
      '\n  1.2.0 is newer, and not offered: you skipped it; `dgmo-updater unskip 1.2.0` lifts that.\n',
    );
    await run('unskip', '1.2.0');
    await run('skip', '1.1.0');
    // What is older than the one that is offered does not matter.
    expect((await run('check')).out).not.toContain('not offered');
  });

  test('of a new major version that was put off, the word of the person is told', async () => {
    await stage.release('2.0.0');
    await stage.manager().remindLater(3_600_000);
    const { out } = await typed('update', '--check-only');
    expect(out).toContain('2.0.0 is available');
    expect(out).toContain('You have put updates off; it is offered because you ask for it.');
  });

  test('after a rollback nobody says that the version was skipped', async () => {
    expect(await run('update', '--yes')).toMatchObject({ code: 0 });
    expect(await run('rollback', '--yes')).toMatchObject({ code: 0 });
    const { out } = await run('check');
    expect(out).toContain('1.1.0 is not offered: you went back from it');
    expect(out).not.toContain('skipped');
    expect((await typed('update', '--check-only')).out).toContain('You went back from it before');
    await run('unskip', '1.1.0');
    expect((await run('check')).out).toContain('1.1.0 is available');
  });

  test('pin: only that version is offered, and --version takes another one', async () => {
    await stage.release('1.2.0');
    expect((await run('pin', '1.1.0')).code).toBe(0);
    expect((await run('update', '--yes')).code).toBe(0);
    expect(stage.version()).toBe('1.1.0');
    const { out } = await typed('update', '--check-only');
    expect(out).toContain('1.2.0 is not offered: 1.1.0 is pinned by you; `dgmo-updater unpin` lifts that.');
    expect((await run('update', '--version', '1.2.0', '--yes')).code).toBe(0);
    expect(stage.version()).toBe('1.2.0');
    expect((await run('unpin')).out).toBe('1.1.0 is no longer pinned: newer versions are offered again.\n');
    expect((await run('unpin')).out).toBe('No version was pinned.\n');
  });

  test('pinned by the environment: no command of the user lifts that, and none says so', async () => {
    const environment = { DGMO_UPDATER_PIN: '1.0.0' };
    const there = (...args: string[]) => command(stage, args, { environment });
    expect((await there('check')).out).toContain(
      '1.1.0 is not offered: 1.0.0 is pinned by the environment: unset DGMO_UPDATER_PIN to lift that.',
    );
    expect((await there('pin', '1.1.0')).out).toBe(
      '1.1.0 is saved, but 1.0.0 is pinned here: `dgmo-updater config explain pin` says by whom.\n',
    );
    expect((await run('config', 'get', 'pin')).out).toBe('1.1.0\n');
  });

  test('updates that are turned off: nobody is told to look for one, and how they are turned on is said', async () => {
    const environment = { DGMO_UPDATER_UPDATES: 'off' };
    const there = (...args: string[]) => command(stage, args, { environment });
    expect((await there('check')).error).toContain('Unset DGMO_UPDATER_UPDATES to turn them on.');
    await run('update', '--yes');
    expect((await run()).out).toContain('dgmo-updater update');
    const { out } = await there();
    expect(out).toContain('Updates are turned off: `dgmo-updater config explain updates` says by whom.');
    expect(out).toContain('dgmo-updater rollback');
    expect(out).not.toContain('dgmo-updater update ');
  });

  test('majors: nobody is given a new major version unattended; who is asked is offered it', async () => {
    await stage.release('2.0.0');
    expect((await stage.manager().check({ for: 'unattended' })).update?.version).toBe('1.1.0');
    expect((await stage.manager().check()).update?.version).toBe('2.0.0');
    await run('config', 'set', 'majors', 'auto');
    expect((await stage.manager().check({ for: 'unattended' })).update?.version).toBe('2.0.0');
  });

  test('minimumAge: counted from when the release was first seen here; --version does not wait', async () => {
    await run('config', 'set', 'minimumAge', '3d');
    const { out } = await run('check');
    expect(out).toMatch(
      /1\.1\.0 is not offered: you decided that it has to be known here for 3d, which it is on \d{4}-.*; `dgmo-updater update --version 1\.1\.0` does not wait\./,
    );
    const file = path.join(stage.home, 'checks.json');
    const seen = JSON.parse(fs.readFileSync(file, 'utf8')) as { seen: { version: string; at: number }[] };
    for (const one of seen.seen) one.at -= 3 * 24 * 3_600_000;
    fs.writeFileSync(file, JSON.stringify(seen));
    expect((await run('check')).out).toContain('1.1.0 is available');
    await stage.release('1.2.0');
    expect((await run('update', '--version', '1.2.0', '--yes')).code).toBe(0);
  });

  test('securityAtOnce: a security release does not wait', async () => {
    await stage.release('1.2.0', { type: 'security' });
    await run('config', 'set', 'minimumAge', '3d');
    expect((await stage.manager().check()).update).toBeNull();
    await run('config', 'set', 'securityAtOnce', 'on');
    expect((await stage.manager().check()).update?.version).toBe('1.2.0');
  });

  test('updates off: nothing is looked for, and it says who decided that', async () => {
    await run('config', 'set', 'updates', 'off');
    stage.asked.length = 0;
    for (const args of [['check'], ['update', '--yes'], ['download']]) {
      const ran = await run(...args);
      expect(ran.code).toBe(17);
      expect(ran.error).toContain('updates are turned off here (updates = off, by ');
      expect(ran.error).toContain('`dgmo-updater config set updates on` turns them on.');
    }
    expect(stage.asked).toEqual([]);
    expect((await command(stage, ['check'], { environment: { DGMO_UPDATER_UPDATES: 'on' } })).code).toBe(0);
  });

  test('revoked: the way back is the snapshot, where a download would be refused', async () => {
    await stage.release('1.2.0', { dataVersion: 2, rollbackMin: '1.0.0' });
    expect(await run('update', '--yes')).toMatchObject({ code: 0 });
    await stage.feed.revoke('1.2.0', 'it loses data');
    await stage.feed.revoke('1.1.0', 'so does this');
    const { out } = await run('check');
    const id = /`dgmo-updater rollback (\S+)` goes back to 1\.0\.0, with the data/.exec(out)?.[1];
    expect(out).not.toContain('--version');
    expect(await run('rollback', id ?? 'none was named', '--yes')).toMatchObject({ code: 0 });
    expect(stage.version()).toBe('1.0.0');
  });

  test('status and history tell what was looked for, and what was done', async () => {
    expect((await run('status')).out).toContain('Last check:   never');
    await run('check');
    expect((await run('status')).out).toMatch(/Last check: {3}.* ago: 1\.1\.0 is offered/);
    expect((await run('history')).out).toBe('Nothing was updated, rolled back or repaired here yet.\n');
    await run('update', '--yes');
    expect((await run('status')).out).toMatch(/Last check: {3}.* ago: 1\.1\.0 was offered/);
    await run('rollback', '--yes');
    expect((await run('status')).out).toMatch(/Last check: {3}.* ago: 1\.1\.0 was offered/);
    const lines = (await run('history')).out.trimEnd().split('\n');
    expect(
      lines.map((line) =>
        line
          .replace(/^\S+ \S+/, '')
          .split(/ {2,}/)
          .slice(1),
      ),
    ).toEqual([
      ['WHAT', 'FROM', 'TO', 'TOOK', 'ENDED'],
      ['update', '1.0.0', '1.1.0', expect.stringMatching(/s$/), 'done'],
      ['rollback', '1.1.0', '1.0.0', expect.stringMatching(/s$/), 'done'],
    ]);
    // A damaged record begins anew.
    fs.writeFileSync(path.join(stage.home, 'checks.json'), '{');
    stage.answer = () => new Response('', { status: 500 });
    await run('check');
    const status = await run('status', '--json');
    expect(JSON.parse(status.out)).toMatchObject({
      binary: 'sound',
      channel: 'stable',
      feed: stage.url,
      lastCheck: { ended: 'failed' },
      lastChange: { kind: 'rollback', ended: 'done' },
    });
  });
});
