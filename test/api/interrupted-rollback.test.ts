/** A Ctrl-C during a rollback that has all that it needs at hand. */
import { expect, test } from 'bun:test';
import { SnapshotManager } from '../../lib/api/index.ts';
import { InterruptedError } from '../../lib/errors.ts';
import { openStage, SETTINGS } from '../update/stage.ts';

test.skipIf(process.platform === 'win32')(
  'after the snapshot: nothing was changed, and no snapshot is left of it',
  async () => {
    await using stage = await openStage();
    await stage.release('2.0.0');
    const manager = stage.manager();
    const update = await manager.checkForUpdates();
    if (update === null) return expect.unreachable();
    await manager.applyUpdate(await manager.downloadUpdate(update));
    const stop = new AbortController();
    const snapshots = new SnapshotManager({
      ...{ installDir: stage.dir, home: stage.home, settings: SETTINGS, signal: stop.signal },
      onEvent: ({ event }) => {
        if (event === 'snapshot') stop.abort();
      },
    });
    const before = (await snapshots.listSnapshots()).map(({ id }) => id);
    const rollback = snapshots.rollback(await snapshots.planRollback({}));
    await expect(rollback).rejects.toThrow(InterruptedError);
    expect(stage.version()).toBe('2.0.0');
    expect((await snapshots.listSnapshots()).map(({ id }) => id)).toEqual(before);
  },
);
