/**
 * A feed on a real server, and an install that reads it: everything that a check and an update need, small and quick.
 * The executables are shell scripts that print their version, so this is for POSIX.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UpdateManager, type UpdateManagerOptions } from '../../lib/api/index.ts';
import type { Settings } from '../../lib/home/compiled-in.ts';
import { keepTrustedRoot } from '../../lib/home/trusted-root.ts';
import { adopt, createWorkDir, openSession, withLock } from '../../lib/install/index.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { makeFeed, type ReleaseOptions, type TestFeed } from '../release/feed.ts';
import { content } from '../support/servers/content.ts';
import { NATIVE_PLATFORM } from '../support/workshop.ts';

export type Answer = (path: string, request: Request) => Response | undefined | Promise<Response | undefined>;

/** What was asked of the server. */
export interface Asked {
  /** Without the leading slash. */
  path: string;
  status: number;
}

export interface Stage extends AsyncDisposable {
  feed: TestFeed;
  /** Ends with a slash. */
  url: string;
  folder: string;
  dir: string;
  home: string;
  dgmo: string;
  /** Answers in place of the feed's folder. */
  answer: Answer;
  asked: Asked[];
  /** Adds the release; `works` is what its executable does when it is started. */
  release(version: string, options?: ReleaseOptions & { works?: boolean }): Promise<void>;
  manager(options?: UpdateManagerOptions): UpdateManager;
  /** What `dgmo --version` prints. */
  version(): string;
}

export const SETTINGS: Settings = {
  app: 'dgmo',
  feed: null,
  root: null,
  version: '0.1.0',
  revision: 'test',
};

/** Prints its version; 60 KB that do not compress, most of them the same in every version. */
export function program(version: string, works = true): Uint8Array {
  const start = `#!/bin/sh\n${works ? `echo ${version}` : 'echo broken >&2; exit 70'}\nexit 0\n`;
  return new Uint8Array(Buffer.concat([Buffer.from(start), content(5, 60_000), content(version.length, 64)]));
}

/**
 * An install of 1.0.0, which the feed has as well, and the feed's root in its home. `make` gives the executable of a
 * version.
 */
export async function openStage(make = program): Promise<Stage> {
  const feed = await makeFeed();
  await feed.add('1.0.0', { [NATIVE_PLATFORM]: make('1.0.0') });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-stage-'));
  const dir = path.join(folder, 'bin');
  const home = path.join(folder, 'home');
  const dgmo = path.join(dir, 'dgmo');
  const asked: Asked[] = [];
  const server = Bun.serve({
    port: 0,
    idleTimeout: 60,
    hostname: '127.0.0.1',
    async fetch(request) {
      const name = decodeURIComponent(new URL(request.url).pathname).slice(1);
      const answered = await stage.answer(name, request);
      const response = answered ?? serveFrom(feed.folder, name, request);
      asked.push({ path: name, status: response.status });
      return response;
    },
  });
  const url = `http://127.0.0.1:${server.port}/`;
  await adoptAt(dir, home, { version: '1.0.0', content: make('1.0.0'), url, root: feed.root });
  const stage: Stage = {
    feed,
    url,
    folder,
    dir,
    home,
    dgmo,
    answer: () => undefined,
    asked,
    async release(version, { works = true, ...options } = {}) {
      await feed.add(version, { [NATIVE_PLATFORM]: make(version, works) }, options);
    },
    manager: (options = {}) => new UpdateManager({ installDir: dir, home, settings: SETTINGS, ...options }),
    version: () => Bun.spawnSync([dgmo, '--version']).stdout.toString().trim(),
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      feed[Symbol.dispose]();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
  return stage;
}

export interface Adopted {
  version: string;
  content: Uint8Array;
  /** Of the feed. */
  url: string;
  /** root.json */
  root: Uint8Array;
}

/** Makes `dir` an install of that version of dgmo, which updates itself from that feed. */
export async function adoptAt(
  dir: string,
  home: string,
  { version, content: bytes, url, root }: Adopted,
): Promise<void> {
  const host = nativeHost();
  fs.mkdirSync(dir);
  fs.writeFileSync(path.join(dir, 'dgmo'), bytes, { mode: 0o755 });
  const session = openSession(host, { installDir: dir, app: 'dgmo' });
  createWorkDir(host, session.layout);
  await withLock(host, session.layout, async () => adopt(session, version, url));
  keepTrustedRoot(host, home, root, null);
}

/** What a static host answers. */
export function serveFrom(folder: string, name: string, request?: Request): Response {
  const file = path.join(folder, name);
  if (!/^(metadata|targets)\//.test(name) || !fs.existsSync(file)) return new Response('', { status: 404 });
  const bytes = fs.readFileSync(file);
  const from = /^bytes=(\d+)-$/.exec(request?.headers.get('range') ?? '')?.[1];
  if (from === undefined) return new Response(bytes);
  return new Response(bytes.subarray(Number(from)), {
    status: 206,
    headers: { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` },
  });
}
