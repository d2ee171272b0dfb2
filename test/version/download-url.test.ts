import { describe, expect, test } from 'bun:test';
import { DamagedError } from '../../lib/errors.ts';
import { downloadUrl } from '../../lib/version/download-url.ts';

describe('a download address', () => {
  const accepted = [
    'https://example.org/dgmo/1.2.0/dgmo-linux-x64',
    'https://example.org:8443/x?y=z',
    'http://localhost:8080/x',
    'http://127.0.0.1:1/x',
    'http://[::1]:8080/x',
    'dgmo-1.2.0-linux-x64',
    '1.2.0/dgmo-win32-x64.exe',
  ];
  for (const value of accepted) {
    test(`may be ${value}`, () => {
      expect(downloadUrl(value, 'url')).toBe(value);
    });
  }

  const refused = [
    '',
    '/etc/passwd',
    '../up',
    'a/../b',
    'a/./b',
    'a//b',
    'a/',
    'a\\b',
    'a b',
    '.hidden',
    'http://example.org/x',
    'http://localhost.example.org/x',
    'http://128.0.0.1/x',
    'ftp://example.org/x',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://user@example.org/x',
    'https://user:secret@example.org/x',
    'https://example.org/x#fragment',
    'https:/example.org/x',
    'https:\\\\example.org\\x',
    ' https://example.org/x',
    'https://EXAMPLE.org/x',
    'https://example.org/a/../b',
    `https://example.org/${'x'.repeat(2048)}`,
  ];
  for (const value of refused) {
    test(`is not ${JSON.stringify(value.slice(0, 40))}`, () => {
      expect(() => downloadUrl(value, 'url')).toThrow(DamagedError);
    });
  }
});
