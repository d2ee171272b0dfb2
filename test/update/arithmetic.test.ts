/** The pure parts of a download: ranges, pauses, rates. */
import { describe, expect, test } from 'bun:test';
import { backoff, randomFraction } from '../../lib/update/download/backoff.ts';
import { rangeFault } from '../../lib/update/download/fetch-once.ts';
import { Meter } from '../../lib/update/download/progress.ts';
import { Rate, SpeedLimit } from '../../lib/update/download/speed.ts';
import type { DownloadProgress } from './support.ts';

describe('Content-Range', () => {
  test('the very rest, and a part of it', () => {
    for (const value of ['bytes 10-99/100', 'bytes 10-99/*', 'bytes 10-50/100']) {
      expect(rangeFault(value, 10, 100)).toBeNull();
    }
  });

  test.each([
    undefined,
    '',
    'bytes 9-99/100',
    'bytes 11-99/100',
    'bytes 10-100/101',
    'bytes 10-100/100',
    'bytes 10-9/100',
    'bytes */100',
    'bytes 10-99/99',
    'bytes=10-99/100',
    'bytes 10-99',
    'items 10-99/100',
    'bytes -1-99/100',
    'bytes 10-99/100, bytes 0-1/100',
    'bytes 10-9999999999999999999/100',
  ])('%p is refused', (value) => {
    expect(rangeFault(value, 10, 100)).not.toBeNull();
  });
});

test('pauses double up to a limit, and half of each is chance', () => {
  const limits = { firstPause: 500, longestPause: 30_000 };
  expect([1, 2, 3, 7, 8, 1000].map((failures) => backoff(failures, 0, limits))).toEqual([
    500, 1000, 2000, 30_000, 30_000, 30_000,
  ]);
  expect(backoff(1, 1, limits)).toBe(250);
  expect(randomFraction({ bytes: (count) => new Uint8Array(count).fill(255) })).toBeLessThan(1);
  expect(randomFraction({ bytes: (count) => new Uint8Array(count) })).toBe(0);
});

test('the rate settles on what really comes, and one burst does not move it far', () => {
  const rate = new Rate(0);
  expect(rate.bytesPerSecond).toBeNull();
  for (let now = 250; now <= 20_000; now += 250) rate.add(25_000, now);
  expect(rate.bytesPerSecond).toBeCloseTo(100_000, -1);
  rate.add(250_000, 20_250);
  expect(rate.bytesPerSecond).toBeLessThan(200_000);
});

test('too slow is what stays below the minimum for a whole window', () => {
  const limit = new SpeedLimit({ minimumSpeed: 100, speedWindow: 1000 }, 0);
  expect(limit.allows(1, 999)).toBe(true);
  expect(limit.allows(99, 1000)).toBe(true);
  expect(limit.allows(1, 1999)).toBe(true);
  expect(limit.allows(1, 2000)).toBe(false);
});

test('progress tells rate and time left, not oftener than ten times a second or at each percent', () => {
  let now = 0;
  const seen: DownloadProgress[] = [];
  const clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
  const meter = new Meter(clock, 100_000, (progress) => seen.push(progress));
  for (; now <= 1000; now += 10) meter.report('receiving', now * 10, 100);
  expect(seen.length).toBe(11);
  expect(seen.at(-1)?.rate).toBeCloseTo(10_000, -3);
  expect(seen.at(-1)?.left).toBeCloseTo(9000, -3);
  meter.report('done', 100_000);
  expect(seen.at(-1)?.left).toBe(0);
});

test('what came at once before the server stopped is told to the percent', () => {
  const seen: number[] = [];
  const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
  const meter = new Meter(clock, 100_000, ({ received }) => seen.push(received));
  for (let received = 0; received <= 40_500; received += 100) meter.report('receiving', received, 100);
  expect(seen.at(-1)).toBe(40_000);
  expect(seen.length).toBe(41);
});
