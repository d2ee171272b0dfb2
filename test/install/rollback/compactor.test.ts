/** Old executables are stored as patches in the background, where nobody else needs the memory. */
import { expect, test } from 'bun:test';
import { hasMemoryToCompact } from '../../../lib/install/folders/compactor.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { SimulatedDisk } from '../../host/disk.ts';

test.each([
  ['MemTotal:       24000000 kB\nMemFree:  100 kB\nMemAvailable:    2097152 kB\n', true],
  ['MemTotal:        1000000 kB\nMemFree:  900000 kB\nMemAvailable:    2097151 kB\n', false],
  ['MemTotal:        1000000 kB\n', true],
  [null, true],
])('%#: as far as the system says how much there is', (meminfo, wanted) => {
  const disk = new SimulatedDisk();
  if (meminfo !== null) disk.place('/proc/meminfo', new TextEncoder().encode(meminfo));
  expect(hasMemoryToCompact({ platform: 'linux', disk })).toBe(wanted);
  expect(hasMemoryToCompact({ platform: 'darwin', disk })).toBe(true);
  expect(disk.openHandles()).toBe(0);
});

test('the real list can be read', () => {
  expect(typeof hasMemoryToCompact(nativeHost())).toBe('boolean');
});
