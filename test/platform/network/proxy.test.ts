/** Which proxy, if any: as the environment says, case by case. */
import { describe, expect, test } from 'bun:test';
import { isExempt, proxyFor } from '../../../lib/platform/network/proxy.ts';

const https = new URL('https://updates.dgmo.example/file');
const http = new URL('http://updates.dgmo.example/file');

describe('the variables', () => {
  test('each scheme has its own', () => {
    const environment = { HTTPS_PROXY: 'http://a:1', HTTP_PROXY: 'http://b:2' };
    expect(proxyFor(https, environment)).toMatchObject({ address: 'a:1' });
    expect(proxyFor(http, environment)).toMatchObject({ address: 'b:2' });
    expect(proxyFor(https, { HTTP_PROXY: 'http://b:2' })).toBeNull();
  });

  test('lower case wins, an empty one counts as none', () => {
    expect(proxyFor(https, { HTTPS_PROXY: 'http://a:1', https_proxy: 'http://b:2' })?.address).toBe('b:2');
    expect(proxyFor(https, { HTTPS_PROXY: 'http://a:1', https_proxy: '' })?.address).toBe('a:1');
    expect(proxyFor(https, { HTTPS_PROXY: '' })).toBeNull();
  });

  test('a scheme and a port may be missing', () => {
    expect(proxyFor(https, { HTTPS_PROXY: 'proxy.corp:3128' })).toMatchObject({
      address: 'proxy.corp:3128',
    });
    expect(proxyFor(https, { HTTPS_PROXY: 'http://proxy.corp' })?.address).toBe('proxy.corp:80');
    expect(proxyFor(https, { HTTPS_PROXY: 'http://[::1]:3128' })?.address).toBe('[::1]:3128');
  });

  test('credentials are decoded, and in no message', () => {
    const found = proxyFor(https, { HTTPS_PROXY: 'http://me:p%40ss@proxy:1' });
    expect(found?.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    for (const scheme of ['https', 'socks5', 'ftp']) {
      expect(() => proxyFor(https, { HTTPS_PROXY: `${scheme}://me:hidden@proxy:1` })).toThrow(/only http/);
      expect(() => proxyFor(https, { HTTPS_PROXY: `${scheme}://me:hidden@proxy:1` })).not.toThrow(/hidden/);
    }
    expect(() => proxyFor(https, { HTTPS_PROXY: 'http://me:hidden@:x' })).not.toThrow(/hidden/);
  });

  test('loopback never goes through one', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
      expect(proxyFor(new URL(`http://${host}:1/`), { HTTP_PROXY: 'http://a:1' })).toBeNull();
    }
  });
});

describe('NO_PROXY', () => {
  const cases: [list: string, url: string, exempt: boolean][] = [
    ['', 'https://a.example', false],
    ['*', 'https://a.example', true],
    ['a.example', 'https://a.example', true],
    ['a.example', 'https://b.a.example', true],
    ['.a.example', 'https://b.a.example', true],
    ['*.a.example', 'https://b.a.example', true],
    ['A.Example', 'https://a.example', true],
    ['a.example', 'https://nota.example', false],
    ['a.example', 'https://a.example.evil', false],
    ['x, a.example', 'https://a.example', true],
    ['x a.example', 'https://a.example', true],
    ['a.example:443', 'https://a.example', true],
    ['a.example:8443', 'https://a.example', false],
    ['a.example:8443', 'https://a.example:8443', true],
    ['a.example:80', 'http://a.example', true],
    ['10.1.2.3', 'https://10.1.2.3', true],
    ['10.1.2.3', 'https://10.1.2.30', false],
    ['10.1.2.3:443', 'https://10.1.2.3', true],
    ['10.1.2.3:444', 'https://10.1.2.3', false],
    ['10.0.0.0/8', 'https://10.1.2.3', true],
    ['10.0.0.0/8', 'https://11.1.2.3', false],
    ['10.0.0.0/99', 'https://10.1.2.3', false],
    ['10.0.0.0/8', 'https://10.example', false],
    ['fd00::1', 'https://[fd00::1]', true],
    ['[fd00::1]', 'https://[fd00::1]', true],
    ['[fd00::1]:443', 'https://[fd00::1]', true],
    ['[fd00::1]:444', 'https://[fd00::1]', false],
    ['fd00::/8', 'https://[fd00::1]', true],
    [',', 'https://a.example', false],
  ];
  for (const [list, url, exempt] of cases) {
    test(`"${list}" ${exempt ? 'exempts' : 'does not exempt'} ${url}`, () => {
      expect(isExempt(new URL(url), list)).toBe(exempt);
    });
  }
});
