import { describe, expect, test } from 'bun:test';
import { matchesEtag, spanOf } from '../../release/server/range.ts';

const ETAG = '"one"';

describe('a range of 100 bytes (RFC 9110, section 14):', () => {
  const part = (first: number, last: number) => ({ kind: 'part' as const, first, last });
  const cases: [range: string | null, wanted: ReturnType<typeof spanOf>][] = [
    [null, { kind: 'whole' }],
    ['bytes=0-0', part(0, 0)],
    ['bytes=10-19', part(10, 19)],
    ['bytes=10-', part(10, 99)],
    ['bytes=-10', part(90, 99)],
    ['bytes=-1000', part(0, 99)],
    ['bytes=90-1000', part(90, 99)],
    ['bytes=99-', part(99, 99)],
    ['bytes=100-', { kind: 'outside' }],
    ['bytes=-0', { kind: 'outside' }],
    // What is no range is not looked at.
    ['bytes=20-10', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['bytes=a-b', { kind: 'whole' }],
    ['bytes=0-1,5-6', { kind: 'whole' }],
    ['lines=0-1', { kind: 'whole' }],
    ['bytes=0-99999999999999999999', { kind: 'whole' }],
  ];
  for (const [range, wanted] of cases) {
    test(String(range), () => expect(spanOf(range, null, ETAG, 100)).toEqual(wanted));
  }

  test('only of the content that If-Range names', () => {
    expect(spanOf('bytes=1-2', ETAG, ETAG, 100)).toEqual(part(1, 2));
    expect(spanOf('bytes=1-2', '"two"', ETAG, 100)).toEqual({ kind: 'whole' });
    expect(spanOf('bytes=1-2', 'Wed, 25 Nov 2026 04:00:00 GMT', ETAG, 100)).toEqual({ kind: 'whole' });
    expect(spanOf('bytes=1-2', 'W/"one"', 'W/"one"', 100)).toEqual({ kind: 'whole' });
  });

  test('of an empty file there is none', () => {
    expect(spanOf('bytes=0-', null, ETAG, 0)).toEqual({ kind: 'outside' });
  });
});

test('If-None-Match compares weakly, one of several, or any', () => {
  expect(matchesEtag(null, ETAG)).toBe(false);
  expect(matchesEtag('"two"', ETAG)).toBe(false);
  expect(matchesEtag('"two", W/"one"', ETAG)).toBe(true);
  expect(matchesEtag('*', ETAG)).toBe(true);
});
