/**
 * `npm run bench`: everything that is measured, as Markdown, beside the peers that are installed. `-- --no-peers`
 * leaves them out (zstd --patch-from and bsdiff take minutes). `-- delta`: patches alone, of other programs
 * too, and draws sizes.svg.
 */
import path from 'node:path';
import { benchPair, COMPARISON_HEAD, fetchPairs } from './delta.ts';
import { benchDownload, downloadTable } from './feed/download.ts';
import { benchFeed, feedTable } from './feed/feed.ts';
import { benchRoutes, routesTable } from './feed/routes.ts';
import { benchOldExecutables, oldExecutablesTable } from './old-executables.ts';
import { writePicture } from './picture.ts';
import { benchPrograms } from './programs.ts';
import { benchRepair, repairTable } from './repair.ts';
import { benchService, serviceTable } from './service.ts';
import { benchSnapshots } from './snapshots.ts';
import { benchStartUp, startUpTable } from './start-up.ts';
import { benchStarts } from './starts.ts';

const peers = !process.argv.includes('--no-peers');

const comparisons: string[] = [];
for (const pair of await fetchPairs()) {
  const { text, comparison } = await benchPair(pair, { peers });
  console.log(text);
  comparisons.push(comparison);
}
if (process.argv.includes('delta')) {
  console.log(`${COMPARISON_HEAD}\n${comparisons.join('\n')}\n`);
  comparisons.push(...(await benchPrograms()));
  writePicture(comparisons.join('\n'));
  process.exit(0);
}

const { updates, starts, failed, median } = await benchStarts();
console.log(`### ${updates} updates and rollbacks while DGMO is started as fast as it can be

| starts | failed | one update or rollback of 109 MB, median |
|---|---|---|
| ${starts.toLocaleString('en')} | ${failed.length} | ${Math.round(median)} ms |
`);
for (const failure of failed) console.log(`- ${failure}`);

console.log(`### Start-up

${startUpTable(await benchStartUp())}
`);
if (process.platform === 'linux')
  console.log(`### The background service, idle\n\n${serviceTable(await benchService())}\n`);
console.log(`### Snapshots and rollbacks\n\n${await benchSnapshots()}`);
console.log(`### Old executables\n\n${oldExecutablesTable(await benchOldExecutables())}`);
console.log(`### Checks and repairs of a real release\n\n${repairTable(await benchRepair())}`);
console.log(`### A check that finds nothing new\n\n${feedTable(await benchFeed())}`);
console.log(`### What an installation pays that is far behind\n\n${routesTable(await benchRoutes())}`);
console.log(`### A download beside curl\n\n${downloadTable(await benchDownload())}`);
Bun.spawnSync([process.execPath, path.join(import.meta.dir, 'server.ts')], {
  stdio: ['ignore', 'inherit', 'inherit'],
});

process.exitCode = failed.length === 0 ? 0 : 1;
