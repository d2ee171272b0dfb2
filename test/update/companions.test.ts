/** A package that is carried by hand brings what a feed brings: the updater of the release and the schema of its config. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { parseTarget } from '../../lib/version/index.ts';
import { bundlePublished } from '../../release/commands/bundle-published.ts';
import { NATIVE_PLATFORM } from '../support/workshop.ts';
import { command } from '../ui/command-line.ts';
import { openStage, type Stage } from './stage.ts';

const posixOnly = process.platform === 'win32' ? test.skip : test;
const SCHEMA = { type: 'object', properties: { theme: { type: 'string' } } };

/** As a shell script that prints its version and knows `status`. */
function updater(version: string): Uint8Array {
  const script = `#!/bin/sh\ncase "$1" in --version) echo ${version} ;; status) echo '{"event":"result"}' ;; *) exit 9 ;; esac\n`;
  return new TextEncoder().encode(`${script}${`# ${version}\n`.repeat(20_000)}`);
}

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  fs.writeFileSync(path.join(stage.dir, 'dgmo-updater'), updater('0.1.0'), { mode: 0o755 });
  for (const version of ['1.1.0', '1.2.0', '1.3.0'])
    await stage.release(version, {
      configSchema: { ...SCHEMA, title: version },
      updaters: { [NATIVE_PLATFORM]: { version: `${version}`, content: updater(`${version}`) } },
    });
});
afterAll(() => stage[Symbol.asyncDispose]());

async function bundled(version: string, from: string | null, alone = false): Promise<string> {
  const output = path.join(stage.folder, `${version}-${alone}.dgmopkg`);
  const target = parseTarget(NATIVE_PLATFORM) ?? expect.unreachable();
  await bundlePublished({ version, target, repo: stage.feed.folder, from, output, alone });
  return output;
}

const installedUpdater = () =>
  Bun.spawnSync([path.join(stage.dir, 'dgmo-updater'), '--version'])
    .stdout.toString()
    .trim();
const schemas = () =>
  fs
    .readdirSync(path.join(stage.dir, '.dgmo-updater'))
    .filter((name) => name.startsWith('schema-'))
    .map((name) => fs.readFileSync(path.join(stage.dir, '.dgmo-updater', name), 'utf8'));

async function apply(file: string): Promise<string> {
  stage.asked.length = 0;
  const { code, error } = await command(stage, ['--apply', file, '--no-wait']);
  expect([code, error]).toEqual([0, error]);
  expect(stage.asked).toEqual([]);
  return error;
}

posixOnly('with the patch: both are there afterwards, and nothing was asked of the feed', async () => {
  await apply(await bundled('1.1.0', '1.0.0'));
  expect([stage.version(), installedUpdater()]).toEqual(['1.1.0', '1.1.0']);
  expect(schemas()).toEqual([JSON.stringify({ ...SCHEMA, title: '1.1.0' })]);
});

posixOnly('alone, it brings neither', async () => {
  await apply(await bundled('1.2.0', '1.1.0', true));
  expect([stage.version(), installedUpdater()]).toEqual(['1.2.0', '1.1.0']);
  expect(schemas()).toEqual([]);
});

posixOnly('damaged in the updater: nothing is changed', async () => {
  const file = await bundled('1.3.0', null);
  const bytes = fs.readFileSync(file);
  const at = bytes.length - 200;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  fs.writeFileSync(file, bytes);
  const { code, error } = await command(stage, ['--apply', file, '--no-wait']);
  expect(code).toBe(11);
  expect(error).toContain('wanted the updater that the manifest names');
  expect([stage.version(), installedUpdater()]).toEqual(['1.2.0', '1.1.0']);
});
