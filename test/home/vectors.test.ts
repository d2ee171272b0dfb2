/** Files of the home as earlier versions wrote them stay readable. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { revocationOf } from '../../lib/home/admission/revoked.ts';
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

test('revoked-v1', () => {
  const machine = { host: nativeHost(), home: { folder: at('revoked-v1') } };
  const reasonOf = (version: string, app = 'dgmo') => revocationOf(machine, { app, version });
  expect(reasonOf('1.2.0')).toBe('loses sessions of more than 2 GB');
  expect(reasonOf('1.3.0-beta.2')).toBe('does not start');
  expect(reasonOf('1.2.1')).toBeNull();
  expect(reasonOf('1.2.0', 'another')).toBeNull();
});

test('a revoked release without a reason is revoked, and so are the others', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'revoked '));
  const releases = ['1.2.0', '1.3.0'].map((version) => ({ app: 'dgmo', version, reason: '' }));
  fs.writeFileSync(path.join(folder, 'revoked.json'), JSON.stringify({ schema: 1, releases }));
  const machine = { host: nativeHost(), home: { folder } };
  expect(revocationOf(machine, { app: 'dgmo', version: '1.2.0' })).toBe('no reason was given');
  fs.rmSync(folder, { recursive: true });
});
