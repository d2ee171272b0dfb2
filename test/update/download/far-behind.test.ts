/** An installation that is many releases behind: it finds its patches in the pages of the channel. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { MAX_CHAIN } from '../../../lib/update/index.ts';
import { openStage, type Stage } from '../stage.ts';

const NEWEST = 45;
const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('forty-five releases behind', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
    for (let number = 1; number <= NEWEST; number++) await stage.release(`1.${number}.0`);
  });
  afterAll(() => stage[Symbol.asyncDispose]());
  beforeEach(() => {
    fs.rmSync(path.join(stage.home, 'cache'), { recursive: true, force: true });
    stage.answer = () => undefined;
    stage.asked.splice(0);
  });

  const pages = () => stage.asked.filter(({ path: asked }) => asked.endsWith('.page.json'));
  const check = async () => (await stage.manager().checkForUpdates()) ?? expect.unreachable();

  test('a check finds a chain of patches, in the pages up to the installed release', async () => {
    const { version, routes, downloadSize } = await check();
    expect(version).toBe(`1.${NEWEST}.0`);
    const [best, other] = routes;
    expect([best?.kind, other?.kind]).toEqual(['chain', 'full']);
    expect(best?.packages.length).toBeLessThanOrEqual(MAX_CHAIN);
    expect(downloadSize).toBeLessThan((other?.bytes ?? 0) / 2);
    expect(pages().length).toBeGreaterThan(0);
  });

  test('the next check has the pages, and asks for none', async () => {
    await check();
    stage.asked.splice(0);
    expect((await check()).routes[0]?.kind).toBe('chain');
    expect(stage.asked.map(({ path: asked }) => asked)).toEqual([
      'metadata/2.root.json',
      'metadata/timestamp.json',
    ]);
  });

  test('a page that can’t be had costs the chain, not the update', async () => {
    stage.answer = (name) => (name.endsWith('.page.json') ? new Response('', { status: 404 }) : undefined);
    expect((await check()).routes.map(({ kind }) => kind)).toEqual(['full']);
  });

  test('no page is read where all of it costs less than the page', async () => {
    const { release } = await check();
    const full = release.packages.find(({ kind }) => kind === 'full') ?? expect.unreachable();
    const cache = path.join(stage.home, 'cache');
    fs.rmSync(cache, { recursive: true });
    fs.mkdirSync(cache);
    fs.copyFileSync(path.join(stage.feed.folder, 'targets', full.path), path.join(cache, full.sha256));
    stage.asked.splice(0);
    expect(await check()).toMatchObject({ downloadSize: 0, routes: [{ kind: 'full', remaining: 0 }] });
    expect(pages()).toEqual([]);
  });

  test('the chain is applied', async () => {
    const manager = stage.manager();
    await manager.applyUpdate(await manager.downloadUpdate(await check()));
    expect(stage.version()).toBe(`1.${NEWEST}.0`);
    stage.asked.splice(0);
    expect(await manager.checkForUpdates()).toBeNull();
    expect(pages()).toEqual([]);
  });
});
