/** dgmo-updater: arguments, wiring, exit code. */
import path from 'node:path';
import { settings } from './lib/home/compiled-in.ts';
import { standardStreams } from './lib/platform/standard-streams.ts';
import { main } from './lib/ui/main.ts';

// What draws on the terminal asks for this variable.
if (process.argv.includes('--no-color')) process.env.NO_COLOR = '1';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stop.abort();
  });
}
// The terminal may close while we swap; that is no reason to leave it half done. But nobody answers questions any more.
const hangUp = new AbortController();
if (process.platform !== 'win32') process.on('SIGHUP', () => hangUp.abort());
// `release compile` has the compiler wait with functions that may run only once. What still runs by now runs for long.
setTimeout(() => Bun.unsafe.setJITPolicy(1), 200).unref();

process.exitCode = await main(process.argv.slice(2), {
  host: async () => (await import('./lib/platform/native.ts')).nativeHost(),
  now: () => performance.now(),
  settings,
  ownFolder: path.dirname(process.execPath),
  output: standardStreams,
  interactive: standardStreams.interactive,
  signal: stop.signal,
  hangUp: hangUp.signal,
});
