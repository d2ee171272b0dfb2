/** The same job on two real releases of opencode, from the npm registry. */
import fs from 'node:fs';
import path from 'node:path';
import { fetchPackage } from '../bench/pairs.ts';
import { NGINX, startNginx } from '../support/servers/nginx.ts';
import { serving } from '../support/servers/serve.ts';
import { openWorkshop, release, run } from '../support/workshop.ts';
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
    const sent = server.sent();
    if (sent !== null)
      stage.quote(`nginx sent ${sent.bytes.toLocaleString('en')} bytes in ${sent.answers} answers`);
    const version = await stage.step('opencode --version', () => call(opencode, '--version'));
    if (version !== NEW) throw new Error(`opencode --version printed ${version}, wanted ${NEW}`);
    stage.close(`opencode ${NEW} runs from the swapped binary.`);
  } finally {
    shop.remove();
  }
}

interface Server extends AsyncDisposable {
  url: string;
  stop(): void;
  /** What it has sent so far, without headers; null where it does not count. */
  sent(): { answers: number; bytes: number } | null;
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
      sent: () => null,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }
  const folder = path.join(home, 'nginx');
  const server = await stage.step(
    'serves it on loopback (nginx)',
    () => startNginx({ root, home: folder, accessLog: true }),
    ({ url }) => url,
  );
  return {
    url: server.url,
    stop: () => void server[Symbol.asyncDispose](),
    sent: () => countAnswers(path.join(folder, 'access.log')),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Of the log that nginx calls combined: `"GET / HTTP/1.1" 200 <bytes> ...`. */
function countAnswers(log: string): { answers: number; bytes: number } {
  const sizes = [...fs.readFileSync(log, 'utf8').matchAll(/" \d{3} (\d+) "/g)].map(([, bytes]) =>
    Number(bytes),
  );
  return { answers: sizes.length, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) };
}
