/** A listener that fails: the operation ends as if it had not, and the error is reported as a warning of the process. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { SnapshotManager } from '../../lib/api/index.ts';
import { RevertedError } from '../../lib/errors.ts';
import { openStage, SETTINGS, type Stage } from '../update/stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage[Symbol.asyncDispose]());

/** Both ways in which one can fail, at every event. */
const failing = [
  () => {
    throw new Error('the window is closed');
  },
  async () => {
    throw new Error('the window is closed');
  },
];

const warning = () => new Promise<Error>((resolve) => process.once('warning', resolve));

test.each(failing)('an update from the feed, and the way back', async (onEvent) => {
  await stage.release('2.0.0');
  const warned = warning();
  const manager = stage.manager({ onEvent });
  const update = (await manager.checkForUpdates()) ?? expect.unreachable();
  await manager.applyUpdate(await manager.downloadUpdate(update));
  expect(stage.version()).toBe('2.0.0');
  expect((await warned).message).toBe(
    'onEvent of the caller failed, and the operation goes on: the window is closed',
  );
  const { dir: installDir, home } = stage;
  const snapshots = new SnapshotManager({ installDir, home, settings: SETTINGS, onEvent });
  await snapshots.createSnapshot('mine');
  await snapshots.rollback();
  expect(stage.version()).toBe('1.0.0');
});

test.each(failing)('an update that fails is undone, and fails for its own reason', async (onEvent) => {
  await stage.release('2.0.0', { works: false });
  const manager = stage.manager({ onEvent });
  const update = (await manager.checkForUpdates()) ?? expect.unreachable();
  const downloaded = await manager.downloadUpdate(update);
  await expect(manager.applyUpdate(downloaded)).rejects.toThrow(RevertedError);
  expect(stage.version()).toBe('1.0.0');
});
