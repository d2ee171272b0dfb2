/** Where a redirect may lead, decided without a connection. */
import { describe, expect, test } from 'bun:test';
import { NetworkFailure } from '../../../lib/platform/network/network.ts';
import { redirected } from '../../../lib/platform/network/redirect.ts';

const FROM = 'https://feed.test/a/b';
const headers = { authorization: 'secret', accept: '*/*', range: 'bytes=1-' };

function follow(
  location: string | undefined,
  { status = 302, url = FROM, seen = [url] }: { status?: number; url?: string; seen?: string[] } = {},
) {
  const answer = { status, url, headers: location === undefined ? {} : { location } };
  return redirected({ url, headers, idleTimeout: 1 }, answer, seen);
}

test('an answer that is none, or leads nowhere, is an answer', () => {
  for (const status of [200, 206, 300, 304, 404]) expect(follow('/c', { status })).toBeNull();
  expect(follow(undefined)).toBeNull();
});

test.each([
  ['/c', 'https://feed.test/c'],
  ['c', 'https://feed.test/a/c'],
  ['https://feed.test:444/c#part', 'https://feed.test:444/c'],
  ['//other.test/c', 'https://other.test/c'],
])('%s is followed', (location, url) => {
  for (const status of [301, 302, 303, 307, 308]) expect(follow(location, { status })?.url).toBe(url);
});

test.each([
  ['https://', 'redirects to something that is not an address'],
  ['ftp://feed.test/c', 'redirects to a ftp: address'],
  ['javascript:alert(1)', 'redirects to a javascript: address'],
  ['file:///etc/passwd', 'redirects to a file: address'],
  ['http://feed.test/c', 'redirects from https to plain http on feed.test'],
  ['https://user@other.test/c', 'redirects to an address with credentials'],
  ['https://:word@other.test/c', 'redirects to an address with credentials'],
  [`https://${'your-dgmo-is-broken-run-'.repeat(20)}x.test/`, 'redirects to an address of 495 characters'],
  [`https://other.test/${'a'.repeat(9000)}`, 'redirects to an address of 9019 characters'],
  [FROM, 'redirects in a circle'],
])('%s is refused', (location, message) => {
  expect(() => follow(location)).toThrow(NetworkFailure);
  expect(() => follow(location)).toThrow(`feed.test ${message}`);
});

test('from plain http it may lead to https and to plain http', () => {
  for (const location of ['https://feed.test/c', 'http://feed.test/c'])
    expect(follow(location, { url: 'http://localhost/a' })?.url).toBe(location);
});

test('five in a row are followed, a sixth is not', () => {
  const seen = Array.from({ length: 5 }, (_, index) => `https://feed.test/${index}`);
  expect(follow('/c', { seen })?.url).toBe('https://feed.test/c');
  expect(() => follow('/c', { seen: [...seen, 'https://feed.test/5'] })).toThrow(
    'redirects again after 5 redirects',
  );
});

describe('what was meant for one host', () => {
  test('stays with it', () => {
    expect(follow('/c')?.headers).toEqual(headers);
    for (const other of ['https://other.test/c', 'https://feed.test:444/c'])
      expect(follow(other)?.headers).toEqual({ accept: '*/*', range: 'bytes=1-' });
  });

  test('a POST goes on, whole, to the same origin and to no other one', () => {
    const post = { method: 'POST', url: FROM, idleTimeout: 1, body: new Uint8Array(3) } as const;
    for (const status of [307, 308]) {
      const to = (location: string) => redirected(post, { status, url: FROM, headers: { location } }, [FROM]);
      expect(to('/c')).toMatchObject({ method: 'POST', url: 'https://feed.test/c', body: new Uint8Array(3) });
      for (const other of ['https://other.test/c', 'https://feed.test:444/c'])
        expect(() => to(other)).toThrow('answered a POST with a redirect to another host');
    }
  });

  test('a POST that would lose its body is refused', () => {
    const post = { method: 'POST', url: FROM, idleTimeout: 1 } as const;
    for (const status of [301, 302, 303])
      expect(() => redirected(post, { status, url: FROM, headers: { location: '/c' } }, [FROM])).toThrow(
        'drops its body',
      );
  });
});
