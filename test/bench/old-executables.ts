/**
 * `bun test/bench/old-executables.ts`: five real releases of 185 MB, each put in the place of the one before by the compiled updater
 * (`--apply`), then what the store of snapshots takes for all five, and the way back to each of them, whose digest is compared.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { ANY_SIZE, digestFile } from '../../lib/platform/files.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { type Installed, makeInstall, resultOf } from '../support/installed.ts';
import { openWorkshop } from '../support/workshop.ts';
import { fetchPackage } from './pairs.ts';

const VERSIONS = ['1.18.30', '1.18.31', '1.18.32', '1.18.33', '1.18.34'];

interface Way {
  version: string;
  /** How its executable was stored before the way back. */
  stored: string;
  milliseconds: number;
}

export interface OldExecutables {
  /** Allocated bytes of the newest executable; of the store, without what has a second name beside `dgmo`; and of all of it. */
  one: number;
  added: number;
  store: number;
  inverses: number[];
  ways: Way[];
}

async function done(here: Installed, args: string[]): Promise<Record<string, unknown>> {
  const ran = await here.update([...args, '--json']);
  if (ran.code !== 0) throw new Error(`${args.join(' ')} ended with ${ran.code}: ${ran.stderr}${ran.stdout}`);
  return resultOf(ran);
}

/** An update starts it in the background; this waits for that, or does it. */
async function compacted(here: Installed): Promise<void> {
  while ((await done(here, ['snapshots', 'compact'])).freed !== 0);
}

/** Allocated bytes of each folder; a file with several names is counted where it is met first. */
function allocated(...folders: string[]): number[] {
  const lines = spawnSync('du', ['-s', '-B1', ...folders])
    .stdout.toString()
    .trim()
    .split('\n');
  return lines.map((line) => Number(line.split('\t')[0]));
}

function howStored(store: string, sha256: string): string {
  const status = statSync(path.join(store, 'binaries', sha256), {
    throwIfNoEntry: false,
  });
  if (status === undefined) return 'as a patch';
  return status.nlink > 1 ? 'whole: a second name of the one that is kept beside dgmo' : 'whole';
}

const digest = (file: string) => digestFile(nativeDisk, file, ANY_SIZE)?.sha256 ?? '';

export async function benchOldExecutables(): Promise<OldExecutables> {
  const files = await Promise.all(VERSIONS.map((version) => fetchPackage('opencode-linux-x64', version)));
  const [binary = '', ...later] = files;
  const shop = await openWorkshop();
  let here: Installed | undefined;
  try {
    here = await makeInstall({ binary, version: VERSIONS[0] ?? '', updater: await shop.updater() });
    const home = here.env.DGMO_HOME ?? '';
    const store = path.join(home, '.snapshots');
    mkdirSync(home, { recursive: true });
    for (const [index, file] of later.entries()) {
      const bundle = await shop.bundle({
        version: VERSIONS[index + 1] ?? '',
        file,
      });
      await done(here, ['--apply', bundle, '--no-relaunch']);
      await compacted(here);
    }
    const ids = new Map<string, string>();
    await done(here, ['snapshots', 'create']);
    await compacted(here);
    const { snapshots } = (await done(here, ['snapshots', 'list'])) as {
      snapshots: { id: string; version: string }[];
    };
    for (const { id, version } of snapshots) ids.set(version, id);
    const digests = files.map(digest);
    const patches = readdirSync(path.join(store, 'inverses'));
    const stored = digests.map((sha256) => howStored(store, sha256));
    const measured = {
      one: statSync(files.at(-1) ?? '').blocks * 512,
      added: allocated(here.dir, store)[1] ?? 0,
      store: allocated(store)[0] ?? 0,
      inverses: patches.map((name) => statSync(path.join(store, 'inverses', name)).size),
    };
    const ways: Way[] = [];
    for (const [index, version] of VERSIONS.entries()) {
      const begun = performance.now();
      const options = ['--only', 'binary', '--yes', '--force', '--no-relaunch'];
      await done(here, ['rollback', ids.get(version) ?? version, ...options]);
      ways.push({
        version,
        stored: stored[index] ?? '',
        milliseconds: performance.now() - begun,
      });
      if (digest(here.dgmo) !== digests[index]) throw new Error(`what came back is not ${version}`);
    }
    return { ...measured, ways };
  } finally {
    here?.remove();
    shop.remove();
  }
}

export function oldExecutablesTable({ one, added, store, inverses, ways }: OldExecutables): string {
  const bytes = (count: number) => count.toLocaleString('en');
  return `One executable: ${bytes(one)} bytes. The store with all five adds ${bytes(added)} bytes to the installation, **${(added / one).toFixed(3)}** of that (\`du\` of the store alone: ${bytes(store)}), of which ${inverses.length} patches: ${inverses.map(bytes).join(', ')}.

| back to | stored | time, verified |
|---|---|---|
${ways.map(({ version, stored, milliseconds }) => `| ${version} | ${stored} | ${(milliseconds / 1000).toFixed(2)} s |`).join('\n')}
`;
}

if (import.meta.main) console.log(oldExecutablesTable(await benchOldExecutables()));
