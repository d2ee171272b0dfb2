/** Tells of variables of the environment that were meant to decide a setting, and are none. */
import { unknownVariablesText } from '../../api/index.ts';
import type { CommandContext } from '../context.ts';
import { oneLine } from '../text/lines.ts';

export function sayUnknownVariables({ host, report }: Pick<CommandContext, 'host' | 'report'>): void {
  const unknown = unknownVariablesText(host);
  if (unknown !== null) report.text(oneLine(`${unknown.what}. ${unknown.advice}`));
}
