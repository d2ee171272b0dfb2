/** What of an address is shown, and which hosts are this machine. */
import { describe, expect, test } from 'bun:test';
import { isLoopback, shownAddress } from '../../lib/format/web-address.ts';
import { dice } from '../snapshot/workshop.ts';

describe('an address in a message', () => {
  test.each([
    ['https://example.org/dgmo/', 'https://example.org/dgmo/'],
    ['https://example.org', 'https://example.org'],
    ['https://example.org/@scope/x', 'https://example.org/@scope/x'],
    ['https://user:secret@example.org:8443/x', 'https://example.org:8443/x'],
    ['https://secret@example.org/x', 'https://example.org/x'],
    ['https://example.org/x?token=secret#secret', 'https://example.org/x'],
    ['https://user:secret@example.org', 'https://example.org'],
    ['https:user:secret@example.org/x', 'https:example.org/x'],
    [' https://user:secret@example.org/x', 'https://example.org/x'],
    ['ht\ttps://user:secret@example.org/x', 'https://example.org/x'],
    ['user:secret@example.org/x', 'example.org/x'],
    ['https://user:sec/ret@example.org/x', 'https://example.org/x'],
    ['https://user:sec?ret@example.org/x', 'https://example.org/x'],
    [`https://example.org/${'0'.repeat(200)}/x.json`, `https://example.org/${'0'.repeat(200)}/x.json`],
    ['ftp://x', 'ftp://x'],
    ['feed.example.org', 'feed.example.org'],
    ['not an address', 'not an address'],
    ['', ''],
  ])('%p is shown as %p', (address, shown) => {
    expect(shownAddress(address)).toBe(shown);
  });

  const seed = Number(process.env.DGMO_SEED ?? Date.now() % 1_000_000);
  test(`never with a password, whatever that is made of (DGMO_SEED=${seed})`, () => {
    const next = dice(seed);
    const pick = (from: readonly string[]) => from[next(from.length)] ?? '';
    const text = () => Array.from({ length: next(6) }, () => pick([...'abz09@:/?#[]\\%! \t\n&=.~'])).join('');
    let hidden = 0;
    for (let round = 0; round < 5000; round++) {
      const scheme = pick(['https://', 'http:/', 'https:', '', 's3://']);
      const address = `${scheme}user:${text()}SECRET${text()}@example.org/x`;
      // What the parser takes for a host, a path or a query can't be told from one.
      if (/^https?:/.test(address) && URL.canParse(address) && !new URL(address).password.includes('SECRET'))
        continue;
      expect([address, shownAddress(address)]).toEqual([address, expect.not.stringContaining('SECRET')]);
      hidden++;
    }
    expect(hidden).toBeGreaterThan(1000);
  });
});

test.each(['localhost', 'localhost.', '127.0.0.1', '127.1.2.3', '[::1]'])('%s is this machine', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each([
  '',
  'example.org',
  'localhost.evil.test',
  'evil-localhost',
  'evil.localhost',
  '127.0.0.1.evil.test',
  'evil.127.0.0.1',
  'x127.0.0.1',
  '127x0x0x1',
  '127.0.0.evil',
  '[::1].evil.test',
  '[::2]',
  '128.0.0.1',
])('%p is not', (host) => {
  expect(isLoopback(host)).toBe(false);
});
