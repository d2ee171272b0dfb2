/** What checks have found, and a clock that was wrong. */
import { expect, test } from 'bun:test';
import { firstSeen, lastCheckOf, noteCheck } from '../../lib/home/checks.ts';
import { LOSSES, SimulatedDisk } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';

const HOME = '/home/.dgmo';

const nothing = { ended: 'nothing', version: null, message: null } as const;
const failed = { ended: 'failed', version: null, message: 'no network' } as const;

function home(now: number, disk = new SimulatedDisk()) {
  for (const folder of ['/home', HOME]) if (disk.status(folder) === null) disk.createDirectory(folder);
  const host = simulatedHost({ disk, versionOf: () => null });
  const at = (time: number) => ({ ...host, clock: { ...host.clock, now: () => time } });
  return { host: at(now), at };
}

test('what was first seen by a clock that was ahead counts from now on', async () => {
  const NOW = 1_700_000_000_000;
  const AHEAD = NOW + 6 * 86_400_000;
  const { host, at } = home(NOW);
  await noteCheck(at(AHEAD), HOME, nothing, ['2.0.0']);
  expect(firstSeen(host, HOME)).toEqual(new Map([['2.0.0', NOW]]));
  await noteCheck(host, HOME, nothing, ['2.0.0', '3.0.0']);
  // It is remembered, so that a minimum age passes.
  const later = at(NOW + 1000);
  expect(firstSeen(later, HOME)).toEqual(
    new Map([
      ['2.0.0', NOW],
      ['3.0.0', NOW],
    ]),
  );
  expect(lastCheckOf(later, HOME)?.at).toBe(NOW);
});

class CountingDisk extends SimulatedDisk {
  flushes = 0;

  override flush(handle: number): void {
    this.flushes++;
    super.flush(handle);
  }

  override flushDirectory(path: string): void {
    this.flushes++;
    super.flushDirectory(path);
  }
}

test('a check that finds nothing for the first time flushes nothing, and does not touch what was seen', async () => {
  const disk = new CountingDisk();
  const { host, at } = home(1000, disk);
  await noteCheck(host, HOME, nothing, ['2.0.0']);
  const seen = disk.contentOf(`${HOME}/checks.json`);
  await noteCheck(at(2000), HOME, nothing, ['2.0.0']);
  disk.flushes = 0;
  await noteCheck(at(3000), HOME, nothing, ['2.0.0']);
  expect(disk.flushes).toBe(0);
  expect(disk.contentOf(`${HOME}/checks.json`)).toBe(seen);
  expect(lastCheckOf(host, HOME)).toEqual({ at: 3000, ...nothing });
  await noteCheck(at(4000), HOME, nothing, ['2.0.0', '2.1.0']);
  expect(disk.flushes).toBeGreaterThan(0);
});

test.each(LOSSES)('a power cut may take how the last check ended, not what was seen: %s', async (loss) => {
  const disk = new SimulatedDisk();
  const { host, at } = home(1000, disk);
  expect(lastCheckOf(host, HOME)).toBeNull();
  await noteCheck(host, HOME, nothing, ['2.0.0']);
  await noteCheck(at(2000), HOME, failed, []);
  expect(lastCheckOf(host, HOME)).toEqual({ at: 2000, ...failed });
  const left = home(3000, disk.after(loss));
  expect(firstSeen(left.host, HOME)).toEqual(new Map([['2.0.0', 1000]]));
  expect([1000, 2000]).toContain(lastCheckOf(left.host, HOME)?.at ?? 0);
  await noteCheck(left.host, HOME, failed, []);
  expect(lastCheckOf(left.host, HOME)).toEqual({ at: 3000, ...failed });
});
