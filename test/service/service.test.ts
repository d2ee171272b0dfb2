/** The background service over real updates: what it does by itself, what it waits for, what it says. For POSIX. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { Installation } from '../../lib/api/index.ts';
import { LockedError } from '../../lib/errors.ts';
import { serviceLine } from '../../lib/ui/text/service.ts';
import { NATIVE_PLATFORM } from '../support/workshop.ts';
import { openStage, SETTINGS, type Stage } from '../update/stage.ts';
import { type Started, serviceOn, settingsOf, type World } from './support.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('the background service', () => {
  let stage: Stage;
  let started: Started[];
  beforeEach(async () => {
    started = [];
    stage = await openStage();
    await stage.release('1.1.0', { type: 'minor' });
  });
  afterEach(async () => {
    await Promise.all(started.map(({ service }) => service.stop()));
    await stage[Symbol.asyncDispose]();
  });

  async function start(preferences: Record<string, unknown>, world: Partial<World> = {}): Promise<Started> {
    settingsOf(stage, preferences);
    const one = serviceOn(stage, world);
    await one.service.start();
    started.push(one);
    return one;
  }
  const notices = () =>
    new Installation({ installDir: stage.dir, home: stage.home, settings: SETTINGS }).takeNotices();
  const packages = () => stage.asked.filter(({ path: asked }) => asked.endsWith('.dgmopkg')).length;

  test('all: installs it, says so, and ends, so that a new updater may go on', async () => {
    const { service, shown } = await start({ autoUpdate: 'all' });
    expect(await service.finished()).toBe('updated');
    expect(stage.version()).toBe('1.1.0');
    expect(shown).toEqual(['dgmo 1.1.0 was installed (before: 1.0.0). dgmo-updater rollback goes back.']);
    expect((await notices()).map(({ kind, version, from }) => ({ kind, version, from }))).toEqual([
      { kind: 'installed', version: '1.1.0', from: '1.0.0' },
    ]);
    expect(await notices()).toEqual([]);
  });

  test('manual: tells it, once however often it is started, and downloads nothing', async () => {
    for (const _ of [1, 2]) {
      const { service, saw } = await start({ autoUpdate: 'manual' });
      await saw('next check');
      await service.stop();
      fs.writeFileSync(path.join(stage.home, 'service.json'), record({ lastCheck: null }));
    }
    expect(started.flatMap(({ shown }) => shown)).toEqual([
      'dgmo 1.1.0 is available. dgmo-updater update shows what is new, and installs it.',
    ]);
    expect([stage.version(), packages()]).toEqual(['1.0.0', 0]);
    // What is installed meanwhile need not be told any more.
    const manager = stage.manager();
    const update = (await manager.checkForUpdates()) ?? expect.unreachable();
    await manager.applyUpdate(await manager.downloadUpdate(update));
    expect(await notices()).toEqual([]);
  });

  test('all, where a package manager owns it: tells the command of that, and downloads nothing', async () => {
    const owner = { manager: 'Tea', package: 'dgmo', command: 'tea upgrade dgmo' };
    fs.writeFileSync(path.join(stage.dir, 'managed-by.json'), JSON.stringify(owner));
    const { saw, shown } = await start({ autoUpdate: 'all' });
    await saw('next check');
    expect(shown).toEqual(['dgmo 1.1.0 is available. Update it with: tea upgrade dgmo']);
    expect((await notices()).map(({ text }) => text)).toEqual(shown);
    expect([stage.version(), packages()]).toEqual(['1.0.0', 0]);
  });

  test('a damaged executable that a package manager owns is told, and left as it is', async () => {
    const owner = { manager: 'Tea', package: 'dgmo', command: 'tea upgrade dgmo' };
    fs.writeFileSync(path.join(stage.dir, 'managed-by.json'), JSON.stringify(owner));
    const damaged = Buffer.concat([fs.readFileSync(stage.dgmo).subarray(0, -1), Buffer.from('?')]);
    fs.writeFileSync(stage.dgmo, damaged);
    const { saw } = await start({ autoUpdate: 'all' });
    await saw('next check');
    expect(fs.readFileSync(stage.dgmo).equals(damaged)).toBe(true);
    const [told] = (await notices()).filter(({ kind }) => kind === 'damaged');
    expect(told?.text).toMatch(
      /its bytes are not those.*`dgmo-updater verify` says more, and what puts it right[.]$/,
    );
  });

  function record(changes: Record<string, unknown>): string {
    const file = path.join(stage.home, 'service.json');
    return JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), ...changes });
  }

  test('security: tells what is not, and installs what is', async () => {
    const first = await start({ autoUpdate: 'security' });
    await first.saw('next check');
    await first.service.stop();
    expect([stage.version(), first.shown.length]).toEqual(['1.0.0', 1]);
    await stage.release('1.2.0', { type: 'security' });
    fs.writeFileSync(path.join(stage.home, 'service.json'), record({ lastCheck: null }));
    const second = await start({ autoUpdate: 'security' });
    expect(await second.service.finished()).toBe('updated');
    expect(stage.version()).toBe('1.2.0');
  });

  test('a new major version is told, not installed', async () => {
    const manager = stage.manager();
    const update = (await manager.checkForUpdates()) ?? expect.unreachable();
    await manager.applyUpdate(await manager.downloadUpdate(update));
    await stage.release('2.0.0');
    const { saw, shown } = await start({ autoUpdate: 'all' });
    expect((await saw('checked')).update).toBe('2.0.0');
    await saw('next check');
    expect(stage.version()).toBe('1.1.0');
    expect(shown).toHaveLength(1);
  });

  test('the next check is said once, also by the process that goes on after an update', async () => {
    const first = await start({ autoUpdate: 'all' }, { running: [4711] });
    const { at } = await first.saw('next check');
    first.world.running = [];
    expect(await first.service.finished()).toBe('updated');
    // Whoever starts it by hand wants to know.
    const again = await start({ autoUpdate: 'all' });
    expect((await again.saw('next check')).at).toBe(at);
    await again.service.stop();
    // As execve leaves it.
    fs.writeFileSync(path.join(stage.home, 'service.json'), record({ pid: process.pid }));
    const second = await start({ autoUpdate: 'all' });
    second.world.clock = 10 * 3_600_000;
    expect((await second.saw('next check')).at).toBeGreaterThan(at ?? expect.unreachable());
  });

  test.each<['autoUpdate' | 'updates', Record<string, unknown>]>([
    ['autoUpdate', { autoUpdate: 'off' }],
    ['updates', { autoUpdate: 'all', updates: false }],
  ])('%s is off: nobody is asked, and that is told', async (off, preferences) => {
    const { saw, service } = await start(preferences);
    expect(await saw('next check')).toEqual({ event: 'next check', at: null, off, problem: null });
    await service.stop();
    expect(stage.asked).toEqual([]);
  });

  test('settings that can not be understood: nobody is asked, and why is told, at each start', async () => {
    for (const _ of [1, 2]) {
      const { saw, service } = await start({ autoUpdate: 'always' });
      const event = await saw('next check');
      expect([event.at, event.off]).toEqual([null, null]);
      expect(serviceLine(event, { localOffset: () => 0 })).toMatch(
        /^Nothing is looked for until this is corrected: .* `dgmo-updater config unset autoUpdate`/,
      );
      expect((await service.status()).problem).toBe(event.problem);
      await service.stop();
    }
    await expect(serviceOn(stage).service.checkAndNotify()).rejects.toThrow('"always"');
    expect(stage.asked).toEqual([]);
  });

  test('DGMO runs: it is downloaded, and installed when DGMO has ended', async () => {
    const { service, saw, world } = await start({ autoUpdate: 'all' }, { running: [4711] });
    expect((await saw('update waits')).obstacle).toBe('running');
    expect([stage.version(), packages()]).toEqual(['1.0.0', 1]);
    const { record } = await service.status();
    expect(record.pending).toMatchObject({ version: '1.1.0', downloaded: true, obstacle: 'running' });
    expect((await notices()).map(({ text }) => text)).toEqual([
      'dgmo 1.1.0 is downloaded. It will be installed when dgmo does not run.',
    ]);
    world.running = [];
    expect(await service.finished()).toBe('updated');
    expect(stage.version()).toBe('1.1.0');
  });

  const indexes = () => stage.asked.filter(({ path: asked }) => asked.startsWith('metadata/')).length;

  test('a release that was held back is installed soon after the setting that held it is changed', async () => {
    const first = await start({ autoUpdate: 'all', minimumAge: '3d' });
    const { at } = await first.saw('next check');
    expect((await first.saw('checked')).update).toBeNull();
    // Neither what changes nothing of it, nor a look at the settings, asks the server.
    const asked = indexes();
    settingsOf(stage, { autoUpdate: 'all', minimumAge: '3d', snapshotsKept: 7 });
    await first.ticks(20);
    expect(indexes()).toBe(asked);
    settingsOf(stage, { autoUpdate: 'all' });
    expect(await first.service.finished()).toBe('updated');
    expect([stage.version(), (at ?? 0) > Date.now()]).toEqual(['1.1.0', true]);
  });

  test('a version that was skipped is installed soon after `unskip`; another skip asks nobody', async () => {
    await stage.manager().skipVersion('1.1.0');
    const first = await start({ autoUpdate: 'all' });
    expect((await first.saw('checked')).update).toBeNull();
    await first.saw('next check');
    const asked = indexes();
    await stage.manager().skipVersion('1.3.0');
    await first.ticks(20);
    expect(indexes()).toBe(asked);
    await stage.manager().unskipVersion('1.1.0');
    expect(await first.service.finished()).toBe('updated');
    expect(stage.version()).toBe('1.1.0');
  });

  test('the same while the service does not run: it is noticed at its next start', async () => {
    const first = await start({ autoUpdate: 'all', minimumAge: '3d' });
    await first.saw('next check');
    await first.service.stop();
    const second = await start({ autoUpdate: 'all', minimumAge: null });
    expect(await second.service.finished()).toBe('updated');
  });

  test('where the last check saw nothing newer, no setting but that of the channel makes another one due', async () => {
    const manager = stage.manager();
    const update = (await manager.checkForUpdates()) ?? expect.unreachable();
    await manager.applyUpdate(await manager.downloadUpdate(update));
    const { service, saw, ticks } = await start({ autoUpdate: 'all', minimumAge: '3d' });
    await saw('next check');
    const asked = indexes();
    settingsOf(stage, { autoUpdate: 'security' });
    await ticks(20);
    expect(indexes()).toBe(asked);
    await stage.release('1.2.0', { channel: 'beta', deltas: 0, type: 'security' });
    settingsOf(stage, { autoUpdate: 'security', channel: 'beta' });
    expect(await service.finished()).toBe('updated');
    expect(stage.version()).toBe('1.2.0');
  });

  test('what waits is not forgotten by a service that is started again', async () => {
    const first = await start({ autoUpdate: 'all' }, { running: [4711] });
    await first.saw('update waits');
    await first.service.stop();
    const second = await start({ autoUpdate: 'all' });
    second.world.clock = 6 * 60_000;
    expect((await second.saw('checked')).update).toBe('1.1.0');
    expect(await second.service.finished()).toBe('updated');
  });

  test('DGMO runs, and says that it may be updated', async () => {
    const { service, saw } = await start({ autoUpdate: 'all' }, { running: [process.pid] });
    await saw('update waits');
    const dgmo = new Installation({ installDir: stage.dir, home: stage.home, settings: SETTINGS });
    await dgmo.allowUpdate(true);
    expect(await service.finished()).toBe('updated');
  });

  test('DGMO runs, and nobody is there: not while it works, but once it has done nothing for half an hour', async () => {
    const { service, saw, world } = await start(
      { autoUpdate: 'all' },
      { running: [4711], untouched: 3_600_000, processorTime: 0 },
    );
    await saw('update waits');
    const busy = setInterval(() => {
      world.processorTime = (world.processorTime ?? 0) + 30_000;
    }, 1);
    await Bun.sleep(200);
    expect(stage.version()).toBe('1.0.0');
    clearInterval(busy);
    expect(await service.finished()).toBe('updated');
  });

  test.each([
    ['metered', { metered: true }, {}],
    ['battery', { onBattery: true }, {}],
  ] as const)('%s: nothing is downloaded meanwhile', async (obstacle, world, preferences) => {
    const one = await start({ autoUpdate: 'all', ...preferences }, world);
    expect((await one.saw('update waits')).obstacle).toBe(obstacle);
    expect(packages()).toBe(0);
    Object.assign(one.world, { metered: false, onBattery: false });
    expect(await one.service.finished()).toBe('updated');
  });

  test('metered and battery do not matter if the user says so', async () => {
    const { service } = await start(
      { autoUpdate: 'all', onMetered: 'go', onBattery: 'go' },
      { metered: true, onBattery: true },
    );
    expect(await service.finished()).toBe('updated');
  });

  test('a window: it is downloaded before, and installed when it opens', async () => {
    const now = new Date();
    const minute = now.getHours() * 60 + now.getMinutes();
    const at = (minutes: number) => {
      const inDay = (minute + minutes) % (24 * 60);
      return `${String(Math.floor(inDay / 60)).padStart(2, '0')}:${String(inDay % 60).padStart(2, '0')}`;
    };
    const { service, saw, world } = await start({
      autoUpdate: 'all',
      updateWindow: `${at(120)}-${at(240)}`,
    });
    expect((await saw('update waits')).obstacle).toBe('window');
    expect([stage.version(), packages()]).toEqual(['1.0.0', 1]);
    world.clock = 3 * 3_600_000;
    expect(await service.finished()).toBe('updated');
  });

  test('what is skipped while it waits is not installed', async () => {
    const { saw, world, service } = await start({ autoUpdate: 'all' }, { running: [4711] });
    await saw('update waits');
    await stage.manager().skipVersion('1.1.0');
    world.running = [];
    const gone = async () => {
      while ((await service.status()).record.pending !== null) await Bun.sleep(5);
    };
    await gone();
    expect(stage.version()).toBe('1.0.0');
  });

  test('a version that does not work is taken back, told, and not tried again', async () => {
    await stage.release('1.2.0', { works: false });
    const { saw, service } = await start({ autoUpdate: 'all' });
    const { kind, text } = await saw('notice');
    expect(kind).toBe('failed');
    expect(text).toStartWith('dgmo 1.2.0 could not be installed: ');
    // Without the version it is not offered any more.
    expect(text).toEndWith('`dgmo-updater update --version 1.2.0` tries it again.');
    expect(stage.version()).toBe('1.0.0');
    await service.stop();
    fs.writeFileSync(path.join(stage.home, 'service.json'), record({ lastCheck: null }));
    const again = await start({ autoUpdate: 'all' });
    expect(await again.service.finished()).toBe('updated');
    expect(stage.version()).toBe('1.1.0');
  });

  test('a server that wants to be left alone is, also by the next start', async () => {
    stage.answer = () => new Response('', { status: 503, headers: { 'retry-after': '86000' } });
    const { saw, service } = await start({ autoUpdate: 'all' });
    const { at } = await saw('next check');
    expect(at).toBeGreaterThan(Date.now() + 85_000_000);
    await service.stop();
    const before = stage.asked.length;
    const again = await start({ autoUpdate: 'all' });
    expect((await again.saw('next check')).at).toBeGreaterThan(Date.now() + 85_000_000);
    expect(stage.asked.length).toBe(before);
  });

  test('a damaged executable is put back, and said', async () => {
    const whole = fs.readFileSync(stage.dgmo);
    fs.writeFileSync(stage.dgmo, Buffer.concat([whole.subarray(0, -1), Buffer.from('?')]));
    const { saw } = await start({ autoUpdate: 'security' });
    expect((await saw('notice')).kind).toMatch(/available|repaired/);
    await saw('next check');
    expect(fs.readFileSync(stage.dgmo).equals(whole)).toBe(true);
    expect((await notices()).map(({ kind }) => kind)).toContain('repaired');
  });

  test('the updater of a release is brought, if it could not be downloaded with that', async () => {
    const updater = (version: string) =>
      `#!/bin/sh\ncase "$1" in --version) echo ${version} ;; *) echo '{"event":"result"}' ;; esac\n`;
    const file = path.join(stage.dir, 'dgmo-updater');
    fs.writeFileSync(file, updater('0.1.0'), { mode: 0o755 });
    const content = new TextEncoder().encode(updater('0.2.0'));
    await stage.release('1.5.0', { updaters: { [NATIVE_PLATFORM]: { version: '0.2.0', content } } });
    stage.answer = (name) => (name.includes('updaters/') ? new Response('', { status: 404 }) : undefined);
    const manager = stage.manager();
    const update = (await manager.checkForUpdates()) ?? expect.unreachable();
    await manager.applyUpdate(await manager.downloadUpdate(update));
    expect(fs.readFileSync(file, 'utf8')).toBe(updater('0.1.0'));
    stage.answer = () => undefined;
    const { service } = await start({ autoUpdate: 'security' });
    // So that the new one goes on.
    expect(await service.finished()).toBe('updated');
    expect(fs.readFileSync(file, 'utf8')).toBe(updater('0.2.0'));
  });

  test('one for a home; its status; and nothing is left of it', async () => {
    const before = fs.readdirSync(stage.home);
    const { saw, service } = await start({ autoUpdate: 'manual' });
    await saw('next check');
    const second = serviceOn(stage);
    await expect(second.service.start()).rejects.toThrow(LockedError);
    await expect(second.service.checkAndNotify()).rejects.toThrow(LockedError);
    expect(await second.service.status()).toMatchObject({
      running: true,
      record: { pid: process.pid, installDir: stage.dir, health: { healthy: true } },
    });
    await service.stop();
    expect((await second.service.status()).running).toBe(false);
    expect(await second.service.uninstall()).toEqual({ running: false });
    const left = fs.readdirSync(stage.home).filter((name) => !before.includes(name));
    expect(left.sort()).toEqual([
      'cache',
      'checks.json',
      'checks.json.lock',
      'last-check.json',
      'last-check.json.lock',
      'updater.json',
    ]);
  });

  test('a home that has nothing but what the service wrote is removed with it', async () => {
    const home = path.join(stage.folder, 'first');
    const { service } = serviceOn({ ...stage, home });
    fs.mkdirSync(home);
    const own = ['service.json', 'service.lock', 'notices.json'];
    for (const name of [...own, 'updater.json']) fs.writeFileSync(path.join(home, name), '');
    expect(await service.uninstall()).toEqual({ running: false });
    expect(fs.readdirSync(home)).toEqual(['updater.json']);
    fs.rmSync(path.join(home, 'updater.json'));
    expect(await service.uninstall()).toEqual({ running: false });
    expect(fs.existsSync(home)).toBe(false);
    expect(await service.uninstall()).toEqual({ running: false });
  });

  test('checkAndNotify does all of it at once', async () => {
    settingsOf(stage, { autoUpdate: 'all' });
    const { service } = serviceOn(stage);
    await service.checkAndNotify();
    expect(stage.version()).toBe('1.1.0');
  });
});
