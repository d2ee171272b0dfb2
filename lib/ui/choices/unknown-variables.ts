/** Tells of variables of the environment that were meant to decide a setting, and are none. */
import { unknownVariablesText } from '../../api/index.ts';
import { type CommandContext, isGiven } from '../context.ts';
import { oneLine } from '../text/lines.ts';

export function sayUnknownVariables({ host, line, report }: CommandContext): void {
  const unknown = unknownVariablesText(host);
  if (unknown === null) return;
  const text = `${unknown.what}. ${unknown.advice}`;
  if (isGiven(line, 'json')) report.event({ event: 'warning', text });
  // Also with --quiet, which leaves out warnings.
  else report.text(oneLine(text));
}
