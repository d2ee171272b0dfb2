/** Whoever asks, the library or the command line: the same is done, and remembered. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { SnapshotManager } from '../../lib/api/index.ts';
import { InterruptedError, RevertedError } from '../../lib/errors.ts';
import type { Choices } from '../../lib/home/choices.ts';
import { openStage, SETTINGS, type Stage } from '../update/stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
  await stage.release('2.0.0');
});
afterEach(() => stage[Symbol.asyncDispose]());

const choices = (): Choices =>
  JSON.parse(fs.readFileSync(path.join(stage.home, 'choices.json'), 'utf8')) as Choices;

async function downloaded(version = '2.0.0') {
  const manager = stage.manager();
  const update = (await manager.checkForUpdates({ version })) ?? expect.unreachable();
  return manager.downloadUpdate(update);
}

const snapshots = () => new SnapshotManager({ installDir: stage.dir, home: stage.home, settings: SETTINGS });

describe('what is remembered', () => {
  test('of a rollback: the version that was left is not offered again', async () => {
    const manager = stage.manager();
    await manager.applyUpdate(await downloaded());
    await snapshots().rollback();
    expect(stage.version()).toBe('1.0.0');
    expect(choices().rolledBack.map(({ version }) => version)).toEqual(['2.0.0']);
    expect(choices().lastUpdate?.ended).toBe('rolled-back');
    expect(await manager.checkForUpdates()).toBeNull();
  });

  test('of a package from the disk: that it works here after all, and nothing is put off any more', async () => {
    const manager = stage.manager();
    await manager.skipVersion('2.0.0');
    await manager.remindLater(60_000);
    const { files } = await downloaded();
    await manager.applyPackage(files, { noWait: true });
    expect(choices()).toMatchObject({ skipped: [], remindAfter: null, lastUpdate: { ended: 'updated' } });
  });

  test('of a package that is refused: that the last update failed', async () => {
    const file = path.join(stage.folder, 'empty.dgmopkg');
    fs.writeFileSync(file, '');
    await expect(stage.manager().applyPackage([file], { noWait: true })).rejects.toThrow();
    expect(choices().lastUpdate?.ended).toBe('failed');
  });

  test('of an update that somebody stops: that it was interrupted, and no failure', async () => {
    const { files } = await downloaded();
    const stop = new AbortController();
    const onEvent = ({ event }: { event: string }) => event === 'snapshot' && stop.abort();
    const manager = stage.manager({ signal: stop.signal, onEvent });
    await expect(manager.applyPackage(files, { noWait: true })).rejects.toThrow(InterruptedError);
    const history = JSON.parse(fs.readFileSync(path.join(stage.home, 'history.json'), 'utf8'));
    expect(history.entries.at(-1)).toMatchObject({ kind: 'update', ended: 'interrupted' });
    expect(fs.existsSync(path.join(stage.home, 'choices.json'))).toBe(false);
  });

  test('of a package that does not work: it is not offered again', async () => {
    await stage.release('3.0.0', { works: false });
    const { files } = await downloaded('3.0.0');
    const manager = stage.manager();
    await expect(manager.applyPackage(files, { noWait: true })).rejects.toThrow(RevertedError);
    expect(choices().quarantined.map(({ version }) => version)).toEqual(['3.0.0']);
    expect((await manager.checkForUpdates())?.version).toBe('2.0.0');
  });
});

test('updates that fail keep no snapshot: they would push out those that are of use', async () => {
  const manager = stage.manager();
  const { id } = await snapshots().createSnapshot('Of use');
  await stage.release('3.0.0', { works: false });
  const { files } = await downloaded('3.0.0');
  for (let attempt = 0; attempt < 7; attempt++)
    await expect(manager.applyPackage(files, { noWait: true })).rejects.toThrow(RevertedError);
  expect((await snapshots().listSnapshots()).map((one) => one.id)).toEqual([id]);
});
