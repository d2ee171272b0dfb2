/**
 * OpenStack Swift with its S3 interface, whole and small: proxy, account, container and object server, one copy of
 * everything, in a folder of its own. Debian has it as swift-proxy, swift-account, swift-container and swift-object.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { Subprocess } from 'bun';
import { makeBucket, type S3Account } from './make-bucket.ts';
import { answers, freePort } from './port.ts';

const SERVERS = ['object', 'container', 'account', 'proxy'] as const;
/** Debian's own: its packages are for no other. */
const PYTHON = '/usr/bin/python3';

export const hasSwift = SERVERS.every((name) => Bun.which(`swift-${name}-server`) !== null);

export interface Swift extends AsyncDisposable {
  account: S3Account;
  /** For Bun's S3 client. */
  environment: Record<string, string>;
  /** What anybody may read, below which the objects stand. Ends with a slash. */
  publicUrl(bucket: string): string;
  makeBucket(name: string): Promise<void>;
  /** Ends the storage side, so that nothing more can be written; the address still answers. */
  breakStorage(): Promise<void>;
}

export async function startSwift(home: string): Promise<Swift> {
  for (const folder of ['devices/one', 'cache']) mkdirSync(path.join(home, folder), { recursive: true });
  const ports = Object.fromEntries(
    await Promise.all(SERVERS.map(async (name) => [name, await freePort()] as const)),
  ) as Record<(typeof SERVERS)[number], number>;
  makeRings(home, ports);
  const children = new Map<string, Subprocess>();
  for (const name of SERVERS) {
    const file = path.join(home, `${name}.conf`);
    writeFileSync(file, configuration(home, name, ports[name]));
    const log = Bun.file(path.join(home, `${name}.log`));
    children.set(
      name,
      Bun.spawn([`swift-${name}-server`, file], { stdin: 'ignore', stdout: log, stderr: log }),
    );
  }
  const stop = async (name: string) => {
    children.get(name)?.kill('SIGKILL');
    await children.get(name)?.exited;
  };
  for (const name of SERVERS) {
    if (await answers(ports[name], () => children.get(name)?.exitCode === null)) continue;
    for (const other of SERVERS) await stop(other);
    throw new Error(`swift-${name}-server: ${readFileSync(path.join(home, `${name}.log`), 'utf8')}`);
  }
  const endpoint = `http://127.0.0.1:${ports.proxy}`;
  const account = { endpoint, accessKeyId: 'test:tester', secretAccessKey: 'testing', region: 'us-east-1' };
  return {
    account,
    environment: {
      S3_ENDPOINT: endpoint,
      S3_REGION: account.region,
      S3_ACCESS_KEY_ID: account.accessKeyId,
      S3_SECRET_ACCESS_KEY: account.secretAccessKey,
    },
    publicUrl: (bucket) => `${endpoint}/v1/AUTH_test/${bucket}/`,
    makeBucket: (name) => makeBucket(account, name),
    breakStorage: () => stop('object'),
    async [Symbol.asyncDispose]() {
      await Promise.all(SERVERS.map(stop));
    },
  };
}

/** Where everything is kept: on the one device, once. One run of Python: nine of swift-ring-builder take seconds. */
const RINGS = `import sys
from swift.common.ring import RingBuilder
for argument in sys.argv[1:]:
    name, port = argument.split('=')
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'one', 'weight': 1})
    builder.rebalance()
    builder.get_ring().save(name + '.ring.gz')
`;

function makeRings(home: string, ports: Record<string, number>): void {
  const rings = ['object', 'container', 'account'].map((name) => `${name}=${ports[name]}`);
  const made = spawnSync(PYTHON, ['-c', RINGS, ...rings], { cwd: home, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`the rings of swift: ${made.stderr}`);
}

function configuration(home: string, name: (typeof SERVERS)[number], port: number): string {
  const common = `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${userInfo().username}
swift_dir = ${home}
devices = ${path.join(home, 'devices')}
mount_check = false
recon_cache_path = ${path.join(home, 'cache')}
`;
  if (name !== 'proxy') {
    return `${common}[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`;
  }
  const filters = ['catch_errors', 'proxy_logging', 'memcache', 'listing_formats', 'copy', 'slo'];
  return `${common}[pipeline:main]
pipeline = catch_errors proxy_logging memcache listing_formats s3api tempauth copy slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
${filters.map((filter) => `[filter:${filter}]\nuse = egg:swift#${filter}\n`).join('')}`;
}
