/** `verify`, in its own file so that it starts fast. */
import { SelfHealingSystem } from '../../api/self-healing-system.ts';
import { type CommandContext, isGiven } from '../context.ts';
import { describeHealth, healthCode, READING } from '../text/health.ts';

export async function runVerify({ line, report, install }: CommandContext): Promise<void> {
  const health = new SelfHealingSystem({ ...install, onEvent: (event) => report.event(event) });
  report.begin(READING);
  const found = await health.verify({ full: isGiven(line, 'full') });
  report.result('verify', describeHealth(found), { ...found }, healthCode(found));
}
