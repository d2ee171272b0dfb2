import { describe, expect, test } from 'bun:test';
import { PolicyError } from '../../lib/errors.ts';
import { checkPackage, type Installation, readPackage } from '../../lib/package/index.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { testRoot } from '../trust/keys.ts';
import { digestOf, installed, testPackage } from './fixture.ts';

/** Brings dgmo 1.2.0 for linux-x64. */
const contents = readPackage(memorySource(testPackage()), testRoot());
const here: Installation = {
  app: 'dgmo',
  platform: 'linux',
  arch: 'x64',
  installed: installed('1.1.0'),
  floor: '1.1.0',
};
const other = 'ee'.repeat(32);
const standing = (version: string) => ({ version, sha256: other, size: 5 });

/** What the installed release says about going back. The package reads data of format 3. */
const says = (word: Partial<NonNullable<Installation['rollback']>>) => ({
  supported: true,
  minVersion: '0.0.0',
  dataVersion: 3,
  ...word,
});
const back = (word: Parameters<typeof says>[0]): Partial<Installation> => ({
  installed: standing('2.0.0'),
  allowDowngrade: true,
  rollback: says(word),
});

describe('a package is taken', () => {
  const cases: [when: string, installation: Partial<Installation>][] = [
    ['when it is newer', {}],
    ['when no floor was set', { floor: null }],
    ['at the floor', { floor: '1.2.0' }],
    ['when its binary is installed already', { installed: installed('1.2.0'), floor: '1.3.0' }],
    ['over a prerelease of it', { installed: standing('1.2.0-rc.1') }],
    ["over a newer version, by a person's word", { installed: standing('2.0.0'), allowDowngrade: true }],
    ["below the floor, by a person's word", { floor: '1.9.0', allowDowngrade: true }],
    ['over a newer version with data of the same format', back({})],
    ['over a newer version that can be rolled back to just this one', back({ minVersion: '1.2.0' })],
    ['over a newer version that says nothing about going back', { ...back({}), rollback: null }],
    [
      'when it is newer, whatever the installed release says about going back',
      { rollback: says({ supported: false }) },
    ],
  ];
  for (const [when, installation] of cases) {
    test(when, () => {
      expect(() => checkPackage(contents, { ...here, ...installation })).not.toThrow();
    });
  }

  test('on a machine with either processor, if it is the build for older ones', () => {
    expect(() => checkPackage({ ...contents, arch: 'x64-baseline' }, here)).not.toThrow();
    expect(() => checkPackage({ ...contents, arch: 'x64-musl-baseline' }, here)).toThrow(PolicyError);
  });
});

describe('a package is refused', () => {
  const cases: [when: string, installation: Partial<Installation>, message: string][] = [
    ['for another app', { app: 'other' }, 'the package is for the app dgmo, wanted one for other'],
    [
      'for another platform',
      { platform: 'darwin' },
      'the package is for linux-x64, wanted one for darwin-x64',
    ],
    [
      'for another architecture',
      { arch: 'arm64' },
      'the package is for linux-x64, wanted one for linux-arm64',
    ],
    [
      'for another C library',
      { arch: 'x64-musl' },
      'the package is for linux-x64, wanted one for linux-x64-musl',
    ],
    [
      'when it is older',
      { installed: standing('1.10.0') },
      'the package brings 1.2.0, wanted a version newer than the installed 1.10.0',
    ],
    [
      'below the floor',
      { floor: '1.3.0' },
      'the package brings 1.2.0, wanted at least 1.3.0, the lowest version accepted here',
    ],
    [
      'when it is another binary of the same version',
      { installed: standing('1.2.0') },
      `the package brings another binary of 1.2.0, which is installed already: wanted SHA-256 ${other}, found ${digestOf('1.2.0').sha256}`,
    ],
    [
      'when it is older, and the installed release has moved the data',
      back({ dataVersion: 4 }),
      '1.2.0 reads data of format 3, the data here has format 4 since 2.0.0',
    ],
    [
      "when it is older, and the installed release can't be rolled back",
      back({ supported: false }),
      "2.0.0 can't be rolled back",
    ],
    [
      'when it is older than the installed release can be rolled back to',
      back({ minVersion: '1.5.0' }),
      '2.0.0 can be rolled back to 1.5.0 or newer, the package brings 1.2.0',
    ],
    [
      "for another app, even by a person's word",
      { app: 'other', allowDowngrade: true },
      'the package is for the app dgmo, wanted one for other',
    ],
  ];
  for (const [when, installation, message] of cases) {
    test(when, () => {
      expect(() => checkPackage(contents, { ...here, ...installation })).toThrow(PolicyError);
      expect(() => checkPackage(contents, { ...here, ...installation })).toThrow(message);
    });
  }
});
