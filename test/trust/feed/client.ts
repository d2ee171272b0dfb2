/** A client of a repository on a simulated disk. */
import { expect } from 'bun:test';
import type { Host } from '../../../lib/platform/host.ts';
import { type Feed, type FeedOptions, openFeed } from '../../../lib/trust/index.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';
import { BASE_URL, NOW, type Repository } from './repository.ts';

export const FOLDER = '/home/.dgmo/trust';

export function clientOf(
  repository: Repository,
  {
    disk = new SimulatedDisk(),
    now = NOW,
    ...rest
  }: { disk?: SimulatedDisk; now?: number } & Partial<
    Pick<FeedOptions, 'compiledInRoot' | 'locks' | 'keyPolicy' | 'localOffset'>
  > = {},
): Feed {
  return feedOn(simulatedHost({ disk, versionOf: () => null }), repository, { now, ...rest });
}

export function feedOn(
  host: Host,
  repository: Repository,
  {
    now = NOW,
    clock = () => now,
    ...rest
  }: { now?: number; clock?: () => number } & Partial<Omit<FeedOptions, 'now'>> = {},
): Feed {
  return openFeed({
    disk: host.disk,
    locks: host.locks,
    platform: host.platform,
    folder: FOLDER,
    source: repository,
    baseUrl: BASE_URL,
    compiledInRoot: repository.trustedRoot,
    ...rest,
    now: clock,
  });
}

export async function refused(
  work: Promise<unknown>,
  kind: new (message: string) => Error,
  message: RegExp,
): Promise<Error> {
  const error = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(kind);
  expect((error as Error).message).toMatch(message);
  return error as Error;
}

export function kept(disk: SimulatedDisk, name: string): string | null {
  const content = disk.contentOf(`${FOLDER}/${name}`);
  return content === null ? null : new TextDecoder().decode(content);
}
