/**
 * The main job, shown: `npm run demo` with small stand-ins, `npm run demo -- --real` with two real releases of
 * opencode. Everything happens in a temporary folder, with the commands that people type.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { showRealReleases } from './real.ts';
import { Stage } from './stage.ts';
import { showStandins } from './standins.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-demo-'));
// What it starts puts its own temporary folders (of 100 MB each) there as well.
process.env.TMPDIR = folder;
const clear = () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    clear();
    process.exit(code);
  });
}
const stage = new Stage();
try {
  if (process.argv.includes('--real')) await showRealReleases(stage, folder);
  else await showStandins(stage, folder);
} catch (error) {
  stage.failed(error);
  process.exitCode = 1;
} finally {
  clear();
}
