/**
 * The compiled background service over a real feed and a real program: not under a running session's feet, by itself afterwards,
 * stopped at any moment, installed and removed without a trace.
 */
import { describe, expect, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Installation } from '../../lib/api/index.ts';
import { keepTrustedRoot } from '../../lib/home/trusted-root.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { makeFeed } from '../release/feed.ts';
import { skipsWithoutBus, startBus } from '../support/bus.ts';
import { withUpdater } from '../support/compiled-updater.ts';
import { makeInstall, resultOf } from '../support/installed.ts';
import { buildStandin } from '../support/standin.ts';
import { NATIVE_PLATFORM, run } from '../support/workshop.ts';
import { openStage, SETTINGS, serveFrom } from '../update/stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

/** Moments at which it is stopped. */
const STEPS = 8;

interface Running {
  child: ChildProcess;
  /** Resolves once standard error has that text. */
  says(text: string): Promise<void>;
  ended: Promise<{ code: number | null; signal: string | null }>;
}

function startService(updater: string, args: string[], env: Record<string, string> = {}): Running {
  const child = spawn(updater, ['service', 'run', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  let look: () => void = () => undefined;
  child.stderr?.on('data', (bytes: Buffer) => {
    said += bytes;
    look();
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.on('exit', (code, signal) => resolve({ code, signal })),
  );
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      look = () => {
        if (said.includes(text)) resolve();
      };
      look();
      void ended.then((end) => reject(new Error(`${JSON.stringify(end)}, and said: ${said}`)));
    });
  return { child, says, ended };
}

posixOnly('the background service', () => {
  let updater: string;
  withUpdater((compiled) => {
    ({ updater } = compiled);
  });

  test('does not update a DGMO that runs, and does as soon as it has ended', async () => {
    const [old, fresh] = await Promise.all([
      buildStandin({ version: '1.0.0' }),
      buildStandin({ version: '2.0.0' }),
    ]);
    using feed = await makeFeed();
    await feed.add('2.0.0', { [NATIVE_PLATFORM]: fs.readFileSync(fresh) }, { deltas: 0, level: 1 });
    await using server = Bun.serve({
      ...{ port: 0, hostname: '127.0.0.1', idleTimeout: 60 },
      fetch: (request) => serveFrom(feed.folder, new URL(request.url).pathname.slice(1), request),
    });
    const here = await makeInstall({ binary: old, version: '1.0.0', updater });
    try {
      keepTrustedRoot(nativeHost(), path.join(here.folder, 'home'), feed.root, null);
      for (const [key, value] of [
        ['feed', server.url.href],
        ['autoUpdate', 'all'],
        ['majors', 'auto'],
      ])
        expect(await here.update(['config', 'set', key ?? '', value ?? ''])).toMatchObject({ code: 0 });
      const dgmo = await here.startDgmo();
      const service = startService(here.updater, [], here.env);
      await service.says('2.0.0 waits: DGMO runs.');
      expect(await here.version()).toBe('1.0.0');
      expect(dgmo.child.exitCode).toBeNull();
      await dgmo.letGo();
      await service.says('dgmo 2.0.0 was installed (before: 1.0.0).');
      expect(await here.version()).toBe('2.0.0');
      // It goes on, as the same process.
      const status = resultOf(await here.update(['service', 'status', '--json']));
      expect(status).toMatchObject({ running: true, record: { pid: service.child.pid, pending: null } });
      expect(resultOf(await here.update(['status', '--json']))).toMatchObject({
        ...{ binary: 'sound', serviceRuns: true },
        notices: [expect.stringContaining('dgmo 2.0.0 was installed (before: 1.0.0).')],
      });
      service.child.kill('SIGTERM');
      expect(await service.ended).toEqual({ code: 0, signal: null });
    } finally {
      here.remove();
    }
  }, 600_000);

  test.skipIf(skipsWithoutBus('a metered network, and a notification'))(
    'asks the system for a metered network, and notifies by the desktop',
    async () => {
      await using stage = await openStage();
      await stage.release('1.1.0');
      await using bus = await startBus(stage.folder);
      const notified = await bus.serve('notification_daemon');
      await bus.serve('networkmanager');
      const [name, object] = ['org.freedesktop.NetworkManager', '/org/freedesktop/NetworkManager'];
      const metered = ['ssv', name, 'Metered', 'u', '1'];
      await bus.call('call', name, object, 'org.freedesktop.DBus.Mock', 'AddProperty', ...metered);
      const command = path.join(stage.dir, 'dgmo-updater');
      fs.copyFileSync(updater, command, fs.constants.COPYFILE_FICLONE);
      const options = ['--home', stage.home];
      await run(command, ['config', 'set', 'autoUpdate', 'all', ...options]);
      const waits = startService(command, options, bus.environment);
      await waits.says('1.1.0 waits: the network is paid by volume (onMetered).');
      waits.child.kill('SIGTERM');
      expect((await waits.ended).code).toBe(0);
      expect(stage.asked.filter(({ path: asked }) => asked.endsWith('.dgmopkg'))).toEqual([]);
      await bus.call('set-property', name, object, name, 'Metered', 'u', '2');
      // A start soon after a check brings no other one.
      fs.rmSync(path.join(stage.home, 'service.json'));
      const goes = startService(command, options, bus.environment);
      await goes.says('dgmo 1.1.0 was installed (before: 1.0.0).');
      const text = 'dgmo 1.1.0 was installed (before: 1.0.0). dgmo-updater rollback goes back.';
      while (!notified().includes(`"dgmo" "${text}"`)) await Bun.sleep(5);
      expect(stage.version()).toBe('1.1.0');
      goes.child.kill('SIGTERM');
      const { code, signal } = await goes.ended;
      // It begins anew now. Before it listens again, the signal ends it as it ends every process.
      expect(code === 0 || signal === 'SIGTERM').toBe(true);
    },
    600_000,
  );

  test('ends at SIGTERM at every moment, with the old or the new version whole', async () => {
    await using stage = await openStage();
    await stage.release('1.1.0');
    const options = ['--home', stage.home];
    fs.copyFileSync(updater, path.join(stage.dir, 'dgmo-updater'), fs.constants.COPYFILE_FICLONE);
    const command = path.join(stage.dir, 'dgmo-updater');
    await run(command, ['config', 'set', 'autoUpdate', 'all', ...options]);
    const [dir, home] = [path.join(stage.folder, 'dir-before'), path.join(stage.folder, 'home-before')];
    const record = path.join(stage.dir, '.dgmo-updater');
    fs.cpSync(record, dir, { recursive: true });
    fs.cpSync(stage.home, home, { recursive: true });
    const executable = fs.readFileSync(stage.dgmo);
    const restore = () => {
      for (const [from, to] of [
        [dir, record],
        [home, stage.home],
      ] as const) {
        fs.rmSync(to, { recursive: true, force: true });
        fs.cpSync(from, to, { recursive: true });
      }
      fs.rmSync(stage.dgmo);
      fs.writeFileSync(stage.dgmo, executable, { mode: 0o755 });
    };
    // How long all of it takes here and now.
    const begun = performance.now();
    const whole = startService(command, options);
    await whole.says('was installed');
    const took = performance.now() - begun;
    whole.child.kill('SIGTERM');
    expect((await whole.ended).code).toBe(0);
    const versions = new Set<string>();
    for (let step = 0; step < STEPS; step++) {
      restore();
      const service = startService(command, options);
      await Bun.sleep((took * 2 * step) / STEPS);
      service.child.kill('SIGTERM');
      const { code, signal } = await service.ended;
      // Before it listens, the signal ends it as it ends every process.
      expect(code === 0 || signal === 'SIGTERM').toBe(true);
      versions.add(stage.version());
      const installation = new Installation({ installDir: stage.dir, home: stage.home, settings: SETTINGS });
      await installation.recover();
      expect((await installation.status()).binary).toBe('sound');
    }
    expect([...versions].sort()).toEqual(['1.0.0', '1.1.0']);
  }, 600_000);

  test.skipIf(process.platform !== 'linux')(
    'is installed and removed without a trace, and not at all where systemd does not take it',
    async () => {
      await using stage = await openStage();
      const command = path.join(stage.dir, 'dgmo-updater');
      fs.copyFileSync(updater, command, fs.constants.COPYFILE_FICLONE);
      const bin = path.join(stage.folder, 'tools');
      const user = path.join(stage.folder, 'user');
      fs.mkdirSync(bin);
      fs.mkdirSync(user);
      // What systemctl does with the files of a user, and what it is told.
      const systemctl = (fails: string) =>
        fs.writeFileSync(
          path.join(bin, 'systemctl'),
          `#!/bin/sh
echo "$@" >>"${stage.folder}/told"
case "$*" in *"${fails}"*) echo "Failed to connect to bus" >&2; exit 1;; esac
wants="$XDG_CONFIG_HOME/systemd/user/default.target.wants"
case "$*" in
  *enable*--now*) test "$2" = enable && mkdir -p "$wants" && ln -s ../"$4" "$wants/$4";;
esac
exit 0
`,
          { mode: 0o755 },
        );
      const env = { PATH: `${bin}:${process.env.PATH}`, XDG_CONFIG_HOME: user, DGMO_UPDATER_RING: '5' };
      const service = (verb: string) =>
        run(command, ['service', verb, '--home', stage.home, '--json'], { env });
      const tree = () => fs.readdirSync(stage.folder, { recursive: true, encoding: 'utf8' }).sort();
      const told = () => fs.readFileSync(path.join(stage.folder, 'told'), 'utf8').trim().split('\n');
      systemctl('enable');
      fs.writeFileSync(path.join(stage.folder, 'told'), '');
      const before = tree();
      expect(resultOf(await service('install'))).toMatchObject({
        exitCode: 12,
        message: expect.stringContaining('Failed to connect to bus'),
      });
      expect(tree()).toEqual(before);
      systemctl('nothing');
      const installed = resultOf(await service('install'));
      expect(installed).toMatchObject({ ok: true, installed: true, manager: 'systemd' });
      const unit = fs.readFileSync(String(installed.definition), 'utf8');
      expect(unit).toContain('Environment="DGMO_UPDATER_RING=5"');
      expect(fs.statSync(String(installed.definition)).mode & 0o777).toBe(0o600);
      // The words after the colon start the service.
      const words = [...(/^ExecStart=:(.*)$/m.exec(unit)?.[1] ?? '').matchAll(/"([^"]*)"/g)].map(
        ([, one]) => one,
      );
      expect(words.slice(0, 3)).toEqual([command, 'service', 'run']);
      const running = startService(words[0] ?? '', words.slice(3) as string[], env);
      await running.says('Next check');
      expect(resultOf(await service('status'))).toMatchObject({ running: true, installed: true });
      running.child.kill('SIGTERM');
      await running.ended;
      expect(resultOf(await service('uninstall'))).toMatchObject({ ok: true, running: false });
      const name = path.basename(String(installed.definition));
      expect(told().slice(-4)).toEqual([
        `--user disable ${name}`,
        `--user stop ${name}`,
        '--user daemon-reload',
        `--user reset-failed ${name}`,
      ]);
      // What its check has left is what `check` and `verify` leave.
      const left = tree().filter((file) => !before.includes(file));
      expect(
        left.filter(
          (file) =>
            !/^(home\/(cache|(last-check|checks)\.json|trust)|bin\/\.dgmo-updater\/read\.json)/.test(file),
        ),
      ).toEqual([]);
    },
    600_000,
  );
});
