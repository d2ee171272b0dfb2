/** The main job, end to end: the compiled updater, real executables of 100 MB, real packages. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Installed, makeInstall, resultOf } from '../support/installed.ts';
import { buildStandin, readStandinLog, waitForStarts } from '../support/standin.ts';
import { twoVersions } from '../support/two-versions.ts';
import { run, type Workshop } from '../support/workshop.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

function parentOf(pid: number): number {
  return Number(Bun.spawnSync(['ps', '-o', 'ppid=', '-p', String(pid)]).stdout.toString());
}

posixOnly('applying a package', () => {
  let shop: Workshop;
  let updater: string;
  let one: string;
  let two: string;
  let toTwo: string;
  const made: Installed[] = [];

  beforeAll(async () => {
    ({ shop, updater, one, two, toTwo } = await twoVersions());
  });

  afterAll(() => {
    for (const install of made) install.remove();
    shop.remove();
  });

  const install = async (options: { name?: string } = {}) => {
    const here = await makeInstall({ binary: one, version: '1.0.0', updater, ...options });
    made.push(here);
    return here;
  };

  test('at a terminal DGMO becomes the updater, and the updater DGMO: one process, its terminal and its exit code', async () => {
    const here = await install();
    const until = path.join(here.folder, 'go');
    let said = '';
    const child = Bun.spawn(
      ['sh', '-c', '"$0" self-update "$1" -- --resume; echo "the shell saw $?"', here.dgmo, toTwo],
      {
        cwd: here.folder,
        env: {
          ...process.env,
          ...here.env,
          DGMO_STANDIN_UNTIL: until,
          DGMO_STANDIN_EXIT: '7',
          TERM: 'xterm',
        },
        terminal: {
          cols: 100,
          rows: 30,
          data(_, bytes) {
            said += new TextDecoder().decode(bytes);
          },
        },
      },
    );
    const [start] = await waitForStarts(here.starts, 1);
    expect(start).toMatchObject({ version: '2.0.0', args: ['--resume'], terminal: true });
    // Only the shell is above it: no updater waits for it to end.
    expect(parentOf(start?.pid ?? 0)).toBe(child.pid);
    fs.writeFileSync(until, '');
    expect(await child.exited).toBe(0);
    expect(said).toContain('2.0.0 is installed (before: 1.0.0).');
    expect(said).toContain('the shell saw 7');
    expect(said).not.toContain('Warning');
  });

  test('DGMO starts the updater and exits; the new version comes up with its arguments, its folder and its environment', async () => {
    const here = await install();
    const cwd = path.join(here.folder, 'work');
    fs.mkdirSync(cwd);
    const env = { ...here.env, TEST_KEPT: 'yes' };
    const ran = await run(here.dgmo, ['self-update', toTwo, '--', '--resume', 'two words'], {
      cwd,
      env,
    });
    expect(ran.code).toBe(0);
    const [start] = await waitForStarts(here.starts, 1);
    expect(start).toMatchObject({
      version: '2.0.0',
      args: ['--resume', 'two words'],
      cwd,
      executable: here.dgmo,
    });
    expect(start?.environment.TEST_KEPT).toBe('yes');
    expect(await here.version()).toBe('2.0.0');
    expect(resultOf(await here.update(['status', '--json']))).toMatchObject({
      binary: 'sound',
      receipt: { binary: { version: '2.0.0' }, previous: { version: '1.0.0' }, floor: '2.0.0' },
      open: null,
    });
  });

  test('preferences that can not be read: updated and started again all the same', async () => {
    const here = await install();
    const preferences = path.join(here.folder, 'home', 'updater.json');
    fs.mkdirSync(preferences, { recursive: true });
    const ran = await run(here.dgmo, ['self-update', toTwo], { env: here.env });
    expect(ran.code).toBe(0);
    expect(await waitForStarts(here.starts, 1)).toMatchObject([{ version: '2.0.0', executable: here.dgmo }]);
    const check = await here.update(['check']);
    expect(check.code).toBe(12);
    expect(check.stderr).toContain(`${preferences}: it is a directory (EISDIR)`);
  });

  test('updates that are turned off: nothing changes, and it is started again', async () => {
    const here = await install();
    expect((await here.update(['config', 'set', 'updates', 'off'])).code).toBe(0);
    expect((await run(here.dgmo, ['self-update', toTwo], { env: here.env })).code).toBe(0);
    expect(await waitForStarts(here.starts, 1)).toMatchObject([{ version: '1.0.0', executable: here.dgmo }]);
    const refused = await here.update(['--apply', toTwo, '--no-wait']);
    expect([refused.code, refused.stderr]).toEqual([
      17,
      expect.stringContaining('updates are turned off here'),
    ]);
  });

  test('waits for the process that it is told to wait for, and swaps only then', async () => {
    const here = await install();
    const running = await here.startDgmo();
    const child = spawn(
      here.updater,
      ['--apply', toTwo, '--wait-pid', String(running.pid), '--json', '--no-relaunch'],
      {
        env: { ...process.env, ...here.env },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    let releasedAt: string | undefined;
    for await (const bytes of child.stdout) {
      said += bytes;
      if (said.includes('"waiting"') && releasedAt === undefined) {
        releasedAt = await here.version();
        running.letGo();
      }
    }
    expect(releasedAt).toBe('1.0.0');
    expect(said.indexOf('"staged"')).toBeLessThan(said.indexOf('"waiting"'));
    expect(said.indexOf('"waiting"')).toBeLessThan(said.indexOf('"swapped"'));
    expect(await here.version()).toBe('2.0.0');
  });

  test('with --no-wait a running DGMO goes on, and the next start is the new version', async () => {
    const here = await install();
    const running = await here.startDgmo();
    expect((await here.update(['--apply', toTwo, '--no-wait'])).code).toBe(0);
    expect(running.child.exitCode).toBeNull();
    expect(await here.version()).toBe('2.0.0');
    expect(readStandinLog(here.starts)).toHaveLength(1);
    await running.letGo();
  });

  test('DGMO that does not exit in time: 14, and nothing has changed', async () => {
    const here = await install();
    const running = await here.startDgmo();
    const before = here.picture();
    const ran = await here.update([
      '--apply',
      toTwo,
      '--wait-pid',
      String(running.pid),
      '--exit-limit',
      '0.2',
    ]);
    expect(ran.code).toBe(14);
    expect(ran.stderr).toContain(`process ${running.pid}`);
    expect(here.picture()).toEqual(before);
    await running.letGo();
  });

  test.each([
    ['crash', 'it exited with code 70'],
    ['hang', 'printed no version within 5 s'],
    ['wrong-version', 'it says it is 0.0.0-wrong, not 3.0.0'],
  ] as const)(
    'a version that does not work (%s): 15, and the old one is back and running',
    async (behaviour, why) => {
      const here = await install();
      const three = await buildStandin({ version: '3.0.0', behaviour });
      const bad = await shop.bundle({ version: '3.0.0', file: three, old: { version: '1.0.0', file: one } });
      const before = here.picture();
      const ran = await here.update(['--apply', bad, '--probe-limit', '5', '--', '--resume']);
      expect(ran.code).toBe(15);
      expect(ran.stderr).toContain(why);
      expect(ran.stderr).toContain('1.0.0 is back and works');
      const [start] = await waitForStarts(here.starts, 1);
      expect(start).toMatchObject({ version: '1.0.0', args: ['--resume'] });
      expect(here.picture()).toEqual(before);
      expect(await here.version()).toBe('1.0.0');
    },
    180_000,
  );

  test('with --json standard output carries JSON lines alone, whatever DGMO prints', async () => {
    const here = await install();
    const ran = await here.update(['--apply', toTwo, '--json']);
    await waitForStarts(here.starts, 1);
    const events = ran.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events.filter((event) => event !== 'progress')).toEqual([
      'verified',
      'taking snapshot',
      'snapshot',
      'staging',
      'staged',
      'swapped',
      'probing',
      'probed',
      'committed',
      'relaunching',
      'relaunched',
      'result',
    ]);
  });

  test('applied again, there is nothing to do', async () => {
    const here = await install();
    expect((await here.update(['--apply', toTwo, '--no-relaunch'])).code).toBe(0);
    const before = here.picture();
    const again = await here.update(['--apply', toTwo, '--no-relaunch', '--json']);
    expect(again.code).toBe(0);
    expect(resultOf(again)).toMatchObject({ changed: false, to: '2.0.0' });
    expect(here.picture()).toEqual(before);
  });

  test('rollback goes back, and forth again', async () => {
    const here = await install();
    await here.update(['--apply', toTwo, '--no-relaunch']);
    const back = await here.update(['rollback', '--yes', '--json']);
    expect({ code: back.code, ...resultOf(back) }).toMatchObject({ code: 0, from: '2.0.0', to: '1.0.0' });
    expect(await here.version()).toBe('1.0.0');
    expect((await here.update(['rollback', '--yes'])).code).toBe(0);
    expect(await here.version()).toBe('2.0.0');
  });

  test('rollback mends an executable that was damaged, or is gone', async () => {
    const here = await install();
    await here.update(['--apply', toTwo, '--no-relaunch']);
    fs.truncateSync(here.dgmo, 1000);
    expect((await here.update(['rollback', '--yes'])).code).toBe(0);
    expect(await here.version()).toBe('1.0.0');
    const other = await install();
    await other.update(['--apply', toTwo, '--no-relaunch']);
    fs.unlinkSync(other.dgmo);
    expect((await other.update(['rollback', '--yes'])).code).toBe(0);
    expect(await other.version()).toBe('1.0.0');
  });

  test('a full binary needs no old one to start from', async () => {
    const here = await install();
    const full = await shop.bundle({ version: '2.0.0', file: two });
    expect((await here.update(['--apply', full, '--no-relaunch'])).code).toBe(0);
    expect(await here.version()).toBe('2.0.0');
  });

  test('a folder with spaces and letters of other scripts', async () => {
    const here = await install({ name: 'мой dgmo – 日本語' });
    const odd = path.join(here.folder, 'пакет 1.dgmopkg');
    fs.copyFileSync(toTwo, odd);
    expect((await here.update(['--apply', odd])).code).toBe(0);
    const [start] = await waitForStarts(here.starts, 1);
    expect(start).toMatchObject({ version: '2.0.0', executable: here.dgmo });
  });

  test('an install that is reached through a symlink: the link stays a link', async () => {
    const here = await install();
    const bin = path.join(here.folder, 'local-bin');
    fs.mkdirSync(bin);
    const link = path.join(bin, 'dgmo');
    fs.symlinkSync(here.dgmo, link);
    const ran = await here.update(['--apply', toTwo, '--install-dir', bin, '--no-relaunch']);
    expect(ran.code).toBe(0);
    expect(fs.readlinkSync(link)).toBe(here.dgmo);
    expect((await run(link, ['--version'])).stdout.trim()).toBe('2.0.0');
    expect(fs.existsSync(path.join(bin, '.dgmo-updater'))).toBe(false);
  });
});
