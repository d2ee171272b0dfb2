/** A machine and a request for downloads from a server of the tests. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { UpdaterError } from '../../lib/errors.ts';
import type { Clock } from '../../lib/platform/host.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { nativeNetwork } from '../../lib/platform/network/native.ts';
import {
  type DownloadLimits,
  type DownloadProgress,
  type DownloadRequest,
  download,
} from '../../lib/update/index.ts';
import { content, sha256 } from '../support/servers/content.ts';
import type { Served, ServerProcess } from '../support/servers/start.ts';

export const host = nativeHost();

/** Pauses cost nothing, but time passes by them. */
export function quickClock(): Clock & { slept: number[] } {
  let extra = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => host.clock.now() + extra,
    monotonic: () => host.clock.monotonic() + extra,
    sleep(milliseconds) {
      slept.push(milliseconds);
      extra += milliseconds;
      return Promise.resolve();
    },
  };
}

/** A clock that leaps: progress is told at most every so often, and this lets each report through. */
export function leaping(): () => number {
  let now = 0;
  return () => {
    now += 150;
    return now;
  };
}

/** What the origin sends of a file before it waits for the test, or breaks off. */
export const HALF = 1 << 19;

/** The same request; the server that waits to break off is let go as soon as the first half has come. */
export function brokenOff(server: ServerProcess, request: DownloadRequest): DownloadRequest {
  return {
    ...request,
    clock: { ...request.clock, monotonic: leaping() },
    onProgress(progress) {
      request.onProgress?.(progress);
      // Its answer may not come any more: a test that has what it wants ends the server.
      if (progress.state === 'receiving' && progress.received === HALF) server.open().catch(() => undefined);
    },
  };
}

export const LIMITS: Partial<DownloadLimits> = { idleTimeout: 5000, attempts: 3 };

export interface Fixture {
  folder: string;
  /** Of the seed's content, by the behaviour that is named. */
  request(
    server: ServerProcess,
    behaviour: string,
    seed: number,
    more?: Partial<DownloadRequest>,
  ): DownloadRequest;
  /** Names in the cache, without locks. */
  cached(): string[];
  remove(): void;
}

export function fixture(): Fixture {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-download-'));
  return {
    folder,
    request: (server, behaviour, seed, more = {}) => ({
      network: nativeNetwork({ environment: {} }),
      disk: host.disk,
      locks: host.locks,
      random: host.random,
      clock: quickClock(),
      urls: [`http://127.0.0.1:${server.port}/${behaviour}/${seed}`],
      length: content(seed).length,
      sha256: sha256(content(seed)),
      cacheFolder: folder,
      limits: LIMITS,
      ...more,
    }),
    cached: () => fs.readdirSync(folder).filter((name) => !name.startsWith('lock-')),
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

export async function failure(request: DownloadRequest): Promise<UpdaterError> {
  return download(request).then(
    () => {
      throw new Error('it should have failed');
    },
    (error: UpdaterError) => error,
  );
}

/** What was asked of one path. */
export async function askedFor(server: ServerProcess, where: string): Promise<Served[]> {
  return (await server.served()).filter(({ url }) => url === `/${where}`);
}

export type { DownloadProgress };
