/** The real network against real servers that misbehave. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { NetworkError } from '../../../lib/errors.ts';
import { refuseWebPage } from '../../../lib/platform/network/failures.ts';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import type {
  NetworkFailure,
  NetworkRequest,
  NetworkSettings,
} from '../../../lib/platform/network/network.ts';
import { type Certificates, HOST, makeCertificates } from '../../support/servers/certificates.ts';
import { content } from '../../support/servers/content.ts';
import { type ServerProcess, startServer } from '../../support/servers/start.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-network-'));
let certificates: Certificates;
let plain: ServerProcess;
let secure: ServerProcess;
const started: ServerProcess[] = [];

beforeAll(async () => {
  certificates = makeCertificates(folder);
  [plain, secure] = await Promise.all([start('origin'), start('origin', certificates.good)]);
});

afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  fs.rmSync(folder, { recursive: true, force: true });
});

async function start(...args: Parameters<typeof startServer>): Promise<ServerProcess> {
  const server = await startServer(...args);
  started.push(server);
  return server;
}

interface Got {
  status: number;
  url: string;
  body: Buffer;
}

async function get(
  url: string,
  settings: Partial<NetworkSettings> = {},
  more: Partial<NetworkRequest> = {},
): Promise<Got> {
  const network = nativeNetwork({ environment: {}, certificateFile: certificates.authority, ...settings });
  const response = await network.request({ url, connectTimeout: 5000, idleTimeout: 5000, ...more });
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return { status: response.status, url: response.url, body: Buffer.concat(chunks) };
}

async function failure(promise: Promise<unknown>): Promise<NetworkFailure> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(NetworkError);
  return error as NetworkFailure;
}

const at = (server: ServerProcess, where: string, scheme = 'http', host = 'localhost') =>
  `${scheme}://${host}:${server.port}/${where}`;

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
      connectTimeout: 5000,
      idleTimeout: 5000,
    });
    response.close();
    expect(response.status).toBe(200);
  });

  test('1.2 is refused', async () => {
    const old = await start('origin', { ...certificates.good, maxVersion: 'TLSv1.2' });
    const { message, reason, passing, advice } = await failure(get(at(old, 'good/1', 'https')));
    expect(message).toBe(`localhost:${old.port} does not speak TLS 1.3, which is the least that is accepted`);
    expect([reason, passing]).toEqual(['tls', false]);
    expect(advice).toBeDefined();
  });

  test.each([
    ['expired', /certificate that has expired/],
    ['selfSigned', /self-signed certificate/],
    ['wrongHost', /made for another host/],
  ] as const)('a certificate that is %s is refused', async (kind, message) => {
    const server = await start('origin', certificates[kind]);
    const error = await failure(get(at(server, 'good/1', 'https')));
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`localhost:${server.port}`);
    expect([error.reason, error.passing]).toEqual(['certificate', false]);
    expect((await server.served()).length).toBe(0);
  });

  test('an unknown authority is refused, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const network = nativeNetwork({ environment: {} });
      const request = { url: at(secure, 'good/1', 'https'), connectTimeout: 5000, idleTimeout: 5000 };
      expect((await failure(network.request(request))).message).toMatch(/authority that is not trusted/);
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  test('a server that speaks no TLS, and a certificate file that is none', async () => {
    const error = await failure(get(at(plain, 'good/1', 'https'), {}, { connectTimeout: 500 }));
    expect(['tls', 'timeout']).toContain(error.reason);
    const empty = path.join(folder, 'empty.pem');
    fs.writeFileSync(empty, 'nothing\n');
    expect((await failure(get(at(secure, 'good/1', 'https'), { certificateFile: empty }))).message).toContain(
      empty,
    );
    const missing = get(at(secure, 'good/1', 'https'), { certificateFile: `${empty}.not` });
    expect(missing).rejects.toThrow(/empty.pem.not: there is no such file/);
  });
});

describe('plain http', () => {
  test('only on loopback, or when allowed', async () => {
    expect((await get(at(plain, 'good/1'))).status).toBe(200);
    expect((await failure(get(`http://${HOST}/x`))).message).toBe(
      `http://${HOST} is not encrypted, https is wanted`,
    );
    expect((await failure(get(`http://${HOST}.invalid/x`, { allowPlainHttp: true }))).reason).toBe('name');
    expect((await failure(get('ftp://localhost/x'))).reason).toBe('plain-http');
  });
});

describe('connections', () => {
  test('a name that does not exist', async () => {
    const error = await failure(get('https://nothing.invalid/'));
    expect(error.message).toMatch(/^nothing.invalid has no address/);
    expect(error.passing).toBe(true);
  });

  test('nobody there', async () => {
    const gone = await startServer('origin');
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
    const error = await failure(get(at(plain, 'stall/1'), {}, { idleTimeout: 100 }));
    expect(error.message).toBe(`localhost:${plain.port} sent nothing more within 0.1 s`);
  });

  test.each(['reset', 'cut'])('a body that ends early (%s)', async (how) => {
    expect((await failure(get(at(plain, `${how}/1`)))).reason).toBe('lost');
  });

  test('what is not HTTP, and headers without end', async () => {
    expect((await failure(get(at(plain, 'junk/1')))).message).toMatch(/sent what is not HTTP/);
    expect((await failure(get(at(plain, 'endless-header/1')))).message).toMatch(
      /more headers than the limit/,
    );
  });

  test('a signal ends the wait for the answer, and the body', async () => {
    for (const where of ['silent/2', 'stall/2']) {
      const person = new AbortController();
      const got = get(at(plain, where), {}, { signal: person.signal });
      await served(plain, where);
      person.abort();
      expect(got).rejects.toThrow('interrupted');
      await got.catch(() => undefined);
    }
    expect(get(at(plain, 'good/1'), {}, { signal: AbortSignal.abort() })).rejects.toThrow('interrupted');
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
    expect(down.message).toBe(`localhost:${secure.port} sent us from https to plain http on feed.test`);
    expect((await failure(get(at(plain, 'to-http/1')))).reason).toBe('plain-http');
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

describe('proxies', () => {
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
    expect(error.message).toMatch(/made for another host/);
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

  test('credentials are sent to the proxy alone, and never said', async () => {
    const proxy = await start('proxy', { mode: 'auth' });
    const url = at(secure, 'good/5', 'https', HOST);
    const refused = await failure(get(url, through(proxy)));
    expect(refused.message).toBe(`the proxy 127.0.0.1:${proxy.port} wants a user name and a password (407)`);
    const wrong = await failure(get(url, through(proxy, 'user:hidden@')));
    expect(`${wrong.message} ${wrong.advice} ${wrong.stack}`).not.toContain('hidden');
    expect((await get(url, through(proxy, 'user:secret@'))).status).toBe(200);
    expect((await get(at(plain, 'good/5', 'http', HOST), through(proxy, 'user:secret@'))).status).toBe(200);
  });

  test.each([
    ['refuse', /the proxy 127.0.0.1:\d+ refused to connect us to feed.test:\d+ \(403\)/],
    ['html', /answered with a page of its own/],
    ['junk', /not HTTP/],
  ])('one that answers %s', async (mode, message) => {
    const proxy = await start('proxy', { mode });
    const error = await failure(get(at(secure, 'good/1', 'https', HOST), through(proxy)));
    expect(error.message).toMatch(message);
    expect([error.reason, error.passing]).toEqual(['proxy', false]);
  });

  test('one that stalls', async () => {
    const proxy = await start('proxy', { mode: 'stall' });
    const error = await failure(get(at(secure, 'x', 'https', HOST), through(proxy), { connectTimeout: 100 }));
    expect(error.reason).toBe('timeout');
    const person = new AbortController();
    const got = get(at(secure, 'y', 'https', HOST), through(proxy), { signal: person.signal });
    while ((await proxy.served()).length < 2);
    person.abort();
    expect(got).rejects.toThrow('interrupted');
    await got.catch(() => undefined);
  });

  test('one that says HTML with 200 where a file is wanted', async () => {
    const proxy = await start('proxy', { mode: 'html' });
    const network = nativeNetwork({ ...through(proxy), environment: through(proxy).environment ?? {} });
    const response = await network.request({
      url: at(plain, 'good/1', 'http', HOST),
      connectTimeout: 5000,
      idleTimeout: 5000,
    });
    response.close();
    expect(() => refuseWebPage(response)).toThrow(
      `a web page came instead of the file from ${HOST}:${plain.port}`,
    );
  });
});
