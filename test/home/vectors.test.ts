/** Files of the home as earlier versions wrote them stay readable. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { revocationOf } from '../../lib/home/admission/revoked.ts';
import { firstSeen, lastCheckOf } from '../../lib/home/checks.ts';
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

test('checks-v1, where the last check is in the same file, and checks-v2', () => {
  const host = nativeHost();
  const seen = new Map([
    ['1.3.0', 1_788_000_000_000],
    ['1.4.0', 1_789_000_000_000],
  ]);
  const later = { ...host, clock: { ...host.clock, now: () => 1_790_000_000_000 } };
  for (const name of ['checks-v1', 'checks-v2']) expect(firstSeen(later, at(name))).toEqual(seen);
  expect(lastCheckOf(host, at('checks-v1'))).toMatchObject({ at: 1_789_000_000_000, version: '1.4.0' });
  expect(lastCheckOf(host, at('checks-v2'))).toMatchObject({ at: 1_789_100_000_000, ended: 'failed' });
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
