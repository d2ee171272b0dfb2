import { describe, expect, test } from 'bun:test';
import { bounded, printable, printableText, withoutCredentials } from '../../lib/format/printable.ts';

test('what could move the cursor or turn the text around is spelled out', () => {
  expect(printable('a\u001b[2Jb\u009b2J\n')).toBe('a\\u001b[2Jb\\u009b2J\\u000a');
  expect(printable('dgmo\u202efdp.exe\u200b\u2028')).toBe('dgmo\\u202efdp.exe\\u200b\\u2028');
  expect(printable('\u{e0041}')).toBe('\\u{e0041}');
  expect(printable('Grüße, 世界 👋')).toBe('Grüße, 世界 👋');
});

test('what is long is cut, and says how long it was', () => {
  expect(printable('x'.repeat(100))).toBe('x'.repeat(100));
  expect(printable('x'.repeat(101))).toBe(`${'x'.repeat(100)}... (101 characters)`);
});

test('in a whole output, lines stay lines and JSON stays JSON', () => {
  expect(printableText('a\tb\n\r\u001b[2Jc\n')).toBe('a\tb\n\\u000d\\u001b[2Jc\n');
  const value = { name: 'dgmo\u202efdp.exe\u009b2J\u{e0041}\u007f', lines: 'a\nb' };
  const printed = printableText(JSON.stringify(value));
  expect(printed).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(printed)).toEqual(value);
});

describe('without the passwords of addresses', () => {
  test.each([
    ['https://user:SECRET@feed.invalid/a', 'https://feed.invalid/a'],
    ['found "HTTPS://SECRET@feed.invalid".', 'found "HTTPS://feed.invalid".'],
    ['/home/https:/user:SECRET@feed.invalid/a', '/home/https:/feed.invalid/a'],
    ['C:\\home\\https:\\user:SECRET@feed.invalid', 'C:\\home\\https:\\feed.invalid'],
    ["https://user:SEC'RET@h/ and socks5://user:SECRET@h/", 'https://h/ and socks5://h/'],
    ['https://https://user:SECRET@h/', 'https://https://h/'],
    [JSON.stringify('https://user:SEC"RET\nSECRET\u0007SECRET@h/'), '"https://h/"'],
  ])('%p is %p', (text, shown) => {
    expect(withoutCredentials(text)).toBe(shown);
    expect(withoutCredentials(shown)).toBe(shown);
    expect(printable(text)).not.toContain('SECRET');
    expect(bounded(text)).toBe(shown);
  });

  test.each([
    'https://example.org/@scope/x',
    'https://example.org/?to=a@example.org',
    'https://example.org#@',
    'see https://example.org or ask somebody@example.org',
    '/home/somebody@example.org/node@20',
    'C:\\somebody@example.org\\x',
    'C:/somebody@example.org/x',
    'somebody@example.org: not found',
    'wanted: a@b',
  ])('%p stays as it is', (text) => expect(withoutCredentials(text)).toBe(text));

  test('before it is cut', () => {
    const address = `https://user:${'SECRET'.repeat(60)}@feed.invalid/`;
    for (const text of [address, JSON.stringify(address)]) {
      expect(printable(text)).toBe(text.replace(/user.*@/, ''));
      expect(bounded(text)).toBe(text.replace(/user.*@/, ''));
    }
  });

  test.each(['a', 'ab:', 'ab:/', 'https://', 'https://a', 'a@', '/', '\\"', '\\', ':'])(
    'takes no time for 128 KiB of %p',
    (part) => {
      const begun = performance.now();
      for (const before of ['', 'https://', 'x'.repeat(40)])
        withoutCredentials(before + part.repeat((128 << 10) / part.length));
      expect(performance.now() - begun).toBeLessThan(1000);
    },
  );
});
