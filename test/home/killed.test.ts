/** A change of a file in the home with every fault at every effect: it has the old or the new content, and nothing is left beside it. */
import { expect, test } from 'bun:test';
import { choicesFile, withSkipped } from '../../lib/home/choices.ts';
import { asUpdaterError } from '../../lib/platform/failures.ts';
import type { Host } from '../../lib/platform/host.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { exhaust } from '../host/exhaust.ts';
import { FaultInjector } from '../host/faults.ts';
import { simulatedHost } from '../host/host.ts';

const HOME = '/home/.dgmo';

async function skip(host: Host, version: string): Promise<void> {
  try {
    await choicesFile.change(host, HOME, (choices) => withSkipped(choices, version));
  } catch (error) {
    throw asUpdaterError(error, HOME);
  }
}

const skippedOn = (disk: SimulatedDisk) =>
  choicesFile.load(simulatedHost({ disk, faults: new FaultInjector(), versionOf: () => null }), HOME).skipped;

test('choices.json', async () => {
  const tally = await exhaust({
    async prepare() {
      const disk = new SimulatedDisk();
      await skip(simulatedHost({ disk, faults: new FaultInjector(), versionOf: () => null }), '2.0.0');
      return disk;
    },
    host: { versionOf: () => null },
    work: async (host) => {
      try {
        await skip(host, '3.0.0');
      } catch (error) {
        if (!(error instanceof Error) || !('exitCode' in error)) throw error;
      }
    },
    recover: (host) => skip(host, '4.0.0'),
    always(disk) {
      const skipped = skippedOn(disk.clone());
      for (const version of skipped) expect(['2.0.0', '3.0.0', '4.0.0']).toContain(version);
      expect(skipped).toContain('2.0.0');
    },
    afterwards(disk) {
      expect(skippedOn(disk)).toContain('4.0.0');
      expect(disk.list(HOME).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    },
  });
  console.log(
    `    ${tally.effects} effects, ${tally.points} faults, ${tally.recoveryPoints} stops of recoveries`,
  );
  expect(tally.points).toBeGreaterThan(10);
});
