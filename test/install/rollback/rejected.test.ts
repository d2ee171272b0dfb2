/** A version that was taken back here because it did not work: no rollback goes to it, unless the user names it. */
import { describe, expect, test } from 'bun:test';
import { situationOf } from '../../../lib/api/health/situation.ts';
import { SnapshotManager } from '../../../lib/api/index.ts';
import { planRollback } from '../../../lib/api/rollback.ts';
import { PolicyError } from '../../../lib/errors.ts';
import { choicesFile, NO_CHOICES } from '../../../lib/home/choices.ts';
import { findWayBack } from '../../../lib/update/check/way-back.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, targetPath, versionOf } from '../../host/install.ts';
import { applyOn, rollBackOn } from '../../host/operations.ts';
import { packageFor } from '../../host/package.ts';
import { testRoot } from '../../trust/keys.ts';
import { endsAtOnce, hangs, PACKAGE, placeReceipt, receiptOn, stage } from '../confirmation/stage.ts';
import { filesOn, HOME, placeFiles, sessionOn } from '../transaction/folders-stage.ts';

const root = testRoot();

async function tookBack(onStart = endsAtOnce): Promise<SimulatedDisk> {
  const disk = await stage();
  const session = sessionOn(simulatedHost({ disk, versionOf, onStart }));
  const request = { root, waitFor: 0, noWait: false, relaunch: true };
  await expect(applyOn(session, [PACKAGE], request)).rejects.toThrow(
    '1.0.0 is back, with its data, and works',
  );
  return disk;
}

const on = (disk: SimulatedDisk) => sessionOn(simulatedHost({ disk, versionOf }));
const installed = (disk: SimulatedDisk) =>
  versionOf(disk.contentOf(targetPath('linux')) ?? new Uint8Array(0));

describe('a version that was taken back by itself', () => {
  test.each([
    ['ends', endsAtOnce, 'it ended 3 times before it confirmed that it is well'],
    ['hangs', hangs, 'it did not confirm within 10 s that it is well'],
  ])(
    'because it %s: a rollback that names nothing does not go there, and says how to',
    async (_, onStart, why) => {
      const disk = await tookBack(onStart);
      let thrown: unknown;
      try {
        planRollback(on(disk), {});
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(PolicyError);
      const { message, advice } = thrown as PolicyError;
      expect(message).toBe(
        `there is no version to go back to but 2.0.0, which was taken back here (${why}); nothing was changed`,
      );
      expect(advice).toStartWith('`dgmo-updater rollback --to 2.0.0` goes to 2.0.0 nevertheless.');
      for (const wish of [{ force: true }, { only: ['data'] as const }])
        expect(() => planRollback(on(disk), wish)).toThrow(PolicyError);
      expect((await situationOf(on(disk))).goBackTo).toBeNull();
    },
  );

  test('can be gone to by its name, and the plan says why it was left', async () => {
    const disk = await tookBack();
    const plan = planRollback(on(disk), { version: '2.0.0' });
    expect([plan.to.version, plan.rejected]).toEqual([
      '2.0.0',
      'it ended 3 times before it confirmed that it is well',
    ]);
    await rollBackOn(on(disk), { version: '2.0.0' });
    expect(installed(disk)).toBe('2.0.0');
    // The way back from there is to the version that works.
    expect(planRollback(on(disk), {})).toMatchObject({ to: { version: '1.0.0' }, rejected: null });
  });

  test('is passed over for the version before it', async () => {
    const disk = await stage();
    const older = executable('0.9.0');
    const first = installedDisk('linux', older);
    placeFiles(first, 'data', { 'session.json': 'of 0.9.0' });
    const [one, two] = [executable('1.0.0'), executable('2.0.0')];
    first.place(PACKAGE, await packageFor('linux', [older, one], 'full'));
    await applyOn(on(first), [PACKAGE], { root });
    placeFiles(first, 'data', { 'session.json': 'of 1.0.0' });
    first.place(PACKAGE, disk.contentOf(PACKAGE) ?? new Uint8Array(0));
    const session = sessionOn(simulatedHost({ disk: first, versionOf, onStart: endsAtOnce }));
    await expect(
      applyOn(session, [PACKAGE], { root, waitFor: 0, noWait: false, relaunch: true }),
    ).rejects.toThrow('1.0.0 is back');
    expect(planRollback(on(first), { version: two.version }).to.version).toBe('2.0.0');
    expect((await situationOf(on(first))).goBackTo).toMatchObject({ version: '0.9.0' });
    await rollBackOn(on(first));
    expect([installed(first), filesOn(first, 'data')]).toEqual(['0.9.0', { 'session.json': 'of 0.9.0' }]);
  });

  test('is no way back from one that was revoked', async () => {
    const disk = await tookBack();
    expect(findWayBack(on(disk), { revoked: [] })).toMatchObject({ version: '1.0.0' });
    const choices = simulatedHost({ disk, versionOf });
    await choicesFile.change(choices, HOME, () => NO_CHOICES);
    expect(findWayBack(on(disk), { revoked: [] })).toMatchObject({ version: '2.0.0' });
  });

  test('by a rollback that names nothing: that has done what it was to do, and goes no further', async () => {
    const disk = await stage();
    await applyOn(on(disk), [PACKAGE], { root });
    const { confirmation, ...receipt } = receiptOn(disk);
    if (confirmation === undefined) throw new Error('nothing is owed');
    const starts = [201, 202, 203].map((pid) => ({ at: 1_700_000_000_000, pid }));
    placeReceipt(disk, { ...receipt, confirmation: { ...confirmation, starts } });
    const host = simulatedHost({ disk, versionOf });
    const manager = new SnapshotManager({ host, installDir: INSTALL_DIR, home: HOME, app: 'dgmo' });
    const error = await manager.planRollback().catch((thrown) => thrown);
    expect([error.exitCode, error.message]).toEqual([
      15,
      '2.0.0 was left just now for the version before it; nothing more was changed',
    ]);
    expect(installed(disk)).toBe('1.0.0');
  });

  test('does not keep a rollback from going, if the record of it can not be read', async () => {
    const disk = await tookBack();
    disk.place(`${HOME}/choices.json`, new TextEncoder().encode('{'), 0o644);
    expect(planRollback(on(disk), {}).to.version).toBe('2.0.0');
  });
});

test('a version that the user has left by a rollback is where the next one goes', async () => {
  const disk = await stage(null);
  await applyOn(on(disk), [PACKAGE], { root });
  await rollBackOn(on(disk));
  expect(installed(disk)).toBe('1.0.0');
  expect(planRollback(on(disk), {})).toMatchObject({ to: { version: '2.0.0' }, rejected: null });
});
