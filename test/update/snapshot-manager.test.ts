/** The plan's SnapshotManager, as DGMO imports it: on the real disk, with a DGMO of a few bytes. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DamagedError, type InstallEvent, SnapshotManager, UsageError } from '../../lib/index.ts';
import { adopt, createWorkDir, openSession } from '../../lib/install/index.ts';
import { nativeHost } from '../../lib/platform/native.ts';

describe.skipIf(process.platform === 'win32')('SnapshotManager', () => {
  let folder: string;
  let installDir: string;
  let home: string;
  let events: string[];
  let snapshots: SnapshotManager;
  const data = () => path.join(home, 'data', 'session.json');

  beforeEach(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-manager-')));
    installDir = path.join(folder, 'bin');
    home = path.join(folder, 'home');
    fs.mkdirSync(installDir);
    fs.mkdirSync(path.dirname(data()), { recursive: true });
    fs.writeFileSync(data(), 'then');
    fs.writeFileSync(path.join(installDir, 'dgmo'), '#!/bin/sh\necho 1.0.0\n', { mode: 0o755 });
    const host = nativeHost();
    const session = openSession(host, { installDir, app: 'dgmo' });
    createWorkDir(host, session.layout);
    adopt(session, '1.0.0');
    events = [];
    snapshots = new SnapshotManager({ installDir, home, onEvent: ({ event }) => events.push(event) });
  });

  afterEach(() => fs.rmSync(folder, { recursive: true }));

  test('takes one, goes back to it, and forth again', async () => {
    const { id, reason, version } = await snapshots.createSnapshot('Before the new plugin');
    expect({ reason, version }).toEqual({ reason: 'Before the new plugin', version: '1.0.0' });
    fs.writeFileSync(data(), 'now');
    const { before } = await snapshots.rollback(id);
    expect(fs.readFileSync(data(), 'utf8')).toBe('then');
    const snapshot = ['taking snapshot', 'snapshot'];
    const restored = ['restoring folders', 'folders', 'committed', 'rolled back'];
    expect(events).toEqual([...snapshot, ...snapshot, ...restored]);
    await snapshots.rollback(before?.id, { only: ['data'] });
    expect(fs.readFileSync(data(), 'utf8')).toBe('now');
    const listed = await snapshots.listSnapshots();
    const kinds = listed.map(({ found }) => (found instanceof Error ? found : found.kind));
    expect(kinds).toEqual(['manual', 'rollback', 'rollback']);
  });

  test('lets the old ones go', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 7; count++) ids.push((await snapshots.createSnapshot(`number ${count}`)).id);
    const left = async () => (await snapshots.listSnapshots()).map(({ id }) => id);
    expect(await left()).toEqual(ids.slice(-5));
    expect((await snapshots.cleanupOldSnapshots(2)).removed).toEqual(ids.slice(2, 5));
    expect(await left()).toEqual(ids.slice(-2));
  });

  test('takes them, goes back and prunes none where the preferences can not be read', async () => {
    fs.mkdirSync(path.join(home, 'updater.json'));
    const ids: string[] = [];
    const said: InstallEvent[] = [];
    const manager = new SnapshotManager({ installDir, home, onEvent: (event) => said.push(event) });
    const text = expect.stringContaining(`${path.join(home, 'updater.json')}: it is a directory`);
    expect(said).toEqual([{ event: 'warning', text }]);
    for (let count = 0; count < 7; count++) ids.push((await manager.createSnapshot(`number ${count}`)).id);
    fs.writeFileSync(data(), 'now');
    await manager.rollback(ids[0]);
    expect(fs.readFileSync(data(), 'utf8')).toBe('then');
    expect((await manager.listSnapshots()).map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
  });

  test('says which one can no longer be brought back, and does not go there', async () => {
    const { id } = await snapshots.createSnapshot('Sound');
    await snapshots.verifySnapshot(id);
    const packs = path.join(home, '.snapshots', 'packs');
    for (const name of fs.readdirSync(packs)) fs.truncateSync(path.join(packs, name), 30);
    await expect(snapshots.verifySnapshot(id)).rejects.toThrow(DamagedError);
    fs.writeFileSync(data(), 'now');
    await expect(snapshots.rollback(id)).rejects.toThrow(DamagedError);
    expect(fs.readFileSync(data(), 'utf8')).toBe('now');
  });

  test('knows no snapshot that is not there', async () => {
    await expect(snapshots.verifySnapshot('20990101')).rejects.toThrow(UsageError);
    await expect(snapshots.rollback('20990101')).rejects.toThrow('there is no snapshot "20990101"');
  });
});
