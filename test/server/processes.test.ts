import { afterAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { nativeNetwork } from '../../lib/platform/network/native.ts';
import { freshFolder } from '../release/run.ts';
import { makeCertificates } from '../support/servers/certificates.ts';
import { feedFolder } from '../support/servers/feed-folder.ts';
import { type Serving, serving } from '../support/servers/serve.ts';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'dgmo-serve-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Which workers answer, asked over connections of their own. */
async function workers(server: Serving): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let asked = 0; asked < 40; asked++) {
    const text = await fetch(`${server.url}metrics`, { headers: { connection: 'close' } }).then(
      (answer) => answer.text(),
      () => '',
    );
    const [, worker, pid] = /worker="(\d+)",pid="(\d+)"/.exec(text) ?? [];
    if (worker !== undefined) found.set(worker, Number(pid));
  }
  return found;
}

describe('release serve with a certificate', () => {
  test('speaks TLS 1.3, which the updater trusts, and refuses TLS 1.2', async () => {
    using feed = feedFolder();
    const certificates = makeCertificates(scratch);
    const { cert, key } = certificates.good;
    const files = ['--tls-cert', cert, '--tls-key', key, '--host', '127.0.0.1'];
    await using server = await serving(feed.folder, '--access-log', 'off', ...files);
    expect(server.url).toStartWith('https://');
    const { port } = new URL(server.url);
    const network = nativeNetwork({ environment: {}, certificateFile: certificates.authority });
    const limits = { idleTimeout: 5000 };
    const answer = await network.request({ url: `https://localhost:${port}/healthz`, ...limits });
    expect(answer.status).toBe(200);
    answer.close();
    const old = tls.connect({
      host: '127.0.0.1',
      port: Number(port),
      maxVersion: 'TLSv1.2',
      rejectUnauthorized: false,
    });
    const outcome = await new Promise((resolve) => {
      old.on('secureConnect', () => resolve('connected'));
      old.on('error', (error) => resolve(String(error)));
    });
    old.destroy();
    expect(outcome).toMatch(/protocol|version/i);
  });
});

describe('release serve called wrongly says so and ends:', () => {
  const cases: [args: string[], code: number, message: string][] = [
    [[], 2, '--repo is wanted, and was not given'],
    [['--repo', 'nowhere'], 2, 'nowhere: wanted a repository with a folder metadata, found none'],
    [['--repo', 'FEED', '--host', '0.0.0.0'], 2, '--host 0.0.0.0: wanted a certificate, found none'],
    [['--repo', 'FEED', '--tls-cert', 'c'], 2, '--tls-cert and --tls-key are wanted together, found one'],
    [['--repo', 'FEED', '--tls-cert', 'c', '--tls-key', 'k'], 2, 'c: wanted a file to read'],
    [
      ['--repo', 'FEED', '--tls-cert', 'FEED/junk', '--tls-key', 'FEED/junk'],
      2,
      'wanted a certificate and its key',
    ],
    [['--repo', 'FEED', '--port', '70000'], 2, '--port: wanted a whole number from 0 to 65535'],
    [['--repo', 'FEED', '--processes', '0'], 2, '--processes: wanted a whole number from 1 to 64'],
    [['--repo', 'FEED', '--port', 'TAKEN'], 12, 'the port is in use, by another process'],
    [
      ['--repo', 'FEED', '--port', '0', '--processes', '2', '--access-log', '/nowhere/log'],
      12,
      'ended before it listened',
    ],
  ];
  for (const [args, code, message] of cases) {
    test.concurrent(args.join(' ') || '(nothing)', async () => {
      using folder = freshFolder();
      using feed = feedFolder();
      await Bun.write(feed.at('junk'), 'junk');
      const taken = net.createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => taken.once('listening', resolve));
      const { port } = taken.address() as net.AddressInfo;
      const given = args.map((arg) => arg.replace('FEED', feed.folder).replace('TAKEN', String(port)));
      const outcome = await folder.release(['serve', ...given]);
      taken.close();
      expect({ ...outcome, says: outcome.stderr.includes(message) ? message : outcome.stderr }).toMatchObject(
        {
          code,
          stdout: '',
          says: message,
        },
      );
    });
  }
});

describe('release serve ends', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`on ${signal}, when a download under way is complete`, async () => {
      const size = 64 << 20;
      using feed = feedFolder({ releases: ['1.0.0'], size });
      await using server = await serving(feed.folder, '--access-log', 'off');
      const place = feed.index.releases[0]?.packages[0]?.path;
      const answer = await fetch(`${server.url}targets/${place}`);
      const reader = answer.body?.getReader();
      let received = (await reader?.read())?.value?.length ?? 0;
      server.kill(signal);
      // It takes no more connections from now on.
      while (
        await fetch(`${server.url}healthz`, { headers: { connection: 'close' } }).then(
          () => true,
          () => false,
        )
      );
      for (;;) {
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) break;
        received += value?.length ?? 0;
      }
      expect(received).toBe(size);
      expect(await server.exited).toBe(0);
    });
  }

  test('after the grace, whatever is under way', async () => {
    using feed = feedFolder({ releases: ['1.0.0'], size: 64 << 20 });
    await using server = await serving(feed.folder, '--access-log', 'off', '--grace', '1');
    const { hostname, port } = new URL(server.url);
    const socket = net.connect(Number(port), hostname);
    socket.on('error', () => undefined);
    // Asks for it and does not read.
    socket.write(`GET /targets/${feed.index.releases[0]?.packages[0]?.path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await new Promise<void>((resolve) => socket.once('readable', () => resolve()));
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    socket.destroy();
  });
});

describe.skipIf(process.platform !== 'linux')('release serve --processes', () => {
  test('shares a port among them, starts one that died again, and ends them all', async () => {
    using feed = feedFolder();
    await using server = await serving(feed.folder, '--access-log', 'off', '--processes', '3');
    let before = await workers(server);
    while (before.size < 3) before = await workers(server);
    expect([...before.keys()].toSorted()).toEqual(['1', '2', '3']);
    const victim = before.get('2') ?? 0;
    process.kill(victim, 'SIGKILL');
    for await (const line of server.lines()) {
      expect(line).toBe('release: worker 2 ended (SIGKILL) and is started again');
      break;
    }
    let after = await workers(server);
    while ((after.get('2') ?? victim) === victim) after = await workers(server);
    expect(after.get('1')).toBe(before.get('1'));
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    for (const pid of after.values()) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test('gives up where they keep dying', async () => {
    using feed = feedFolder();
    await using server = await serving(feed.folder, '--access-log', 'off', '--processes', '2');
    let over = false;
    const exit = server.exited.finally(() => {
      over = true;
    });
    while (!over) {
      for (const pid of (await workers(server)).values()) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It was killed in the round before.
        }
      }
    }
    expect(await exit).toBe(12);
    expect(server.stderr()).toContain('the serving processes died 6 times within 60 s, the last by SIGKILL');
  });

  test('ends its processes where it is killed itself', async () => {
    using feed = feedFolder();
    await using server = await serving(feed.folder, '--access-log', 'off', '--processes', '2');
    let pids = await workers(server);
    while (pids.size < 2) pids = await workers(server);
    server.kill('SIGKILL');
    await server.exited;
    const alive = (pid: number) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    while ([...pids.values()].some(alive)) await new Promise((resolve) => setImmediate(resolve));
  });
});
