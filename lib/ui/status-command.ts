/** `status`, in its own file so that it starts fast. */
import { Installation } from '../api/index.ts';
import type { CommandContext } from './context.ts';
import { describeStatus, statusCode } from './text/status.ts';

export async function runStatus({ report, install }: CommandContext): Promise<void> {
  const installation = new Installation({ ...install, onEvent: (event) => report.event(event) });
  const found = await installation.status();
  report.result('status', describeStatus(found), { ...found }, statusCode(found));
}
