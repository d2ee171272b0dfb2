/** The real network against real servers that misbehave. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import { redirected } from '../../../lib/platform/network/redirect.ts';
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

describe('TLS', () => {
  test('1.3 with an authority of our own', async () => {
    const { status, body } = await get(at(secure, 'good/3', 'https'));
    expect(status).toBe(200);
    expect(body.equals(content(3))).toBe(true);
    expect((await get(at(secure, 'good/3', 'https', '127.0.0.1'))).status).toBe(200);
  });

  test('the authority may come from NODE_EXTRA_CA_CERTS', async () => {
    const network = nativeNetwork({ environment: { NODE_EXTRA_CA_CERTS: certificates.authority } });
    const response = await network.request({
      url: at(secure, 'good/1', 'https'),
      idleTimeout: 5000,
    });
    response.close();
    expect(response.status).toBe(200);
  });

  test('1.2 is refused', async () => {
    const old = await start('origin', { ...certificates.good, maxVersion: 'TLSv1.2' });
    const { message, reason, passing, advice } = await failure(get(at(old, 'good/1', 'https')));
    expect(message).toBe(
      `localhost:${old.port} could not agree on TLS 1.3, the oldest version that is accepted`,
    );
    expect([reason, passing]).toEqual(['tls', false]);
    expect(advice).toBeDefined();
  });

  test.each([
    ['expired', /certificate that has expired/],
    ['selfSigned', /self-signed certificate/],
    ['wrongHost', /issued for another host/],
  ] as const)('a certificate that is %s is refused', async (kind, message) => {
    const server = await start('origin', certificates[kind]);
    const error = await failure(get(at(server, 'good/1', 'https')));
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`localhost:${server.port}`);
    expect([error.reason, error.passing]).toEqual(['certificate', false]);
    expect((await server.served()).length).toBe(0);
  });

  test('an unknown authority is refused, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    await withVariables({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, async () => {
      const network = nativeNetwork({ environment: {} });
      const request = { url: at(secure, 'good/1', 'https'), idleTimeout: 5000 };
      expect((await failure(network.request(request))).message).toMatch(/authority that is not trusted/);
    });
  });

  test('a server that speaks no TLS, and a certificate file that is none', async () => {
    const error = await failure(get(at(plain, 'good/1', 'https'), {}, { idleTimeout: 500 }));
    expect(['tls', 'timeout']).toContain(error.reason);
    const empty = path.join(servers.folder, 'empty.pem');
    fs.writeFileSync(empty, 'nothing\n');
    // The user has to act: trying later is of no use.
    await expect(get(at(secure, 'good/1', 'https'), { certificateFile: empty })).rejects.toMatchObject({
      message: expect.stringMatching(/empty.pem: not a PEM certificate/),
      exitCode: 12,
    });
    await expect(
      get(at(secure, 'good/1', 'https'), { certificateFile: `${empty}.not` }),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/empty.pem.not: there is no such file/),
      advice: expect.stringContaining('config explain caFile'),
      exitCode: 12,
    });
  });
});

describe('plain http', () => {
  test('only on loopback, or when allowed', async () => {
    expect((await get(at(plain, 'good/1'))).status).toBe(200);
    expect((await failure(get(`http://${HOST}/x`))).message).toBe(
      `http://${HOST} is not encrypted, https is required`,
    );
    expect((await failure(get(`http://${HOST}.invalid/x`, { allowPlainHttp: true }))).reason).toBe('name');
    expect((await failure(get('ftp://localhost/x'))).reason).toBe('plain-http');
  });
});

describe('connections', () => {
  test('a name that does not exist', async () => {
    const error = await failure(get('https://nothing.invalid/'));
    expect(error.message).toMatch(/^nothing.invalid (has no address|could not be looked up: DNS)/);
    expect(error.passing).toBe(true);
  });

  test('nobody there', async () => {
    const gone = await start('origin');
    await gone.stop();
    expect((await failure(get(at(gone, 'good/1')))).message).toBe(
      `localhost:${gone.port} refused the connection`,
    );
  });

  test('a server that says nothing', async () => {
    const error = await failure(get(at(plain, 'silent/1'), {}, { idleTimeout: 50 }));
    expect(error.message).toBe(`localhost:${plain.port} sent no answer within 0.05 s`);
  });

  test('a server that stops in the middle', async () => {
    const error = await failure(get(at(plain, 'stall/1'), {}, { idleTimeout: 2000 }));
    expect(error.message).toBe(`localhost:${plain.port} sent nothing more within 2 s`);
  });

  test.each(['reset', 'cut'])('a body that ends early (%s)', async (how) => {
    expect((await failure(get(at(plain, `${how}/1`)))).reason).toBe('lost');
  });

  test('what is not HTTP, and headers without end', async () => {
    expect((await failure(get(at(plain, 'junk/1')))).message).toMatch(/not valid HTTP/);
    expect((await failure(get(at(plain, 'endless-header/1')))).message).toMatch(/too many headers/);
  });

  test('a signal ends the wait for the answer, and the body', async () => {
    for (const where of ['silent/2', 'stall/2']) {
      const person = new AbortController();
      const got = get(at(plain, where), {}, { signal: person.signal });
      await served(plain, where);
      person.abort();
      await expect(got).rejects.toThrow('interrupted');
    }
    await expect(get(at(plain, 'good/1'), {}, { signal: AbortSignal.abort() })).rejects.toThrow(
      'interrupted',
    );
  });
});

async function served(server: ServerProcess, where: string): Promise<void> {
  while (!(await server.served()).some(({ url }) => url === `/${where}`));
}

describe('redirects', () => {
  test('are followed', async () => {
    const { body, url } = await get(at(plain, 'moved/4'));
    expect(body.equals(content(4))).toBe(true);
    expect(url).toBe(at(plain, 'good/4'));
  });

  test('not in a circle, not without end, not from https to http', async () => {
    expect((await failure(get(at(plain, 'loop/1')))).message).toMatch(/in a circle/);
    const before = (await plain.served()).length;
    expect((await failure(get(at(plain, 'further/1')))).message).toMatch(/after 5 redirects/);
    expect((await plain.served()).length - before).toBe(6);
    const down = await failure(get(at(secure, 'to-http/1', 'https'), { allowPlainHttp: true }));
    expect(down.message).toBe(`localhost:${secure.port} redirects from https to plain http on feed.test`);
    expect((await failure(get(at(plain, 'to-http/1')))).reason).toBe('plain-http');
  });

  test.each([307, 308])('with %p a POST goes on to the same origin and to no other one', (status) => {
    const asked = { method: 'POST', url: 'https://api.test/check', idleTimeout: 1 } as const;
    const to = (location: string) =>
      redirected(asked, { status, headers: { location }, url: asked.url }, [asked.url]);
    expect(to('/v2/check')).toMatchObject({ method: 'POST', url: 'https://api.test/v2/check' });
    for (const other of ['https://evil.test/check', 'https://api.test:444/check', '//evil.test/check'])
      expect(() => to(other)).toThrow('answered a POST with a redirect to another host');
  });

  test('Authorization stays with the host that it was meant for', async () => {
    const other = await start('origin');
    const headers = { authorization: 'Bearer confidential' };
    await get(at(plain, `to-port/${other.port}`), {}, { headers });
    expect((await other.served())[0]?.authorization).toBeNull();
    await get(at(plain, 'moved/6'), {}, { headers });
    expect((await plain.served()).at(-1)).toMatchObject({
      url: '/good/6',
      authorization: 'Bearer confidential',
    });
  });
});
