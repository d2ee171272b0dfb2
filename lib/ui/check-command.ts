/** `check`, and what `update` and `download` begin with. In its own file so that it starts fast. */
import { type CheckOptions, type CheckResult, UpdateManager } from '../api/index.ts';
import { shellWord } from '../api/words.ts';
import { type CommandContext, isGiven, optionOf } from './context.ts';
import type { HoldContext } from './text/holds.ts';
import { PLAIN_NOTES } from './text/notes.ts';
import { checkData, describeCheck, managedText, wayBackText } from './text/update.ts';

export async function runCheck(context: CommandContext): Promise<void> {
  const manager = managerOf(context);
  const found = await lookFor(context, manager, { notes: true });
  const code = found.update !== null && isGiven(context.line, 'exit-code') ? 100 : 0;
  context.report.result('check', withNextStep(context, manager, found, false), checkData(found), code);
}

export function managerOf(
  { line, install, report }: CommandContext,
  { onEvent = report.event }: { onEvent?: typeof report.event } = {},
): UpdateManager {
  return new UpdateManager({
    ...install,
    feed: optionOf(line, 'feed'),
    caFile: optionOf(line, 'ca-file'),
    allowPlainHttp: isGiven(line, 'allow-http'),
    onEvent,
  });
}

export async function lookFor(
  context: CommandContext,
  manager: UpdateManager,
  how: Pick<CheckOptions, 'for' | 'notes'> & { recover?: boolean } = {},
): Promise<CheckResult> {
  const { line, host } = context;
  if (Object.keys(host.environment).some((name) => name.startsWith('DGMO_UPDATER_')))
    (await import('./choices/unknown-variables.ts')).sayUnknownVariables(context);
  return await manager.check({
    version: optionOf(line, 'version'),
    channel: optionOf(line, 'channel'),
    ...how,
  });
}

export function holds({ host, line }: CommandContext, manager: UpdateManager): HoldContext {
  return {
    // Decided only for who reads it, which is what tells of a release that is held back.
    get settings() {
      return manager.settings().settings;
    },
    localOffset: host.localOffset,
    typed: line.command === 'update',
  };
}

/** @param typed the command is `update` itself, so it needs no advice to run that */
export function withNextStep(
  context: CommandContext,
  manager: UpdateManager,
  found: CheckResult,
  typed: boolean,
): string {
  const { update, wayBack } = found;
  const decided = holds(context, manager);
  // Without notes there are no columns to ask for, which loads node:tty.
  if (update === null) return describeCheck(found, decided, null);
  const { outColumns, unicode } = context.screen;
  const notes = outColumns === null ? PLAIN_NOTES : { columns: outColumns, colors: false, unicode };
  const text = describeCheck(found, decided, notes);
  const { values } = context.line;
  const back = update.direction === 'back';
  const command = updateCommand(back ? { ...values, version: update.version } : values, typed);
  const how =
    update.managedBy !== null
      ? managedText(update.managedBy)
      : back
        ? wayBack === null
          ? `${command} goes back to it.`
          : wayBackText(wayBack, decided.localOffset)
        : typed
          ? `${command} installs it without asking.`
          : `Run ${command} to install it.`;
  return `${text}\n${how}`;
}

/** Who has typed it already lacks --yes. */
function updateCommand(asked: Record<string, unknown>, typed: boolean): string {
  const words = ['version', 'channel', 'evolutions'].map((name) => {
    const value = asked[name];
    return typeof value === 'string' ? ` --${name} ${shellWord(value)}` : '';
  });
  return `\`dgmo-updater update${words.join('')}${typed ? ' --yes' : ''}\``;
}
