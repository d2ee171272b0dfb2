/**
 * What a check that finds nothing new costs as the repository grows: `bun test/bench/feed/feed.ts`. Repositories of 10, 100
 * and 1,000 releases for 7 targets, each with the full binary and the patches that `release add` makes (their files are
 * named and signed for, but do not exist: a check reads none of them), served by `release serve`. The compiled updater
 * through a relay that counts, and without it, in turn with its `--version`, where time is measured.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { nativeHost } from '../../../lib/platform/native.ts';
import { type ListedRelease, TARGETS, type Target, targetName } from '../../../lib/version/index.ts';
import { loadKeys, loadRoot } from '../../../release/keys/keyring.ts';
import { signersOf } from '../../../release/keys/signers.ts';
import { commit } from '../../../release/repository/commit.ts';
import { initialize } from '../../../release/repository/initialize.ts';
import { manifestPath, packagePath } from '../../../release/repository/layout.ts';
import { readPublished } from '../../../release/repository/published.ts';
import { DEFAULT_PATCHES, spacedPlaces } from '../../../release/repository/releases/spacing.ts';
import { makeInstall } from '../../support/installed.ts';
import { startRelay } from '../../support/servers/relay.ts';
import { buildStandin } from '../../support/standin.ts';
import { openWorkshop, PASSPHRASE, type Workshop } from '../../support/workshop.ts';

const SIZES = [10, 100, 1000];
/** Checks that are counted, and that are timed. */
const COUNTED = 3;
const ROUNDS = 40;
/** Milliseconds: of a check, and of processor time more than `--version`. */
const WANTED = { wall: 60, more: 30 };
const CLI = path.join(import.meta.dir, '../../../release/cli.ts');

export interface FeedRow {
  releases: number;
  /** Bytes on the wire, both ways, headers and all. */
  first: number;
  again: number;
  /** A check when nothing changed, process start included, and `--version`. */
  check: Spent;
  version: Spent;
}

/** Milliseconds. */
interface Spent {
  wall: Quartiles;
  cpu: Quartiles;
}

interface Quartiles {
  least: number;
  median: number;
}

export async function benchFeed(): Promise<FeedRow[]> {
  const shop = await openWorkshop();
  const updater = await shop.updater();
  const rows: FeedRow[] = [];
  for (const releases of SIZES) {
    const repository = fs.mkdtempSync(path.join(os.tmpdir(), 'feed-bench-'));
    try {
      await makeRepository(shop, repository, releases);
      const standin = await buildStandin({ version: newest(releases) });
      rows.push({ releases, ...(await benchChecks(repository, newest(releases), standin, updater)) });
    } finally {
      fs.rmSync(repository, { recursive: true, force: true });
    }
  }
  shop.remove();
  return rows;
}

const newest = (releases: number) => `1.${releases - 1}.0`;

async function makeRepository(shop: Workshop, folder: string, releases: number): Promise<void> {
  const host = nativeHost();
  const root = loadRoot(shop.root);
  const keys = (['targets', 'snapshot', 'timestamp'] as const).flatMap((role) =>
    loadKeys(shop.keys, role, root, PASSPHRASE),
  );
  const signers = signersOf((id) => keys.find((key) => key.id === id) ?? null, shop.keys);
  await initialize(host, folder, { app: 'dgmo', root: new Uint8Array(fs.readFileSync(shop.root)) }, signers);
  const channels = TARGETS.slice(0, 7).map((target) => ({
    name: 'stable',
    target,
    releases: Array.from({ length: releases }, (_, age) => synthetic(releases - 1 - age, target)),
    minimum: null,
    revoked: [],
  }));
  commit(readPublished(host, folder), { channels, now: Date.now() }, signers);
}

function synthetic(number: number, target: Target): ListedRelease {
  const version = `1.${number}.0`;
  const sha256 = (what: string) =>
    createHash('sha256')
      .update(`${version} ${targetName(target)} ${what}`)
      .digest('hex');
  const listed = (digest: string, from: string | null) => ({
    path: packagePath(version, target, digest, from),
    length: from === null ? 46_000_000 : 50_000 + number,
    sha256: digest,
  });
  const before = spacedPlaces(number, DEFAULT_PATCHES).map((place) => number - 1 - place);
  const manifest = createHash('sha256').update(`manifest ${version}`).digest('hex');
  return {
    version,
    releaseDate: 1_700_000_000_000 + number * 86_400_000,
    type: 'minor',
    riskLevel: 'low',
    binary: { sha256: sha256('binary'), size: 185_000_000 },
    rollout: 100,
    minimumFrom: null,
    manifest: { path: manifestPath(version, manifest), length: 4000, sha256: manifest },
    packages: [
      { kind: 'full', ...listed(sha256('full'), null) },
      ...before.map((old) => ({
        kind: 'patch' as const,
        from: `1.${old}.0`,
        fromChecksum: createHash('sha256')
          .update(`1.${old}.0 ${targetName(target)} binary`)
          .digest('hex'),
        ...listed(sha256(`from ${old}`), `1.${old}.0`),
      })),
    ],
  };
}

async function benchChecks(
  repository: string,
  version: string,
  binary: string,
  updater: string,
): Promise<Omit<FeedRow, 'releases'>> {
  const server = spawn(
    process.execPath,
    [CLI, 'serve', '--repo', repository, '--port', '0', '--access-log', 'off'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await once(createInterface({ input: server.stdout }), 'line');
  const port = Number(/:(\d+)/.exec(String(line))?.[1]);
  const relay = await startRelay(port);
  const here = await makeInstall({ binary, version, updater });
  try {
    const adopted = await here.update(['init', '--version', version, '--feed', relay.url]);
    if (adopted.code !== 0) throw new Error(adopted.stderr);
    const timed = async (...args: string[]) => {
      const begun = performance.now();
      const child = Bun.spawn([here.updater, ...args], {
        env: { ...process.env, ...here.env },
        ...{ cwd: here.folder, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
      });
      const code = await child.exited;
      const wall = performance.now() - begun;
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${await child.stderr.text()}`);
      return { wall, cpu: Number(child.resourceUsage()?.cpuTime.total ?? 0n) / 1000 };
    };
    const counted = async () => {
      const before = relay.bytes();
      await timed('check', '--json');
      return relay.bytes() - before;
    };
    const first = await counted();
    const again = [];
    for (let round = 0; round < COUNTED; round++) again.push(await counted());
    // Of another address, so it keeps metadata of its own.
    const check = ['check', '--json', '--feed', `http://127.0.0.1:${port}/`];
    await timed(...check);
    const checks = [];
    const versions = [];
    for (let round = 0; round < ROUNDS; round++) {
      checks.push(await timed(...check));
      versions.push(await timed('--version'));
    }
    return { first, again: Math.max(...again), check: spent(checks), version: spent(versions) };
  } finally {
    here.remove();
    relay.close();
    server.kill();
  }
}

function spent(runs: { wall: number; cpu: number }[]): Spent {
  const quartiles = (values: number[]): Quartiles => {
    const sorted = values.toSorted((a, b) => a - b);
    return { least: sorted[0] ?? 0, median: sorted[sorted.length >> 1] ?? 0 };
  };
  return {
    wall: quartiles(runs.map(({ wall }) => wall)),
    cpu: quartiles(runs.map(({ cpu }) => cpu)),
  };
}

/** As Markdown; of times the least and the median. */
export function feedTable(rows: FeedRow[]): string {
  const number = (value: number) => Math.round(value).toLocaleString('en');
  const growth = (value: (row: FeedRow) => number) => {
    const [least, most] = [rows[0], rows.at(-1)];
    return least && most ? (value(most) / value(least)).toFixed(2) : '-';
  };
  const both = ({ least, median }: Quartiles) => `${least.toFixed(1)}, ${median.toFixed(1)} ms`;
  const verdict = (value: number, wanted: number) =>
    value <= wanted ? '' : ` (wanted: ${wanted} ms at most)`;
  const more = ({ check, version }: FeedRow) => ({
    least: check.cpu.least - version.cpu.least,
    median: check.cpu.median - version.cpu.median,
  });
  return [
    '| releases x 7 targets | first contact, bytes | nothing changed since, bytes | the latter, process start included | `--version` | processor time more than that |',
    '|---|---|---|---|---|---|',
    ...rows.map((row) =>
      [
        `| ${number(row.releases)} | ${number(row.first)} | ${number(row.again)}`,
        `${both(row.check.wall)}${verdict(row.check.wall.median, WANTED.wall)}`,
        both(row.version.wall),
        `${both(more(row))}${verdict(more(row).median, WANTED.more)} |`,
      ].join(' | '),
    ),
    `| growth | ${growth(({ first }) => first)} | ${growth(({ again }) => again)} | ${growth(({ check }) => check.wall.median)} | ${growth(({ version }) => version.wall.median)} | ${growth((row) => more(row).median)} |`,
    '',
  ].join('\n');
}

if (import.meta.main) console.log(feedTable(await benchFeed()));
