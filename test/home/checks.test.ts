/** What checks have found, and a clock that was wrong. */
import { expect, test } from 'bun:test';
import { checksFile, firstSeen, noteCheck } from '../../lib/home/checks.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';

const HOME = '/home/.dgmo';

function home(now: number) {
  const disk = new SimulatedDisk();
  for (const folder of ['/home', HOME]) disk.createDirectory(folder);
  const host = simulatedHost({ disk, versionOf: () => null });
  const at = (time: number) => ({ ...host, clock: { ...host.clock, now: () => time } });
  return { host: at(now), at };
}

test('what was first seen by a clock that was ahead counts from now on', async () => {
  const NOW = 1_700_000_000_000;
  const AHEAD = NOW + 6 * 86_400_000;
  const { host, at } = home(NOW);
  const nothing = { ended: 'nothing', version: null, message: null } as const;
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
  expect(checksFile.load(later, HOME).last?.at).toBe(NOW);
});
