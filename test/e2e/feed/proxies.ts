/** Proxies between the compiled updater and a feed that is well: each a process of its own, and what it answers. */
import { describe, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { HOST } from '../../support/servers/certificates.ts';
import { type ServerProcess, startServer } from '../../support/servers/start.ts';
import type { Standing } from './standing.ts';

export function proxies(standing: () => Standing): void {
  const start = async (...args: Parameters<typeof startServer>): Promise<ServerProcess> => {
    const server = await startServer(...args);
    standing().defer(() => server.stop());
    return server;
  };
  const at = ({ port }: ServerProcess, credentials = '') => `http://${credentials}127.0.0.1:${port}`;
  /** Whatever the machine of the test has set itself. */
  const through = (proxy: string) => ({ http_proxy: proxy, https_proxy: proxy, no_proxy: '', NO_PROXY: '' });
  // A name that is not loopback, which never goes through a proxy; the proxy of the tests takes every host for 127.0.0.1.
  const plain = () => ['--allow-http', '--feed', `http://${HOST}:${standing().server.port}/`];
  const secure = async () => {
    const { certificates, release } = await standing().secured();
    return ['--ca-file', certificates.authority, '--feed', release.url.replace('127.0.0.1', HOST)];
  };
  const update = (feed: string[], env: Record<string, string>) =>
    standing().run(standing().freshHome(), ['update', '--yes', ...feed], env);

  describe('a proxy', () => {
    test.concurrent.each([
      ['html', `a web page came instead of the file from ${HOST}:\\d+$`],
      ['auth', `the proxy on the way to ${HOST}:\\d+ requires a user name and a password \\(407\\)$`],
    ])('that forwards, and answers %s: 13', async (mode, says) => {
      const proxy = await start('proxy', { mode });
      const ran = await update(plain(), through(at(proxy, 'me:hidden@')));
      standing().refused(ran, 13, new RegExp(says));
      expect(`${ran.stdout}${ran.stderr}`).not.toContain('hidden');
      const url = `http://${HOST}:${standing().server.port}/metadata/2.root.json`;
      // The timestamp is asked for at the same time.
      const asked = (await proxy.served()).map((each) => each.url);
      expect(asked).toContain(url);
      expect(asked.length).toBeLessThanOrEqual(2);
    });

    test.concurrent.each([
      [
        'html',
        `${HOST}:\\d+ \\(through PROXY\\) could not agree on TLS 1.3, the oldest version that is accepted$`,
        1,
      ],
      ['auth', 'PROXY requires a user name and a password \\(407\\)$', 1],
      ['refuse', `PROXY refused to connect to ${HOST}:\\d+ \\(403\\)$`, 1],
      // A connection that was lost may work the next time.
      ['junk', `${HOST}:\\d+ \\(through PROXY\\) closed the connection before it was done$`, 3],
    ])('that tunnels, and answers CONNECT with %s: 13', async (mode, says, attempts) => {
      const proxy = await start('proxy', { mode });
      const ran = await update(await secure(), through(at(proxy, 'me:hidden@')));
      standing().refused(
        ran,
        13,
        new RegExp(says.replace('PROXY', `the proxy 127\\.0\\.0\\.1:${proxy.port}`)),
      );
      expect(`${ran.stdout}${ran.stderr}`).not.toContain('hidden');
      const { release } = await standing().secured();
      const url = `${HOST}:${new URL(release.url).port}`;
      const asked = (await proxy.served()).map((each) => each.url);
      expect(new Set(asked)).toEqual(new Set([url]));
      // Root and timestamp are asked for at the same time.
      expect(asked.length).toBeWithin(attempts, 2 * attempts + 1);
    });

    test.concurrent('that is not there, or is none of http: 13', async () => {
      const gone = await start('proxy');
      await gone.stop();
      const refused = new RegExp(`the proxy 127\\.0\\.0\\.1:${gone.port} refused the connection$`);
      standing().refused(await update(await secure(), through(at(gone))), 13, refused);
      const socks = await update(await secure(), through('socks5://me:hidden@127.0.0.1:1'));
      standing().refused(socks, 13, /HTTPS_PROXY names a socks5:\/\/ proxy, only http:\/\/ is supported$/);
      expect(socks.stderr).not.toContain('hidden');
    });

    test.concurrent('that has a certificate of its own: 13, and how to trust it', async () => {
      const { certificates } = await standing().secured();
      const [proxy, between] = await Promise.all([start('proxy'), start('origin', certificates.selfSigned)]);
      const feed = ['--ca-file', certificates.authority, '--feed', `https://${HOST}:${between.port}/`];
      const ran = await update(feed, through(at(proxy)));
      standing().refused(ran, 13, `${HOST}:${between.port} has a self-signed certificate`);
      expect(ran.stderr).toContain('--ca-file or NODE_EXTRA_CA_CERTS');
    });

    test.concurrent('that stalls, until the person has enough: 130', async () => {
      const proxy = await start('proxy', { mode: 'stall' });
      const { updater, stage } = standing();
      const args = ['update', '--yes', ...(await secure()), '--install-dir', stage.dir];
      const child = spawn(updater, [...args, '--home', standing().freshHome()], {
        env: { ...process.env, ...through(at(proxy)) },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let stderr = '';
      child.stderr.on('data', (bytes) => {
        stderr += bytes;
      });
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      while ((await proxy.served()).length === 0);
      child.kill('SIGINT');
      standing().refused({ code: await ended, signal: null, stdout: '', stderr }, 130, /interrupted/);
    });

    test.concurrent('that is honest: all of it goes through, with credentials, plain and in a tunnel', async () => {
      const proxy = await start('proxy', { mode: 'auth' });
      const env = through(at(proxy, 'user:secret@'));
      for (const feed of [plain(), await secure()]) {
        standing().fetched(await standing().run(standing().freshHome(), ['download', ...feed], env));
      }
      const asked = await proxy.served();
      expect(asked.length).toBeGreaterThanOrEqual(16);
      for (const { url } of asked) expect(url).toContain(HOST);
    });
  });
}
