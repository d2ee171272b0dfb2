/**
 * The program dgmo-updater: connects the command line to the machine, and sets the exit code.
 *
 * One case is out of its reach: if the working folder was deleted, getcwd fails in Bun's own start, which prints a text of its
 * own and ends with 1 before any of this is loaded (seen with strace in 1.4.5; no option of `bun build --compile` changes it).
 * Whoever starts the updater has to do so in a folder that exists.
 */
import path from 'node:path';
import { settings } from './lib/home/compiled-in.ts';
import { standardStreams } from './lib/platform/standard-streams.ts';
import { main } from './lib/ui/main.ts';

// The package that draws the prompts reads this variable.
if (process.argv.includes('--no-color')) process.env.NO_COLOR = '1';

// A umask that takes rights from the owner would make files that the next command can't open.
process.umask(process.umask() & 0o077);

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stop.abort();
  });
}
// The terminal may be closed during a swap. The swap goes on, but no question can be answered any more.
const hangUp = new AbortController();
if (process.platform !== 'win32') process.on('SIGHUP', () => hangUp.abort());
// `release compile` makes the JIT compile late, because most commands end soon. A command that runs longer needs it.
setTimeout(() => Bun.unsafe.setJITPolicy(1), 200).unref();

process.exitCode = await main(process.argv.slice(2), {
  host: async () => (await import('./lib/platform/native.ts')).nativeHost(),
  now: () => performance.now(),
  later(milliseconds, work) {
    const timer = setTimeout(work, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
  settings,
  ownFolder: path.dirname(process.execPath),
  output: standardStreams,
  interactive: standardStreams.interactive,
  signal: stop.signal,
  hangUp: hangUp.signal,
});
