/** `rollback` while DGMO runs: it is asked to end, ended by force only with consent, and started again. And two at once. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Installed, makeInstall, resultOf } from '../support/installed.ts';
import { buildStandin, readStandinLog, waitForStarts } from '../support/standin.ts';
import { hasTmux, openScreen } from '../support/tmux.ts';
import { openSharedWorkshop, run, type Workshop } from '../support/workshop.ts';
import { expectScreen, UTF8 } from './feed/kept-screens.ts';
import {
  byReference,
  ENTER,
  everything,
  fillHome,
  homeOf,
  onTerminal,
  pack,
  script,
  snapshotIds,
  YES,
} from './snapshot-stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe.concurrent;

posixOnly('rollback while DGMO runs', () => {
  let shop: Workshop;
  let updater: string;
  let one: string;
  let toTwo: string;
  const made: Installed[] = [];
  const started: ChildProcess[] = [];

  let two: string;

  beforeAll(async () => {
    [one, two, shop] = await Promise.all([
      buildStandin({ version: '1.0.0' }),
      buildStandin({ version: '2.0.0', dataVersion: 2 }),
      openSharedWorkshop(),
    ]);
    updater = byReference(shop, await shop.updater());
    const old = { version: '1.0.0', file: one };
    toTwo = await pack(shop, { version: '2.0.0', file: two, old, say: ['--data-version', '2'] });
  });

  afterAll(() => {
    for (const child of started) child.kill('SIGKILL');
    for (const install of made) install.remove();
    shop?.remove();
  });

  async function updated(): Promise<Installed> {
    const here = await makeInstall({ binary: one, version: '1.0.0', updater });
    made.push(here);
    fillHome(homeOf(here));
    expect(await here.update(['--apply', toTwo, '--no-relaunch'])).toMatchObject({ code: 0 });
    return here;
  }

  /** It has migrated the data when this resolves. */
  async function startDgmo(here: Installed, env: Record<string, string> = {}) {
    const count = readStandinLog(here.starts).length;
    const child = spawn(here.dgmo, [], {
      env: { ...process.env, ...here.env, DGMO_STANDIN_UNTIL: '/nowhere', ...env },
      stdio: 'ignore',
    });
    started.push(child);
    const ended = new Promise<string | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)));
    await waitForStarts(here.starts, count + 1);
    return { child, pid: child.pid ?? 0, ended };
  }

  const lastStart = async (here: Installed, count: number) =>
    (await waitForStarts(here.starts, count)).at(-1);
  const dataVersion = (here: Installed) =>
    JSON.parse(fs.readFileSync(path.join(homeOf(here), 'data/data.json'), 'utf8')).dataVersion;

  test('it is asked to end, and started again with its arguments, in its own version', async () => {
    const here = await updated();
    const { pid, ended } = await startDgmo(here);
    const ran = await here.update(['rollback', '--yes', '--', '--resume', 'two words']);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain(`Asking process ${pid} to end.`);
    expect(await ended).toBe('SIGTERM');
    expect(await lastStart(here, 2)).toMatchObject({
      version: '1.0.0',
      args: ['--resume', 'two words'],
      data: { dataVersion: 1 },
    });
  });

  test('--no-relaunch: it is not started; --json: the result is the last line either way', async () => {
    const here = await updated();
    const { ended } = await startDgmo(here);
    const stopped = await here.update(['rollback', '--yes', '--no-relaunch', '--json']);
    expect(resultOf(stopped)).toMatchObject({ event: 'result', ok: true, to: '1.0.0' });
    expect(await ended).toBe('SIGTERM');
    const other = await startDgmo(here);
    const again = await here.update(['rollback', '--yes', '--json']);
    expect(resultOf(again)).toMatchObject({ event: 'result', ok: true, to: '2.0.0' });
    expect(await other.ended).toBe('SIGTERM');
    expect((await lastStart(here, 3))?.version).toBe('2.0.0');
    expect(readStandinLog(here.starts).map(({ version }) => version)).toEqual(['2.0.0', '1.0.0', '2.0.0']);
  });

  test('it does not end: 14 and nothing has changed; with --kill it is ended', async () => {
    const here = await updated();
    const { child, pid, ended } = await startDgmo(here, { DGMO_STANDIN_DEAF: '1' });
    const before = everything(here);
    const ran = await here.update(['rollback', '--yes', '--exit-limit', '0.3']);
    expect(ran.code).toBe(14);
    expect(ran.stderr).toContain(`process ${pid}, which runs ${here.dgmo}, has not ended`);
    expect(ran.stderr).toContain('--kill');
    expect(child.signalCode).toBeNull();
    expect(everything(here)).toEqual(before);
    const killed = await here.update(['rollback', '--yes', '--kill', '--exit-limit', '0.3']);
    expect(killed).toMatchObject({ code: 0 });
    expect(await ended).toBe('SIGKILL');
    expect((await lastStart(here, 2))?.version).toBe('1.0.0');
  });

  test('at a terminal: it says which one is ended, and asks whether by force', async () => {
    const here = await updated();
    const { child, pid, ended } = await startDgmo(here, { DGMO_STANDIN_DEAF: '1' });
    const before = everything(here);
    const running = `dgmo is running (process ${pid}): it is ended, and started again.`;
    const kill = `dgmo has not ended (process ${pid}). Kill it?`;
    const args = ['rollback', '--exit-limit', '0.3'];
    const left = await onTerminal(here, args, [['Go back?', ENTER]]);
    expect(left.said).toContain(running);
    expect(left.code).toBe(130);
    const spared = await onTerminal(here, args, [
      ['Go back?', YES],
      [kill, ENTER],
    ]);
    expect(spared.code).toBe(14);
    expect(child.signalCode).toBeNull();
    expect(everything(here)).toEqual(before);
    const gone = await onTerminal(here, args, [
      ['Go back?', YES],
      [kill, YES],
    ]);
    expect(gone.code).toBe(0);
    expect(await ended).toBe('SIGKILL');
    expect(await lastStart(here, 2)).toMatchObject({ version: '1.0.0', terminal: true });
  });

  test.skipIf(!hasTmux)('what is seen of it, until it is ended by force', async () => {
    const here = await updated();
    const { ended } = await startDgmo(here, { DGMO_STANDIN_DEAF: '1' });
    const command = [here.updater, 'rollback', '--exit-limit', '0.3', '--no-relaunch'];
    using screen = openScreen(command, { columns: 80, environment: { ...here.env, ...UTF8 } });
    await screen.shows('○ Yes / ● No');
    screen.type('y');
    await screen.shows('Kill it?');
    expectScreen('rollback-running-80', await screen.shows('○ Yes / ● No'));
    screen.type('y');
    expectScreen('rollback-killed-80', await screen.shows('[ended with 0]'));
    expect(await ended).toBe('SIGKILL');
  });

  test('a snapshot that is damaged is found out before DGMO is asked to end, and nothing is taken for it', async () => {
    const here = await updated();
    const packs = path.join(homeOf(here), '.snapshots/packs');
    for (const name of fs.readdirSync(packs)) fs.truncateSync(path.join(packs, name), 40);
    const { pid } = await startDgmo(here);
    const snapshots = snapshotIds(homeOf(here));
    expect(await here.update(['rollback', '--yes'])).toMatchObject({ code: 11 });
    expect(process.kill(pid, 0)).toBe(true);
    expect(snapshotIds(homeOf(here))).toEqual(snapshots);
  });

  test('a rollback that fails after DGMO has gone starts it again as it was', async () => {
    const broken = path.join(shop.folder, 'broken-by-now');
    const old = script(shop.folder, '1.0.0', `[ ! -e ${broken} ] || exit 70`);
    const here = await makeInstall({ binary: old, version: '1.0.0', updater });
    made.push(here);
    fillHome(homeOf(here));
    const file = await pack(shop, { version: '2.0.0', file: two, say: ['--data-version', '2'] });
    expect(await here.update(['--apply', file, '--no-relaunch'])).toMatchObject({ code: 0 });
    const { ended } = await startDgmo(here);
    const before = here.picture();
    fs.writeFileSync(broken, '');
    expect(await here.update(['rollback', '--yes'])).toMatchObject({ code: 15 });
    expect(await ended).toBe('SIGTERM');
    expect(await lastStart(here, 2)).toMatchObject({ version: '2.0.0', data: { dataVersion: 2 } });
    expect(here.picture()).toEqual(before);
  });

  test('two at once: one goes back, the other is told that it does', async () => {
    const here = await makeInstall({ binary: script(shop.folder, '1.0.0'), version: '1.0.0', updater });
    made.push(here);
    fillHome(homeOf(here));
    const slow = path.join(here.folder, 'go-on');
    // The version to go back to takes its time over telling its version, so that both surely meet.
    const waits = script(shop.folder, '1.1.0', `[ ! -e ${here.folder}/slow ] || cat ${slow}`);
    const apply = async (version: string, file: string) =>
      expect(
        await here.update(['--apply', await pack(shop, { version, file }), '--no-relaunch']),
      ).toMatchObject({ code: 0 });
    await apply('1.1.0', waits);
    await apply('2.0.0', script(shop.folder, '2.0.0'));
    expect(await run('mkfifo', [slow])).toMatchObject({ code: 0 });
    fs.writeFileSync(path.join(here.folder, 'slow'), '');
    const first = spawn(here.updater, ['rollback', '--yes', '--json'], {
      env: { ...process.env, ...here.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    started.push(first);
    const ended = new Promise((resolve) => first.on('exit', resolve));
    await new Promise<void>((resolve) =>
      first.stdout.on('data', (bytes: Buffer) => {
        if (String(bytes).includes('"probing"')) resolve();
      }),
    );
    const second = await here.update(['rollback', '--yes']);
    expect(second.code).toBe(14);
    expect(second.stderr).toContain(`another dgmo-updater is at work on ${here.dir}`);
    fs.writeFileSync(slow, '');
    expect(await ended).toBe(0);
    expect(resultOf(await here.update(['status', '--json']))).toMatchObject({
      binary: 'sound',
      open: null,
      receipt: { binary: { version: '1.1.0' } },
    });
    expect(await here.update(['snapshots', 'verify'])).toMatchObject({ code: 0 });
  });

  test('the data that the new version migrated is the old one again', async () => {
    const here = await updated();
    const { ended } = await startDgmo(here);
    expect(dataVersion(here)).toBe(2);
    expect(await here.update(['rollback', '--yes', '--no-relaunch'])).toMatchObject({ code: 0 });
    await ended;
    expect(dataVersion(here)).toBe(1);
  });
});
