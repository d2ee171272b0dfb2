/** Components that would share a folder: told when it is set, and before a snapshot that nobody could restore. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MachineError, SnapshotManager, UpdateManager, UsageError } from '../../lib/index.ts';
import { adopt, createWorkDir, openSession } from '../../lib/install/index.ts';
import { nativeHost } from '../../lib/platform/native.ts';

let folder: string;
let home: string;
let options: { installDir: string; home: string };

beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-separate-')));
  home = path.join(folder, 'home');
  options = { installDir: path.join(folder, 'bin'), home };
  fs.mkdirSync(options.installDir);
  fs.mkdirSync(path.join(home, 'data'), { recursive: true });
  fs.writeFileSync(path.join(options.installDir, 'dgmo'), '#!/bin/sh\necho 1.0.0\n', { mode: 0o755 });
  const host = nativeHost();
  const session = openSession(host, { installDir: options.installDir, app: 'dgmo' });
  createWorkDir(host, session.layout);
  adopt(session, '1.0.0');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

test('the same folder for two, by another name as well, or one of the updater, can not be set', async () => {
  const manager = new UpdateManager(options);
  fs.symlinkSync('data', path.join(home, 'link'));
  for (const same of ['data', 'link', '.snapshots', '.snapshots/packs'])
    await expect(manager.setPreferences({ pluginsFolder: path.join(home, same) })).rejects.toThrow(
      UsageError,
    );
  const workDir = path.join(options.installDir, '.dgmo-updater');
  await expect(manager.setPreferenceText('dataFolder', workDir)).rejects.toThrow('belongs to dgmo-updater');
  // One inside of the other is restored as two.
  await manager.setPreferences({ pluginsFolder: path.join(home, 'data', 'plugins') });
  await new SnapshotManager(options).createSnapshot('both');
});

test('if it was set elsewhere, no snapshot is taken, and nothing that needs one begins', async () => {
  const manager = new UpdateManager(options);
  await manager.setPreferences({ channel: 'beta' });
  const file = path.join(home, 'updater.json');
  const now = JSON.parse(fs.readFileSync(file, 'utf8'));
  fs.writeFileSync(file, JSON.stringify({ ...now, pluginsFolder: path.join(home, 'data') }));
  const taken = new SnapshotManager(options).createSnapshot('both');
  await expect(taken).rejects.toThrow(MachineError);
  await expect(taken).rejects.toThrow('is the folder of data and of plugins');
});
