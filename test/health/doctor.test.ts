/** `doctor`: what a bug report contains, and what it must not contain; and `watch`, which a service calls. */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { nativeHost } from '../../lib/platform/native.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

const byId = async (offline = false) =>
  new Map((await here.health().diagnose({ offline })).checks.map((check) => [check.id, check]));

test('a healthy install: every check says what it saw, and the feed answers', async () => {
  const { schemaVersion, overallStatus, checks } = await here.health().diagnose();
  expect(schemaVersion).toBe(1);
  expect(checks.filter(({ status }) => status === 'error')).toEqual([]);
  expect(['ok', 'warning']).toContain(overallStatus);
  for (const { summary, durationMs } of checks) {
    expect(summary.length).toBeGreaterThan(0);
    expect(durationMs).toBeGreaterThanOrEqual(0);
  }
  const found = new Map(checks.map((check) => [check.id, check]));
  expect(found.get('versions')?.summary).toBe('dgmo 1.1.0');
  expect(found.get('network')).toMatchObject({ status: 'ok', summary: 'The feed answers over plain http' });
  expect(found.get('history')?.details.join()).toContain('update 1.0.0 -> 1.1.0: done');
});

test('each finding says what to do', async () => {
  fs.rmSync(here.dgmo);
  const found = await byId();
  expect(found.get('health')).toMatchObject({ status: 'error', remediation: 'Run `dgmo-updater repair`.' });
  here.stage.answer = (name) =>
    name.startsWith('metadata/') ? new Response('', { status: 404 }) : undefined;
  expect((await byId()).get('network')).toMatchObject({ status: 'error' });
  for (const [hours, text] of [
    [1, '60 minutes ahead'],
    [-3, '3 hours behind'],
    [1008, '42 days ahead'],
  ] as const) {
    here.stage.answer = (name) =>
      name.startsWith('metadata/')
        ? new Response('{}', { headers: { date: new Date(Date.now() - hours * 3_600_000).toUTCString() } })
        : undefined;
    expect((await byId()).get('network')?.summary).toContain(text);
  }
  here.stage.answer = () => undefined;
  expect((await byId(true)).get('network')).toMatchObject({ status: 'skipped' });
});

test('the root that counts, and the one that is compiled in', async () => {
  const root = async (compiledIn: unknown) => {
    const { checks } = await here
      .health({ settings: { ...here.settings, root: compiledIn } })
      .diagnose({ offline: true });
    const details = checks.find(({ id }) => id === 'versions')?.details ?? [];
    return details.find((detail) => detail.startsWith('root: '));
  };
  const { feed, home } = here.stage;
  expect(await root(null)).toBe('root: version 1, kept in the home; none is compiled in');
  expect(await root(feed.rootJson)).toBe('root: version 1, compiled in');
  fs.writeFileSync(path.join(home, 'trust', '2.root.json'), feed.newRoot());
  expect(await root(feed.rootJson)).toBe('root: version 2, kept in the home; version 1 is compiled in');
  fs.rmSync(path.join(home, 'trust'), { recursive: true });
  expect(await root(null)).toStartWith('root: there is no trusted root');
});

test('the settings that are not the default, and who decided them', async () => {
  await here.run('config', 'set', 'channel', 'stable');
  await here.run('config', 'set', 'snapshotsKept', '9');
  expect((await byId(true)).get('settings')?.details.join()).toContain('snapshotsKept = 9 (user');
});

test('a variable that decides nothing, and the one that was meant', async () => {
  const settingsWith = async (variable: string) => {
    const environment = { ...here.host.environment, [variable]: 'off' };
    const health = here.health({ host: { ...here.host, environment } });
    const { checks } = await health.diagnose({ offline: true });
    return checks.find(({ id }) => id === 'settings');
  };
  expect(await settingsWith('DGMO_UPDATER_AUTOUPDATE')).toMatchObject({
    status: 'warning',
    summary: 'DGMO_UPDATER_AUTOUPDATE in the environment is no setting, and decides nothing',
    remediation: 'Did you mean DGMO_UPDATER_AUTO_UPDATE?',
  });
  // That all begin alike is no likeness.
  for (const variable of ['DGMO_UPDATER_', 'DGMO_UPDATER_XYZ'])
    expect((await settingsWith(variable))?.remediation).toBe(
      '`dgmo-updater config explain` lists the variables.',
    );
});

test('the proxy is looked up for the feed that is asked, not for the one that was compiled in', async () => {
  await here.run('config', 'set', 'feed', 'http://127.0.0.1:1/elsewhere/');
  const { out } = await here.run('doctor');
  expect(out).toContain('http://127.0.0.1:1/elsewhere/ is reached directly');
});

test('room for few more files is told, whatever the bytes are', async () => {
  const host = nativeHost();
  const spaceAt = async (files: number) => {
    const room = { bytes: 1e12, files, filesystem: '1' };
    const disk = { ...host.disk, room: () => room };
    const { checks } = await here.health({ host: { ...host, disk } }).diagnose({ offline: true });
    return checks.find(({ id }) => id === 'space');
  };
  expect(await spaceAt(1000)).toMatchObject({ status: 'ok' });
  expect(await spaceAt(3)).toMatchObject({
    status: 'warning',
    summary: `There is room for few more files on the disk of ${here.dir}`,
    remediation: 'Remove some files (`df -i` shows the filesystems).',
  });
});

test('doctor ends with 11 if the install is damaged, and shows no secret', async () => {
  fs.writeFileSync(here.dgmo, 'x');
  fs.writeFileSync(path.join(here.home, 'config', 'auth.json'), '{"token": "hunter2"}');
  await here.run('config', 'set', 'feed', 'https://updates.example.org/');
  const host = nativeHost();
  const environment = { ...host.environment, https_proxy: 'http://me:hunter2@proxy.example.org:3128' };
  const diagnosis = await here
    .health({
      host: { ...host, environment },
    })
    .diagnose({ offline: true });
  expect(JSON.stringify(diagnosis)).not.toContain('hunter2');
  expect(diagnosis.checks.find(({ id }) => id === 'proxy')?.summary).toContain('proxy.example.org:3128');
  const ran = await here.run('doctor', '--offline', '--json');
  expect(ran.code).toBe(11);
  expect(ran.result()).toMatchObject({ schemaVersion: 1, overallStatus: 'error' });
  expect((await here.run('doctor', '--offline')).out).toContain('ERROR    health');
});

test('watch reads nothing twice within a week, all of it after a week, and repairs if it may', async () => {
  const host = nativeHost();
  const DAY = 86_400_000;
  const on = (day: number) =>
    here.health({ host: { ...host, clock: { ...host.clock, now: () => Date.now() + day * DAY } } });
  const first = await on(1).watch();
  expect(first.health).toMatchObject({ healthy: true, full: true });
  expect((await on(2).watch()).health).toMatchObject({ healthy: true, full: false, bytesRead: 0 });
  const weekly = await on(9).watch();
  expect(weekly.health.full).toBe(true);
  expect(weekly.health.bytesRead).toBeGreaterThan(100_000);
  fs.truncateSync(here.dgmo, 100);
  expect(await on(10).watch()).toMatchObject({ health: { healthy: false }, repaired: null });
  expect(await on(10).watch({ repair: true })).toMatchObject({
    health: { healthy: true },
    repaired: { success: true },
  });
  expect(here.stage.version()).toBe('1.1.0');
});

test('whether the executable may be replaced: an immutable file is named, with who may change that', async () => {
  expect((await byId(true)).get('permission')).toMatchObject({ status: 'ok' });
  const immutable = async (file: string) => {
    const writeRefusal = (name: string) => (name === file ? 'EPERM' : here.host.disk.writeRefusal(name));
    const disk = { ...here.host.disk, writeRefusal };
    const { checks } = await here.health({ host: { ...here.host, disk } }).diagnose({ offline: true });
    return checks.find(({ id }) => id === 'permission');
  };
  for (const file of [here.dgmo, here.dir]) {
    expect(await immutable(file)).toMatchObject({
      status: 'warning',
      summary: `${file} is immutable (EPERM)`,
      remediation: expect.stringMatching(/Only root may end it: `sudo ch(attr -i|flags nouchg,noschg) /),
    });
  }
});
