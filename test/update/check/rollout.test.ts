/** Staged rollout: who is offered a release. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { bucketOf, isRolledOut } from '../../../lib/update/check/rollout.ts';

const installId = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const version = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)).map((parts) => parts.join('.'));

describe('the bucket', () => {
  test('is what every updater ever made reckons: it may never change', () => {
    const id = '00112233445566778899aabbccddeeff';
    const hex = new Bun.CryptoHasher('sha256').update(`${id}:2.0.0`).digest('hex').slice(0, 8);
    expect(bucketOf(id, '2.0.0')).toBe((Number.parseInt(hex, 16) / 4_294_967_296) * 100);
    expect(bucketOf(id, '2.0.0').toFixed(4)).toBe('25.5694');
  });

  test('is from 0 to 100, without 100', () => {
    fc.assert(
      fc.property(installId, version, (id, number) => {
        const bucket = bucketOf(id, number);
        return bucket >= 0 && bucket < 100;
      }),
    );
  });

  test('raising the percentage only adds', () => {
    fc.assert(
      fc.property(installId, version, fc.nat(100), fc.nat(100), (id, number, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        return !isRolledOut(id, number, low) || isRolledOut(id, number, high);
      }),
    );
  });

  test('0 is nobody, 100 is everybody', () => {
    fc.assert(
      fc.property(installId, version, (id, number) => {
        return !isRolledOut(id, number, 0) && isRolledOut(id, number, 100);
      }),
    );
  });

  test('as many installs as the percentage says, and others for another version', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `install-${index}`);
    const offered = (number: string, percent: number) => ids.filter((id) => isRolledOut(id, number, percent));
    for (const percent of [1, 10, 50, 90]) {
      const share = (offered('2.0.0', percent).length / ids.length) * 100;
      // Four standard deviations.
      const bound = 4 * Math.sqrt((percent * (100 - percent)) / ids.length);
      expect(Math.abs(share - percent)).toBeLessThan(bound);
    }
    const first = new Set(offered('2.0.0', 10));
    const both = offered('2.0.1', 10).filter((id) => first.has(id)).length;
    expect(both / ids.length).toBeGreaterThan(0.005);
    expect(both / ids.length).toBeLessThan(0.015);
  });
});
