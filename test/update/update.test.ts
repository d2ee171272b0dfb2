/** Updates through the feed, from the check to the new executable, by `UpdateManager`. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import type { UpdateManager } from '../../lib/api/index.ts';
import { DamagedError, NetworkError, PolicyError, RevertedError, UsageError } from '../../lib/errors.ts';
import type { UpdateEvent, UpdateInfo } from '../../lib/update/index.ts';
import { openStage, type Stage } from './stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('an update', () => {
  let stage: Stage;
  let events: UpdateEvent[];
  beforeEach(async () => {
    stage = await openStage();
    events = [];
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  const manager = () => stage.manager({ onEvent: (event) => events.push(event as UpdateEvent) });
  const found = async (from: UpdateManager): Promise<UpdateInfo> =>
    (await from.checkForUpdates()) ?? expect.unreachable('nothing is offered');
  const update = async () => {
    const one = manager();
    const update = await found(one);
    const downloaded = await one.downloadUpdate(update);
    return { downloaded, applied: await one.applyUpdate(downloaded) };
  };
  const packages = () => stage.asked.filter(({ path: asked }) => asked.endsWith('.dgmopkg'));
  const fallback = () => events.find(({ event }) => event === 'fallback');

  test('by a patch', async () => {
    await stage.release('2.0.0');
    const { downloaded, applied } = await update();
    expect(downloaded.route).toBe('patch');
    expect(applied).toMatchObject({ from: { version: '1.0.0' }, to: { version: '2.0.0' }, changed: true });
    expect(stage.version()).toBe('2.0.0');
    expect(packages()).toHaveLength(1);
    expect(await manager().checkForUpdates()).toBeNull();
  });

  test('by a chain of patches, each in a package of its own', async () => {
    for (const version of ['1.1.0', '1.2.0', '2.0.0']) await stage.release(version, { deltas: 1 });
    const { downloaded } = await update();
    expect(downloaded).toMatchObject({ route: 'chain', version: '2.0.0' });
    expect(downloaded.files).toHaveLength(3);
    expect(stage.version()).toBe('2.0.0');
    const receipt = fs.readFileSync(path.join(stage.dir, '.dgmo-updater/installed.json'), 'utf8');
    expect(JSON.parse(receipt).receipt).toMatchObject({
      binary: { version: '2.0.0' },
      previous: { version: '1.0.0' },
      floor: '2.0.0',
    });
  });

  test('what the cache has is not fetched again', async () => {
    await stage.release('2.0.0');
    const one = manager();
    await one.downloadUpdate(await found(one));
    const again = await found(manager());
    expect(again.downloadSize).toBe(0);
    await update();
    expect(packages()).toHaveLength(1);
  });

  const BROKEN: [string, (bytes: Uint8Array) => Response][] = [
    ['missing', () => new Response('', { status: 404 })],
    ['cut', (bytes) => new Response(bytes.subarray(0, 500))],
    ['changed', (bytes) => new Response(bytes.map((byte, index) => (index === 300 ? byte ^ 1 : byte)))],
  ];
  test.each(BROKEN)('a patch that is %s: the full binary, in the same run', async (_, answer) => {
    await stage.release('2.0.0');
    stage.answer = (name) =>
      name.endsWith('from-1.0.0.dgmopkg')
        ? answer(fs.readFileSync(path.join(stage.feed.folder, name)))
        : undefined;
    const { downloaded } = await update();
    expect(downloaded.route).toBe('full');
    expect(fallback()).toMatchObject({ to: 'full' });
    expect(stage.version()).toBe('2.0.0');
  });

  test('a patch that does not come in time: an end, and not the larger download instead', async () => {
    await stage.release('2.0.0');
    stage.answer = (name) =>
      name.endsWith('from-1.0.0.dgmopkg') ? new Response('', { status: 503 }) : undefined;
    const one = manager();
    // Shorter than the first pause.
    const limits = { totalTime: 50 };
    await expect(one.downloadUpdate(await found(one), { limits })).rejects.toThrow('not done within 0.05 s');
    expect(fallback()).toBeUndefined();
    expect(packages().map(({ status }) => status)).toEqual([503]);
  });

  test('a server that wants to be left alone: an end, and not the larger download instead', async () => {
    await stage.release('2.0.0');
    const headers = { 'retry-after': '0' };
    stage.answer = (name) =>
      name.endsWith('from-1.0.0.dgmopkg') ? new Response('', { status: 429, headers }) : undefined;
    const one = manager();
    const limits = { firstPause: 1, longestPause: 1 };
    await expect(one.downloadUpdate(await found(one), { limits })).rejects.toThrow('answered 429');
    expect(fallback()).toBeUndefined();
    expect(new Set(packages().map(({ status }) => status))).toEqual(new Set([429]));
  });

  test('a package that was damaged in the cache meanwhile: the full binary, in the same run', async () => {
    await stage.release('2.0.0');
    const one = manager();
    const downloaded = await one.downloadUpdate(await found(one));
    const file = downloaded.files.at(-1) ?? '';
    const bytes = fs.readFileSync(file);
    bytes[bytes.length - 10] = (bytes.at(-10) ?? 0) ^ 1;
    fs.writeFileSync(file, bytes);
    await one.applyUpdate(downloaded);
    expect(fallback()).toMatchObject({ to: 'full', reason: expect.stringContaining('SHA-256') });
    expect(stage.version()).toBe('2.0.0');
  });

  test('another package with the right signatures, in the place of the one that the index chose, is not installed', async () => {
    await stage.release('2.0.0');
    await stage.release('3.0.0');
    const one = manager();
    const get = async (version: string) =>
      one.downloadUpdate((await one.checkForUpdates({ version })) ?? expect.unreachable());
    const [newest, chosen] = [await get('3.0.0'), await get('2.0.0')];
    await expect(one.applyUpdate({ ...chosen, files: newest.files })).rejects.toThrow(UsageError);
    expect(() => one.handOver({ ...chosen, files: newest.files })).toThrow(UsageError);
    const [file = ''] = chosen.files;
    fs.copyFileSync(newest.files[0] ?? '', file);
    await expect(one.applyPackage([file], { noWait: true })).rejects.toThrow('as its name says');
    await expect(one.applyPackage([file], { noWait: true })).rejects.toThrow(DamagedError);
    expect(stage.version()).toBe('1.0.0');
    await one.applyUpdate(chosen);
    expect(fallback()).toMatchObject({ to: 'full', reason: expect.stringContaining('as its name says') });
    expect(stage.version()).toBe('2.0.0');
  });

  test('neither patch nor full binary to be had: the network, and the old version stands', async () => {
    await stage.release('2.0.0');
    stage.answer = (name) => (name.endsWith('.dgmopkg') ? new Response('', { status: 404 }) : undefined);
    await expect(update()).rejects.toThrow(NetworkError);
    expect(stage.version()).toBe('1.0.0');
  });

  test('an installed executable that was changed by hand is left alone, and nothing is fetched for it', async () => {
    await stage.release('2.0.0');
    fs.appendFileSync(stage.dgmo, '# mine\n');
    await expect(update()).rejects.toThrow('is not the 1.0.0 that was installed');
    expect(packages()).toHaveLength(1);
    expect(stage.version()).toBe('1.0.0');
  });

  test('a version that does not work is taken back, and not offered again by itself', async () => {
    await stage.release('1.5.0');
    await stage.release('2.0.0', { works: false });
    await expect(update()).rejects.toThrow(RevertedError);
    expect(stage.version()).toBe('1.0.0');
    expect(await manager().check()).toMatchObject({
      update: { version: '1.5.0' },
      held: [{ version: '2.0.0', why: 'quarantined' }],
    });
    // A person may ask for it all the same.
    expect((await manager().checkForUpdates({ version: '2.0.0' }))?.version).toBe('2.0.0');
  });

  test('back to an older version by the word of a person alone; the floor stays', async () => {
    await stage.release('2.0.0', { rollbackMin: '1.0.0' });
    await update();
    const one = manager();
    const back = (await one.checkForUpdates({ version: '1.0.0' })) ?? expect.unreachable();
    const downloaded = await one.downloadUpdate(back);
    await expect(one.applyUpdate(downloaded)).rejects.toThrow(PolicyError);
    expect(() => one.handOver(downloaded)).toThrow(PolicyError);
    expect(one.handOver(downloaded, { allowDowngrade: true }).args).toContain('--allow-downgrade');
    await one.applyUpdate(downloaded, { allowDowngrade: true });
    expect(stage.version()).toBe('1.0.0');
    const receipt = fs.readFileSync(path.join(stage.dir, '.dgmo-updater/installed.json'), 'utf8');
    expect(JSON.parse(receipt).receipt).toMatchObject({ floor: '2.0.0', previous: { version: '2.0.0' } });
    await update();
    expect(stage.version()).toBe('2.0.0');
  });

  test('a package of an older version is refused where nobody asked for it', async () => {
    // The full binary, which would fit on any version.
    await stage.release('2.0.0', { rollbackMin: '1.0.0', deltas: 0 });
    const one = manager();
    const old = (await one.checkForUpdates({ version: '2.0.0' })) ?? expect.unreachable();
    const downloaded = await one.downloadUpdate(old);
    await stage.release('3.0.0');
    await update();
    await expect(one.applyUpdate(downloaded)).rejects.toThrow(PolicyError);
    expect(stage.version()).toBe('3.0.0');
  });

  test('restarting: asked for by DGMO, or handed over to the updater', async () => {
    await stage.release('2.0.0');
    const one = manager();
    const downloaded = await one.downloadUpdate(await found(one));
    expect(one.handOver(downloaded, { args: ['--resume'], evolutions: ['search'] })).toEqual({
      file: path.join(stage.dir, 'dgmo-updater'),
      args: [
        ...['--apply', downloaded.files[0] ?? '', '--wait-pid', String(process.pid)],
        ...['--install-dir', fs.realpathSync(stage.dir), '--app', 'dgmo', '--home', stage.home],
        ...['--evolutions', 'search', '--', '--resume'],
      ],
    });
    await one.applyUpdate(downloaded);
    const notices: string[] = [];
    const restart = await one.scheduleRestart(async ({ message }) => {
      notices.push(message);
      return 'restart';
    });
    expect(notices).toEqual(['dgmo needs to restart to run 2.0.0.']);
    expect(restart).toEqual({ file: fs.realpathSync(stage.dgmo), args: [] });
    expect(await one.scheduleRestart(async () => 'defer')).toBeNull();
  });
});
