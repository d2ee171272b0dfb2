/**
 * The compiled updater is killed at every rename of `--apply` of a version that writes into the data when it is tried, and
 * fails. Before and after: never half an executable. After `recover`: the old executable with the old data, and nothing else.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Installed, makeInstall } from '../support/installed.ts';
import { openSharedWorkshop, run, type Workshop } from '../support/workshop.ts';
import { byReference, fillHome, homeOf, homePicture, pack, script } from './snapshot-stage.ts';

const canTrace = spawnSync('strace', ['-V']).status === 0;
if (!canTrace)
  console.log('  skipped: the updater is not killed at its renames, because strace is not installed');

/** As the system calls them; not every machine has all of them. */
const RENAMES = ['rename', 'renameat', 'renameat2'];
const FAILED_DATA = `
if [ "$1" = --version ]; then
  echo '{"dataVersion":2}' > "$DGMO_HOME/data/data.json"
  rm -f "$DGMO_HOME/data/auth.json"
  echo new > "$DGMO_HOME/data/only-new"
  echo broken >&2
  exit 70
fi`;

// A machine of a person may lack strace, that of the CI may not.
describe.skipIf(!canTrace && process.env.CI !== 'true')('an update that fails in its trial start', () => {
  let shop: Workshop;
  let here: Installed;
  let toBad: string;
  let versions: Buffer[];
  const template = () => path.join(shop.folder, 'template');

  beforeAll(async () => {
    shop = await openSharedWorkshop();
    const one = script(shop.folder, '1.0.0');
    const bad = script(shop.folder, '2.0.0', FAILED_DATA);
    versions = [one, bad].map((file) => fs.readFileSync(file));
    const updater = byReference(shop, await shop.updater());
    [here, toBad] = await Promise.all([
      makeInstall({ binary: one, version: '1.0.0', updater }),
      pack(shop, { version: '2.0.0', file: bad }),
    ]);
    fillHome(homeOf(here));
    fs.cpSync(here.folder, template(), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  });
  afterAll(() => {
    here?.remove();
    shop?.remove();
  });

  /** The install and the home as they were before the update. */
  function restage(): void {
    for (const name of fs.readdirSync(here.folder))
      fs.rmSync(path.join(here.folder, name), { recursive: true, force: true });
    fs.cpSync(template(), here.folder, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  }

  const apply = () => [here.updater, '--apply', toBad, '--no-relaunch'];
  const traced = (strace: string[]) =>
    run('strace', [...strace, ...apply()], { cwd: here.folder, env: here.env });

  /**
   * What is too young for its status to be trusted gets no entry in the cache of the snapshots, so that a quick run has up to five
   * renames fewer than another: a run that had fewer than `at` is done again.
   */
  async function killedAt(name: string, at: number) {
    const trace = path.join(shop.folder, 'killed');
    for (let tries = 1; ; tries++) {
      restage();
      const inject = ['-e', `trace=${name}`, '-e', `inject=${name}:signal=KILL:when=${at}`];
      const killed = await traced(['-o', trace, ...inject]);
      const { length } = [...fs.readFileSync(trace, 'utf8').matchAll(new RegExp(`^${name}\\(`, 'gm'))];
      if (killed.signal === 'SIGKILL' || length >= at || tries === 30) return killed;
    }
  }

  test('is killed at every rename: 0 bad states', async () => {
    const trace = path.join(shop.folder, 'trace');
    const names = RENAMES.map((name) => `?${name}`).join(',');
    restage();
    const before = { dir: here.picture(), home: homePicture(homeOf(here)) };
    expect((await traced(['-o', trace, '-e', `trace=${names}`])).code).toBe(15);
    expect(homePicture(homeOf(here))).toEqual(before.home);
    const calls = fs.readFileSync(trace, 'utf8');
    let points = 0;
    const bad: string[] = [];
    for (const name of RENAMES) {
      const count = [...calls.matchAll(new RegExp(`^${name}\\(`, 'gm'))].length;
      for (let at = 1; at <= count; at++) {
        const point = `${name} ${at} of ${count}`;
        const killed = await killedAt(name, at);
        if (killed.signal !== 'SIGKILL')
          bad.push(`${point}: it was not killed, but ended with ${killed.code}`);
        if (!versions.some((bytes) => bytes.equals(fs.readFileSync(here.dgmo))))
          bad.push(`${point}: the executable is neither the old nor the new one`);
        points++;
        const recovered = await here.update(['recover']);
        if (recovered.code !== 0)
          bad.push(`${point}: recover ended with ${recovered.code}: ${recovered.stderr}`);
        const after = { dir: here.picture(), home: homePicture(homeOf(here)) };
        if (!Bun.deepEquals(after, before))
          bad.push(`${point}: after recover ${JSON.stringify(after)}, wanted ${JSON.stringify(before)}`);
      }
    }
    console.log(`  killed at ${points} renames, ${bad.length} bad states`);
    expect(bad).toEqual([]);
    expect(points).toBeGreaterThan(10);
  });
});
