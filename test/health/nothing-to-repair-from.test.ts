/** A damaged installation, and nothing here that it could be repaired from: what is said, and that nothing is left behind. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { parseTarget } from '../../lib/version/index.ts';
import { bundlePublished } from '../../release/commands/bundle-published.ts';
import { runCommand } from '../support/command-line.ts';
import { NATIVE_PLATFORM } from '../support/workshop.ts';
import { program } from '../update/stage.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

const { folder } = here.stage;
const dir = path.join(folder, 'fresh');
const home = path.join(folder, 'fresh-home');
const dgmo = path.join(dir, 'dgmo');
const run = (...argv: string[]) =>
  runCommand([...argv, '--home', home], {
    host: here.host,
    settings: { ...here.settings, feed: null },
    ownFolder: dir,
  });
const patches = path.join(folder, 'patches.dgmopkg');
await bundlePublished({
  ...{ version: '1.1.0', target: parseTarget(NATIVE_PLATFORM) ?? expect.unreachable() },
  ...{ repo: here.stage.feed.folder, from: '1.0.0', output: patches, alone: true },
});

describe('a fresh installation without a feed', () => {
  beforeEach(async () => {
    for (const place of [dir, home]) fs.rmSync(place, { recursive: true, force: true });
    fs.mkdirSync(dir);
    fs.mkdirSync(home);
    fs.writeFileSync(dgmo, program('1.0.0'), { mode: 0o755 });
    expect((await run('init', '--version', '1.0.0')).code).toBe(0);
    fs.writeFileSync(dgmo, 'half of it');
  });

  test('repair: 11, what is missing and what to do, and no snapshot', async () => {
    for (let times = 0; times < 2; times++) {
      const { code, out } = await run('repair', '--yes');
      expect(code).toBe(11);
      expect(out).toContain('there is no good copy of it on this machine, and no feed is known here');
      expect(out).toContain('`dgmo-updater config set feed <url>`. Or apply a package of that version');
      expect(out).not.toMatch(/rollback|snapshot/);
    }
    const offline = await run('repair', '--offline', '--yes');
    expect([offline.code, offline.out]).toEqual([11, expect.stringContaining('without --offline')]);
    expect(offline.out).not.toMatch(/rollback|snapshot/);
    expect((await run('snapshots')).out).toContain('There are no snapshots yet');
    expect(fs.readFileSync(dgmo, 'utf8')).toBe('half of it');
  });

  test.each(['missing', 'changed'])(
    'a package of patches alone, %s: `repair`, and no rollback',
    async (how) => {
      if (how === 'missing') fs.rmSync(dgmo);
      const { code, error } = await run('--apply', patches, '--no-wait', '--no-relaunch');
      expect([code, error]).toEqual([11, expect.stringContaining('un `dgmo-updater repair`')]);
      expect(error).not.toContain('rollback');
    },
  );
});

test('where an older one is kept, the advice names the rollback, and where it goes', async () => {
  fs.rmSync(here.dgmo);
  const applied = await here.run('--apply', patches, '--no-wait', '--no-relaunch');
  expect([applied.code, applied.error]).toEqual([
    11,
    expect.stringContaining('`dgmo-updater repair`, or `dgmo-updater rollback`, which goes back to 1.0.0,'),
  ]);
});

test('a plugin that no snapshot has: 11, and no snapshot of it', async () => {
  fs.writeFileSync(here.plugin, 'export default (');
  fs.rmSync(path.join(here.home, '.snapshots'), { recursive: true });
  const { code, out } = await here.run('repair', '--yes');
  expect([code, out]).toEqual([11, expect.stringContaining('no snapshot has a good')]);
  expect((await here.run('snapshots')).out).toContain('There are no snapshots yet');
});

test('an evolution that no snapshot has, and that can not be fetched: no snapshot of it, however often it is tried', async () => {
  fs.writeFileSync(here.evolution, 'damaged');
  fs.rmSync(path.join(here.home, '.snapshots'), { recursive: true });
  for (const how of [['--offline'], ['--feed', 'http://127.0.0.1:9/']]) {
    const { code, out } = await here.run('repair', '--yes', ...how);
    expect([how, code === 0, out]).toEqual([how, false, expect.stringContaining('Not repaired: ')]);
    expect((await here.run('snapshots')).out).toContain('There are no snapshots yet');
  }
  // One that can be repaired is preceded by one.
  expect((await here.run('repair', '--yes')).code).toBe(0);
  expect((await here.run('snapshots')).out).not.toContain('There are no snapshots yet');
});
