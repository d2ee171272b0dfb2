/**
 * `bun test/bench/snapshots.ts`: snapshots and rollbacks by the compiled updater, process start included, beside restic and
 * `cp -a` on the same tree in the same run; the reflinks of btrfs and xfs on loop mounts (as root); and how the cost grows.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Installed, makeInstall } from '../support/installed.ts';
import { buildStandin } from '../support/standin.ts';
import { openWorkshop, type Workshop } from '../support/workshop.ts';
import { fetchPackage } from './pairs.ts';
import { changeTree, makeTree } from './tree.ts';

const FILES = 10_000;
/** Milliseconds: a file that changed a moment ago is read again, since its status does not tell yet. */
const SETTLED = 3000;

interface Bench {
  here: Installed;
  data: string;
  home: string;
}

async function open(updater: string, binary: string, version: string): Promise<Bench> {
  const here = await makeInstall({ binary, version, updater });
  const home = here.env.DGMO_HOME ?? path.join(here.folder, 'home');
  const data = path.join(home, 'data');
  mkdirSync(data, { recursive: true });
  return { here, data, home };
}

async function timed(here: Installed, args: string[]): Promise<{ milliseconds: number; id: string }> {
  const begun = performance.now();
  const { code, stdout, stderr } = await here.update([...args, '--json']);
  const milliseconds = performance.now() - begun;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  return { milliseconds, id: result.id ?? result.before };
}

function timedPeer(command: string, args: string[], env: Record<string, string> = {}): number | null {
  const begun = performance.now();
  const { status, error, stderr } = spawnSync(command, args, { env: { ...process.env, ...env } });
  if (error !== undefined) return null;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - begun;
}

function roomOf(folder: string): number {
  return Number(spawnSync('du', ['-s', '-B1', folder]).stdout.toString().split('\t')[0]);
}

const settle = () => Bun.sleep(SETTLED);
const seconds = (milliseconds: number | null) =>
  milliseconds === null ? '-' : `${(milliseconds / 1000).toFixed(2)} s`;

/** First, again, 1 % changed, and back, beside restic and cp. */
async function beside(updater: string, standin: string): Promise<string> {
  const { here, data, home } = await open(updater, standin, '1.0.0');
  const work = mkdtempSync(path.join(here.folder, 'peers-'));
  const restic = { RESTIC_PASSWORD: 'only for the bench', RESTIC_REPOSITORY: path.join(work, 'restic') };
  const store = path.join(home, '.snapshots');
  try {
    const bytes = makeTree(data, FILES);
    await settle();
    spawnSync('sync');
    const peers = timedPeer('restic', ['init', '-q'], restic) !== null;
    const backup = () => (peers ? timedPeer('restic', ['backup', '-q', data, here.dgmo], restic) : null);
    const rows: [string, number, number | null, number | null][] = [];

    mkdirSync(path.join(work, 'copy'));
    const copy = timedPeer('cp', ['-a', data, here.dgmo, path.join(work, 'copy')]);
    rmSync(path.join(work, 'copy'), { recursive: true });
    spawnSync('sync');
    const resticFirst = backup();
    spawnSync('sync');
    const first = await timed(here, ['snapshots', 'create']);
    const room = roomOf(store);
    rows.push(['first', first.milliseconds, resticFirst, copy]);
    const again = await timed(here, ['snapshots', 'create']);
    const added = roomOf(store) - room;
    rows.push(['again, nothing changed', again.milliseconds, backup(), null]);

    changeTree(data, FILES, 'changed');
    await settle();
    rows.push([
      'again, 1 % changed',
      (await timed(here, ['snapshots', 'create'])).milliseconds,
      backup(),
      null,
    ]);
    const back = await timed(here, ['rollback', again.id, '--yes', '--no-relaunch', '--only', 'data']);
    const restored = peers
      ? timedPeer('restic', ['restore', '-q', 'latest', '--target', path.join(work, 'restored')], restic)
      : null;
    rows.push(['back, 1 % differs', back.milliseconds, restored, null]);
    const lines = rows.map(
      ([what, ours, theirs, copied]) =>
        `| ${what} | ${seconds(ours)} | ${seconds(theirs)} | ${theirs === null ? '-' : (ours / theirs).toFixed(2)} | ${seconds(copied)} |`,
    );
    return `${FILES.toLocaleString('en')} files, ${(bytes / 1e9).toFixed(2)} GB, ext4; the store takes ${(room / 1e6).toFixed(0)} MB after the first (the executable of ${(statSync(here.dgmo).size / 1e6).toFixed(0)} MB is a part of all three), ${added.toLocaleString('en')} bytes more after the second.

| snapshot | dgmo-updater | restic | ratio | cp -a |
|---|---|---|---|---|
${lines.join('\n')}
`;
  } finally {
    here.remove();
  }
}

/** The executable of 185 MB alone, from the command to the verified end: a real release, which takes its time to start. */
async function binaryAlone(shop: Workshop, updater: string): Promise<string> {
  const old = await fetchPackage('opencode-linux-x64', '1.18.33');
  const fresh = await fetchPackage('opencode-linux-x64', '1.18.34');
  const bundle = await shop.bundle({
    version: '1.18.34',
    file: fresh,
    old: { version: '1.18.33', file: old },
  });
  const { here } = await open(updater, old, '1.18.33');
  try {
    const took: number[] = [];
    for (let round = 0; round < 5; round++) {
      await timed(here, ['--apply', bundle, '--no-relaunch']);
      took.push((await timed(here, ['rollback', '--only', 'binary', '--yes', '--force'])).milliseconds);
    }
    const middle = took.sort((a, b) => a - b)[2] ?? 0;
    const start = timedPeer(here.dgmo, ['--version']);
    return `Back from opencode 1.18.34 to 1.18.33, the executable alone (185 MB), median of 5: **${seconds(middle)}**, of which \`opencode --version\`, by which it is verified, takes ${seconds(start)}.\n`;
  } finally {
    here.remove();
  }
}

/** On filesystems that share blocks: the executable of 185 MB and 1 GB of data. */
async function reflinks(updater: string): Promise<string> {
  if (process.getuid?.() !== 0) return 'Reflinks are measured as root only.\n';
  const binary = await fetchPackage('opencode-linux-x64', '1.18.34');
  const rows: string[] = [];
  for (const filesystem of ['btrfs', 'xfs'] as const) {
    const image = mkdtempSync(path.join(os.tmpdir(), 'dgmo-bench-'));
    const mount = path.join(image, 'mnt');
    mkdirSync(mount);
    try {
      spawnSync('truncate', ['-s', '4G', path.join(image, 'disk')]);
      const made = spawnSync(`mkfs.${filesystem}`, ['-q', path.join(image, 'disk')]);
      if (made.error !== undefined || made.status !== 0) {
        rows.push(`| ${filesystem} | - | - | - |`);
        continue;
      }
      if (spawnSync('mount', ['-o', 'loop', path.join(image, 'disk'), mount]).status !== 0) {
        rows.push(`| ${filesystem} | - | - | - |`);
        continue;
      }
      rows.push(await reflinkRow(updater, binary, filesystem, mount));
    } finally {
      spawnSync('umount', [mount]);
      rmSync(image, { recursive: true, force: true });
    }
  }
  return `| 185 MB executable and 1 GB of data in 100 files | first snapshot | again | room that it took |
|---|---|---|---|
${rows.join('\n')}
`;
}

async function reflinkRow(
  updater: string,
  binary: string,
  filesystem: string,
  mount: string,
): Promise<string> {
  const dir = path.join(mount, 'bin');
  const home = path.join(mount, 'home');
  mkdirSync(path.join(home, 'data'), { recursive: true });
  mkdirSync(dir);
  copyFileSync(binary, path.join(dir, 'dgmo'));
  copyFileSync(updater, path.join(dir, 'dgmo-updater'));
  const block = new Uint8Array(10 << 20);
  for (let file = 0; file < 100; file++) {
    for (let at = 0; at < block.length; at += 65536) crypto.getRandomValues(block.subarray(at, at + 65536));
    writeFileSync(path.join(home, 'data', `f${file}`), block);
  }
  await settle();
  spawnSync('sync');
  const run = (...args: string[]) => timedPeer(path.join(dir, 'dgmo-updater'), [...args, '--home', home]);
  run('init', '--version', '1.18.34');
  const before = usedOn(mount);
  const first = run('snapshots', 'create');
  spawnSync('sync');
  const took = usedOn(mount) - before;
  return `| ${filesystem} | ${seconds(first)} | ${seconds(run('snapshots', 'create'))} | ${(took / 1e6).toFixed(1)} MB |`;
}

function usedOn(mount: string): number {
  const line = spawnSync('df', ['-B1', '--output=used', mount]).stdout.toString().trim().split('\n').at(-1);
  return Number(line);
}

async function growth(updater: string, standin: string): Promise<string> {
  const rows: string[] = [];
  for (const files of [1000, 10_000, 100_000]) {
    const { here, data } = await open(updater, standin, '1.0.0');
    try {
      for (let at = 0; at < files; at++) {
        const folder = path.join(data, `d${Math.floor(at / 100)}`);
        if (at % 100 === 0) mkdirSync(folder, { recursive: true });
        writeFileSync(path.join(folder, `f${at}`), `${at} ${'x'.repeat(at % 2000)}`);
      }
      await settle();
      const first = await timed(here, ['snapshots', 'create']);
      const again = await timed(here, ['snapshots', 'create']);
      rows.push(
        `| ${files.toLocaleString('en')} | ${seconds(first.milliseconds)} | ${seconds(again.milliseconds)} |`,
      );
    } finally {
      here.remove();
    }
  }
  return `| small files (1 KB on average) | first | again, nothing changed |\n|---|---|---|\n${rows.join('\n')}\n`;
}

export async function benchSnapshots(): Promise<string> {
  const shop = await openWorkshop();
  try {
    const updater = await shop.updater();
    const standin = await buildStandin({ version: '1.0.0' });
    return [
      await beside(updater, standin),
      await binaryAlone(shop, updater),
      await reflinks(updater),
      await growth(updater, standin),
    ].join('\n');
  } finally {
    shop.remove();
  }
}

if (import.meta.main) console.log(await benchSnapshots());
