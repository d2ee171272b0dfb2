/**
 * What a check and a repair of a real release cost: `bun test/bench/repair.ts`, or `-- --blocks N` for a repair of N random blocks
 * from the feed, and as many with what the install has (`DGMO_SEED=<seed>` repeats a run). opencode 1.18.33 was updated to 1.18.34 by the
 * compiled updater from a feed behind nginx, which was made by `release add` with its defaults; a relay counts the bytes. Times
 * include the start of the process.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Installed, makeInstall } from '../support/installed.ts';
import { NGINX, startNginx } from '../support/servers/nginx.ts';
import { type Relay, startRelay } from '../support/servers/relay.ts';
import { openWorkshop, PASSPHRASE, release, type Workshop } from '../support/workshop.ts';
import { fetchPackage } from './pairs.ts';

const OLD = '1.18.33';
const NEW = '1.18.34';
const ROUNDS = 15;
/** Updates after each of which the first check is measured. */
const INSTALLS = 5;
const REPAIRS = 3;
const BLOCK = 1 << 16;
/** Of 1.18.34, with a byte flipped: one of the five of 200 that the older executable does not mend. */
const UNLIKE_OLD = 1536;
/** Milliseconds: a file that changed a moment ago is read again, since its status does not tell yet. */
const SETTLED = 3000;

/** Milliseconds that passed, and of processor time. */
interface Took {
  wall: number;
  cpu: number;
}

interface Verified {
  /** Medians. `first`: just after the installation. `unknown`: nothing is recorded of what was read before. */
  quick: Took;
  first: Took;
  unknown: Took;
  full: Took;
  /** One SHA-256 over the executable, in a process that has been started. */
  digest: Took;
  /** Bytes that the full one reads, of which `binary` are the executable's. */
  read: number;
  binary: number;
}

interface Repaired {
  what: string;
  /** On the wire, both ways, headers and metadata. */
  wire: number;
  /** Of which the package: index of the frames, and frames. */
  fetched: number;
  /** Median. */
  took: Took;
  /** What is to be reached. */
  most: { wire: number; seconds: number };
}

export interface RepairBench {
  /** Of `release add` of the newer version. */
  added: Took;
  verified: Verified[];
  repaired: Repaired[];
}

/**
 * Null if nginx is not installed, or this is no machine for linux-x64.
 *
 * @param blocks measure the repair of so many random blocks, and nothing else
 */
export async function benchRepair(blocks = 0): Promise<RepairBench | null> {
  if (NGINX === null || process.platform !== 'linux' || process.arch !== 'x64') return null;
  const old = await fetchPackage('opencode-linux-x64', OLD);
  const fresh = await fetchPackage('opencode-linux-x64', NEW);
  const shop = await openWorkshop('opencode');
  try {
    const { root, added } = await publish(shop, old, fresh);
    await using nginx = await startNginx({ root, home: path.join(shop.folder, 'nginx') });
    using relay = await startRelay(nginx.port);
    const updater = await shop.updater();
    const adopt = () => makeInstall({ binary: fresh, version: NEW, updater, app: 'opencode' });
    const update = async () => {
      const here = await makeInstall({ binary: old, version: OLD, updater, app: 'opencode' });
      await timed(here, ['update', '--yes', '--no-relaunch', '--feed', relay.url]);
      return here;
    };
    if (blocks > 0) {
      const here = await update();
      try {
        return { added, verified: [], repaired: await timeRandomBlocks(here, relay, blocks) };
      } finally {
        here.remove();
      }
    }
    const afterAdoption = await timeFirst(adopt);
    const adopted = await adopt();
    const verified = [{ first: afterAdoption, ...(await timeVerify(adopted)) }];
    adopted.remove();
    const afterUpdate = await timeFirst(update);
    const here = await update();
    try {
      verified.push({ first: afterUpdate, ...(await timeVerify(here)) });
      return { added, verified, repaired: await timeRepairs(here, relay) };
    } finally {
      here.remove();
    }
  } finally {
    shop.remove();
  }
}

/** The folder that is served, and what adding the newer one took. */
async function publish(shop: Workshop, old: string, fresh: string): Promise<{ root: string; added: Took }> {
  const repo = path.join(shop.folder, 'repo');
  const feed = path.join(shop.folder, 'www');
  const where = ['--repo', repo, '--keys', shop.keys];
  await release(['init', ...where, '--app', 'opencode']);
  await release(['add', OLD, ...where, '--binary', `linux-x64=${old}`]);
  const begun = performance.now();
  const cli = path.resolve(import.meta.dir, '../../release/cli.ts');
  const child = Bun.spawn([process.execPath, cli, 'add', NEW, ...where, '--binary', `linux-x64=${fresh}`], {
    env: { ...process.env, DGMO_KEY_PASSPHRASE: PASSPHRASE },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [failure] = await Promise.all([child.stderr.text(), child.exited]);
  if (child.exitCode !== 0) throw new Error(`release add ended with ${child.exitCode}: ${failure}`);
  const cpu = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1000;
  const added = { wall: performance.now() - begun, cpu };
  await release(['publish', '--repo', repo, '--to', feed]);
  return { root: feed, added };
}

interface Ran extends Took {
  /** The result line. */
  result: Record<string, unknown>;
}

/** Runs the updater, which must end with 0. */
async function timed(here: Installed, args: string[]): Promise<Ran> {
  const begun = performance.now();
  const child = Bun.spawn([here.updater, ...args, '--json'], {
    cwd: here.folder,
    env: { ...process.env, ...here.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [said, failure] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const wall = performance.now() - begun;
  if (child.exitCode !== 0)
    throw new Error(`${args.join(' ')} ended with ${child.exitCode}: ${failure}${said}`);
  const cpu = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1000;
  return { wall, cpu, result: JSON.parse(said.trim().split('\n').at(-1) ?? '') };
}

function medianOf(all: readonly Took[]): Took {
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
  return { wall: median(all.map(({ wall }) => wall)), cpu: median(all.map(({ cpu }) => cpu)) };
}

/** Of the first `verify --full` after each of some installations. */
async function timeFirst(install: () => Promise<Installed>): Promise<Took> {
  const all: Took[] = [];
  for (let round = 0; round < INSTALLS; round++) {
    const here = await install();
    try {
      all.push(await timed(here, ['verify', '--full']));
    } finally {
      here.remove();
    }
  }
  return medianOf(all);
}

/** All of them in turn, so that what else the machine does hits each. */
async function timeVerify(here: Installed): Promise<Omit<Verified, 'first'>> {
  await Bun.sleep(SETTLED);
  const { result } = await timed(here, ['verify', '--full']);
  const [quick, unknown, full, digest]: [Took[], Took[], Took[], Took[]] = [[], [], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const [begun, before] = [performance.now(), process.cpuUsage()];
    sha256(here.dgmo);
    const { user, system } = process.cpuUsage(before);
    digest.push({ wall: performance.now() - begun, cpu: (user + system) / 1000 });
    fs.rmSync(path.join(here.dir, '.dgmo-updater', 'read.json'));
    unknown.push(await timed(here, ['verify', '--full']));
    full.push(await timed(here, ['verify', '--full']));
    quick.push(await timed(here, ['verify']));
  }
  return {
    ...{ quick: medianOf(quick), unknown: medianOf(unknown), full: medianOf(full), digest: medianOf(digest) },
    ...{ read: Number(result.bytesRead), binary: fs.statSync(here.dgmo).size },
  };
}

/** In pieces of 1 MiB. */
function sha256(file: string): string {
  const hash = createHash('sha256');
  const handle = fs.openSync(file, 'r');
  const piece = new Uint8Array(1 << 20);
  try {
    for (;;) {
      const count = fs.readSync(handle, piece);
      if (count === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, count));
    }
  } finally {
    fs.closeSync(handle);
  }
}

interface Case {
  what: string;
  /** Blocks of which a byte is flipped. */
  damaged: number[];
  args: string[];
  /** Whether what could take the place of the feed is removed before. */
  forgets: boolean;
  most: Repaired['most'];
}

/** One byte of a random block at a time, from the feed, then with what the install has: medians, and the worst. */
async function timeRandomBlocks(here: Installed, relay: Relay, count: number): Promise<Repaired[]> {
  const good = sha256(here.dgmo);
  const size = fs.statSync(here.dgmo).size;
  const seed = Number(process.env.DGMO_SEED ?? Date.now() % 1_000_000);
  console.log(`DGMO_SEED=${seed}`);
  const places = Array.from({ length: count }, (_, index) => {
    const bytes = createHash('sha256').update(`${seed} ${index}`).digest();
    return bytes.readUInt32LE(0) % size;
  });
  const rows: Repaired[] = [];
  for (const isOnline of [false, true]) {
    const all: (Took & Pick<Repaired, 'wire' | 'fetched'> & { block: number })[] = [];
    const args = isOnline ? ['--feed', relay.url] : ['--offline'];
    for (const place of places) {
      flipByte(here.dgmo, place);
      if (isOnline) forget(here);
      const before = relay.bytes();
      const { result, wall, cpu } = await timed(here, ['repair', '--yes', ...args]);
      const wire = relay.bytes() - before;
      const block = Math.floor(place / BLOCK);
      if (sha256(here.dgmo) !== good) throw new Error(`block ${block}: the executable is not what it was`);
      all.push({ block, wall, cpu, wire, fetched: Number(result.bytesFetched) });
    }
    const slowest = all.toSorted((a, b) => b.wall - a.wall);
    const largest = all.toSorted((a, b) => b.wire - a.wire);
    const what = isOnline ? 'from the feed' : 'with what is kept with the install';
    const most = { wire: isOnline ? 320_000 : 0, seconds: 1.5 };
    const late = slowest.filter(({ wall }) => wall > 1000 * most.seconds).length;
    console.log(`${what}: ${late} of ${count} took more than ${most.seconds} s`);
    const rowOf = (name: string, one: (typeof all)[number] | undefined) =>
      one === undefined ? [] : [{ what: `${name}, ${what}`, took: one, most, ...one }];
    rows.push(
      ...rowOf(`the median of ${count} blocks in time`, slowest[count >> 1]),
      ...rowOf(`the slowest, block ${slowest[0]?.block}`, slowest[0]),
      ...rowOf(`the one with the most bytes, block ${largest[0]?.block}`, largest[0]),
    );
  }
  return rows.map(({ what, wire, fetched, took, most }) => ({ what, wire, fetched, took, most }));
}

async function timeRepairs(here: Installed, relay: Relay): Promise<Repaired[]> {
  const blocks = Math.floor(fs.statSync(here.dgmo).size / BLOCK);
  const ten = Array.from({ length: 10 }, (_, index) => Math.floor(((index + 0.5) * blocks) / 10));
  const one = ten.slice(5, 6);
  const online = { args: ['--feed', relay.url], forgets: true };
  const cases: Case[] = [
    {
      what: 'one flipped byte, from the feed',
      damaged: one,
      ...online,
      most: { wire: 320_000, seconds: 1.5 },
    },
    {
      what: 'ten damaged blocks, from the feed',
      damaged: ten,
      ...online,
      most: { wire: 1_400_000, seconds: Infinity },
    },
    ...[
      { what: 'one flipped byte, with what is kept with the install', damaged: one },
      { what: 'the same in a block that only the patch makes', damaged: [UNLIKE_OLD] },
      { what: 'ten damaged blocks', damaged: ten },
    ].map((one) => ({ ...one, args: ['--offline'], forgets: false, most: { wire: 0, seconds: 1.5 } })),
  ];
  const pristine = fs.mkdtempSync(path.join(os.tmpdir(), 'repair-bench-'));
  try {
    copyOver(here.folder, pristine);
    const rows: Repaired[] = [];
    for (const one of cases) rows.push(await timeRepair(here, relay, pristine, one));
    return rows;
  } finally {
    fs.rmSync(pristine, { recursive: true, force: true });
  }
}

/** `to` becomes what `from` is. */
function copyOver(from: string, to: string): void {
  for (const name of fs.readdirSync(to)) fs.rmSync(path.join(to, name), { recursive: true });
  // With hard links: an executable that the store has as well is one file.
  Bun.spawnSync(['cp', '-a', `${from}/.`, to]);
}

async function timeRepair(
  here: Installed,
  relay: Relay,
  pristine: string,
  { what, damaged, args, forgets, most }: Case,
): Promise<Repaired> {
  const rounds: (Took & Pick<Repaired, 'wire' | 'fetched'>)[] = [];
  for (let round = 0; round < REPAIRS; round++) {
    copyOver(pristine, here.folder);
    const good = sha256(here.dgmo);
    // As on a machine where it was checked before.
    await Bun.sleep(SETTLED);
    await timed(here, ['verify', '--full']);
    for (const block of damaged) flipByte(here.dgmo, block * BLOCK + 4711);
    if (forgets) forget(here);
    Bun.spawnSync(['sync']);
    const before = relay.bytes();
    const { result, ...took } = await timed(here, ['repair', '--yes', ...args]);
    if (sha256(here.dgmo) !== good) throw new Error(`${what}: the executable is not what it was`);
    rounds.push({ ...took, wire: relay.bytes() - before, fetched: Number(result.bytesFetched) });
  }
  return {
    ...{ what, most, took: medianOf(rounds) },
    wire: Math.max(...rounds.map(({ wire }) => wire)),
    fetched: Math.max(...rounds.map(({ fetched }) => fetched)),
  };
}

/** No older executable, list of blocks, package, snapshot, or metadata of the feed is left. */
function forget(here: Installed): void {
  const workDir = path.join(here.dir, '.dgmo-updater');
  for (const name of fs.readdirSync(workDir)) {
    if (/^(kept|blocks)-/.test(name)) fs.rmSync(path.join(workDir, name));
  }
  for (const name of ['cache', '.snapshots', 'trust/feed'])
    fs.rmSync(path.join(here.env.DGMO_HOME ?? '', name), { recursive: true, force: true });
}

function flipByte(file: string, at: number): void {
  const handle = fs.openSync(file, 'r+');
  try {
    const byte = new Uint8Array(1);
    fs.readSync(handle, byte, 0, 1, at);
    fs.writeSync(handle, Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, at);
  } finally {
    fs.closeSync(handle);
  }
}

/** Markdown. */
export function repairTable(bench: RepairBench | null): string {
  if (bench === null) return 'nginx is not installed, or this is not linux-x64: nothing was measured.\n';
  const number = (value: number) => Math.round(value).toLocaleString('en');
  const judged = (value: string, isWithin: boolean, most: string) =>
    isWithin ? value : `${value} (wanted: ${most} at most)`;
  const milliseconds = ({ wall, cpu }: Took) => `${wall.toFixed(0)} ms (${cpu.toFixed(0)})`;
  const ratios = (one: Took, other: Took, times = 1) => [
    (one.wall / other.wall / times).toFixed(2),
    (one.cpu / other.cpu / times).toFixed(2),
  ];
  const installs = [`${NEW}, adopted`, `${NEW}, updated from ${OLD}, which is kept`];
  return [
    'In brackets: milliseconds of processor time, and the ratio of these.',
    '',
    '| install | `verify` | `verify --full` | one SHA-256 of the executable | ratio | the first `verify --full` | ratio | with nothing recorded | ratio | it reads |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...bench.verified.map(({ quick, first, unknown, full, digest, read }, index) => {
      const [wall, cpu] = ratios(full, digest);
      const [wallOfFirst = '', cpuOfFirst] = ratios(first, digest);
      const [wallOfUnknown, cpuOfUnknown] = ratios(unknown, digest);
      return (
        `| ${installs[index]} | ${judged(milliseconds(quick), quick.wall <= 60, '60 ms')} | ${milliseconds(full)} | ` +
        `${milliseconds(digest)} | ${judged(`${wall} (${cpu})`, full.wall <= 1.2 * digest.wall, '1.20')} | ` +
        `${milliseconds(first)} | ${judged(`${wallOfFirst} (${cpuOfFirst})`, first.wall <= 1.2 * digest.wall, '1.20')} | ` +
        `${milliseconds(unknown)} | ${wallOfUnknown} (${cpuOfUnknown}) | ${number(read / 1e6)} MB |`
      );
    }),
    '',
    '| repair of | on the wire, bytes | of which index and frames | time | processor time |',
    '|---|---|---|---|---|',
    ...bench.repaired.map(({ what, wire, fetched, took, most }) => {
      const seconds = took.wall / 1000;
      return (
        `| ${what} | ${judged(number(wire), wire <= most.wire, number(most.wire))} | ${number(fetched)} | ` +
        `${judged(`${seconds.toFixed(2)} s`, seconds <= most.seconds, `${most.seconds} s`)} | ${(took.cpu / 1000).toFixed(2)} s |`
      );
    }),
    '',
    `\`release add\` of ${NEW} after ${OLD}: ${judged(`${(bench.added.wall / 1000).toFixed(1)} s`, bench.added.wall <= 40_000, '40 s')}, ` +
      `${(bench.added.cpu / 1000).toFixed(1)} s of processor time.`,
    '',
  ].join('\n');
}

if (import.meta.main) {
  const at = process.argv.indexOf('--blocks');
  console.log(repairTable(await benchRepair(at < 0 ? 0 : Number(process.argv[at + 1]))));
}
