/** A rollback that is stopped, and that somebody repeats: it goes to where the first one was to go, and no further. */
import { expect, test } from 'bun:test';
import { SnapshotManager } from '../../../lib/api/index.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import { FaultInjector } from '../../host/faults.ts';
import { simulatedHost } from '../../host/host.ts';
import { INSTALL_DIR, versionOf } from '../../host/install.ts';
import { applyOn, rollBackOn } from '../../host/operations.ts';
import { testRoot } from '../../trust/keys.ts';
import { PACKAGE, stage } from '../confirmation/stage.ts';
import { HOME, sessionOn } from '../transaction/folders-stage.ts';

test('at whichever effect it is stopped', async () => {
  const disk = await stage(null);
  await applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root: testRoot() });
  const faults = new FaultInjector();
  const stopped: SimulatedDisk[] = [];
  faults.onEffect = () => stopped.push(disk.clone());
  await rollBackOn(sessionOn(simulatedHost({ disk, versionOf, faults })));

  const managerOf = (left: SimulatedDisk) => {
    const host = simulatedHost({ disk: left.after('kept'), versionOf });
    return new SnapshotManager({ host, installDir: INSTALL_DIR, home: HOME, app: 'dgmo' });
  };
  const ends: string[] = [];
  let finished: SimulatedDisk | undefined;
  for (const left of stopped) {
    const manager = managerOf(left);
    const end = await manager.planRollback().then(
      ({ to, receipt }) => `from ${receipt.binary.version} to ${to.version}`,
      ({ exitCode, message }) => `${exitCode}: ${message}`,
    );
    if (end.startsWith('15')) finished ??= left;
    if (end !== ends.at(-1)) ends.push(end);
  }
  expect(ends).toEqual([
    'from 2.0.0 to 1.0.0',
    '15: the rollback from 2.0.0 to 1.0.0 was interrupted, and is finished now; nothing more was changed',
    // It is committed, and only what it leaves behind was not removed.
    'from 1.0.0 to 2.0.0',
  ]);
  // Nor does one that nobody has planned, unless it says where to.
  const again = managerOf(finished as SimulatedDisk).rollback();
  await expect(again).rejects.toThrow('is finished now; nothing more was changed');
  const { to } = await managerOf(finished as SimulatedDisk).rollback(undefined, { version: '2.0.0' });
  expect(to).toMatchObject({ version: '2.0.0' });
});
