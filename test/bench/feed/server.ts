/**
 * `bun test/bench/feed/server.ts`: the check API beside nginx with a static file of the same size, on this machine, under the
 * same client (wrk), in alternation; at 10 and at 100 releases. Prints Markdown. Both write an access log,
 * of which they gather up to 32 KiB or half a second.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CHECK_PATH, encodeCheckRequest } from '../../../lib/update/check/check-api.ts';
import { feedFolder, TARGET, versions } from '../../support/servers/feed-folder.ts';
import { NGINX, startNginx } from '../../support/servers/nginx.ts';
import { serving } from '../../support/servers/serve.ts';

const SECONDS = 3;
const ROUNDS = 3;
const CONNECTIONS = 32;
const FILE = 'answer.json';

interface Load {
  /** Requests a second. */
  rate: number;
  /** Milliseconds. */
  p99: number;
}

const wrk = Bun.which('wrk');
if (wrk === null || NGINX === null) {
  console.log('wrk or nginx is not installed: nothing was measured');
  process.exit(0);
}
const scratch = mkdtempSync(path.join(os.tmpdir(), 'dgmo-bench-server-'));
try {
  console.log(`### The check API beside nginx, ${os.cpus().length} cores, wrk with ${CONNECTIONS} connections on the same

| releases | processes | nginx requests/s | check API requests/s | ratio | nginx p99 | check API p99 |
|---|---|---|---|---|---|---|`);
  for (const processes of [1, os.cpus().length]) {
    for (const releases of [10, 100]) await compare(releases, processes);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function compare(releases: number, processes: number): Promise<void> {
  using feed = feedFolder({ releases: versions(releases), size: 64 });
  const asked = encodeCheckRequest({
    version: '1.5.0',
    target: TARGET,
    evolutions: ['a', 'b'],
    telemetry: {},
  });
  const log = path.join(scratch, 'access.jsonl');
  const count = ['--processes', String(processes)];
  await using server = await serving(feed.folder, '--access-log', log, ...count);
  const check = `${server.url.slice(0, -1)}${CHECK_PATH}`;
  const answered = await fetch(check, { method: 'POST', headers: asked.headers, body: asked.body });
  const body = await answered.bytes();
  if (answered.status !== 200) throw new Error(`the check API answered ${answered.status}`);
  const root = path.join(scratch, 'root');
  await Bun.write(path.join(root, FILE), body);
  const home = path.join(scratch, 'nginx');
  await using nginx = await startNginx({ root, home, workers: processes, accessLog: true });
  const script = path.join(scratch, 'check.lua');
  writeFileSync(script, lua(asked));
  const theirs: Load[] = [];
  const ours: Load[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(await load(`${nginx.url}${FILE}`));
    ours.push(await load(check, '-s', script));
  }
  const [nginxLoad, checkLoad] = [median(theirs), median(ours)];
  const rate = (value: number) => Math.round(value).toLocaleString('en');
  console.log(
    `| ${releases} | ${processes} | ${rate(nginxLoad.rate)} | ${rate(checkLoad.rate)} | ` +
      `${(checkLoad.rate / nginxLoad.rate).toFixed(2)} | ${nginxLoad.p99} ms | ${checkLoad.p99} ms |`,
  );
  server.kill('SIGTERM');
  await server.exited;
}

async function load(url: string, ...more: string[]): Promise<Load> {
  const child = Bun.spawn(
    [wrk ?? '', '-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, '--latency', ...more, url],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const text = await new Response(child.stdout).text();
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(text);
  const rate = Number(/Requests\/sec: +([\d.]+)/.exec(text)?.[1]);
  const [, value = '', unit = ''] = /99% +([\d.]+)(us|ms|s)/.exec(text) ?? [];
  const p99 = Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's'];
  return { rate, p99: Math.round(p99 * 100) / 100 };
}

/** By the rate. */
function median(loads: Load[]): Load {
  return loads.toSorted((a, b) => a.rate - b.rate)[loads.length >> 1] ?? { rate: 0, p99: 0 };
}

function lua({ headers, body }: { headers: Record<string, string>; body: Uint8Array }): string {
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`);
  return `wrk.method = "POST"\nwrk.body = [[${new TextDecoder().decode(body)}]]\n${lines.join('\n')}\n`;
}
