/** What the commands say and do about a damaged install, without a terminal. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { differingText } from '../../lib/health/check/blocks.ts';
import { UpdateManager } from '../../lib/index.ts';
import { SETTINGS } from '../update/stage.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

const damage = () => {
  const bytes = fs.readFileSync(here.dgmo);
  bytes[30_000] = (bytes[30_000] ?? 0) ^ 1;
  fs.writeFileSync(here.dgmo, bytes);
};

describe('an intact install', () => {
  test('verify and status end with 0, repair has nothing to do', async () => {
    expect(await here.run('verify')).toMatchObject({ code: 0, out: 'The installation is healthy.\n' });
    expect((await here.run('status')).code).toBe(0);
    expect(await here.run('repair', '--yes')).toMatchObject({
      code: 0,
      out: 'The installation is healthy: there was nothing to repair.\n',
    });
    expect(await here.run('recover')).toMatchObject({ code: 0, out: 'There was nothing to recover.\n' });
  });
});

describe('a damaged executable', () => {
  test('is 11 for verify and status, which say what to do', async () => {
    damage();
    const verified = await here.run('verify');
    expect(verified.code).toBe(11);
    expect(verified.out).toContain('dgmo-updater repair');
    expect((await here.run('verify', '--full')).out).toContain('; block 0 of its 1 blocks of 64 KiB differs');
    expect(await here.run('status')).toMatchObject({ code: 11 });
    const json = (await here.run('verify', '--json')).result();
    expect(json).toMatchObject({
      ok: false,
      exitCode: 11,
      healthy: false,
      issues: [{ type: 'binary_corruption' }],
    });
  });

  test('of several blocks it is said how many, and which is the first', () => {
    expect(differingText([3, 5, 6], 7)).toBe('3 of its 7 blocks of 64 KiB differ, the first is block 3');
  });

  test('one that can not be run is 12', async () => {
    fs.chmodSync(here.dgmo, 0o644);
    const { code, out } = await here.run('status');
    expect(code).toBe(12);
    expect(out).toMatch(/^Permission: +NOBODY MAY RUN IT: `dgmo-updater repair` puts that right$/m);
    expect((await here.run('verify')).code).toBe(12);
  });

  test('repair, recover and update change nothing without --yes, and end with 11', async () => {
    for (const command of ['repair', 'recover', 'update']) {
      damage();
      const before = here.picture();
      const ran = await here.run(command);
      expect([command, ran.code]).toEqual([command, 11]);
      expect(`${ran.out}${ran.error}`).toContain(command === 'repair' ? '--yes' : 'dgmo-updater repair');
      const after = here.picture();
      const target = before.get(here.dgmo);
      expect(after.get(here.dgmo)).toBe(target ?? '');
      here.reset();
    }
  });

  test.each([
    ['repair', 'healthy'],
    ['recover', 'healthy'],
    ['update', 'is the newest'],
  ])('%s --yes puts it back, and says so', async (command, said) => {
    for (const harm of [damage, () => fs.rmSync(here.dgmo)]) {
      here.reset();
      harm();
      const ran = await here.run(command, '--yes');
      expect([ran.code, ran.error]).toEqual([0, expect.anything()]);
      expect(`${ran.error}${ran.out}`).toContain('Repaired');
      expect(ran.out).toContain(said);
      expect(here.stage.version()).toBe('1.1.0');
      expect((await here.run('verify', '--full')).code).toBe(0);
    }
  });

  test('a program that somebody has put in its place is left there, but for `repair`', async () => {
    fs.writeFileSync(here.dgmo, '#!/bin/sh\necho 9.9.9\n', { mode: 0o755 });
    for (const command of ['recover', 'update']) {
      const ran = await here.run(command, '--yes');
      expect(ran.code).toBe(11);
      expect(ran.error).toContain('dgmo-updater init');
      expect(here.stage.version()).toBe('9.9.9');
    }
    expect((await here.run('repair', '--yes')).code).toBe(0);
    expect(here.stage.version()).toBe('1.1.0');
  });

  test('recover puts it back if the receipt is lost as well', async () => {
    damage();
    fs.rmSync(path.join(here.workDir, 'installed.json'));
    expect(await here.run('recover', '--yes')).toMatchObject({ code: 0 });
    expect(here.stage.version()).toBe('1.1.0');
  });
});

describe('what came of it', () => {
  test('a repair is in the history, and the last change', async () => {
    damage();
    await here.run('repair', '--yes');
    const entries = (await here.run('history', '--json')).result().entries as Record<string, unknown>[];
    expect(entries.at(-1)).toMatchObject({ kind: 'repair', from: '1.1.0', to: '1.1.0', ended: 'done' });
    expect((await here.run('status')).out).toContain(': repair of 1.1.0; ');
  });

  test('one that fails is there with the reason', async () => {
    damage();
    fs.rmSync(path.join(here.home, '.snapshots'), { recursive: true });
    for (const name of fs.readdirSync(here.workDir))
      if (name.startsWith('kept-')) fs.rmSync(path.join(here.workDir, name));
    fs.rmSync(path.join(here.home, 'cache'), { recursive: true });
    expect((await here.run('repair', '--yes', '--offline')).code).toBe(11);
    const entries = (await here.run('history', '--json')).result().entries as Record<string, unknown>[];
    expect(entries.at(-1)).toMatchObject({ kind: 'repair', ended: 'failed' });
    expect(String(entries.at(-1)?.reason)).toContain(here.dgmo);
  });

  test('a mistyped package is no update that failed', async () => {
    const before = (await here.run('history')).out;
    expect((await here.run('--apply', '/nowhere.dgmopkg')).code).toBe(2);
    expect((await here.run('history')).out).toBe(before);
  });

  test('a first install says what was installed, and leaves no snapshot of nothing to go back to', async () => {
    for (const gone of [here.dgmo, here.home, here.workDir]) fs.rmSync(gone, { recursive: true });
    expect(await here.run('repair', '--yes')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^1\.1\.0 is installed \([\d.]+ KB downloaded\)\.\n$/),
    });
    expect((await here.run('history')).out).toMatch(/install +- +1\.1\.0 .* done/);
    expect((await here.run('snapshots', 'list', '--json')).result()).toMatchObject({ snapshots: [] });
    // Nothing is offered that can't be done.
    expect((await here.run()).out).not.toContain('rollback');
    expect((await here.run('rollback', '--yes')).code).toBe(17);
  });

  test('a first install tells DGMO, in which nothing is compiled, of the root and the feed', async () => {
    for (const gone of [here.dgmo, here.home, here.workDir]) fs.rmSync(gone, { recursive: true });
    expect((await here.run('repair', '--yes')).code).toBe(0);
    const installDir = path.dirname(here.dgmo);
    const dgmo = new UpdateManager({ installDir, home: here.home, settings: SETTINGS });
    expect(await dgmo.checkForUpdates()).toBeNull();
  });

  test('an executable that is put back again and again pushes no snapshot out', async () => {
    const kept = (await here.run('snapshots', 'list', '--json')).result();
    for (let round = 0; round < 2; round++) {
      fs.rmSync(here.dgmo);
      expect((await here.run('repair', '--yes')).code).toBe(0);
    }
    expect((await here.run('snapshots', 'list', '--json')).result()).toMatchObject({
      snapshots: (kept.snapshots as { id: string }[]).map(({ id }) => ({ id })),
    });
  });
});
