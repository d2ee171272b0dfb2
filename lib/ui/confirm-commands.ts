/** `confirm`, by which DGMO says that it is well, and `watch`, which waits for that in the background. */
import { Installation } from '../api/index.ts';
import { UsageError } from '../errors.ts';
import { parsePid } from './arguments.ts';
import { type CommandContext, optionOf } from './context.ts';

export async function runConfirm({ line, report, install }: CommandContext): Promise<void> {
  const installation = new Installation({ ...install, onEvent: (event) => report.event(event) });
  const confirmed = await installation.confirmHealthy(optionOf(line, 'version'));
  report.result('confirm', confirmed ? 'Confirmed.' : 'Nobody was waiting for it.', { confirmed });
}

export async function runWatch({ line, report, install }: CommandContext): Promise<void> {
  const [pid, ...more] = line.operands;
  if (pid === undefined || more.length > 0) throw new UsageError('watch: wanted one process id');
  const installation = new Installation({ ...install, onEvent: (event) => report.event(event) });
  await installation.watchStart(parsePid(pid));
  report.result('watch', '', {});
}
