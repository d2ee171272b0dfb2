/** What the address of a feed may be; wherever it is given the same holds. */
import { describe, expect, test } from 'bun:test';
import { DamagedError } from '../../lib/errors.ts';
import { feedAddress, feedAddressFault } from '../../lib/version/feed-address.ts';

describe('the address of a feed', () => {
  test.each([
    'https://feed.example.org/',
    'https://feed.example.org',
    'https://feed.example.org:8443/dgmo',
    'https://feed.example.org/dgmo/',
    'http://localhost:8080/',
    'http://127.0.0.1:8080',
    'http://127.0.0.2:8080/dgmo/',
    'http://[::1]:8080/',
  ])('may be %s', (address) => {
    expect(feedAddress(address, 'feed')).toBe(address);
  });

  test.each([
    ['http://feed.example.org/', 'an https address, or http on loopback', 'http://feed.example.org/'],
    ['feed.example.org', 'an https address, or http on loopback', 'feed.example.org'],
    ['', 'an https address, or http on loopback', ''],
    ['ftp://feed.example.org/', 'an https address, or http on loopback', 'ftp://feed.example.org/'],
    ['file:///srv/feed/', 'an https address, or http on loopback', 'file:///srv/feed/'],
    [
      'https://user:secret@feed.example.org/',
      'an address without user name and password',
      'https://feed.example.org/',
    ],
    [
      'https://token@feed.example.org/',
      'an address without user name and password',
      'https://feed.example.org/',
    ],
    [
      'https://feed.example.org/?token=secret',
      'an address without a query and a fragment',
      'https://feed.example.org/',
    ],
    [
      'https://feed.example.org/dgmo?',
      'an address without a query and a fragment',
      'https://feed.example.org/dgmo',
    ],
    [
      'https://feed.example.org/#secret',
      'an address without a query and a fragment',
      'https://feed.example.org/',
    ],
    [
      'https://feed.example.org:443/',
      'the canonical form https://feed.example.org/',
      'https://feed.example.org:443/',
    ],
    [
      'https://feed.example.org/a/../b',
      'the canonical form https://feed.example.org/b',
      'https://feed.example.org/a/../b',
    ],
  ])('is not %p, and neither password nor token is told', (address, wanted, found) => {
    const decode = () => feedAddress(address, 'feed');
    expect(decode).toThrow(DamagedError);
    expect(decode).toThrow(new DamagedError(`feed: wanted ${wanted}, found ${JSON.stringify(found)}`));
  });

  test('may be plain http for whoever allows that, and nothing more', () => {
    expect(feedAddressFault('http://feed.example.org/', true)).toBeNull();
    expect(feedAddressFault('http://user:secret@feed.example.org/', true)).toMatch(/without user name/);
    expect(feedAddressFault('ftp://feed.example.org/', true)).toBe('an https or http address');
  });

  test('may not be longer than an address is', () => {
    expect(feedAddressFault(`https://feed.example.org/${'x'.repeat(2048)}`)).toMatch(
      /at most 2048 characters/,
    );
  });
});
