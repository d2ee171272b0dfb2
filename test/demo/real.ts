/** The same job on two real releases of opencode, from the npm registry. */
import fs from 'node:fs';
import path from 'node:path';
import { fetchPackage } from '../bench/pairs.ts';
import { NGINX, startNginx } from '../support/servers/nginx.ts';
import { startRelay } from '../support/servers/relay.ts';
import { serving } from '../support/servers/serve.ts';
import { openWorkshop, release, run } from '../support/workshop.ts';
import { flipByte, removeKept } from './damage.ts';
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
    const repo = path.join(shop.folder, 'repo');
    const feed = path.join(shop.folder, 'www');
    await stage.step('made and published a signed feed (release init, add, add, publish)', async () => {
      const where = ['--repo', repo, '--keys', shop.keys];
      await release(['init', ...where, '--app', 'opencode']);
      // Level 19, which is the default, takes a minute for each.
      for (const [version, file] of [
        [OLD, old],
        [NEW, fresh],
      ] as const)
        await release(['add', version, ...where, '--binary', `linux-x64=${file}`, '--level', '1']);
      await release(['publish', '--repo', repo, '--to', feed]);
    });
    await using server = await serve(stage, shop.folder, feed);
    process.once('exit', () => server.stop());

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
    await stage.step('dgmo-updater init', () =>
      call(installed, 'init', '--version', OLD, '--feed', server.url),
    );
    await stage.step('dgmo-updater check', () => call(installed, 'check'));
    await stage.step('dgmo-updater update --yes', () => call(installed, 'update', '--yes'));
    tellBytes(stage, server);
    const version = await stage.step('opencode --version', () => call(opencode, '--version'));
    if (version !== NEW) throw new Error(`opencode --version printed ${version}, wanted ${NEW}`);

    stage.act('A byte of it changes on the drive, and nothing is kept here that could mend it');
    await stage.step(
      'one byte is flipped; the older executable, the cache and the snapshots are removed',
      async () => {
        removeKept(dir);
        for (const name of ['cache', '.snapshots'])
          fs.rmSync(path.join(env.DGMO_HOME, name), { recursive: true });
        return flipByte(opencode);
      },
      (at) => `the one at ${at.toLocaleString('en')}`,
    );
    await stage.step('dgmo-updater repair --yes', () => call(installed, 'repair', '--yes'));
    tellBytes(stage, server);
    await stage.step('dgmo-updater verify --full', () => call(installed, 'verify', '--full'));
    await stage.step('opencode --version', () => call(opencode, '--version'));
    stage.close(`opencode ${NEW} runs, updated and healed.`);
  } finally {
    shop.remove();
  }
}

interface Server extends AsyncDisposable {
  url: string;
  stop(): void;
  /** Bytes on the wire since it was asked last, both ways, headers included; null where they are not counted. */
  bytes(): number | null;
}

function tellBytes(stage: Stage, server: Server): void {
  const bytes = server.bytes();
  if (bytes !== null)
    stage.quote(`${bytes.toLocaleString('en')} bytes on the wire, headers and metadata included`);
}

/** nginx where it is installed, else `release serve`. */
async function serve(stage: Stage, home: string, root: string): Promise<Server> {
  if (NGINX === null) {
    const server = await stage.step(
      'serves it on loopback (release serve)',
      () => serving(root),
      ({ url }) => url,
    );
    return {
      url: server.url,
      stop: () => server.kill('SIGTERM'),
      bytes: () => null,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }
  const server = await stage.step(
    'serves it on loopback (nginx)',
    () => startNginx({ root, home: path.join(home, 'nginx') }),
    ({ url }) => url,
  );
  const relay = await startRelay(Number(new URL(server.url).port));
  let seen = 0;
  const stop = async () => {
    relay.close();
    await server[Symbol.asyncDispose]();
  };
  return {
    url: relay.url,
    stop: () => void stop(),
    bytes() {
      const before = seen;
      seen = relay.bytes();
      return seen - before;
    },
    [Symbol.asyncDispose]: stop,
  };
}
