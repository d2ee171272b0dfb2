/** A home that was moved or copied: its snapshots are of its own folders, never of those that have the old names. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DEFAULT_PREFERENCES } from '../../../lib/home/preferences.ts';
import { PolicyError, SnapshotManager } from '../../../lib/index.ts';
import {
  adopt,
  begin,
  createWorkDir,
  openSession,
  requireReceipt,
  withLock,
} from '../../../lib/install/index.ts';
import { appendEntry } from '../../../lib/install/transaction/journal.ts';
import { recoverInstall } from '../../../lib/install/transaction/recover.ts';
import { nativeHost } from '../../../lib/platform/native.ts';

const host = nativeHost();

describe.skipIf(process.platform === 'win32')('a home', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-moved-')));
    fs.mkdirSync(at('orig', 'bin'), { recursive: true });
    fs.writeFileSync(at('orig', 'bin', 'dgmo'), '#!/bin/sh\necho 1.0.0\n', { mode: 0o755 });
    write('orig', 'then');
    const session = sessionOf('orig');
    createWorkDir(host, session.layout);
    adopt(session, '1.0.0');
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const at = (...names: string[]) => path.join(folder, ...names);
  const sessionOf = (name: string) =>
    openSession(host, { installDir: at(name, 'bin'), app: 'dgmo', home: { folder: at(name, 'home') } });
  const manager = (name: string) =>
    new SnapshotManager({ installDir: at(name, 'bin'), home: at(name, 'home') });
  const fileOf = (name: string) => at(name, 'home', 'data', 'session.json');
  const write = (name: string, text: string) => {
    fs.mkdirSync(path.dirname(fileOf(name)), { recursive: true });
    fs.writeFileSync(fileOf(name), text);
  };
  const read = (name: string) => fs.readFileSync(fileOf(name), 'utf8');
  const copy = () => fs.cpSync(at('orig'), at('copy'), { recursive: true });

  test('that was copied: the copy goes back, and the original stays as it is', async () => {
    const { id } = await manager('orig').createSnapshot('then');
    write('orig', 'of the original');
    copy();
    write('copy', 'of the copy');
    const plan = await manager('copy').planRollback({ snapshot: id });
    expect(plan.movedFrom).toBe(at('orig', 'home'));
    const { before } = await manager('copy').rollback(id);
    expect([read('copy'), read('orig')]).toEqual(['then', 'of the original']);
    await manager('copy').rollback(before?.id);
    expect([read('copy'), read('orig')]).toEqual(['of the copy', 'of the original']);
    expect((await manager('orig').planRollback({ snapshot: id })).movedFrom).toBeNull();
  });

  test('that was moved: nothing appears in the old place', async () => {
    const { id } = await manager('orig').createSnapshot('then');
    write('orig', 'now');
    fs.renameSync(at('orig'), at('moved'));
    await manager('moved').rollback(id);
    expect(read('moved')).toBe('then');
    expect(fs.existsSync(at('orig'))).toBe(false);
  });

  test('that was moved, with a symlink in the old place, which is as good as not moved', async () => {
    const { id } = await manager('orig').createSnapshot('then');
    write('orig', 'now');
    fs.renameSync(at('orig'), at('moved'));
    fs.symlinkSync('moved', at('orig'));
    await manager('moved').rollback(id);
    expect(read('moved')).toBe('then');
  });

  test('that was copied while an update was open: recovery restores the folders of the copy', async () => {
    const { id } = await manager('orig').createSnapshot('then');
    const session = sessionOf('orig');
    const receipt = requireReceipt(host.disk, session.layout);
    const { binary } = receipt;
    begin(session, {
      kind: 'rollback',
      from: binary,
      to: { ...binary, version: '2.0.0', sha256: 'ab'.repeat(32) },
      receipt: { before: receipt, after: receipt },
      folders: { home: at('orig', 'home'), before: id, changes: ['data'] },
    });
    appendEntry(host.disk, session.layout, { type: 'folders', state: 'touched' });
    write('orig', 'half changed');
    copy();
    const moved = sessionOf('copy');
    await withLock(host, moved.layout, () => recoverInstall(moved));
    expect([read('copy'), read('orig')]).toEqual(['then', 'half changed']);
  });

  test('whose data is in another folder by now: the executable does not go back without it, not even by force', async () => {
    const { id } = await manager('orig').createSnapshot('then');
    write('orig', 'unused');
    const used = at('used');
    fs.mkdirSync(used);
    fs.writeFileSync(at('used', 'session.json'), 'in use');
    fs.writeFileSync(
      at('orig', 'home', 'updater.json'),
      JSON.stringify({ ...DEFAULT_PREFERENCES, dataFolder: used }),
    );
    for (const force of [false, true]) {
      const going = manager('orig').planRollback({ snapshot: id, force });
      await expect(going).rejects.toThrow(PolicyError);
      await expect(going).rejects.toThrow(
        `the snapshot ${id} is of data in ${path.dirname(fileOf('orig'))}, and dgmo has its data in ${used} now`,
      );
    }
    expect([read('orig'), fs.readFileSync(at('used', 'session.json'), 'utf8')]).toEqual(['unused', 'in use']);
    await manager('orig').rollback(id, { only: ['binary', 'config'] });
  });
});
