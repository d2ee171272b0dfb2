/** The mode of what replaces an executable: an executable that nobody can run is none. */
import { describe, expect, test } from 'bun:test';
import { executableMode } from '../../lib/install/executable-mode.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, installedDisk, targetPath, versionOf } from '../host/install.ts';
import { rollBackOn } from '../host/operations.ts';
import { sessionOn } from './transaction/folders-stage.ts';

describe('the mode after it was replaced', () => {
  test.each([
    [0o755, 0o755],
    [0o700, 0o700],
    [0o750, 0o750],
    [0o644, 0o755],
    [0o600, 0o700],
    [0o000, 0o755],
    [0o200, 0o755],
    [0o055, 0o555],
    [0o4755, 0o4755],
    // Whoever may read it, but not run it, does not get its capabilities or its group.
    [0o754, 0o754],
    [0o2754, 0o2754],
    [0o744, 0o744],
  ])('%o becomes %o', (before, after) => {
    expect(executableMode(before).toString(8)).toBe(after.toString(8));
  });

  test('a rollback from an executable that was made unreadable and not runnable', async () => {
    const [OLD, NEW] = [executable('1.0.0'), executable('2.0.0')];
    const disk = installedDisk('linux', NEW, OLD);
    disk.setMode(targetPath('linux'), 0o000);
    await rollBackOn(sessionOn(simulatedHost({ disk, versionOf })));
    expect(disk.contentOf(targetPath('linux'))).toEqual(OLD.bytes);
    expect(disk.status(targetPath('linux'))?.mode.toString(8)).toBe('755');
  });
});
