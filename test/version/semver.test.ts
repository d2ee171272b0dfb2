import { describe, expect, test } from 'bun:test';
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
});
