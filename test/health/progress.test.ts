/** What reads much says how far it is, while it takes long; what is short says nothing. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { randomFillSync } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type Host, type InstallEvent, SelfHealingSystem, SnapshotManager } from '../../lib/api/index.ts';
import { InterruptedError } from '../../lib/errors.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { type HealthStage, openHealthStage } from './stage.ts';

let stage: HealthStage;
beforeAll(async () => {
  stage = await openHealthStage();
  // More than is read until it is looked for a Ctrl-C.
  fs.writeFileSync(path.join(stage.home, 'data', 'large'), randomFillSync(Buffer.alloc(18 << 20)));
});
afterAll(() => stage[Symbol.asyncDispose]());

type Progress = Extract<InstallEvent, { event: 'progress' }>;

/** @param pace milliseconds that each look at the clock takes */
async function progressOf(pace: number, work: (options: object) => Promise<unknown>): Promise<Progress[]> {
  const native = nativeHost();
  let time = 0;
  const host: Host = { ...native, clock: { ...native.clock, monotonic: () => (time += pace) } };
  const seen: Progress[] = [];
  await work({
    ...{ host, installDir: stage.dir, home: stage.home, settings: stage.settings },
    onEvent: (event: InstallEvent) => void (event.event === 'progress' && seen.push(event)),
  });
  return seen;
}

const OPERATIONS: [string, (options: object) => Promise<unknown>][] = [
  ['createSnapshot', (options) => new SnapshotManager(options).createSnapshot('a test')],
  ['verifySnapshots', (options) => new SnapshotManager(options).verifySnapshots()],
  ['verify', (options) => new SelfHealingSystem(options).verify({ full: true })],
];

test.each(OPERATIONS)('%s, which takes long', async (name, work) => {
  const seen = await progressOf(1000, work);
  const [{ total = 0 } = {}] = seen;
  expect(seen.length).toBeGreaterThan(1);
  expect(new Set(seen.map((event) => event.total))).toEqual(new Set([total]));
  const done = seen.map((event) => event.done);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  // Of what a check of everything finds in the cache, the notes beside the packages are not read.
  const last = (done.at(-1) ?? 0) / total;
  expect([name, last > (name === 'verify' ? 0.9 : 0.999), last <= 1]).toEqual([name, true, true]);
});

test.each(OPERATIONS)('%s, which is interrupted', async (_, work) => {
  const stop = new AbortController();
  const progress = progressOf(1000, (options) => {
    stop.abort();
    return work({ ...options, signal: stop.signal });
  });
  expect(await progress.catch((error: unknown) => error)).toBeInstanceOf(InterruptedError);
});

test.each(OPERATIONS)('%s, which is short', async (_, work) => {
  expect(await progressOf(0, work)).toEqual([]);
});
