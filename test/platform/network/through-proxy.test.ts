/** The real network through proxies, honest ones and others. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import type { NetworkSettings } from '../../../lib/platform/network/network.ts';
import { refuseWebPage } from '../../../lib/platform/network/web-page.ts';
import { type Certificates, HOST } from '../../support/servers/certificates.ts';
import { content } from '../../support/servers/content.ts';
import type { ServerProcess } from '../../support/servers/start.ts';
import { at, failure, openServers, type Servers, withVariables } from './support.ts';

let servers: Servers;
let certificates: Certificates;
let plain: ServerProcess;
let secure: ServerProcess;
const start: Servers['start'] = (...args) => servers.start(...args);
const get: Servers['get'] = (...args) => servers.get(...args);

beforeAll(async () => {
  servers = await openServers();
  ({ certificates, plain, secure } = servers);
});

afterAll(() => servers?.[Symbol.asyncDispose]());

const through = (proxy: ServerProcess, credentials = ''): Partial<NetworkSettings> => {
  const address = `http://${credentials}127.0.0.1:${proxy.port}`;
  return { environment: { HTTPS_PROXY: address, HTTP_PROXY: address }, allowPlainHttp: true };
};

test('a tunnel for https, TLS 1.3 inside of it', async () => {
  const proxy = await start('proxy');
  const { body } = await get(at(secure, 'good/5', 'https', HOST), through(proxy));
  expect(body.equals(content(5))).toBe(true);
  expect(await proxy.served()).toMatchObject([{ url: `${HOST}:${secure.port}` }]);
  const old = await start('origin', { ...certificates.good, maxVersion: 'TLSv1.2' });
  expect((await failure(get(at(old, 'good/1', 'https', HOST), through(proxy)))).reason).toBe('tls');
  const wrong = await start('origin', certificates.wrongHost);
  const error = await failure(get(at(wrong, 'good/1', 'https', HOST), through(proxy)));
  expect(error.message).toMatch(/issued for another host/);
});

test('the whole address for http', async () => {
  const proxy = await start('proxy');
  const url = at(plain, 'good/5', 'http', HOST);
  expect((await get(url, through(proxy))).body.equals(content(5))).toBe(true);
  expect(await proxy.served()).toMatchObject([{ url }]);
});

test('NO_PROXY goes around it', async () => {
  const proxy = await start('proxy');
  const settings = {
    ...through(proxy),
    environment: { ...through(proxy).environment, NO_PROXY: '.invalid' },
  };
  expect((await failure(get('https://nothing.invalid/', settings))).reason).toBe('name');
  expect(await proxy.served()).toEqual([]);
});

test('the environment of the process decides nothing', async () => {
  const proxy = await start('proxy');
  const address = `http://127.0.0.1:${proxy.port}`;
  const url = at(secure, 'good/5', 'https', HOST);
  await withVariables({ HTTP_PROXY: address, HTTPS_PROXY: address, ALL_PROXY: address }, async () => {
    expect((await get(at(plain, 'good/1'))).status).toBe(200);
    expect((await get(at(secure, 'good/1', 'https'))).status).toBe(200);
    expect((await failure(get(url))).reason).toBe('name');
  });
  expect(await proxy.served()).toEqual([]);
  await withVariables({ NO_PROXY: '*' }, async () => {
    expect((await get(url, through(proxy))).status).toBe(200);
  });
});

test('credentials are sent to the proxy alone, and never said', async () => {
  const proxy = await start('proxy', { mode: 'auth' });
  const url = at(secure, 'good/5', 'https', HOST);
  const refused = await failure(get(url, through(proxy)));
  expect(refused.message).toBe(`the proxy 127.0.0.1:${proxy.port} requires a user name and a password (407)`);
  const wrong = await failure(get(url, through(proxy, 'user:hidden@')));
  expect(`${wrong.message} ${wrong.advice} ${wrong.stack}`).not.toContain('hidden');
  expect((await get(url, through(proxy, 'user:secret@'))).status).toBe(200);
  expect((await get(at(plain, 'good/5', 'http', HOST), through(proxy, 'user:secret@'))).status).toBe(200);
});

// Of a tunnel that came to nothing, fetch does not tell at which end.
test.each([
  ['refuse', 'proxy', /the proxy 127.0.0.1:\d+ refused to connect to feed.test:\d+ \(403\)/],
  ['html', 'tls', /feed.test:\d+ \(through the proxy 127.0.0.1:\d+\) could not agree on TLS 1.3/],
  ['junk', 'lost', /feed.test:\d+ \(through the proxy 127.0.0.1:\d+\) closed the connection/],
] as const)('one that answers %s', async (mode, reason, message) => {
  const proxy = await start('proxy', { mode });
  const error = await failure(get(at(secure, 'good/1', 'https', HOST), through(proxy)));
  expect(error.message).toMatch(message);
  expect(error.reason).toBe(reason);
});

test('one that stalls', async () => {
  const proxy = await start('proxy', { mode: 'stall' });
  const error = await failure(get(at(secure, 'x', 'https', HOST), through(proxy), { idleTimeout: 100 }));
  expect(error.reason).toBe('timeout');
  const person = new AbortController();
  const got = get(`https://${HOST}:1/`, through(proxy), { signal: person.signal });
  while (!(await proxy.served()).some(({ url }) => url === `${HOST}:1`));
  person.abort();
  await expect(got).rejects.toThrow('interrupted');
});

test('one that says HTML with 200 where a file is wanted', async () => {
  const proxy = await start('proxy', { mode: 'html' });
  const network = nativeNetwork({ ...through(proxy), environment: through(proxy).environment ?? {} });
  const response = await network.request({
    url: at(plain, 'good/1', 'http', HOST),
    idleTimeout: 5000,
  });
  response.close();
  expect(() => refuseWebPage(response)).toThrow(
    `a web page came instead of the file from ${HOST}:${plain.port}`,
  );
});
