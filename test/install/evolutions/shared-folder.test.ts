/** An evolutions folder outside of the home, where everybody may write: DGMO would run what anybody puts there. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { SelfHealingSystem } from '../../../lib/index.ts';
import { openStage, SETTINGS } from '../../update/stage.ts';

test.skipIf(process.platform === 'win32')('nothing is installed there, and verify says why', async () => {
  await using stage = await openStage();
  const shared = path.join(stage.folder, 'shared');
  fs.mkdirSync(shared);
  const manager = stage.manager();
  await manager.setPreferences({ evolutionsFolder: shared });
  await stage.release('1.1.0', { evolutions: [{ id: 'faster', description: 'Faster', autoApply: true }] });
  const update = (await manager.checkForUpdates()) ?? expect.unreachable();
  const downloaded = await manager.downloadUpdate(update);
  const health = new SelfHealingSystem({ installDir: stage.dir, home: stage.home, settings: SETTINGS });

  fs.chmodSync(shared, 0o777);
  await expect(manager.applyUpdate(downloaded)).rejects.toThrow(`everybody may write ${shared}`);
  expect(fs.readdirSync(shared)).toEqual([]);
  expect(stage.version()).toBe('1.0.0');
  expect((await health.verify()).issues).toMatchObject([
    { type: 'permission_error', where: shared, exitCode: 10 },
  ]);

  fs.chmodSync(shared, 0o755);
  await manager.applyUpdate(downloaded);
  expect(fs.existsSync(path.join(shared, 'faster'))).toBe(true);
  expect((await health.verify()).issues).toEqual([]);
});
