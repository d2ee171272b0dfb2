/** What goes wrong around an update: DGMO is started again, nothing kept is let go, what is damaged is mended. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Installed, makeInstall, resultOf } from '../support/installed.ts';
import { readStandinLog, waitForStarts } from '../support/standin.ts';
import { twoVersions } from '../support/two-versions.ts';
import { openWorkshop, run, type Workshop } from '../support/workshop.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('around an update', () => {
  let shop: Workshop;
  let updater: string;
  let one: string;
  let two: string;
  let toTwo: string;
  let fullTwo: string;
  const made: Installed[] = [];

  beforeAll(async () => {
    ({ shop, updater, one, two, toTwo } = await twoVersions());
    fullTwo = await shop.bundle({ version: '2.0.0', file: two });
  });

  afterAll(() => {
    for (const install of made) install.remove();
    shop.remove();
  });

  async function install(): Promise<Installed> {
    const here = await makeInstall({ binary: one, version: '1.0.0', updater });
    made.push(here);
    return here;
  }

  async function updated(): Promise<Installed> {
    const here = await install();
    expect((await here.update(['--apply', toTwo, '--no-relaunch'])).code).toBe(0);
    return here;
  }

  test.each(['/nowhere.dgmopkg', 'stranger'])(
    'DGMO is started again where the package is refused (%s)',
    async (kind) => {
      const here = await install();
      const file = kind === 'stranger' ? path.join(here.folder, 'bad.dgmopkg') : kind;
      if (kind === 'stranger') fs.writeFileSync(file, 'no package');
      await run(here.dgmo, ['self-update', file, '--', '--resume'], { cwd: here.folder, env: here.env });
      const [start] = await waitForStarts(here.starts, 1);
      expect(start).toMatchObject({ version: '1.0.0', args: ['--resume'] });
    },
    180_000,
  );

  test('two updaters for one DGMO: it is started once', async () => {
    const here = await install();
    const running = await here.startDgmo();
    const args = ['--apply', toTwo, '--wait-pid', String(running.pid), '--json'];
    const both = [0, 1].map(() => {
      const child = spawn(here.updater, args, {
        env: { ...process.env, ...here.env },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let said = '';
      child.stdout.on('data', (bytes: Buffer) => {
        said += bytes;
        if (said.includes('"waiting"')) child.emit('waiting');
      });
      const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
      return { ended, waiting: new Promise<void>((resolve) => child.on('waiting', () => resolve())) };
    });
    await Promise.race(both.map(({ waiting }) => waiting));
    // The other one finds the lock taken.
    const first = await Promise.race(both.map(({ ended }) => ended));
    expect(first).toBe(14);
    await running.letGo();
    expect((await Promise.all(both.map(({ ended }) => ended))).sort()).toEqual([0, 14]);
    await waitForStarts(here.starts, 2);
    expect(readStandinLog(here.starts).map(({ version }) => version)).toEqual(['1.0.0', '2.0.0']);
  });

  test('a rollback where neither version works any more says so: 16, and the new one stays', async () => {
    const here = await updated();
    const ran = await here.update(['rollback', '--yes', '--probe-limit', '5'], {
      env: { DGMO_STANDIN_BEHAVIOUR: 'crash' },
    });
    expect(ran.code).toBe(16);
    expect(ran.stdout).not.toContain('is back (before');
    expect(ran.stderr).toContain('1.0.0 was installed and did not work');
    expect(await here.version()).toBe('2.0.0');
    expect(resultOf(await here.update(['status', '--json']))).toMatchObject({ binary: 'sound', open: null });
  });

  test('the old version put back by hand: rollback only learns of it', async () => {
    const here = await updated();
    fs.unlinkSync(here.dgmo);
    fs.copyFileSync(one, here.dgmo);
    fs.chmodSync(here.dgmo, 0o755);
    expect((await here.update(['rollback', '--yes'])).code).toBe(0);
    expect(resultOf(await here.update(['status', '--json']))).toMatchObject({
      binary: 'sound',
      receipt: { binary: { version: '1.0.0' } },
    });
  });

  test('status while an update is under way: the new version is no damage', async () => {
    const here = await install();
    const child = spawn(here.updater, ['--apply', toTwo, '--no-relaunch', '--json', '--probe-limit', '3'], {
      env: { ...process.env, ...here.env, DGMO_STANDIN_BEHAVIOUR: 'hang' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (bytes: Buffer) => {
        if (String(bytes).includes('"probing"')) resolve();
      });
    });
    const seen = await here.update(['status', '--json']);
    expect(resultOf(seen)).toMatchObject({
      binary: 'sound',
      receipt: { binary: { version: '1.0.0' } },
      open: { from: '1.0.0', to: '2.0.0' },
    });
    const probed = await childrenOf(child);
    child.kill('SIGKILL');
    await ended;
    for (const pid of probed) process.kill(pid, 'SIGKILL');
    expect((await here.update(['recover'])).code).toBe(0);
    expect(resultOf(await here.update(['status', '--json']))).toMatchObject({ binary: 'sound', open: null });
  });

  test('the new version is damaged while it is probed: the kept one stays within reach', async () => {
    const here = await install();
    const child = spawn(here.updater, ['--apply', toTwo, '--no-relaunch', '--json'], {
      env: { ...process.env, ...here.env, DGMO_STANDIN_BEHAVIOUR: 'hang' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (bytes: Buffer) => {
        if (String(bytes).includes('"probing"')) resolve();
      });
    });
    const probed = await childrenOf(child);
    child.kill('SIGKILL');
    await ended;
    for (const pid of probed) process.kill(pid, 'SIGKILL');
    fs.renameSync(here.dgmo, `${here.dgmo}.old`);
    fs.writeFileSync(here.dgmo, 'damaged', { mode: 0o755 });
    const recovered = await here.update(['recover']);
    expect(recovered.code).toBe(11);
    expect(recovered.stderr).toContain('rollback');
    expect((await here.update(['rollback', '--yes'])).code).toBe(0);
    expect(await here.version()).toBe('1.0.0');
  });

  test.each([
    ['damaged', (file: string) => fs.truncateSync(file, 1000)],
    ['gone', (file: string) => fs.unlinkSync(file)],
  ] as const)(
    'an executable that is %s is mended by a package with the full binary',
    async (_, harm) => {
      const here = await updated();
      harm(here.dgmo);
      const patch = await here.update(['--apply', toTwo, '--no-relaunch']);
      expect(patch.code).toBe(11);
      expect((await here.update(['--apply', fullTwo, '--no-relaunch'])).code).toBe(0);
      expect(await here.version()).toBe('2.0.0');
      expect(resultOf(await here.update(['status', '--json']))).toMatchObject({
        binary: 'sound',
        receipt: { binary: { version: '2.0.0' }, previous: { version: '1.0.0' } },
      });
    },
    180_000,
  );

  test('an empty DGMO_HOME is none, and a relative one is refused: no folder can bring its own trust', async () => {
    const stranger = await openWorkshop();
    const theirs = await stranger.bundle({
      version: '2.0.0',
      file: two,
      old: { version: '1.0.0', file: one },
    });
    const here = await install();
    const cwd = path.join(here.folder, 'repository');
    fs.mkdirSync(path.join(cwd, 'trust'), { recursive: true });
    fs.copyFileSync(stranger.root, path.join(cwd, 'trust/root.json'));
    const apply = ['--apply', theirs, '--no-relaunch'];
    expect((await here.update(apply, { cwd, env: { DGMO_HOME: '', HOME: here.folder } })).code).toBe(10);
    expect((await here.update(apply, { cwd, env: { DGMO_HOME: '.' } })).code).toBe(2);
    expect(await here.version()).toBe('1.0.0');
    stranger.remove();
  });

  test('a link to an executable of another name', async () => {
    const here = await install();
    const bin = path.join(here.folder, 'links');
    const lib = path.join(here.folder, 'lib');
    fs.mkdirSync(bin);
    fs.mkdirSync(lib);
    fs.copyFileSync(one, path.join(lib, 'dgmo-1.0.0'));
    fs.chmodSync(path.join(lib, 'dgmo-1.0.0'), 0o755);
    fs.symlinkSync('../lib/dgmo-1.0.0', path.join(bin, 'dgmo'));
    const at = ['--install-dir', bin];
    expect((await here.update(['init', '--version', '1.0.0', ...at])).code).toBe(0);
    expect((await here.update(['--apply', toTwo, '--no-relaunch', ...at])).code).toBe(0);
    expect((await run(path.join(bin, 'dgmo'), ['--version'])).stdout.trim()).toBe('2.0.0');
  });
});

/** What it has started: a probe is not ended with an updater that is killed. */
async function childrenOf({ pid }: ChildProcess): Promise<number[]> {
  const { stdout } = await run('pgrep', ['-P', String(pid)]);
  return stdout.trim().split('\n').map(Number);
}
