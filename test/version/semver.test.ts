import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import compare from 'semver/functions/compare.js';
import valid from 'semver/functions/valid.js';
import { compareVersions, isNewer, isVersion } from '../../lib/version/index.ts';

describe('semantic versions', () => {
  test('stand in the order of SemVer 2.0.0, section 11', () => {
    const ascending = [
      '0.9.9',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.2.9',
      '1.2.10',
      '1.10.0',
      '10.0.0',
    ];
    for (const [i, a] of ascending.entries()) {
      expect(isVersion(a)).toBe(true);
      for (const [j, b] of ascending.entries()) {
        expect(compareVersions(a, b)).toBe(Math.sign(i - j) as -1 | 0 | 1);
        expect(isNewer(a, b)).toBe(i > j);
      }
    }
  });

  const refused = ['', '1', '1.2', '1.2.3.4', 'v1.2.3', '=1.2.3', '1.2.3 ', '01.2.3', '1.2.3-', '1.2.3-01'];
  for (const value of [
    ...refused,
    '1.2.3+build',
    '1.2.3-beta+build',
    'latest',
    '../1.2.3',
    `1.2.3-${'a'.repeat(64)}`,
  ]) {
    test(`${JSON.stringify(value)} is none`, () => {
      expect(isVersion(value)).toBe(false);
    });
  }

  /** Mostly versions, from few numbers and words, so that two have much in common; some that are none. */
  const number = fc.constantFrom('0', '1', '2', '10', '007', '9007199254740991', '9007199254740992');
  const identifier = fc.oneof(
    number,
    fc.constantFrom('alpha', 'beta', 'Beta', '-', '1a', 'a-1', '-1', '', 'é'),
  );
  const prerelease = fc.array(identifier, { maxLength: 3 }).map((parts) => parts.join('.'));
  const candidate = fc
    .tuple(number, number, number, fc.option(prerelease), fc.constantFrom('', '', '', '+b', ' ', '.0'))
    .map(
      ([major, minor, patch, pre, end]) => `${major}.${minor}.${patch}${pre === null ? '' : `-${pre}`}${end}`,
    );

  test('are those of the npm package semver', () => {
    fc.assert(
      fc.property(candidate, (value) => {
        // The package accepts numbers of any length in a pre-release, and rounds them when it compares.
        const tooLarge = value.includes('9007199254740992');
        expect(isVersion(value)).toBe(value.length <= 64 && valid(value) === value && !tooLarge);
      }),
      { numRuns: 5000 },
    );
  });

  test('have the order of the npm package semver', () => {
    const exact = candidate.filter(isVersion);
    fc.assert(
      fc.property(exact, exact, (a, b) => {
        expect(compareVersions(a, b)).toBe(compare(a, b));
      }),
      { numRuns: 5000 },
    );
  });

  test('only: what is none has no place in the order', () => {
    expect(() => compareVersions('1.0.0', 'latest')).toThrow(TypeError);
  });
});
