/**
 * The network in a Windows program: TLS 1.3, an authority of our own, the tunnel of a proxy, and peers that fail. By
 * address, not as localhost: Bun tries ::1 as well and asks with recv() whether a connection stands, which Wine answers with
 * success for one that was refused, unlike Windows.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Certificates, HOST, makeCertificates } from '../support/servers/certificates.ts';
import { content, sha256 } from '../support/servers/content.ts';
import { type ServerProcess, startServer } from '../support/servers/start.ts';
import { describeOnWine, windowsPath, wine } from '../support/wine.ts';

describeOnWine('the network on Windows', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-network-windows-'));
  const program = path.join(folder, 'network.exe');
  let certificates: Certificates;
  let plain: ServerProcess;
  let secure: ServerProcess;
  let old: ServerProcess;
  let proxy: ServerProcess;

  beforeAll(async () => {
    const source = path.join(import.meta.dir, '../support/servers/network-child.ts');
    const flags = [
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
      '--target=bun-windows-x64',
    ];
    const built = spawnSync(process.execPath, ['build', '--compile', ...flags, source, '--outfile', program]);
    if (built.status !== 0) throw new Error(built.stderr.toString());
    certificates = makeCertificates(folder);
    [plain, secure, old, proxy] = await Promise.all([
      startServer('origin'),
      startServer('origin', certificates.good),
      startServer('origin', { ...certificates.good, maxVersion: 'TLSv1.2' }),
      startServer('proxy', { mode: 'auth' }),
    ]);
  });

  afterAll(async () => {
    await Promise.all([plain, secure, old, proxy].map((server) => server?.stop()));
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const whole = `200 ${sha256(content(1))}`;
  const at = ({ port }: ServerProcess, where: string, origin = 'https://127.0.0.1') =>
    `${origin}:${port}/${where}`;

  async function ask(url: string, env: Record<string, string> = {}): Promise<string> {
    const trusted = { NODE_EXTRA_CA_CERTS: windowsPath(certificates.authority) };
    return (await wine(program, [url], { env: { ...trusted, ...env } })).stdout.trim();
  }

  test('TLS 1.3 and an authority of our own; not TLS 1.2, not an unknown authority', async () => {
    expect(await ask(at(secure, 'good/1'))).toBe(whole);
    expect(await ask(at(old, 'good/1'))).toMatch(/could not agree on TLS 1.3/);
    const careless = { NODE_EXTRA_CA_CERTS: '', NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(await ask(at(secure, 'good/1'), careless)).toMatch(/authority that is not trusted here/);
  });

  test('through the tunnel of a proxy, with credentials', async () => {
    const env = (credentials: string) => ({
      https_proxy: `http://${credentials}127.0.0.1:${proxy.port}`,
    });
    expect(await ask(at(secure, 'good/1', `https://${HOST}`), env('user:secret@'))).toBe(whole);
    expect(await ask(at(secure, 'good/1', `https://${HOST}`), env(''))).toMatch(/requires a user name/);
  });

  test.each([
    ['cut/1', /closed the connection/],
    ['reset/1', /closed the connection/],
    ['junk/1', /not valid HTTP/],
  ])(
    'a peer that fails: %s',
    async (where, says) => {
      expect(await ask(at(plain, where, 'http://127.0.0.1'))).toMatch(says);
    },
    60_000,
  );
});
