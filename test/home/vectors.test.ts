/** Files of the home as earlier versions wrote them stay readable. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { choicesFile } from '../../lib/home/choices.ts';
import { preferencesFile } from '../../lib/home/preferences.ts';
import { nativeHost } from '../../lib/platform/native.ts';

const at = (name: string) => path.join(import.meta.dir, '../vectors', name);

test.each(['home-v1', 'home-v2', 'home-v3', 'home-v4'])('%s', (name) => {
  const host = nativeHost();
  const told = JSON.parse(fs.readFileSync(at(`${name}/as-read.json`), 'utf8'));
  expect(preferencesFile.load(host, at(name))).toEqual(told.preferences);
  expect(choicesFile.load(host, at(name))).toEqual(told.choices);
});
