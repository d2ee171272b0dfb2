/** The network in a compiled program: TLS 1.3, an authority of our own, and the tunnel of a proxy. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Certificates, HOST, makeCertificates } from '../../support/servers/certificates.ts';
import { content, sha256 } from '../../support/servers/content.ts';
import { type ServerProcess, startServer } from '../../support/servers/start.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-network-compiled-'));
const program = path.join(folder, process.platform === 'win32' ? 'network.exe' : 'network');
let certificates: Certificates;
let secure: ServerProcess;
let old: ServerProcess;
let proxy: ServerProcess;

beforeAll(async () => {
  const source = path.join(import.meta.dir, '../../support/servers/network-child.ts');
  const flags = ['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'];
  const built = spawnSync(process.execPath, ['build', '--compile', ...flags, source, '--outfile', program]);
  if (built.status !== 0) throw new Error(built.stderr.toString());
  certificates = makeCertificates(folder);
  [secure, old, proxy] = await Promise.all([
    startServer('origin', certificates.good),
    startServer('origin', { ...certificates.good, maxVersion: 'TLSv1.2' }),
    startServer('proxy', { mode: 'auth' }),
  ]);
});

afterAll(async () => {
  await Promise.all([secure, old, proxy].map((server) => server?.stop()));
  fs.rmSync(folder, { recursive: true, force: true });
});

function ask(url: string, env: Record<string, string>): string {
  return spawnSync(program, [url], { env, encoding: 'utf8' }).stdout.trim();
}

test('TLS 1.3 and an authority of our own; not TLS 1.2, not an unknown authority', () => {
  const env = { NODE_EXTRA_CA_CERTS: certificates.authority };
  expect(ask(`https://localhost:${secure.port}/good/1`, env)).toBe(`200 ${sha256(content(1))}`);
  expect(ask(`https://localhost:${old.port}/good/1`, env)).toMatch(/could not agree on TLS 1.3/);
  expect(ask(`https://localhost:${secure.port}/good/1`, {})).toMatch(/authority that is not trusted here/);
  const careless = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
  expect(ask(`https://localhost:${secure.port}/good/1`, careless)).toMatch(
    /authority that is not trusted here/,
  );
});

test('through the tunnel of a proxy, with credentials', async () => {
  const env = {
    NODE_EXTRA_CA_CERTS: certificates.authority,
    https_proxy: `http://user:secret@127.0.0.1:${proxy.port}`,
  };
  expect(ask(`https://${HOST}:${secure.port}/good/1`, env)).toBe(`200 ${sha256(content(1))}`);
  expect(ask(`https://${HOST}:${old.port}/good/1`, env)).toMatch(/could not agree on TLS 1.3/);
  expect(await proxy.served()).toMatchObject([
    { url: `${HOST}:${secure.port}` },
    { url: `${HOST}:${old.port}` },
  ]);
  // What Bun prints of a request has its credentials in it.
  const { stderr } = spawnSync(program, [`https://${HOST}:${secure.port}/good/1`], {
    env: { ...env, BUN_CONFIG_VERBOSE_FETCH: 'curl' },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
});
