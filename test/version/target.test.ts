import { expect, test } from 'bun:test';
import { executableName, parseTarget, TARGETS, targetName, targetOf } from '../../lib/version/index.ts';

test('the eight targets have the names of the contract', () => {
  expect(TARGETS.map(targetName)).toEqual([
    'linux-x64',
    'linux-arm64',
    'linux-x64-musl',
    'linux-arm64-musl',
    'darwin-x64',
    'darwin-arm64',
    'win32-x64',
    'win32-arm64',
  ]);
  for (const target of TARGETS) expect(parseTarget(targetName(target))).toEqual(target);
});

test('other names are no targets', () => {
  for (const name of [
    '',
    'linux',
    'linux-x86',
    'windows-x64',
    'darwin-x64-musl',
    'linux-x64-musl-',
    'LINUX-x64',
  ]) {
    expect(parseTarget(name)).toBeNull();
  }
});

test('a machine with musl has a target of its own', () => {
  expect(targetName(targetOf({ platform: 'linux', arch: 'arm64', musl: true }))).toBe('linux-arm64-musl');
  expect(targetName(targetOf({ platform: 'linux', arch: 'arm64', musl: false }))).toBe('linux-arm64');
  expect(executableName('dgmo', 'win32')).toBe('dgmo.exe');
  expect(executableName('dgmo', 'darwin')).toBe('dgmo');
});
