/**
 * One job in a process of its own: `bun child.ts <job as JSON> <output>`. Standard output: how far it is, a number
 * from 0 to 1 a line. It ends when its standard input does, so that it does not outlive who started it.
 */
import { errorMessage, UpdaterError } from '../../lib/errors.ts';
import { asUpdaterError } from '../../lib/platform/failures.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import type { Job } from './job.ts';
import { perform } from './perform.ts';

process.stdin.on('data', () => undefined);
process.stdin.on('end', () => process.exit(130));

const [, , json = '', output = ''] = process.argv;
try {
  await perform(nativeDisk, JSON.parse(json) as Job, output, (fraction) => {
    process.stdout.write(`${fraction}\n`);
  });
  process.exit(0);
} catch (thrown) {
  const error = asUpdaterError(thrown, output);
  process.stderr.write(errorMessage(error));
  process.exit(error instanceof UpdaterError ? error.exitCode : 1);
}
