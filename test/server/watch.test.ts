import { describe, expect, test } from 'bun:test';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { CHECK_PATH, encodeCheckRequest } from '../../lib/update/check/check-api.ts';
import { feedFolder, TARGET } from '../support/servers/feed-folder.ts';
import { type Serving, serving } from '../support/servers/serve.ts';

const check = (server: Serving, telemetry: object = {}, version = '1.0.0') => {
  const { headers, body } = encodeCheckRequest({ version, target: TARGET, evolutions: [], telemetry });
  return fetch(`${server.url.slice(0, -1)}${CHECK_PATH}`, {
    method: 'POST',
    headers,
    body: Buffer.from(body),
  });
};

describe('/healthz', () => {
  test('is well where the repository can be read and is fresh', async () => {
    using feed = feedFolder();
    await using server = await serving(feed.folder, '--access-log', 'off');
    const answer = await fetch(`${server.url}healthz`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      status: 'ok',
      timestamp: { version: 2, expires: '2035-01-01T00:00:00Z' },
    });
  });

  test('fails where the timestamp has expired, and says so', async () => {
    using feed = feedFolder({ expires: Date.UTC(2020, 0, 1) });
    await using server = await serving(feed.folder, '--access-log', 'off');
    const answer = await fetch(`${server.url}healthz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      status: 'failing',
      reason: 'the timestamp expired at 2020-01-01T00:00:00Z: run `release refresh`',
    });
  });

  test('fails where a file is missing, names it, and is well again when it is back', async () => {
    using feed = feedFolder();
    await using server = await serving(feed.folder, '--access-log', 'off');
    renameSync(feed.at('metadata/2.snapshot.json'), feed.at('aside'));
    const answer = await fetch(`${server.url}healthz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      status: 'failing',
      reason: 'metadata/2.snapshot.json: wanted a file of the repository, found nothing there',
    });
    renameSync(feed.at('aside'), feed.at('metadata/2.snapshot.json'));
    expect((await fetch(`${server.url}healthz`)).status).toBe(200);
  });
});

test('/metrics counts requests, bytes, times, checks and what updaters tell', async () => {
  using feed = feedFolder();
  await using server = await serving(feed.folder, '--access-log', 'off');
  const timestamp = readFileSync(feed.at('metadata/timestamp.json'));
  await (await fetch(`${server.url}metadata/timestamp.json`)).bytes();
  await fetch(`${server.url}metadata/9.root.json`);
  await check(server, { lastUpdate: 'reverted', lastRoute: 'full' });
  await check(server, {}, '1.1.0');
  await fetch(`${server.url.slice(0, -1)}${CHECK_PATH}`, { method: 'POST', body: 'x' });
  const answer = await fetch(`${server.url}metrics`);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await answer.text();
  const own = `worker="1",pid="${server.pid}"`;
  const [, missing] = /route="metadata",status="404",.* (\d+)/.exec(text) ?? [];
  expect(missing).toBe('1');
  const notFound = 34;
  for (const line of [
    `dgmo_requests_total{route="metadata",status="200",${own}} 1`,
    `dgmo_requests_total{route="check",status="200",${own}} 2`,
    `dgmo_requests_total{route="check",status="400",${own}} 1`,
    `dgmo_response_bytes_total{route="metadata",${own}} ${timestamp.length + notFound}`,
    `dgmo_request_duration_seconds_bucket{route="check",le="+Inf",${own}} 3`,
    `dgmo_request_duration_seconds_count{route="check",${own}} 3`,
    `dgmo_checks_total{outcome="update",${own}} 1`,
    `dgmo_checks_total{outcome="current",${own}} 1`,
    `dgmo_checks_total{outcome="refused",${own}} 1`,
    `dgmo_checks_total{outcome="failed",${own}} 0`,
    `dgmo_reported_updates_total{outcome="reverted",route="full",duration="",${own}} 1`,
    `dgmo_timestamp_expires_seconds{${own}} ${Date.UTC(2035, 0, 1) / 1000}`,
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  // Every sample is of a family that was described, and buckets only grow.
  const described = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
  for (const [, name = ''] of text.matchAll(/^([a-z_]+)\{/gm)) {
    expect(described.has(name.replace(/_(bucket|sum|count)$/, '')) || described.has(name)).toBe(true);
  }
  const buckets = [...text.matchAll(/_bucket\{route="check",.*\} (\d+)$/gm)].map(([, count]) =>
    Number(count),
  );
  expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
});

describe('the access log', () => {
  test('has one JSON line a request, in the file that is named, without who asked', async () => {
    using feed = feedFolder();
    const log = feed.at('access.jsonl');
    await using server = await serving(feed.folder, '--access-log', log);
    await fetch(`${server.url}targets/nothing?token=abc`, { headers: { 'user-agent': 'me', cookie: 'me' } });
    await check(server);
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    const lines = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const common = { time: expect.any(String), worker: 1, ms: expect.any(Number) };
    expect(lines).toEqual([
      {
        ...common,
        ...{ method: 'GET', path: '/targets/nothing', route: 'targets', status: 404, bytes: 34 },
      },
      {
        ...common,
        ...{ method: 'POST', path: CHECK_PATH, route: 'check', status: 200, bytes: expect.any(Number) },
        ...{ version: '1.0.0', target: 'linux-x64', channel: 'stable' },
      },
    ]);
  });

  test('goes on in a new file after a rotation', async () => {
    using feed = feedFolder();
    const log = feed.at('access.jsonl');
    await using server = await serving(feed.folder, '--access-log', log);
    await fetch(`${server.url}targets/one`);
    renameSync(log, `${log}.1`);
    server.kill('SIGHUP');
    while (!(await Bun.file(log).exists())) await fetch(`${server.url}targets/between`);
    await fetch(`${server.url}targets/two`);
    server.kill('SIGTERM');
    await server.exited;
    expect(readFileSync(`${log}.1`, 'utf8')).toContain('/targets/one');
    expect(readFileSync(log, 'utf8')).toContain('/targets/two');
    expect(readFileSync(log, 'utf8')).not.toContain('/targets/one');
  });

  test('goes to standard error where no file is named', async () => {
    using feed = feedFolder();
    await using server = await serving(feed.folder);
    await fetch(`${server.url}targets/nothing`);
    for await (const line of server.lines()) {
      expect(JSON.parse(line)).toMatchObject({ path: '/targets/nothing', status: 404 });
      break;
    }
  });

  test('is made before anything is served, or it is not started', async () => {
    using feed = feedFolder();
    rmSync(feed.at('nothing'), { force: true });
    await expect(serving(feed.folder, '--access-log', feed.at('nothing', 'log'))).rejects.toThrow(
      'there is no such file (ENOENT)',
    );
  });
});
