/** What `update` says it has downloaded is what came over the network. */
import { afterAll, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { nativeHost } from '../../lib/platform/native.ts';
import { runCommand } from '../support/command-line.ts';
import { openStage, SETTINGS } from '../update/stage.ts';

const stage = await openStage();
afterAll(() => stage[Symbol.asyncDispose]());

const settings = { ...SETTINGS, feed: stage.url, root: stage.feed.rootJson };
const run = (...argv: string[]) =>
  runCommand([...argv, '--home', stage.home], { host: nativeHost(), settings, ownFolder: stage.dir });
const update = async () => (await run('update', '--yes', '--json')).result().downloaded;

test('all of a package, and none of one that is in the cache', async () => {
  await stage.release('1.1.0');
  stage.asked.length = 0;
  const fetched = await update();
  expect(stage.version()).toBe('1.1.0');
  const packages = stage.asked.filter(({ path: name }) => name.endsWith('.dgmopkg'));
  expect(packages).toHaveLength(1);
  const [{ path: name } = { path: '' }] = packages;
  expect(fetched).toBe(fs.statSync(path.join(stage.feed.folder, name)).size);

  await stage.release('1.2.0');
  await run('download');
  expect(await update()).toBe(0);
  expect(stage.version()).toBe('1.2.0');
});

test('of a patch that the feed has lost nothing, and all of the full package that is taken instead', async () => {
  await stage.release('1.3.0');
  const lost = new Set<string>();
  stage.answer = (name) => {
    if (!name.endsWith('.dgmopkg') || (lost.size > 0 && !lost.has(name))) return undefined;
    lost.add(name);
    return new Response('', { status: 404 });
  };
  stage.asked.length = 0;
  const fetched = await update();
  expect(stage.version()).toBe('1.3.0');
  expect(lost.size).toBe(1);
  const full = stage.asked.find(({ path: name, status }) => name.endsWith('.dgmopkg') && status === 200);
  expect(fetched).toBe(fs.statSync(path.join(stage.feed.folder, full?.path ?? '')).size);
});
