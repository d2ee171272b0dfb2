/** `repair`: from each damage back to health, from each source. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Disk, Handle } from '../../lib/platform/disk.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { repairCode } from '../../lib/ui/text/health.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
beforeEach(() => {
  here.reset();
  here.stage.asked.length = 0;
});
afterAll(() => here[Symbol.asyncDispose]());

const flip = (file: string, at = 20_000) => {
  const bytes = fs.readFileSync(file);
  bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 0x20;
  fs.writeFileSync(file, bytes);
};
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const packages = () => here.stage.asked.filter(({ path }) => path.endsWith('.dgmopkg'));
const remove = (...names: string[]) => {
  for (const name of names) fs.rmSync(path.join(here.home, name), { recursive: true, force: true });
};

describe('the executable', () => {
  test('from the older one that is kept and the patch in the cache: nothing is fetched', async () => {
    flip(here.dgmo);
    const result = await here.health().repair();
    expect(result).toMatchObject({ success: true, failed: [], bytesFetched: 0 });
    expect(result.sources[0]?.how).toContain('the patch');
    expect(here.stage.asked).toEqual([]);
    expect(here.stage.version()).toBe('1.1.0');
    expect(result.snapshot).not.toBeNull();
  });

  test('from a snapshot', async () => {
    const { SnapshotManager } = await import('../../lib/index.ts');
    await new SnapshotManager({ installDir: here.dir, home: here.home }).createSnapshot('by hand');
    remove('cache');
    fs.rmSync(here.dgmo);
    const result = await here.health().repair({ offline: true });
    expect(result).toMatchObject({ success: true, bytesFetched: 0 });
    expect(here.stage.version()).toBe('1.1.0');
  });

  test('from the feed, if nothing is kept here', async () => {
    remove('cache', '.snapshots');
    fs.writeFileSync(here.dgmo, '');
    const result = await here.health().repair();
    expect(result.failed).toEqual([]);
    expect(result.success).toBe(true);
    expect(result.bytesFetched).toBeGreaterThan(0);
    expect(packages()).toHaveLength(1);
    expect(here.stage.version()).toBe('1.1.0');
  });

  test('offline without a source: it is as it was, and the result says what to do', async () => {
    remove('cache', '.snapshots');
    flip(here.dgmo);
    const before = fs.readFileSync(here.dgmo);
    const result = await here.health().repair({ offline: true });
    expect(result).toMatchObject({ success: false, bytesFetched: 0 });
    expect(result.failed[0]).toMatchObject({ issue: { type: 'binary_corruption' } });
    expect(result.failed[0]?.advice).toContain('rollback');
    expect(fs.readFileSync(here.dgmo)).toEqual(before);
  });

  test('with updates turned off: from what is here, and nothing is asked of the network', async () => {
    remove('cache', '.snapshots');
    flip(here.dgmo);
    await here.stage.manager().setPreferences({ updates: false });
    const result = await here.health().repair();
    expect(result).toMatchObject({ success: false, bytesFetched: 0 });
    await here.health().diagnose();
    expect(here.stage.asked).toEqual([]);
  });

  test('on a full disk: 12, and what was written of it does not stay', async () => {
    flip(here.dgmo);
    const full = () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    const host = nativeHost();
    const isPrepared = (file: string) => path.basename(file).startsWith('repair-');
    const disk: Disk = {
      ...host.disk,
      copy(from, to) {
        if (!isPrepared(to)) return host.disk.copy(from, to);
        fs.writeFileSync(to, fs.readFileSync(from).subarray(0, 1000));
        full();
      },
      open(file, how, mode) {
        const handle = host.disk.open(file, how, mode);
        if (isPrepared(file) && how === 'create') full();
        return handle;
      },
    };
    const result = await here.health({ host: { ...host, disk } }).repair({ offline: true });
    expect(result.success).toBe(false);
    expect(result.failed[0]?.error).toContain('no space is left on the disk');
    expect(repairCode(result)).toBe(12);
    expect(fs.readdirSync(here.workDir).filter((name) => name.startsWith('repair-'))).toEqual([]);
  });

  test('on a drive that keeps other bytes than were written: 12, and the executable is left as it was', async () => {
    flip(here.dgmo);
    const before = fs.readFileSync(here.dgmo);
    const host = nativeHost();
    const prepared = new Set<Handle>();
    const disk: Disk = {
      ...host.disk,
      open(file, how, mode) {
        const handle = host.disk.open(file, how, mode);
        if (path.basename(file).startsWith('repair-')) prepared.add(handle);
        return handle;
      },
      write(handle, bytes, position) {
        const kept = Uint8Array.from(bytes);
        if (prepared.has(handle)) kept[0] = (kept[0] ?? 0) ^ 1;
        return host.disk.write(handle, kept, position);
      },
      close(handle) {
        prepared.delete(handle);
        host.disk.close(handle);
      },
    };
    const result = await here.health({ host: { ...host, disk } }).repair();
    expect(packages()).toHaveLength(1);
    expect(result).toMatchObject({ success: false });
    expect(result.failed[0]?.error).toMatch(
      /repair-\S+ reads back as SHA-256 .*, wanted SHA-256 .* as it was/,
    );
    expect(result.failed[0]?.advice).toContain('have the drive checked');
    expect(repairCode(result)).toBe(12);
    expect(fs.readFileSync(here.dgmo)).toEqual(before);
    expect(fs.readdirSync(here.workDir).filter((name) => name.startsWith('repair-'))).toEqual([]);
  });

  test('a folder and a link in its place are kept beside', async () => {
    for (const make of [() => fs.mkdirSync(here.dgmo), () => fs.symlinkSync('/bin/true', here.dgmo)]) {
      here.reset();
      fs.rmSync(here.dgmo);
      make();
      const { code, error } = await here.run('repair', '--yes');
      expect(code).toBe(0);
      expect(fs.lstatSync(here.dgmo).isFile()).toBe(true);
      const [beside, ...more] = fs.readdirSync(here.dir).filter((name) => name.startsWith('dgmo.damaged-'));
      expect(more).toEqual([]);
      expect(error).toContain(
        `What was at ${here.dgmo} is kept: it is ${path.join(here.dir, beside ?? '')} now.`,
      );
    }
  });

  test.each([
    ['keeps the mode that it had', 0o750, 0o750],
    ['may be run again', 0o644, 0o755],
    ['may be changed by its owner', 0o555, 0o755],
    ['may not be changed by everybody', 0o777, 0o775],
  ])('%s', async (_, before, after) => {
    flip(here.dgmo);
    fs.chmodSync(here.dgmo, before);
    expect(await here.health().repair()).toMatchObject({ success: true });
    expect(fs.statSync(here.dgmo).mode & 0o777).toBe(after);
  });

  test('a copy that an interrupted repair has prepared is taken if it is intact, and another if not', async () => {
    const good = fs.readFileSync(here.dgmo);
    const prepared = path.join(here.workDir, `repair-${sha256(good).slice(0, 32)}`);
    for (const [isIntact, how] of [
      [true, 'interrupted repair'],
      [false, 'the patch'],
    ] as const) {
      here.reset();
      fs.writeFileSync(prepared, good);
      if (!isIntact) flip(prepared);
      flip(here.dgmo);
      const { sources } = await here.health().repair();
      expect(sources[0]?.how).toContain(how);
      expect(fs.readFileSync(here.dgmo)).toEqual(good);
    }
  });

  test.each([true, false])(
    'missing, or a folder in its place (%p): has the mode and the group of the older one',
    async (isMissing) => {
      const [kept = ''] = fs.readdirSync(here.workDir).filter((name) => name.startsWith('kept-'));
      const older = path.join(here.workDir, kept);
      if (process.getuid?.() === 0) fs.chownSync(older, 0, 100);
      fs.chmodSync(older, 0o2750);
      const wanted = fs.statSync(older);
      fs.rmSync(here.dgmo);
      if (!isMissing) fs.mkdirSync(here.dgmo);
      expect(await here.health().repair()).toMatchObject({ success: true });
      const { mode, gid } = fs.statSync(here.dgmo);
      expect([mode, gid]).toEqual([wanted.mode, wanted.gid]);
    },
  );
});

describe('what is the user’s own', () => {
  test('a config: the last good one, with what can be read of the damaged one, which is kept', async () => {
    fs.writeFileSync(here.config, '{\n  "theme": "light",\n  "added": [1, 2],\n  "model": lar');
    const result = await here.health().repair();
    expect(result.success).toBe(true);
    expect(JSON.parse(fs.readFileSync(here.config, 'utf8'))).toEqual({
      theme: 'light',
      plugin: ['../plugins/hello.js'],
      model: 'large',
      added: [1, 2],
    });
    const [kept] = fs.readdirSync(path.dirname(here.config)).filter((name) => name.includes('.damaged-'));
    expect(fs.readFileSync(path.join(path.dirname(here.config), kept ?? ''), 'utf8')).toContain('lar');
  });

  test('a config without any snapshot: what can be read of it', async () => {
    remove('.snapshots');
    fs.appendFileSync(here.config, '}}');
    expect(await here.health().repair()).toMatchObject({ success: true });
    expect(JSON.parse(fs.readFileSync(here.config, 'utf8'))).toMatchObject({ theme: 'dark', model: 'large' });
  });

  test('a damaged history, and choices that are far too long, are kept beside', async () => {
    const [history, choices] = ['history.json', 'choices.json'].map((name) => path.join(here.home, name));
    if (history === undefined || choices === undefined) return expect.unreachable();
    fs.writeFileSync(history, '');
    fs.appendFileSync(choices, ' '.repeat(9 << 20));
    const { issues } = await here.health().verify();
    const wanted = { type: 'settings_damaged', severity: 'damage' };
    expect(issues.map(({ where }) => where).sort()).toEqual([choices, history]);
    expect(issues).toMatchObject([wanted, wanted]);
    expect(await here.health().repair()).toMatchObject({ success: true, failed: [] });
    const beside = fs.readdirSync(here.home).filter((name) => name.includes('.damaged-'));
    expect(beside.map((name) => name.split('.damaged-')[0]).sort()).toEqual(['choices.json', 'history.json']);
    expect(JSON.parse(fs.readFileSync(history, 'utf8')).entries).toMatchObject([{ kind: 'repair' }]);
  });

  test('preferences: the fields that can be read', async () => {
    const file = path.join(here.home, 'updater.json');
    fs.writeFileSync(
      file,
      '{"schema": 1, "channel": "beta", "autoUpdate": "sometimes", "telemetry": true, "feed": nul',
    );
    expect(await here.health().repair()).toMatchObject({ success: true });
    expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toMatchObject({
      channel: 'beta',
      telemetry: true,
      autoUpdate: 'manual',
    });
  });

  test('preferences: what is written as it is typed, and by name what can not be read', async () => {
    const file = path.join(here.home, 'updater.json');
    fs.writeFileSync(file, '{"schema": 4, "updates": "off", "securityAtOnce": "maybe", "pinn": "1.0.0"}');
    const { sources } = await here.health().repair({ offline: true });
    expect(sources).toHaveLength(1);
    expect(sources[0]?.how).toStartWith(
      'with what could be read of it, but securityAtOnce and pinn: see `dgmo-updater config list`',
    );
    expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toMatchObject({
      updates: false,
      securityAtOnce: false,
    });
  });

  test('a plugin, from a snapshot', async () => {
    fs.writeFileSync(here.plugin, '');
    expect(await here.health().repair({ offline: true })).toMatchObject({ success: true });
    expect(fs.readFileSync(here.plugin, 'utf8')).toContain('hello');
  });

  test('an evolution, from the signed package', async () => {
    const good = fs.readFileSync(here.evolution);
    remove('.snapshots');
    flip(here.evolution, 3);
    const result = await here.health().repair();
    expect(result.success).toBe(true);
    expect(fs.readFileSync(here.evolution)).toEqual(good);
    expect(packages().length).toBeLessThanOrEqual(1);
  });
});

describe('the records of the updater', () => {
  test('a journal that has grown past its limit is written again, and the long one is kept', async () => {
    const journal = path.join(here.workDir, 'journal');
    fs.writeFileSync(journal, `${'x'.repeat(5 << 20)}\n${fs.readFileSync(journal, 'utf8')}`);
    const found = await here.health().verify();
    expect(found.issues.find(({ where }) => where === journal)?.what).toMatch(
      /^it has \d+ bytes, at most 4194304/,
    );
    const { success, failed } = await here.health().repair();
    expect([success, failed]).toEqual([true, []]);
    expect(fs.statSync(journal).size).toBeLessThan(100_000);
    expect(fs.readdirSync(here.workDir).some((name) => name.startsWith('journal.damaged-'))).toBe(true);
    expect(await here.stage.manager().checkForUpdates()).toBeNull();
  });

  test('receipt and journal both lost: what the feed says of the executable', async () => {
    fs.rmSync(here.workDir, { recursive: true });
    const result = await here.health().repair();
    expect(result.failed).toEqual([]);
    expect(result.success).toBe(true);
    const receipt = JSON.parse(fs.readFileSync(path.join(here.workDir, 'installed.json'), 'utf8'));
    expect(receipt.receipt).toMatchObject({ binary: { version: '1.1.0' }, floor: '1.1.0' });
  });

  test('only the updater is left: the newest release is installed, by the compiled-in root', async () => {
    fs.rmSync(here.dgmo);
    fs.rmSync(here.workDir, { recursive: true });
    fs.rmSync(here.home, { recursive: true });
    const result = await here.health().repair();
    expect(result.failed).toEqual([]);
    expect(result.success).toBe(true);
    expect(here.stage.version()).toBe('1.1.0');
  });
});
