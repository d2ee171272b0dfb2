/** A process that downloads, for tests that kill it or start two: arguments as JSON; prints its progress as JSON lines. */
import fs from 'node:fs';
import { nativeHost } from '../../../lib/platform/native.ts';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import { download } from '../../../lib/update/index.ts';

const { disk, clock, locks, random } = nativeHost();
const network = nativeNetwork({ environment: {} });
const request = JSON.parse(process.argv[2] ?? '{}');
const begun = clock.monotonic();
let received = begun;
try {
  const file = await download({
    ...{ network, disk, clock, locks, random },
    ...request,
    onProgress: (progress) => {
      if (progress.state === 'checking') received = clock.monotonic();
      console.log(JSON.stringify(progress));
    },
  });
  // Milliseconds to the last byte, and to the file that is checked and flushed.
  const times = { received: received - begun, done: clock.monotonic() - begun };
  console.log(JSON.stringify({ state: 'file', file, peak: peakMemory(), ...times }));
} catch (error) {
  console.log(JSON.stringify({ state: 'error', error: String(error) }));
  process.exitCode = 1;
}

/** KiB, null where it can't be told. Not resourceUsage(): that counts what the parent had when it started us. */
function peakMemory(): number | null {
  if (process.platform !== 'linux') return null;
  return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
