import { expect, test } from 'bun:test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { digestBytes } from '../../lib/platform/files.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { TARGETS, targetName, targetOf } from '../../lib/version/index.ts';
import { bunTarget, compileTarget } from '../../release/compile.ts';
import { freshFolder } from './run.ts';

test('every target has the name that bun gives it', () => {
  expect(TARGETS.map(bunTarget)).toEqual([
    'bun-linux-x64',
    'bun-linux-arm64',
    'bun-linux-x64-musl',
    'bun-linux-arm64-musl',
    'bun-darwin-x64',
    'bun-darwin-arm64',
    'bun-windows-x64',
    'bun-windows-arm64',
  ]);
});

test('the settings are compiled in, nothing beside the executable is read, and its digest stands beside it', async () => {
  using folder = freshFolder();
  const entry = folder.at('entry.ts');
  writeFileSync(entry, 'console.log(JSON.stringify([BUILD_SETTINGS, process.env.FROM_DOTENV ?? null]));');
  writeFileSync(folder.at('.env'), 'FROM_DOTENV=read');
  const root = { signed: { "it's": 'a "root"' } };
  const settings = { app: 'dgmo', feed: 'https://example.org/', root, version: '1.2.3', revision: 'abc' };
  const target = targetOf(nativeHost());
  const file = await compileTarget(target, settings, folder.at(), entry);

  const ran = Bun.spawnSync([file], { cwd: folder.at() });
  expect(JSON.parse(ran.stdout.toString())).toEqual([settings, null]);
  const name = `dgmo-updater-${targetName(target)}${process.platform === 'win32' ? '.exe' : ''}`;
  expect(file).toBe(folder.at(name));
  const digest = digestBytes(readFileSync(file)).sha256;
  expect(readFileSync(`${file}.sha256`, 'utf8')).toBe(`${digest}  ${name}\n`);
  expect(readdirSync(folder.at()).toSorted()).toEqual(['.env', name, `${name}.sha256`, 'entry.ts']);
}, 60_000);
