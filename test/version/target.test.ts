import { expect, test } from 'bun:test';
import {
  baselineOf,
  executableName,
  isBaseline,
  MACHINES,
  machineOf,
  parseTarget,
  TARGETS,
  targetName,
  targetOf,
} from '../../lib/version/index.ts';

test('the targets have the names of the contract', () => {
  expect(MACHINES.map(targetName)).toEqual([
    'linux-x64',
    'linux-arm64',
    'linux-x64-musl',
    'linux-arm64-musl',
    'darwin-x64',
    'darwin-arm64',
    'win32-x64',
    'win32-arm64',
  ]);
  expect(TARGETS.slice(MACHINES.length).map(targetName)).toEqual([
    'linux-x64-baseline',
    'linux-x64-musl-baseline',
    'darwin-x64-baseline',
    'win32-x64-baseline',
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
    'linux-arm64-baseline',
    'linux-x64-baseline-musl',
    'darwin-x64-musl-baseline',
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

test('both builds for x64 are for the same machines', () => {
  for (const target of TARGETS) {
    const machine = machineOf(target);
    expect(MACHINES).toContainEqual(machine);
    expect(isBaseline(target)).toBe(targetName(machine) !== targetName(target));
    if (isBaseline(target)) expect(baselineOf(machine)).toEqual(target);
    else expect(machine).toEqual(target);
    expect(baselineOf(target) === null).toBe(target.arch.startsWith('arm64') || isBaseline(target));
  }
});
