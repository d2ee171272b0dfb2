/**
 * One download in a process of its own, for download.ts: `bun download-child.ts <DownloadTask as JSON>`. Prints one line of
 * JSON (DownloadTimes). Memory is read where there is /proc, and is 0 elsewhere.
 */
import fs from 'node:fs';
import { nativeHost } from '../../../lib/platform/native.ts';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import { DEFAULT_LIMITS } from '../../../lib/update/download/limits.ts';
import { download } from '../../../lib/update/index.ts';

export interface DownloadTask {
  url: string;
  /** Bytes. */
  length: number;
  sha256: string;
  cacheFolder: string;
  /** PEM file. */
  certificateFile: string;
  /** Asked for before the clock starts. */
  before: string | null;
}

/** Milliseconds to the last byte and to the file that is checked and flushed; bytes. */
export interface DownloadTimes {
  received: number;
  done: number;
  peak: number;
}

const task: DownloadTask = JSON.parse(process.argv[2] ?? '{}');
const { disk, clock, locks, random } = nativeHost();
const network = nativeNetwork({ environment: {}, certificateFile: task.certificateFile });
if (task.before !== null) {
  const { idleTimeout } = DEFAULT_LIMITS;
  const { body } = await network.request({ url: task.before, idleTimeout });
  await Array.fromAsync(body);
}
const begun = clock.monotonic();
let received = begun;
await download({
  ...{ disk, clock, locks, random, network },
  urls: [task.url],
  length: task.length,
  sha256: task.sha256,
  cacheFolder: task.cacheFolder,
  onProgress({ state }) {
    if (state === 'checking') received = clock.monotonic();
  },
});
const times: DownloadTimes = { received: received - begun, done: clock.monotonic() - begun, peak: peak() };
console.log(JSON.stringify(times));

/** Not resourceUsage(): that counts what the parent had when it started us. */
function peak(): number {
  if (!fs.existsSync('/proc/self/status')) return 0;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}
