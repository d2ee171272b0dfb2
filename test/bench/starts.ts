/**
 * 50 updates back and forth while DGMO is started as fast as it can be: no start may fail. Uses the compiled
 * updater and two stand-ins of about 100 MB.
 */
import { makeInstall } from '../support/installed.ts';
import { buildStandin } from '../support/standin.ts';
import { openWorkshop, run } from '../support/workshop.ts';

export interface StartsResult {
  updates: number;
  starts: number;
  failed: string[];
  /** Median of one update or rollback, process start included, in milliseconds. */
  median: number;
}

export async function benchStarts(updates = 50): Promise<StartsResult> {
  const one = await buildStandin({ version: '1.0.0' });
  const two = await buildStandin({ version: '2.0.0' });
  const shop = await openWorkshop();
  const toTwo = await shop.bundle({ version: '2.0.0', file: two, old: { version: '1.0.0', file: one } });
  const here = await makeInstall({ binary: one, version: '1.0.0', updater: await shop.updater() });
  const result: StartsResult = { updates, starts: 0, failed: [], median: 0 };
  let going = true;
  const startForever = async () => {
    while (going) {
      const { code, signal, stdout, stderr } = await run(here.dgmo, ['--version'], { env: here.env });
      result.starts++;
      if (code !== 0 || !['1.0.0', '2.0.0'].includes(stdout.trim())) {
        result.failed.push(`code ${code}, signal ${signal}: ${stdout}${stderr}`);
      }
    }
  };
  const loop = startForever();
  const took: number[] = [];
  try {
    for (let count = 0; count < updates; count++) {
      const begun = performance.now();
      const args =
        count % 2 === 0
          ? ['--apply', toTwo, '--no-relaunch']
          : ['rollback', '--yes', '--only', 'binary', '--force'];
      const { code, stderr } = await here.update(args);
      took.push(performance.now() - begun);
      if (code !== 0) throw new Error(`update ${count} ended with ${code}: ${stderr}`);
    }
  } finally {
    going = false;
    await loop;
    here.remove();
    shop.remove();
  }
  result.median = took.sort((a, b) => a - b)[took.length >> 1] ?? 0;
  return result;
}
