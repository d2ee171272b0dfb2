/** The commands of the feed: check, download, update. */

import { applyUpdate } from '../api/index.ts';
import { UsageError } from '../errors.ts';
import { type Applied, requireReceipt } from '../install/index.ts';
import {
  type CheckResult,
  check,
  choicesFile,
  downloadPackages,
  openContext,
  preferencesFile,
  type UpdateContext,
  type UpdateInfo,
  withPreference,
  withSkipped,
} from '../update/index.ts';
import { parsePid } from './arguments.ts';
import { type CommandContext, evolutionWish } from './commands.ts';
import { checkData, describeCheck } from './update-text.ts';

/** How long "later" is, in milliseconds. */
const LATER = 24 * 3_600_000;

export async function runCheck(command: CommandContext): Promise<void> {
  const context = contextOf(command);
  const found = await lookFor(command, context);
  command.report.result('check', withNextStep(found, describeCheck(found)), checkData(found));
}

export async function runDownload(command: CommandContext): Promise<void> {
  const context = contextOf(command);
  const found = await lookFor(command, context);
  const { update } = found;
  if (update === null) {
    command.report.result('download', describeCheck(found), { ...checkData(found), files: [] });
    return;
  }
  const { files, route } = await downloadPackages(context, update);
  command.report.result('download', files.join('\n'), { ...checkData(found), route, files });
}

export async function runUpdate(command: CommandContext): Promise<void> {
  const { line, report } = command;
  const { values } = line;
  const waiting = waitOptions(command);
  const context = contextOf(command);
  const found = await lookFor(command, context);
  const { update } = found;
  const tellFound = (text = withNextStep(found, describeCheck(found)), answer?: Answer) =>
    report.result('update', text, { ...checkData(found), changed: false, ...(answer && { answer }) });
  if (update === null || values['check-only'] === true) return tellFound();
  const answer = await decide(command, context, found, update);
  if (answer === null) return tellFound();
  if (answer === 'later') return tellFound(`${update.version} is not offered again before tomorrow.`, answer);
  if (answer === 'skip') return tellFound(`${update.version} is skipped.`, answer);
  const downloaded = await downloadPackages(context, update);
  const tell = ({ from, to, changed }: Applied) =>
    report.result(
      'update',
      changed
        ? `${to.version} is installed (before: ${from.version}).`
        : `${to.version} is installed already.`,
      {
        ...checkData(found),
        installed: to.version,
        changed,
        from: from.version,
        to: to.version,
        sha256: to.sha256,
      },
    );
  const applied = await applyUpdate(context, downloaded, {
    ...waiting,
    evolutions: evolutionWish(values.evolutions),
    relaunch: values['no-relaunch'] !== true,
    args: line.rest,
    outputToError: values.json === true,
    onSettled: (outcome) => {
      if (values.json === true) return;
      if ('applied' in outcome) tell(outcome.applied);
      else report.failure('update', outcome.failure);
    },
  });
  tell(applied);
}

/** Without --wait-pid nobody is waited for and nothing is started: what runs keeps running. */
function waitOptions({ line }: CommandContext): { waitFor: number | undefined; noWait: boolean } {
  const pid = line.values['wait-pid'];
  if (typeof pid !== 'string') return { waitFor: undefined, noWait: true };
  if (line.values['no-wait'] === true) throw new UsageError('--wait-pid and --no-wait exclude each other');
  return { waitFor: parsePid(pid), noWait: false };
}

function contextOf({
  session,
  line,
  settings,
  home,
  report,
  network,
  signal,
}: CommandContext): UpdateContext {
  const text = (name: string): string | undefined => {
    const value = line.values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const { host, layout } = session;
  return openContext({
    session,
    settings,
    home: home(),
    preferences: preferencesFile.load(host, home()),
    receipt: requireReceipt(host.disk, layout),
    network,
    feed: text('feed'),
    caFile: text('ca-file'),
    allowPlainHttp: line.values['allow-http'] === true,
    emit: (event) => report.event(event),
    signal,
  });
}

function lookFor({ line }: CommandContext, context: UpdateContext): Promise<CheckResult> {
  const { version, channel } = line.values;
  return check(context, {
    ...(typeof version === 'string' ? { version } : {}),
    ...(typeof channel === 'string' ? { channel } : {}),
  });
}

type Answer = 'now' | 'later' | 'skip';

/**
 * Asks, and remembers what is answered; null: nobody can be asked. Then only `--yes` is a yes, and that is none for the
 * way back, unless the person has named the version.
 */
async function decide(
  { line, choose, report, home }: CommandContext,
  { session }: UpdateContext,
  found: CheckResult,
  update: UpdateInfo,
): Promise<Answer | null> {
  const { host } = session;
  const back = update.direction === 'back';
  const named = typeof line.values.version === 'string';
  if (line.values.yes === true) return !back || named ? 'now' : null;
  if (choose === null) return null;
  report.text(describeCheck(found));
  const answer = await choose(back ? `Go back to ${update.version}?` : `Update to ${update.version} now?`, [
    { value: 'now', label: back ? 'Go back now' : 'Update now' },
    { value: 'later', label: 'Remind me later' },
    ...(back || update.mandatory ? [] : [{ value: 'skip', label: 'Skip this version' }]),
    ...(back ? [] : [{ value: 'auto', label: 'Update now, and always by itself' }]),
  ]);
  switch (answer) {
    case 'skip':
      await choicesFile.change(host, home(), (choices) => withSkipped(choices, update.version));
      return 'skip';
    case 'later':
      await choicesFile.change(host, home(), (choices) => ({
        ...choices,
        remindAfter: host.clock.now() + LATER,
      }));
      return 'later';
    case 'auto':
      await preferencesFile.change(host, home(), (now) => withPreference(now, 'autoUpdate', 'all'));
      return 'now';
    default:
      return 'now';
  }
}

function withNextStep({ update }: CheckResult, text: string): string {
  if (update === null) return text;
  const how =
    update.direction === 'back'
      ? `\`dgmo-updater update --version ${update.version}\` goes back to it; \`dgmo-updater rollback\` goes to the version before.`
      : 'Run `dgmo-updater update` to install it.';
  return `${text}\n${how}`;
}
