/** An updater that comes with a release, from `release add` to the installation: shell scripts, and a real server. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import type { InstallEvent } from '../../lib/install/index.ts';
import type { UpdateEvent } from '../../lib/update/index.ts';
import { NATIVE_PLATFORM } from '../support/workshop.ts';
import { command } from '../ui/command-line.ts';
import { openStage, type Stage } from './stage.ts';

const posixOnly = process.platform === 'win32' ? test.skip : test;

/** @param version printed by it; it works if it knows `status` */
function updater(version: string, works = true): Uint8Array {
  const status = works ? `status) echo '{"event":"result"}' ;;` : '';
  const script = `#!/bin/sh\ncase "$1" in --version) echo ${version} ;; ${status} *) exit 9 ;; esac\n`;
  return new TextEncoder().encode(`${script}${`# ${version}\n`.repeat(20_000)}`);
}

let stage: Stage;
const warnings: string[] = [];

beforeAll(async () => {
  stage = await openStage();
  fs.writeFileSync(path.join(stage.dir, 'dgmo-updater'), updater('0.1.0'), { mode: 0o755 });
});
afterAll(() => stage[Symbol.asyncDispose]());

const installed = () => {
  const found = Bun.spawnSync([path.join(stage.dir, 'dgmo-updater'), '--version']);
  return found.stdout.toString().trim();
};

/** Updates to the newest release; the paths that were asked for besides metadata and packages. */
async function update(
  onEvent: (event: InstallEvent | UpdateEvent) => unknown = () => undefined,
): Promise<string[]> {
  warnings.length = 0;
  stage.asked.length = 0;
  const manager = stage.manager({
    onEvent: (event) => {
      onEvent(event);
      if (event.event === 'warning') warnings.push(event.text);
    },
  });
  const found = (await manager.checkForUpdates()) ?? expect.unreachable();
  await manager.applyUpdate(await manager.downloadUpdate(found));
  expect(stage.version()).toBe(found.version);
  return stage.asked.map((one) => one.path).filter((one) => one.includes('/updaters/'));
}

const bring = (version: string, works = true) => ({
  updaters: { [NATIVE_PLATFORM]: { version, content: updater(version, works) } },
});

posixOnly('is installed before the release is', async () => {
  await stage.release('2.0.0', bring('0.2.0'));
  const received: number[] = [];
  const { update: found } = await stage.manager().check();
  const { routes = [], updaterSize = 0, downloadSize } = found ?? expect.unreachable();
  expect(updaterSize).toBeGreaterThan(100);
  expect(downloadSize).toBe((routes[0]?.remaining ?? 0) + updaterSize);
  expect((await command(stage, ['check'])).out).toMatch(/Download: .*\(a patch, and .* of a new updater\)/);
  expect(
    await update((event) => event.event === 'download updater' && received.push(event.received)),
  ).toHaveLength(1);
  expect(received.at(-1)).toBe(updaterSize);
  expect([installed(), warnings]).toEqual(['0.2.0', []]);
});

posixOnly('that has not changed costs nothing, neither in the feed nor to fetch', async () => {
  const files = () => fs.readdirSync(path.join(stage.feed.folder, 'targets/updaters', NATIVE_PLATFORM));
  const before = files();
  await stage.release('2.1.0', bring('0.2.0'));
  expect(files()).toEqual(before);
  expect(await update()).toEqual([]);
  expect([installed(), warnings]).toEqual(['0.2.0', []]);
  // The one before is no longer kept: this one has updated DGMO.
  const work = fs.readdirSync(path.join(stage.dir, '.dgmo-updater/updater'));
  expect(work.filter((name) => name.startsWith('kept-'))).toEqual([]);
});

posixOnly(
  'that does not work is taken back, the release is installed all the same, and it is not fetched again',
  async () => {
    await stage.release('2.2.0', bring('0.3.0', false));
    expect(await update()).toHaveLength(1);
    expect(installed()).toBe('0.2.0');
    expect(warnings).toEqual([
      'The updater 0.3.0 was not installed: with `status` it exited with code 9; 0.2.0 is in place.',
    ]);
    await stage.release('2.3.0', bring('0.3.0', false));
    expect(await update()).toEqual([]);
  },
);

posixOnly('that can not be fetched is no reason not to update DGMO', async () => {
  stage.answer = (name) => (name.includes('/updaters/') ? new Response('', { status: 404 }) : undefined);
  await stage.release('2.4.0', bring('0.4.0'));
  await update();
  expect(installed()).toBe('0.2.0');
  expect(warnings.join()).toContain('The updater that comes with 2.4.0 was not downloaded');
  const again = await command(stage, ['update', '--yes']);
  expect([again.code, again.error]).toEqual([
    0,
    expect.stringContaining('that belongs to 2.4.0 was not installed'),
  ]);
  stage.answer = () => undefined;
  // The next `update` brings it, although no newer release is offered.
  expect((await command(stage, ['update', '--yes'])).code).toBe(0);
  expect(installed()).toBe('0.4.0');
});

posixOnly('is not installed over a folder, which is named', async () => {
  const there = path.join(stage.dir, 'dgmo-updater');
  fs.rmSync(there);
  fs.mkdirSync(there);
  await stage.release('2.5.0', bring('0.5.0'));
  await update();
  expect(warnings).toEqual([
    `The updater 0.5.0 was not installed: ${there} is no executable, but a folder; nothing was changed.`,
  ]);
});
