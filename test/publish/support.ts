/** What the clients of a published feed see of it. */
import { expect } from 'bun:test';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Disk } from '../../lib/platform/disk.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { nativeNetwork } from '../../lib/platform/network/native.ts';
import { type Feed, networkSource, openFeed } from '../../lib/trust/index.ts';
import { decodeIndex, indexPath, type ListedFile } from '../../lib/version/index.ts';
import { compare } from '../../release/publish/compare.ts';
import { requireComplete } from '../../release/publish/complete.ts';
import { folderDestination } from '../../release/publish/folder.ts';
import { planPublish } from '../../release/publish/plan.ts';
import { send } from '../../release/publish/send.ts';
import { readPublished } from '../../release/repository/published.ts';
import type { FaultInjector } from '../host/faults.ts';
import { folderSource, type TestFeed } from '../release/feed.ts';
import { sha256 } from '../support/servers/content.ts';

export const TARGET = { platform: 'linux', arch: 'x64' } as const;
export const host = nativeHost();

export interface Scratch extends Disposable {
  at(...names: string[]): string;
}

export function scratch(): Scratch {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'dgmo publish-'));
  return {
    at: (...names) => path.join(folder, ...names),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Below `metadata/` and `targets/`, by path, sorted. */
export function filesOf(folder: string): Map<string, Buffer> {
  const names = ['metadata', 'targets']
    .filter((place) => existsSync(path.join(folder, place)))
    .flatMap((place) =>
      readdirSync(path.join(folder, place), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))),
    );
  return new Map(names.toSorted().map((name) => [name, readFileSync(path.join(folder, name))]));
}

/** A client of a folder; `memory` is where it keeps its metadata. */
export function clientOf(feed: Pick<TestFeed, 'rootJson'>, folder: string, memory: string): Feed {
  return openFeed({
    ...{ disk: host.disk, locks: host.locks, platform: host.platform, folder: memory },
    ...{ source: folderSource(folder), baseUrl: 'https://feed.test/metadata/' },
    ...{ compiledInRoot: feed.rootJson, now: () => Date.now() },
  });
}

/** The same over http, as the updater reads it. */
export function httpClientOf(feed: Pick<TestFeed, 'rootJson'>, url: string, memory: string): Feed {
  const network = nativeNetwork({ environment: {} });
  return openFeed({
    ...{ disk: host.disk, locks: host.locks, platform: host.platform, folder: memory },
    ...{ source: networkSource({ network, clock: host.clock }), baseUrl: `${url}metadata/` },
    ...{ compiledInRoot: feed.rootJson, now: () => Date.now() },
  });
}

/**
 * Versions that a client finds, having fetched and verified the index and every file that it names. Throws where any is
 * missing or another: that is what a half-published release would be.
 */
export async function versionsSeen(
  client: Feed,
  read: (name: string) => Promise<Uint8Array> | Uint8Array,
): Promise<string[]> {
  await client.refresh();
  const target = await client.target(indexPath('stable', TARGET));
  if (target === null) return [];
  const bytes = await read(`targets/${target.location}`);
  expect(sha256(bytes)).toBe(target.hashes.sha256 ?? '');
  const { releases } = decodeIndex(bytes);
  for (const { manifest, packages } of releases) {
    for (const file of [manifest, ...packages] as ListedFile[]) {
      const content = await read(`targets/${file.path}`);
      expect([content.length, sha256(content)]).toEqual([file.length, file.sha256]);
    }
  }
  return releases.map(({ version }) => version);
}

export const fromFolder = (folder: string) => (name: string) => readFileSync(path.join(folder, name));

export function fromUrl(url: string) {
  return async (name: string) => {
    const answer = await fetch(`${url}${name}`);
    expect(answer.status).toBe(200);
    return answer.bytes();
  };
}

const EFFECTS = ['createDirectory', 'open', 'write', 'flush', 'rename', 'remove', 'flushDirectory'];

/** The real disk, but for the effects that the injector stops. */
export function stoppable(injector: FaultInjector): Disk {
  const calls = Object.entries(nativeDisk).map(([name, call]) => [
    name,
    (...args: unknown[]) => {
      if (EFFECTS.includes(name)) injector.meet(name);
      return Reflect.apply(call as (...args: unknown[]) => unknown, nativeDisk, args);
    },
  ]);
  return Object.fromEntries(calls) as Disk;
}

/** What `release publish --delete` does, in this process. */
export async function publishOn(disk: Disk, repository: string, to: string): Promise<void> {
  const published = readPublished(host, repository);
  const destination = folderDestination(disk, to);
  const plan = planPublish(await compare(published, destination, true));
  const stop = new AbortController().signal;
  const { named } = requireComplete(published);
  await send(plan, { published, destination, named, report: () => undefined, stop });
}
