/** No command: says what state the installation is in, and offers what will help. */

import type { Remedy } from '../../api/index.ts';
import { InterruptedError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';
import { describeRepair, healthCode } from '../text/health.ts';
import { describeSituation, remedyLabel } from '../text/situation.ts';
import { healthOf } from './repair-command.ts';

export async function runRecoveryMenu(context: CommandContext): Promise<void> {
  const { report, questions, host } = context;
  const health = healthOf(context);
  const situation = await health.situation();
  const now = host.clock.now();
  const text = describeSituation(situation, now);
  const { remedies } = situation;
  const code = healthCode(situation.health) || (situation.settingsProblem?.exitCode ?? 0);
  if (questions === null || remedies.length === 0) return report.result('', text, { ...situation }, code);
  report.text(text.slice(0, text.indexOf('\nWhat can be done:')));
  const answer = await questions.choose('What shall be done?', [
    ...remedies.map((remedy) => ({ value: remedy, label: remedyLabel(remedy, situation, now) })),
    { value: 'nothing', label: 'Nothing' },
  ]);
  const chosen = remedies.find((remedy) => remedy === answer);
  if (chosen === undefined) throw new InterruptedError('nothing was changed');
  return carryOut(context, chosen);
}

/** The person has chosen it, so it does not ask again whether to begin. */
async function carryOut(context: CommandContext, remedy: Remedy): Promise<void> {
  const { report, host } = context;
  switch (remedy) {
    case 'recover': {
      const agreed = { ...context, line: { ...context.line, values: { ...context.line.values, yes: true } } };
      return (await import('./repair-command.ts')).runRecover(agreed);
    }
    case 'repair':
    case 'install': {
      const result = await healthOf(context).repair();
      return report.result(
        'repair',
        describeRepair(result, host.localOffset),
        { ...result },
        healthCode(result.health),
      );
    }
    case 'adopt':
      return (await import('../commands.ts')).runInit(context);
    case 'rollback':
      return (await import('../rollback-command.ts')).runRollback(context);
    case 'update':
      return (await import('../update-commands.ts')).runUpdate(context);
  }
}
