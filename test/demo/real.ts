/** The same job on two real releases of opencode, from the npm registry. */
import fs from 'node:fs';
import path from 'node:path';
import { fetchPackage } from '../bench/pairs.ts';
import { openWorkshop, run } from '../support/workshop.ts';
import { type Stage, size } from './stage.ts';

const OLD = '1.18.33';
const NEW = '1.18.34';

export async function showRealReleases(stage: Stage, folder: string): Promise<void> {
  stage.open(`dgmo-updater: opencode ${OLD} → ${NEW}`);
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the real releases are those of linux-x64; this is ${process.platform}-${process.arch}`);
  }
  stage.act('The release engineer');
  const fetched = (version: string) =>
    stage.step(`fetched opencode ${version}`, () => fetchPackage('opencode-linux-x64', version), size);
  const old = await fetched(OLD);
  const fresh = await fetched(NEW);
  const shop = await stage.step('made keys and a trusted root', () => openWorkshop('opencode'));
  try {
    const updater = await stage.step('compiled the updater, root inside', () => shop.updater(), size);
    const patch = await stage.step(
      `made the package ${OLD} → ${NEW}`,
      () => shop.bundle({ version: NEW, file: fresh, old: { version: OLD, file: old } }),
      (file) => `${size(file)} for a binary of ${size(fresh)}`,
    );

    stage.act(`A machine with opencode ${OLD}`);
    const dir = path.join(folder, 'bin');
    fs.mkdirSync(dir);
    const opencode = path.join(dir, 'opencode');
    const installed = path.join(dir, 'dgmo-updater');
    fs.copyFileSync(old, opencode);
    fs.chmodSync(opencode, 0o755);
    fs.copyFileSync(updater, installed);
    const env = { DGMO_HOME: path.join(folder, 'home'), HOME: folder };
    const call = async (file: string, ...args: string[]) => {
      const ran = await run(file, args, { cwd: folder, env });
      stage.quote(ran.stderr + ran.stdout);
      if (ran.code !== 0) throw new Error(`${path.basename(file)} ${args.join(' ')} ended with ${ran.code}`);
      return ran.stdout.trim();
    };
    await stage.step('opencode --version', () => call(opencode, '--version'));
    await stage.step('dgmo-updater init', () => call(installed, 'init', '--version', OLD));
    await stage.step('dgmo-updater --apply', () => call(installed, '--apply', patch, '--no-relaunch'));
    const version = await stage.step('opencode --version', () => call(opencode, '--version'));
    if (version !== NEW) throw new Error(`opencode --version printed ${version}, wanted ${NEW}`);
    stage.close(`opencode ${NEW} runs from the swapped binary.`);
  } finally {
    shop.remove();
  }
}
