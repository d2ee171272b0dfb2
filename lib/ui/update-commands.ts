/** The commands that bring a release: download, update. */
import {
  type Applied,
  type CheckResult,
  type UpdateDecision,
  type UpdateInfo,
  type UpdateManager,
  UpdateUI,
} from '../api/index.ts';
import { InterruptedError, UpdaterError, UsageError } from '../errors.ts';
import { evolutionWish, parsePid } from './arguments.ts';
import { holds, lookFor, managerOf, withNextStep } from './check-command.ts';
import { nothingToAddText } from './choices/evolutions.ts';
import { appliedResult } from './commands.ts';
import { type CommandContext, isGiven, optionOf } from './context.ts';
import { FetchedBytes } from './fetched-bytes.ts';
import { putBackExecutable } from './health/repair-command.ts';
import { announcement, receiptText } from './terminal/installing.ts';
import { describeRepair } from './text/health.ts';
import { linesText } from './text/lines.ts';
import { notesText } from './text/notes.ts';
import { passedNotesText } from './text/passed-notes.ts';
import { checkData, describeCheck } from './text/update.ts';

export async function runDownload(context: CommandContext): Promise<void> {
  const { report } = context;
  const manager = managerOf(context);
  const found = await lookFor(context, manager);
  if (found.update === null) {
    report.result('download', describeCheck(found, holds(context, manager)), {
      ...checkData(found),
      files: [],
    });
    return;
  }
  const { files, route } = await manager.downloadUpdate(found.update);
  report.result('download', linesText(files), { ...checkData(found), route, files });
}

export async function runUpdate(context: CommandContext): Promise<void> {
  const { line, report, host } = context;
  const waiting = waitOptions(context);
  let found: CheckResult | undefined;
  let begun = host.clock.monotonic();
  const data = () => (found === undefined ? {} : checkData(found));
  const ending = (applied: Applied): [string, Record<string, unknown>] => {
    const [text, result] = appliedResult(applied);
    const milliseconds = Math.round(host.clock.monotonic() - begun);
    const downloaded = fetched.total;
    return [
      applied.changed
        ? `${text}\n${receiptText(applied, downloaded, milliseconds, (found?.revoked ?? null) !== null)}`
        : text,
      { ...data(), installed: applied.to.version, ...result, downloaded, milliseconds },
    ];
  };
  const fetched = new FetchedBytes();
  const tell = report.eventsOf('update', {
    updated: (applied) => ending(applied),
  });
  const manager = managerOf(context, {
    onEvent: (event) => {
      fetched.add(event);
      tell(event);
    },
  });
  const repaired = isGiven(line, 'check-only') ? null : await putBackExecutable(context);
  if (repaired !== null) report.text(describeRepair(repaired, host.localOffset));
  found = await lookFor(context, manager, {
    for: context.interactive ? 'user' : 'notice',
    recover: !isGiven(line, 'check-only'),
    notes: !isGiven(line, 'yes') || isGiven(line, 'check-only'),
  });
  const wish = evolutionWish(optionOf(line, 'evolutions'));
  let nothingToAdd: string | null = null;
  if (found.update === null && wish !== undefined && wish !== 'none') {
    // Nothing newer is offered: they are those of the installed version.
    found = await manager.check({
      version: found.installed,
      channel: found.channel,
      again: true,
      for: 'user',
    });
    nothingToAdd = found.update === null ? null : nothingToAddText(found.update, wish);
    if (nothingToAdd !== null) found = { ...found, update: null };
  }
  const { update } = found;
  const tellFound = (text: string, answer?: 'later' | 'skip') =>
    report.result('update', text, {
      ...data(),
      changed: repaired !== null,
      ...(repaired === null ? {} : { repaired: repaired.repaired }),
      ...(answer && { answer }),
    });
  if (update === null && !isGiven(line, 'check-only')) {
    await completeUpdater(context, manager, found.installed);
  }
  if (nothingToAdd !== null) return tellFound(nothingToAdd);
  if (update === null || isGiven(line, 'check-only'))
    return tellFound(withNextStep(context, manager, found, true));
  // Refused before anybody is asked.
  if (update.managedBy !== null && context.questions !== null) await manager.downloadUpdate(update);
  const decision = await decide(context, manager, found, update, wish);
  if (decision === null) return tellFound(withNextStep(context, manager, found, true));
  if (decision.action === 'later')
    return tellFound(`${update.version} is not offered again before tomorrow.`, decision.action);
  if (decision.action === 'skip') return tellFound(`${update.version} is skipped.`, decision.action);
  begun = host.clock.monotonic();
  if (context.questions === null) report.announce(announcement(update));
  try {
    if (decision.action === 'auto') await tellAlways(context, manager);
    const downloaded = await manager.downloadUpdate(update);
    const applied = await manager.applyUpdate(downloaded, {
      ...waiting,
      evolutions: decision.evolutions,
      // The user has agreed, or has named the version.
      allowDowngrade: update.direction === 'back',
      args: line.rest,
      outputToError: isGiven(line, 'json'),
    });
    report.result('update', ...ending(applied));
  } catch (error) {
    // A user who interrupts the update is told that nothing was changed.
    if (error instanceof InterruptedError && decision.action === 'auto') await decision.takeBack();
    throw error;
  }
}

/** Without it DGMO works all the same, so a failure is a warning. */
async function completeUpdater(
  { report }: CommandContext,
  manager: UpdateManager,
  installed: string,
): Promise<void> {
  try {
    const version = await manager.completeUpdater();
    if (version !== null)
      report.text(`The updater ${version}, which belongs to ${installed}, was missing. It is installed now.`);
  } catch (error) {
    if (!(error instanceof UpdaterError) || error instanceof InterruptedError) throw error;
    const text = `The updater that belongs to ${installed} was not installed: ${error.message}.`;
    report.event({ event: 'warning', text });
  }
}

async function tellAlways(context: CommandContext, manager: UpdateManager): Promise<void> {
  const { questions, report } = context;
  if (questions === null) return;
  if (manager.preferences().autoUpdate === 'all')
    return (await import('./service-command.ts')).offerService(context, questions);
  report.text(
    'Here the environment decides `autoUpdate`, before you do: `dgmo-updater config explain autoUpdate` says more.',
  );
}

/** Without --wait-pid the update waits for no process and starts none: a running DGMO keeps running. */
function waitOptions({ line }: CommandContext): { waitFor?: number; relaunch: boolean } {
  const pid = optionOf(line, 'wait-pid');
  const relaunch = !isGiven(line, 'no-relaunch');
  if (pid === undefined) return { relaunch };
  if (isGiven(line, 'no-wait')) throw new UsageError('--wait-pid and --no-wait exclude each other');
  return { waitFor: parsePid('--wait-pid', pid), relaunch };
}

/** What the user decides. Null if nobody can be asked. `--yes` agrees, but not to going back to an older version, unless the user has named it. */
async function decide(
  context: CommandContext,
  manager: UpdateManager,
  found: CheckResult,
  update: UpdateInfo,
  evolutions: ReturnType<typeof evolutionWish>,
): Promise<UpdateDecision | null> {
  const { line, questions } = context;
  const named = optionOf(line, 'version') !== undefined;
  if (isGiven(line, 'yes'))
    return update.direction === 'forward' || named ? { action: 'update', evolutions } : null;
  if (questions === null) return null;
  const show = () => showUpdate(context, manager, found, update);
  return new UpdateUI({ manager, screen: { ...questions, show } }).promptForUpdate(update, { evolutions });
}

function showUpdate(
  context: CommandContext,
  manager: UpdateManager,
  found: CheckResult,
  update: UpdateInfo,
): void {
  const { report, screen } = context;
  report.text(describeCheck(found, holds(context, manager), null));
  const { columns, colors, unicode } = screen;
  const style = { columns, colors, unicode };
  const { notes, rest } =
    update.passed.length === 0
      ? { notes: notesText(update.changelog.notes, style), rest: null }
      : passedNotesText(update, style, { whole: true });
  if (notes !== '') report.styled(`\n${notes}\n`);
  if (rest !== null) report.text(`${rest}\n`);
}
