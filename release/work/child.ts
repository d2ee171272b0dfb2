/**
 * Does one job in a process of its own: `bun child.ts <job as JSON> <output>`. Prints its progress to standard output, a
 * number from 0 to 1 on each line, and last `tried` with the milliseconds of the trial. Exits when its standard input ends, so that it does not outlive its parent.
 */
import { errorMessage, UpdaterError } from '../../lib/errors.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { keepFiles } from '../../lib/platform/posix/ownership.ts';
import { asFailure } from '../platform/failures.ts';
import type { Job } from './job.ts';
import { perform } from './perform.ts';
import { TRIED } from './workers.ts';

process.stdin.on('data', () => undefined);
process.stdin.on('end', () => process.exit(130));

keepFiles();
const [, , json = '', output = ''] = process.argv;
try {
  const tried = await perform(nativeDisk, JSON.parse(json) as Job, output, (fraction) => {
    process.stdout.write(`${fraction}\n`);
  });
  process.stdout.write(`${TRIED}${tried}\n`);
  process.exit(0);
} catch (thrown) {
  const error = asFailure(thrown, output);
  const advice = error instanceof UpdaterError ? error.advice : undefined;
  process.stderr.write(advice === undefined ? errorMessage(error) : `${errorMessage(error)}\n${advice}`);
  process.exit(error instanceof UpdaterError ? error.exitCode : 1);
}
