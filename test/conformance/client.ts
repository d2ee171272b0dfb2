/**
 * A client for the TUF conformance suite (github.com/theupdateframework/tuf-conformance, CLIENT-CLI.md) over the same
 * lib/trust/feed and network that the updater runs. Compile it and point the suite at it:
 *
 *     bun build --compile test/conformance/client.ts --outfile client
 *     pytest tuf_conformance --entrypoint ./client
 *
 * The suite's repositories have ECDSA and RSA keys, so every key that tuf-js knows is taken here (ANY_KEYS).
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { nativeHost } from '../../lib/platform/native.ts';
import { nativeNetwork } from '../../lib/platform/network/native.ts';
import {
  ANY_KEYS,
  type Feed,
  networkSource,
  openFeed,
  type TargetInfo,
  verifyTarget,
} from '../../lib/trust/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': { type: 'string' },
    'metadata-url': { type: 'string' },
    'target-name': { type: 'string', multiple: true },
    'target-base-url': { type: 'string' },
    'target-dir': { type: 'string' },
  },
});

function option(name: Exclude<keyof typeof values, 'target-name'>): string {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is missing`);
  return value;
}

const host = nativeHost();
const source = networkSource({
  network: nativeNetwork({ environment: {} }),
  clock: host.clock,
});

/** "Simply copying the trusted root" is what the protocol asks for. */
function init(): void {
  const [, root] = positionals;
  if (root === undefined) throw new Error('init: a trusted root is missing');
  fs.mkdirSync(option('metadata-dir'), { recursive: true });
  fs.copyFileSync(root, path.join(option('metadata-dir'), 'root.json'));
}

function feed(): Feed {
  const { disk, locks, platform, clock } = host;
  return openFeed({
    disk,
    locks,
    platform,
    folder: option('metadata-dir'),
    source,
    baseUrl: option('metadata-url'),
    compiledInRoot: null,
    now: () => clock.now(),
    keyPolicy: ANY_KEYS,
  });
}

async function download(names: string[]): Promise<void> {
  const opened = feed();
  await opened.refresh();
  for (const name of names) {
    const info = await opened.target(name);
    if (info === null) throw new Error(`the repository has no target ${name}`);
    await downloadTarget(info);
  }
}

async function downloadTarget(info: TargetInfo): Promise<void> {
  const file = path.join(option('target-dir'), encodeURIComponent(info.path));
  if (isDownloaded(info, file)) return;
  const base = option('target-base-url');
  const url = new URL(info.location, base.endsWith('/') ? base : `${base}/`).href;
  const bytes = await source.get(url, info.length);
  if (bytes === null) throw new Error(`${url}: not there`);
  verifyTarget(info, measure(bytes));
  fs.writeFileSync(`${file}.part`, bytes);
  fs.renameSync(`${file}.part`, file);
}

function isDownloaded(info: TargetInfo, file: string): boolean {
  try {
    verifyTarget(info, measure(fs.readFileSync(file)));
    return true;
  } catch {
    return false;
  }
}

function measure(bytes: Uint8Array) {
  const digest = (name: 'sha256' | 'sha512') => new Bun.CryptoHasher(name).update(bytes).digest('hex');
  return { length: bytes.length, hashes: { sha256: digest('sha256'), sha512: digest('sha512') } };
}

try {
  const [command] = positionals;
  if (command === 'init') init();
  else if (command === 'refresh') await feed().refresh();
  else if (command === 'download') await download(values['target-name'] ?? []);
  else throw new Error(`unknown command ${command}`);
} catch (error) {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
