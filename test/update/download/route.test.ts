/** The cheapest way to a release. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { MAX_CHAIN, planDownload } from '../../../lib/update/download/route.ts';
import type { ListedPackage, ListedRelease } from '../../../lib/version/index.ts';
import { binaryOf, full, listed, patch } from '../listed.ts';

const nothing = () => 0;

function ways(
  from: string,
  to: ListedRelease,
  releases: ListedRelease[],
  cached: (file: ListedPackage) => number = nothing,
) {
  return planDownload({ from: binaryOf(from), to, releases, cached }).map(
    ({ kind, packages, bytes, remaining }) => ({
      kind,
      paths: packages.map(({ path }) => path),
      bytes,
      remaining,
    }),
  );
}

const two = listed('2.0.0', { packages: [full('2.0.0', 1000), patch('1.0.0', '2.0.0', 100)] });
const three = listed('3.0.0', {
  packages: [full('3.0.0', 1000), patch('2.0.0', '3.0.0', 100), patch('1.0.0', '3.0.0', 300)],
});

describe('the cheapest way', () => {
  test('is a patch, a chain or the full binary, by their bytes; the full binary is the other one', () => {
    expect(ways('2.0.0', three, [three, two])).toEqual([
      { kind: 'patch', paths: ['3.0.0/from-2.0.0'], bytes: 100, remaining: 100 },
      { kind: 'full', paths: ['3.0.0/full'], bytes: 1000, remaining: 1000 },
    ]);
    expect(ways('1.0.0', three, [three, two])[0]).toEqual({
      kind: 'chain',
      paths: ['2.0.0/from-1.0.0', '3.0.0/from-2.0.0'],
      bytes: 200,
      remaining: 200,
    });
    expect(ways('0.9.0', three, [three, two]).map(({ kind }) => kind)).toEqual(['full']);
  });

  test('counts what is still to be fetched', () => {
    const cached = ({ path }: ListedPackage) => (path === '3.0.0/full' ? 950 : 0);
    expect(ways('1.0.0', three, [three, two], cached)[0]).toMatchObject({ kind: 'full', remaining: 50 });
    const direct = ({ path }: ListedPackage) => (path === '3.0.0/from-1.0.0' ? 300 : 0);
    expect(ways('1.0.0', three, [three, two], direct)[0]).toMatchObject({ kind: 'patch', remaining: 0 });
  });

  test('is none where the feed has no package for us', () => {
    expect(ways('0.9.0', listed('3.0.0', { packages: [] }), [two])).toEqual([]);
  });

  test('does not end with the package of another version that has the same bytes', () => {
    const again = listed('3.1.0', { binary: three.binary, packages: [patch('1.0.0', '3.1.0', 10)] });
    expect(ways('1.0.0', three, [again, three, two])[0]).toMatchObject({
      paths: ['2.0.0/from-1.0.0', '3.0.0/from-2.0.0'],
    });
    expect(ways('1.0.0', again, [again, three, two])[0]).toMatchObject({ paths: ['3.1.0/from-1.0.0'] });
  });

  test('takes the direct patch where the chain costs as much', () => {
    const same = listed('3.0.0', { packages: [patch('2.0.0', '3.0.0', 100), patch('1.0.0', '3.0.0', 200)] });
    expect(ways('1.0.0', same, [same, two])[0]).toMatchObject({ paths: ['3.0.0/from-1.0.0'] });
  });

  test('has no more patches than the limit, though more would be cheaper', () => {
    const count = MAX_CHAIN + 1;
    const steps = Array.from({ length: count }, (_, index) =>
      listed(`1.${index + 1}.0`, { packages: [patch(`1.${index}.0`, `1.${index + 1}.0`, 1)] }),
    );
    const last = steps.at(-1) as ListedRelease;
    expect(ways('1.1.0', last, steps)[0]?.paths).toHaveLength(MAX_CHAIN);
    expect(ways('1.0.0', last, steps)).toEqual([]);
    const detour = listed(last.version, { packages: [...last.packages, patch('1.0.0', last.version, 50)] });
    expect(ways('1.0.0', detour, [...steps.slice(0, -1), detour])[0]).toMatchObject({
      kind: 'patch',
      bytes: 50,
    });
  });
});

test('the same as trying every way', () => {
  const node = fc.nat(5);
  const edges = fc.array(fc.record({ from: node, to: node, length: fc.integer({ min: 1, max: 50 }) }), {
    maxLength: 14,
  });
  fc.assert(
    fc.property(edges, fc.option(fc.integer({ min: 1, max: 120 })), node, node, (list, whole, start, end) => {
      fc.pre(start !== end);
      const version = (index: number) => `1.${index}.0`;
      const releases = Array.from({ length: 6 }, (_, index) =>
        listed(version(index), {
          packages: [
            ...list
              .filter(({ from, to }) => to === index && from !== index)
              .map(({ from, length }) => patch(version(from), version(index), length)),
            ...(index === end && whole !== null ? [full(version(index), whole)] : []),
          ],
        }),
      );
      const all = [whole ?? Number.POSITIVE_INFINITY];
      const walk = (at: number, cost: number, seen: number[]): void => {
        if (at === end) return void all.push(cost);
        for (const { from, to, length } of list) {
          if (from === at && to !== at && !seen.includes(to)) walk(to, cost + length, [...seen, to]);
        }
      };
      walk(start, 0, [start]);
      const best = Math.min(...all);
      const found = planDownload({
        from: binaryOf(version(start)),
        to: releases[end] as ListedRelease,
        releases,
        cached: nothing,
      });
      expect(found[0]?.bytes ?? Number.POSITIVE_INFINITY).toBe(best);
      // And it leads there.
      for (const { kind, packages } of found) {
        if (kind === 'full') continue;
        let at = binaryOf(version(start));
        for (const file of packages) {
          expect(file.kind === 'patch' && file.fromChecksum).toBe(at);
          at = releases.find((release) => release.packages.includes(file))?.binary.sha256 ?? '';
        }
        expect(at).toBe(binaryOf(version(end)));
      }
    }),
    { numRuns: 1000 },
  );
});
