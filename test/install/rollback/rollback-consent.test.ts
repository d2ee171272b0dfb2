/** Ending a DGMO by force takes consent, and consent is for the processes that were shown. */
import { expect, test } from 'bun:test';
import { planRollback, rollBack } from '../../../lib/api/rollback.ts';
import { StillRunningError } from '../../../lib/errors.ts';
import { snapshotInstall } from '../../../lib/install/folders/snapshots.ts';
import type { Session } from '../../../lib/install/session.ts';
import { FaultInjector } from '../../host/faults.ts';
import { type SimulatedProcess, simulatedHost } from '../../host/host.ts';
import { executable, installedDisk, receiptOf, targetPath, versionOf } from '../../host/install.ts';
import { placeFiles, sessionOn } from '../transaction/folders-stage.ts';

const ONE = executable('1.0.0');
const file = targetPath('linux');

test('one that was started after the question is asked to end, and not ended by force', async () => {
  const disk = installedDisk('linux', ONE);
  placeFiles(disk, 'config', { 'dgmo.json': 'old' });
  const on = (processes: SimulatedProcess[]) => {
    const faults = new FaultInjector();
    const host = simulatedHost({ disk, faults, versionOf, processes });
    const session: Session = { ...sessionOn(host), limits: { exit: 500, held: 0, probe: 0, start: 0 } };
    return { session, ends: () => faults.seen.filter((name) => /End$/.test(name)) };
  };
  const before = on([{ pid: 20, file, stubborn: true }]).session;
  if (before.snapshots === null) throw new Error('no home');
  const kind = { kind: 'manual', reason: 'test', replaced: false } as const;
  const { id } = await snapshotInstall(before, before.snapshots, receiptOf(ONE, null), kind);
  placeFiles(disk, 'config', { 'dgmo.json': 'new' });
  const plan = planRollback(before, { snapshot: id });
  expect(plan.running).toEqual([20]);

  const { session, ends } = on([
    { pid: 20, file, stubborn: true },
    { pid: 30, file, stubborn: true },
  ]);
  const request = { kill: 'now', relaunch: false, args: [], outputToError: false } as const;
  const done = rollBack(session, { ...request, to: plan });
  await expect(done).rejects.toThrow(StillRunningError);
  await expect(done).rejects.toMatchObject({ pids: [30] });
  expect(ends()).toEqual(['requestEnd']);
});
