/** `status`, in its own file so that it starts fast. */
import { Installation } from '../api/index.ts';
import type { CommandContext } from './context.ts';
import { describeStatus, statusCode } from './text/status.ts';

export async function runStatus({ report, install, host }: CommandContext): Promise<void> {
  const installation = new Installation({ ...install, onEvent: (event) => report.event(event) });
  const found = await installation.status();
  const overview = await installation.overview();
  const text = describeStatus(found, overview, {
    now: host.clock.now(),
    localOffset: host.localOffset,
  });
  report.result('status', text, { ...found, ...overview }, statusCode(found));
}
