/** The commands that use the feed: check, download, update. */
import {
  type CheckOptions,
  type CheckResult,
  type Setting,
  type UpdateInfo,
  UpdateManager,
} from '../api/index.ts';
import { UsageError } from '../errors.ts';
import { evolutionWish, parsePid } from './arguments.ts';
import { appliedResult } from './commands.ts';
import { type CommandContext, isGiven, optionOf } from './context.ts';
import { putBackExecutable } from './health/repair-command.ts';
import { describeRepair } from './text/health.ts';
import { checkData, describeCheck, wayBackText } from './text/update.ts';

/** How long "Remind me later" postpones an update, in milliseconds. */
const LATER = 24 * 3_600_000;

export async function runCheck(context: CommandContext): Promise<void> {
  const manager = managerOf(context);
  const found = await lookFor(context, manager);
  const code = found.update !== null && isGiven(context.line, 'exit-code') ? 100 : 0;
  context.report.result('check', withNextStep(found, settings(manager), false), checkData(found), code);
}

export async function runDownload(context: CommandContext): Promise<void> {
  const { report } = context;
  const manager = managerOf(context);
  const found = await lookFor(context, manager);
  if (found.update === null) {
    report.result('download', describeCheck(found, settings(manager)), { ...checkData(found), files: [] });
    return;
  }
  const { files, route } = await manager.downloadUpdate(found.update);
  report.result('download', files.join('\n'), { ...checkData(found), route, files });
}

export async function runUpdate(context: CommandContext): Promise<void> {
  const { line, report } = context;
  const waiting = waitOptions(context);
  let found: CheckResult | undefined;
  const data = () => (found === undefined ? {} : checkData(found));
  const manager = managerOf(context, {
    onEvent: report.eventsOf('update', {
      updated: (applied) => {
        const [text, result] = appliedResult(applied);
        return [text, { ...data(), installed: applied.to.version, ...result }];
      },
    }),
  });
  const repaired = isGiven(line, 'check-only') ? null : await putBackExecutable(context);
  if (repaired !== null) report.text(describeRepair(repaired));
  found = await lookFor(context, manager, {
    for: context.interactive ? 'user' : 'notice',
    recover: !isGiven(line, 'check-only'),
  });
  const { update } = found;
  const tellFound = (text: string, answer?: Answer) =>
    report.result('update', text, {
      ...data(),
      changed: repaired !== null,
      ...(repaired === null ? {} : { repaired: repaired.repaired }),
      ...(answer && { answer }),
    });
  if (update === null || isGiven(line, 'check-only'))
    return tellFound(withNextStep(found, settings(manager), true));
  const answer = await decide(context, manager, found, update);
  if (answer === null) return tellFound(withNextStep(found, settings(manager), true));
  if (answer === 'later') return tellFound(`${update.version} is not offered again before tomorrow.`, answer);
  if (answer === 'skip') return tellFound(`${update.version} is skipped.`, answer);
  const downloaded = await manager.downloadUpdate(update);
  const applied = await manager.applyUpdate(downloaded, {
    ...waiting,
    evolutions: evolutionWish(optionOf(line, 'evolutions')),
    // The user has agreed, or has named the version.
    allowDowngrade: update.direction === 'back',
    args: line.rest,
    outputToError: isGiven(line, 'json'),
  });
  const [text, result] = appliedResult(applied);
  report.result('update', text, { ...data(), installed: applied.to.version, ...result });
}

/** Without --wait-pid the update waits for no process and starts none: a running DGMO keeps running. */
function waitOptions({ line }: CommandContext): { waitFor?: number; relaunch: boolean } {
  const pid = optionOf(line, 'wait-pid');
  const relaunch = !isGiven(line, 'no-relaunch');
  if (pid === undefined) return { relaunch };
  if (isGiven(line, 'no-wait')) throw new UsageError('--wait-pid and --no-wait exclude each other');
  return { waitFor: parsePid(pid), relaunch };
}

function managerOf(
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

function lookFor(
  { line }: CommandContext,
  manager: UpdateManager,
  how: Pick<CheckOptions, 'for'> & { recover?: boolean } = {},
): Promise<CheckResult> {
  return manager.check({
    version: optionOf(line, 'version'),
    channel: optionOf(line, 'channel'),
    ...how,
  });
}

function settings(manager: UpdateManager): readonly Setting[] {
  return manager.settings().settings;
}

type Answer = 'now' | 'later' | 'skip';

/**
 * Asks the user, and saves the answer. Null if the user can't be asked. `--yes` answers "now", but not for going back to an
 * older version, unless the user has named it.
 */
async function decide(
  { line, questions, report }: CommandContext,
  manager: UpdateManager,
  found: CheckResult,
  update: UpdateInfo,
): Promise<Answer | null> {
  const back = update.direction === 'back';
  const named = optionOf(line, 'version') !== undefined;
  if (isGiven(line, 'yes')) return !back || named ? 'now' : null;
  if (questions === null) return null;
  report.text(describeCheck(found, settings(manager)));
  const question = back ? `Go back to ${update.version}?` : `Update to ${update.version} now?`;
  const answer = await questions.choose(question, [
    { value: 'now', label: back ? 'Go back now' : 'Update now' },
    { value: 'later', label: 'Remind me later' },
    ...(back || update.mandatory ? [] : [{ value: 'skip', label: 'Skip this version' }]),
    ...(back ? [] : [{ value: 'auto', label: 'Update now, and automatically from now on' }]),
  ]);
  switch (answer) {
    case 'skip':
      await manager.skipVersion(update.version);
      return 'skip';
    case 'later':
      await manager.remindLater(LATER);
      return 'later';
    case 'auto':
      await manager.setPreferences({ autoUpdate: 'all' });
      return 'now';
    default:
      return 'now';
  }
}

/** @param typed the command is `update` itself, so it needs no advice to run that */
function withNextStep(found: CheckResult, decided: readonly Setting[], typed: boolean): string {
  const text = describeCheck(found, decided);
  const { update, wayBack } = found;
  if (update === null) return text;
  const how =
    update.direction === 'back'
      ? wayBack === null
        ? `\`dgmo-updater update --version ${update.version}\` goes back to it.`
        : wayBackText(wayBack)
      : typed
        ? '`dgmo-updater update --yes` installs it without asking.'
        : 'Run `dgmo-updater update` to install it.';
  return `${text}\n${how}`;
}
