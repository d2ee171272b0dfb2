/** The package says what the index says of it: each half of that is looked at. */
import { expect, test } from 'bun:test';
import { DamagedError, TrustError } from '../../../lib/errors.ts';
import { checkMatchesIndex } from '../../../lib/update/download/match-index.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { digestOf, testPackage } from '../../package/fixture.ts';
import { listed } from '../listed.ts';

/** Brings 1.2.0. */
const disk = new SimulatedDisk();
disk.place('/cache/package', testPackage());
disk.place('/cache/nonsense', new Uint8Array(100));
const binary = digestOf('1.2.0');
const check = (version: string, sha256: string, file = 'package') =>
  checkMatchesIndex(disk, `/cache/${file}`, listed(version, { binary: { sha256, size: binary.size } }));

test('a package of the version and the binary in the index', () => {
  check('1.2.0', binary.sha256);
});

test('the same version with another binary, another version with the same binary: not trusted', () => {
  for (const [version, sha256] of [
    ['1.2.0', 'ee'.repeat(32)],
    ['1.3.0', binary.sha256],
  ] as const) {
    expect(() => check(version, sha256)).toThrow(TrustError);
    expect(() => check(version, sha256)).toThrow(`wanted the package of ${version} with SHA-256 ${sha256}`);
  }
});

test('what is no package is damaged', () => {
  expect(() => check('1.2.0', binary.sha256, 'nonsense')).toThrow(DamagedError);
});
