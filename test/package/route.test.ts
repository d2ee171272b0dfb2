import { describe, expect, test } from 'bun:test';
import { DamagedError, PolicyError } from '../../lib/errors.ts';
import { isInstalled, type PayloadDraft, planRoute, readPackage } from '../../lib/package/index.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { testRoot } from '../trust/keys.ts';
import { digestOf, fullPayload, installed, patchPayload, type TestVersion, testPackage } from './fixture.ts';

const contents = (payloads: PayloadDraft[]) =>
  readPackage(memorySource(testPackage({ payloads })), testRoot());

/** Routes as text: payload numbers joined by arrows, and bytes. */
function routes(payloads: PayloadDraft[], from: TestVersion): string[] {
  return planRoute(contents(payloads), installed(from)).map(
    ({ kind, steps, bytes }) => `${kind} ${steps.map(({ index }) => index).join('>')}: ${bytes}`,
  );
}

describe('the routes of a package', () => {
  const direct = patchPayload('1.1.0', '1.2.0', 20);
  const first = patchPayload('1.0.0', '1.1.0', 30);
  const leap = patchPayload('1.0.0', '1.2.0', 60);
  const full = fullPayload(40);

  test('one patch', () => {
    expect(routes([direct], '1.1.0')).toEqual(['patch 0: 20']);
  });

  test('the patch, then the full binary', () => {
    expect(routes([full, direct], '1.1.0')).toEqual(['patch 1: 20', 'full 0: 40']);
  });

  test('a chain', () => {
    expect(routes([direct, first], '1.0.0')).toEqual(['patch 1>0: 50']);
  });

  test('fewest bytes first, whatever they are', () => {
    expect(routes([full, direct, first, leap], '1.0.0')).toEqual([
      'full 0: 40',
      'patch 2>1: 50',
      'patch 3: 60',
    ]);
    expect(routes([fullPayload(100), direct, first, leap], '1.0.0')).toEqual([
      'patch 2>1: 50',
      'patch 3: 60',
      'full 0: 100',
    ]);
  });

  test('fewest steps first where the bytes are equal', () => {
    expect(routes([first, direct, patchPayload('1.0.0', '1.2.0', 50)], '1.0.0')).toEqual([
      'patch 2: 50',
      'patch 0>1: 50',
    ]);
  });

  test('no chain goes in circles', () => {
    const back = patchPayload('1.1.0', '1.0.0', 10);
    expect(routes([first, back, direct], '1.0.0')).toEqual(['patch 0>2: 50']);
    expect(routes([first, back, direct], '1.1.0')).toEqual(['patch 2: 20']);
  });

  test('only the full binary leads on from a binary that no patch knows', () => {
    const stranger = { version: '0.9.0', sha256: 'ee'.repeat(32), size: 5 };
    expect(planRoute(contents([direct, full]), stranger).map(({ kind }) => kind)).toEqual(['full']);
  });

  test('none: made for another version', () => {
    const stranger = { version: '0.9.0', sha256: 'ee'.repeat(32), size: 5 };
    expect(() => planRoute(contents([direct, leap]), stranger)).toThrow(PolicyError);
    expect(() => planRoute(contents([direct, leap]), stranger)).toThrow(
      'the package brings 1.2.0 to an installation of 1.1.0 or 1.0.0, found 0.9.0 installed',
    );
    expect(() => planRoute(contents([direct]), installed('1.0.0'))).toThrow(PolicyError);
  });

  test('none: the installed binary was changed by hand', () => {
    const changed = { version: '1.1.0', sha256: 'ee'.repeat(32), size: 5 };
    expect(() => planRoute(contents([direct]), changed)).toThrow(DamagedError);
    expect(() => planRoute(contents([direct]), changed)).toThrow(
      `the installed 1.1.0 is not the released one: the package wanted a binary with SHA-256 ${digestOf('1.1.0').sha256} to start from, found ${'ee'.repeat(32)}`,
    );
  });

  test('nothing to do where the binary stands already', () => {
    expect(isInstalled(contents([direct]), installed('1.2.0'))).toBe(true);
    expect(isInstalled(contents([direct]), installed('1.1.0'))).toBe(false);
  });
});
