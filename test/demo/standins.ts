/** An update that goes well, one that does not, and a rollback, with a stand-in for DGMO. */
import fs from 'node:fs';
import path from 'node:path';
import { buildStandin, waitForStarts } from '../support/standin.ts';
import { openWorkshop, type Ran, run } from '../support/workshop.ts';
import { type Stage, size } from './stage.ts';

const suffix = process.platform === 'win32' ? '.exe' : '';

export async function showStandins(stage: Stage, folder: string): Promise<void> {
  stage.open('dgmo-updater: an update, a bad update, a rollback');

  stage.act('The release engineer');
  const one = await stage.step(
    'compiled DGMO 1.0.0 (a stand-in)',
    () => buildStandin({ version: '1.0.0' }),
    size,
  );
  const two = await stage.step('compiled DGMO 2.0.0', () => buildStandin({ version: '2.0.0' }), size);
  const three = await stage.step('compiled DGMO 3.0.0, which crashes at start', () =>
    buildStandin({ version: '3.0.0', behaviour: 'crash' }),
  );
  const shop = await stage.step('made keys and a trusted root (release keys init)', () => openWorkshop());
  try {
    const updater = await stage.step(
      'compiled the updater, root inside (release compile)',
      () => shop.updater(),
      size,
    );
    const toTwo = await stage.step(
      'made the package 1.0.0 → 2.0.0 (release bundle)',
      () => shop.bundle({ version: '2.0.0', file: two, old: { version: '1.0.0', file: one } }),
      (file) => `${size(file)} for a binary of ${size(two)}`,
    );
    const toThree = await stage.step(
      'made the package 2.0.0 → 3.0.0',
      () => shop.bundle({ version: '3.0.0', file: three, old: { version: '2.0.0', file: two } }),
      size,
    );

    stage.act('A machine with DGMO 1.0.0');
    const dir = path.join(folder, 'bin');
    fs.mkdirSync(dir);
    const dgmo = path.join(dir, `dgmo${suffix}`);
    const installed = path.join(dir, `dgmo-updater${suffix}`);
    fs.copyFileSync(one, dgmo);
    fs.copyFileSync(updater, installed);
    const starts = path.join(folder, 'starts');
    const env = { DGMO_HOME: path.join(folder, 'home'), DGMO_STANDIN_LOG: starts };
    const call = (file: string, ...args: string[]) => run(file, args, { cwd: folder, env });
    const asked = async (file: string, ...args: string[]): Promise<Ran> => {
      const ran = await call(file, ...args);
      stage.quote(ran.stderr + ran.stdout);
      return ran;
    };
    wanted(0, await asked(installed, 'init', '--version', '1.0.0'));

    stage.act('DGMO 1.0.0 starts the updater and exits; 2.0.0 comes up by itself');
    await stage.step(
      'dgmo self-update',
      async () => {
        wanted(0, await call(dgmo, 'self-update', toTwo, '--', '--resume'));
        return waitForStarts(starts, 1);
      },
      ([start]) => `DGMO ${start?.version} runs, with its arguments ${start?.args.join(' ')}`,
    );
    stage.quote((await call(dgmo, '--version')).stdout);

    stage.act('3.0.0 crashes at start: 2.0.0 comes back by itself');
    await stage.step(
      'dgmo-updater --apply',
      async () => {
        const ran = await asked(installed, '--apply', toThree);
        wanted(15, ran);
        const [, start] = await waitForStarts(starts, 2);
        return { ran, start };
      },
      ({ ran, start }) => `exit code ${ran.code}, DGMO ${start?.version} runs again`,
    );
    stage.quote((await call(dgmo, '--version')).stdout);

    stage.act('By hand: back to 1.0.0, and what stands now');
    await stage.step('dgmo-updater rollback', async () => wanted(0, await asked(installed, 'rollback')));
    wanted(0, await asked(installed, 'status'));
    const last = (await call(dgmo, '--version')).stdout.trim();
    if (last !== '1.0.0') throw new Error(`dgmo --version printed ${last}, wanted 1.0.0`);
    stage.close('Nothing was broken on the way.');
  } finally {
    shop.remove();
  }
}

function wanted(code: number, ran: Ran): void {
  if (ran.code !== code) throw new Error(`exit code ${ran.code}, wanted ${code}: ${ran.stderr}`);
}
