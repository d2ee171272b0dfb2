/**
 * `confirm`, by which DGMO says that it is well; `watch`, which waits for that in the background; and `finish-updater`, by which
 * a new updater takes the place of the old one.
 */
import { Installation } from '../api/index.ts';
import { UsageError } from '../errors.ts';
import { type CommandLine, parsePid } from './arguments.ts';
import { type CommandContext, optionOf } from './context.ts';

export async function runConfirm({ line, report, install }: CommandContext): Promise<void> {
  const installation = new Installation({ ...install, onEvent: (event) => report.event(event) });
  const confirmed = await installation.confirmHealthy(optionOf(line, 'version'));
  report.result('confirm', confirmed ? 'Confirmed.' : 'Nobody was waiting for it.', { confirmed });
}

export async function runWatch({ line, report, install }: CommandContext): Promise<void> {
  const installation = new Installation({ ...install, onEvent: (event) => report.event(event) });
  await installation.watchStart(pidOf(line));
  report.result('watch', '', {});
}

export async function runFinishUpdater({ line, report, install }: CommandContext): Promise<void> {
  await new Installation(install).finishUpdater(pidOf(line));
  report.result('finish-updater', '', {});
}

function pidOf({ command, operands }: CommandLine): number {
  const [pid, ...more] = operands;
  if (pid === undefined || more.length > 0) throw new UsageError(`${command}: wanted one process id`);
  return parsePid(`${command} <pid>`, pid);
}
