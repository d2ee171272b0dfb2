/**
 * For tests of what goes wrong with the feed: an install of 1.0.0, the compiled updater, a feed that has 2.0.0, and the
 * proof that after a failure all of the install is as it was and works.
 */
import { expect } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { type Certificates, makeCertificates } from '../../support/servers/certificates.ts';
import { type Serving as Release, serving } from '../../support/servers/serve.ts';
import { type Ran, run, type Workshop } from '../../support/workshop.ts';
import { type Serving, serveFolder } from '../../trust/feed/serving.ts';
import { openStage, type Stage } from '../../update/stage.ts';

/** Mounts of our own need root on Linux. In CI that is given. */
export const mounts = process.platform === 'linux' && process.getuid?.() === 0;
export const skipped = mounts ? '' : ' (skipped: needs root on Linux)';

/** The same feed over TLS, from `release serve`. */
export interface Secured {
  certificates: Certificates;
  release: Release;
}

export interface Standing extends AsyncDisposable {
  stage: Stage;
  updater: string;
  /** A process that serves the feed's folder, and misbehaves below `/<behaviour>/<kind>/`. */
  server: Serving;
  /** Made when it is first asked for. */
  secured(): Promise<Secured>;
  /** Of 2.0.0, below the feed. */
  fullPackage(): { file: string; sha256: string };
  /** A home with nothing but the trusted root; one for each client, where several are at work. */
  freshHome(): string;
  run(home: string, args: string[], env?: Record<string, string>): Promise<Ran>;
  /** What the install that goes with that home prints as its version. */
  versionOf(home: string): string;
  /** The code, the cause on standard error as one message, and the old version as it was. */
  refused(ran: Ran, code: number, says: string | RegExp): void;
  /** It ended well, and the file that it names is that package. */
  fetched(ran: Ran): void;
  /** Done when all tests are. */
  defer(work: () => Promise<unknown>): void;
}

/** The feed has 1.5.0 and 2.0.0, too, each as a full binary. */
export async function openStanding(shop: Workshop): Promise<Standing> {
  const [updater, stage] = await Promise.all([shop.rootlessUpdater(), openStage()]);
  const root = fs.readFileSync(path.join(stage.home, 'trust/root.json'));
  const digestOf = (file: string) =>
    new Bun.CryptoHasher('sha256').update(fs.readFileSync(file)).digest('hex');
  const before = digestOf(stage.dgmo);
  /** An install for each home: its receipt remembers what the feeds of that home have said. */
  const installs = new Set<string>();
  const installOf = (home: string): string => {
    const dir = path.join(stage.folder, `bin-of-${path.basename(home)}`);
    if (!installs.has(dir)) fs.cpSync(stage.dir, dir, { recursive: true });
    installs.add(dir);
    return dir;
  };
  for (const version of ['1.5.0', '2.0.0']) await stage.release(version, { deltas: 0 });
  const server = await serveFolder(stage.feed.folder);
  const deferred: (() => Promise<unknown>)[] = [];
  const secure = async (): Promise<Secured> => {
    const certificates = makeCertificates(stage.folder);
    const { cert, key } = certificates.good;
    const tls = ['--tls-cert', cert, '--tls-key', key, '--host', '127.0.0.1'];
    const release = await serving(stage.feed.folder, ...tls);
    deferred.push(async () => release[Symbol.asyncDispose]());
    return { certificates, release };
  };
  let secured: Promise<Secured> | undefined;
  const fullPackage = () => {
    const below = 'targets/releases/2.0.0';
    const names = fs.readdirSync(path.join(stage.feed.folder, below), { recursive: true, encoding: 'utf8' });
    const name = names.find((one) => one.endsWith('full.dgmopkg')) ?? '';
    return { file: `${below}/${name}`, sha256: path.basename(name).slice(0, 64) };
  };
  let homes = 0;
  return {
    stage,
    updater,
    server,
    secured() {
      secured ??= secure();
      return secured;
    },
    fullPackage,
    freshHome() {
      const home = path.join(stage.folder, `home-${homes++}`);
      fs.mkdirSync(path.join(home, 'trust'), { recursive: true });
      fs.writeFileSync(path.join(home, 'trust/root.json'), root);
      return home;
    },
    run: (home, args, env = {}) =>
      run(updater, [...args, '--install-dir', installOf(home), '--home', home], { cwd: stage.folder, env }),
    versionOf: (home) =>
      Bun.spawnSync([path.join(installOf(home), path.basename(stage.dgmo)), '--version'])
        .stdout.toString()
        .trim(),
    refused(ran, code, says) {
      const said = ran.stderr.split('\n').filter((line) => line.startsWith('dgmo-updater: '));
      expect({ code: ran.code, said }).toEqual({ code, said: [expect.stringMatching(says)] });
      expect(ran.stderr).not.toContain('    at ');
      for (const dir of [stage.dir, ...installs]) expect(digestOf(path.join(dir, 'dgmo'))).toBe(before);
      expect(stage.version()).toBe('1.0.0');
    },
    fetched(ran) {
      expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
      const file = ran.stdout.trim();
      const found = new Bun.CryptoHasher('sha256').update(fs.readFileSync(file)).digest('hex');
      expect([found, path.basename(file)]).toEqual([fullPackage().sha256, fullPackage().sha256]);
    },
    defer: (work) => void deferred.push(work),
    async [Symbol.asyncDispose]() {
      await Promise.all([...deferred.map((work) => work()), server.stop()]);
      await stage[Symbol.asyncDispose]();
    },
  };
}
