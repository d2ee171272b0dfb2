/** What goes out of the cache, and what never does. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { cachePaths, listCache, planPrune, pruneCache } from '../../../lib/update/index.ts';
import { type Fixture, fixture, host } from '../support.ts';

const name = (digit: string) => digit.repeat(64);
const entry = (digit: string, size: number, modified: number) => ({ sha256: name(digit), size, modified });
const digits = (entries: { sha256: string }[]) => entries.map(({ sha256 }) => sha256[0]).join('');

describe('the plan', () => {
  const entries = [entry('a', 10, 100), entry('b', 20, 200), entry('c', 30, 300)];

  test.each([
    ['nothing while all is young and small', { maxAge: 1000, maxBytes: 60 }, '', ''],
    ['what is old', { maxAge: 750, maxBytes: 60 }, '', 'ab'],
    ['the oldest first, until it fits', { maxAge: 1000, maxBytes: 50 }, '', 'a'],
    ['not what is kept, though it counts', { maxAge: 1000, maxBytes: 50 }, 'a', 'b'],
    ['everything', { maxAge: 0, maxBytes: 0 }, '', 'abc'],
  ])('%s', (_, limits, keep, gone) => {
    expect(digits(planPrune(entries, 1000, limits, new Set([...keep].map(name))))).toBe(gone);
  });

  test('any cache ends within the limits, but for what is kept', () => {
    const some = fc.uniqueArray(
      fc.record({ sha256: fc.constantFrom(...'abcdef'), size: fc.nat(100), modified: fc.nat(2000) }),
      { selector: ({ sha256 }) => sha256 },
    );
    fc.assert(
      fc.property(
        some,
        fc.nat(300),
        fc.nat(1000),
        fc.uniqueArray(fc.constantFrom(...'abcdef')),
        (all, maxBytes, maxAge, keep) => {
          const gone = planPrune(all, 1000, { maxAge, maxBytes }, new Set(keep));
          const rest = all.filter((one) => !gone.includes(one));
          const free = rest.filter(({ sha256 }) => !keep.includes(sha256));
          expect(gone.every(({ sha256 }) => !keep.includes(sha256))).toBe(true);
          expect(free.every(({ modified }) => 1000 - modified <= maxAge)).toBe(true);
          expect(free.length === 0 || rest.reduce((sum, { size }) => sum + size, 0) <= maxBytes).toBe(true);
        },
      ),
    );
  });
});

describe('the folder', () => {
  let cache: Fixture;
  beforeEach(() => {
    cache = fixture();
  });
  afterEach(() => cache.remove());
  const write = (file: string) => fs.writeFileSync(path.join(cache.folder, file), 'xxxx');
  const all = { maxAge: -1, maxBytes: 0 };
  const tools = () => ({ ...host, cacheFolder: cache.folder, limits: all });

  test('files, partials and records go together; what is not ours stays', () => {
    for (const file of [name('a'), `${name('b')}.partial`, `${name('b')}.json`, 'notes.txt', `${name('A')}`])
      write(file);
    fs.mkdirSync(path.join(cache.folder, name('c')));
    expect(listCache(host.disk, cache.folder).map(({ size }) => size)).toEqual(
      expect.arrayContaining([4, 8]),
    );
    expect(digits(pruneCache(tools())).split('').sort().join('')).toBe('ab');
    expect(cache.cached().sort()).toEqual(['notes.txt', name('A'), name('c')].sort());
    expect(pruneCache(tools())).toEqual([]);
  });

  test('what is being downloaded stays', () => {
    write(`${name('a')}.partial`);
    write(name('b'));
    const lock = host.locks.acquire(cachePaths(cache.folder, name('a')).lock);
    expect(digits(pruneCache(tools()))).toBe('b');
    lock?.release();
    expect(digits(pruneCache(tools()))).toBe('a');
  });

  test('no folder is an empty cache', () => {
    expect(listCache(host.disk, path.join(cache.folder, 'nowhere'))).toEqual([]);
  });
});
