/** What the terminal is told when the process ends, however it does. In its own file, since most commands have nothing to tell. */
import { writeSync } from 'node:fs';
import { errorCode } from '../errors.ts';

let text: string | null = null;

/** Writes it to standard error at the end, once. */
export function writeAtExit(last: string): void {
  const isFirst = text === null;
  text = last;
  if (!isFirst) return;
  process.once('exit', write);
  // Ctrl-\ ends the process without that event.
  if (process.platform !== 'win32')
    process.once('SIGQUIT', () => {
      write();
      process.kill(process.pid, 'SIGQUIT');
    });
}

function write(): void {
  try {
    writeSync(2, text ?? '');
  } catch (error) {
    // The terminal may be gone.
    if (errorCode(error) === undefined) throw error;
  }
}
