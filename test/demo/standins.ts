/** An update that goes well, a repair, an update that does not go well, and a rollback that brings the data back, with a stand-in for DGMO. */
import fs from 'node:fs';
import path from 'node:path';
import { serving } from '../support/servers/serve.ts';
import { buildStandin, type StandinStart, waitForStarts } from '../support/standin.ts';
import { NATIVE_PLATFORM, openWorkshop, type Ran, release, run } from '../support/workshop.ts';
import { flipByte, removeKept } from './damage.ts';
import { type Stage, size } from './stage.ts';

const suffix = process.platform === 'win32' ? '.exe' : '';

export async function showStandins(stage: Stage, folder: string): Promise<void> {
  stage.open('dgmo-updater: an update, a repair, a bad update, a rollback with its data');

  stage.act('The release engineer');
  const one = await stage.step(
    'compiled DGMO 1.0.0 (a stand-in)',
    () => buildStandin({ version: '1.0.0' }),
    size,
  );
  const two = await stage.step(
    'compiled DGMO 2.0.0, which keeps its data in another format',
    () => buildStandin({ version: '2.0.0', dataVersion: 2 }),
    size,
  );
  const three = await stage.step('compiled DGMO 3.0.0, which crashes at start', () =>
    buildStandin({ version: '3.0.0', behaviour: 'crash', dataVersion: 2 }),
  );
  const shop = await stage.step('made keys and a trusted root (release keys init)', () => openWorkshop());
  try {
    const updater = await stage.step(
      'compiled the updater, root inside (release compile)',
      () => shop.updater(),
      size,
    );
    const bundle = async (version: string, file: string, old: { version: string; file: string }) => {
      const to = path.join(shop.folder, `${version}.dgmopkg`);
      const files = ['--new', file, '--old', old.file, '--from', old.version, '-o', to];
      const what = ['--platform', NATIVE_PLATFORM, '--keys', shop.keys, '--data-version', '2'];
      await release(['bundle', version, ...what, ...files]);
      return to;
    };
    const repo = path.join(shop.folder, 'repo');
    const feed = path.join(shop.folder, 'www');
    await stage.step('made a signed feed with 1.0.0 and 2.0.0 (release init, add, add)', async () => {
      const where = ['--repo', repo, '--keys', shop.keys];
      await release(['init', ...where]);
      const binary = (file: string) => ['--binary', `${NATIVE_PLATFORM}=${file}`, '--level', '1'];
      await release(['add', '1.0.0', ...where, ...binary(one)]);
      await release(['add', '2.0.0', ...where, ...binary(two), '--data-version', '2']);
    });
    await stage.step('published it to a folder (release publish)', () =>
      release(['publish', '--repo', repo, '--to', feed]),
    );
    await using server = await stage.step(
      'serves it on loopback (release serve)',
      () => serving(feed),
      ({ url }) => url,
    );
    process.once('exit', () => server.kill('SIGTERM'));
    const toThree = await stage.step(
      'made a package 2.0.0 → 3.0.0, to be carried by hand (release bundle)',
      () => bundle('3.0.0', three, { version: '2.0.0', file: two }),
      size,
    );

    stage.act('A machine with DGMO 1.0.0, and data of format 1');
    const dir = path.join(folder, 'bin');
    const data = path.join(folder, 'home', 'data', 'data.json');
    fs.mkdirSync(dir);
    fs.mkdirSync(path.dirname(data), { recursive: true });
    fs.writeFileSync(data, '{"dataVersion":1,"sessions":["one","two"]}\n');
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
    wanted(0, await asked(installed, 'init', '--version', '1.0.0', '--feed', server.url));

    stage.act('It looks for something new, and updates itself from the feed');
    await stage.step('dgmo-updater check', async () => wanted(0, await asked(installed, 'check')));
    await stage.step('dgmo-updater update --yes', async () =>
      wanted(0, await asked(installed, 'update', '--yes')),
    );
    await stage.step(
      'dgmo --resume',
      async () => {
        wanted(0, await call(dgmo, '--resume'));
        return waitForStarts(starts, 1);
      },
      ([start]) => `DGMO ${start?.version} runs, and has brought its data to its format`,
    );
    stage.quote(`its data: ${fs.readFileSync(data, 'utf8')}`);

    stage.act('A byte of the executable changes on the drive: it is made again from what is kept here');
    const flip = async () => flipByte(dgmo);
    await stage.step('one byte is flipped', flip, (at) => `the one at ${at.toLocaleString('en')}`);
    await stage.step('dgmo-updater verify', async () => wanted(11, await asked(installed, 'verify')));
    await stage.step('dgmo-updater repair --yes', async () =>
      wanted(0, await asked(installed, 'repair', '--yes')),
    );

    stage.act('And with that and the downloaded patch gone: what is damaged is fetched, and no more');
    await stage.step(
      'one byte is flipped; the older executable, the spare blocks and the cache are removed',
      () => {
        removeKept(dir);
        fs.rmSync(path.join(env.DGMO_HOME, 'cache'), { recursive: true });
        return flip();
      },
    );
    await stage.step('dgmo-updater repair --yes', async () =>
      wanted(0, await asked(installed, 'repair', '--yes')),
    );
    await stage.step('dgmo-updater verify', async () => wanted(0, await asked(installed, 'verify')));

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

    stage.act('By hand: back to 1.0.0, which could not read the data of 2.0.0');
    await stage.step('dgmo-updater snapshots list', async () =>
      wanted(0, await asked(installed, 'snapshots', 'list')),
    );
    await stage.step('dgmo-updater rollback --yes', async () =>
      wanted(0, await asked(installed, 'rollback', '--yes')),
    );
    const last = await stage.step(
      'dgmo',
      async () => {
        wanted(0, await call(dgmo));
        return (await waitForStarts(starts, 3))[2];
      },
      (start) => `DGMO ${start?.version} runs, with its data of format ${start?.data?.dataVersion}`,
    );
    checkLast(last);
    stage.quote(`its data: ${fs.readFileSync(data, 'utf8')}`);
    wanted(0, await asked(installed, 'status'));
    stage.close('Nothing was broken on the way, and nothing was lost.');
  } finally {
    shop.remove();
  }
}

function checkLast(start: StandinStart | undefined): void {
  const found = `${start?.version} with data of format ${start?.data?.dataVersion}`;
  if (found !== '1.0.0 with data of format 1') throw new Error(`wanted 1.0.0 with its data, found ${found}`);
}

function wanted(code: number, ran: Ran): void {
  if (ran.code !== code) throw new Error(`exit code ${ran.code}, wanted ${code}: ${ran.stderr}`);
}
