/** `rollback`: shows where it goes, asks, ends a running DGMO, goes back, and starts DGMO again. */
import {
  COMPONENTS,
  type Component,
  dataFormatChange,
  isComponent,
  type RollbackPlan,
  type RollbackPreview,
  type RollbackWish,
  type RolledBack,
  SnapshotManager,
} from '../api/index.ts';
import { StillRunningError, UsageError } from '../errors.ts';
import { parseList } from './arguments.ts';
import { requireConsent } from './consent.ts';
import { type CommandContext, isGiven, optionOf } from './context.ts';
import { asSentence, linesText } from './text/lines.ts';
import { ageText, bytesText, countText, snapshotName } from './text/sizes.ts';

export async function runRollback(context: CommandContext): Promise<void> {
  const { line, report, install, host } = context;
  const manager = new SnapshotManager({
    ...install,
    onEvent: report.eventsOf('rollback', { 'rolled back': (done) => rollbackResult(done, host) }),
  });
  const plan = await manager.planRollback(wishOf(context));
  await requireConsent(context, async () => ({
    tells: await describePlan(context, manager, plan),
    question: 'Go back?',
    otherwise: `not rolled back: ${plan.receipt.binary.version} is still installed`,
  }));
  if (isGiven(line, 'yes'))
    report.announce(linesText([`Going back ${wayText(plan, host.clock.now())}.`, ...rejectedText(plan)]));
  const options = {
    relaunch: !isGiven(line, 'no-relaunch'),
    args: line.rest,
    outputToError: isGiven(line, 'json'),
  };
  const done = await manager
    .rollback(plan, { ...options, kill: isGiven(line, 'kill') })
    .catch(async (error: unknown) => {
      if (!(error instanceof StillRunningError) || !(await mayKill(context, plan, error))) throw error;
      return manager.rollback(plan, { ...options, kill: 'now' });
    });
  report.result('rollback', ...rollbackResult(done, host));
}

function wishOf({ line }: CommandContext): RollbackWish {
  const [snapshot, ...more] = line.operands;
  const to = optionOf(line, 'to');
  const only = optionOf(line, 'only');
  if (more.length > 0)
    throw new UsageError(`rollback: wanted one snapshot, found ${line.operands.join(' ')}`);
  if (snapshot !== undefined && to !== undefined)
    throw new UsageError('rollback: a snapshot and --to exclude each other');
  return {
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(to === undefined ? {} : { version: to }),
    ...(only === undefined ? {} : { only: parseComponents(only) }),
    force: isGiven(line, 'force'),
  };
}

function parseComponents(list: string): Component[] {
  const names = parseList(list);
  const components = names.filter(isComponent);
  if (components.length > 0 && components.length === names.length) return components;
  throw new UsageError(`--only: wanted some of ${COMPONENTS.join(', ')}, found ${JSON.stringify(list)}`);
}

async function mayKill(
  { questions }: CommandContext,
  { receipt }: RollbackPlan,
  { pids }: StillRunningError,
): Promise<boolean> {
  if (questions === null) return false;
  return questions.confirm(`${receipt.app} has not ended (process ${pids.join(', ')}). Kill it?`);
}

/** What the rollback changes, which processes it ends, and how it can be undone. */
async function describePlan(
  { host, line }: CommandContext,
  manager: SnapshotManager,
  plan: RollbackPlan,
): Promise<string> {
  const { receipt, snapshot, running, movedFrom } = plan;
  const way = [`This goes back ${wayText(plan, host.clock.now())}.`, ...rejectedText(plan)];
  if (snapshot === null)
    return linesText([...way, 'The current executable is kept: `dgmo-updater rollback` returns to it.']);
  const lines = [
    ...way,
    movedFrom === null
      ? null
      : `It was taken in ${movedFrom}, which has been moved or copied since: the folders of today are changed.`,
    changesText(plan, await manager.previewRollback(plan)),
    running.length === 0
      ? null
      : `${receipt.app} is running (process ${running.join(', ')}): it is ended${isGiven(line, 'no-relaunch') ? '' : ', and started again'}.`,
    'A snapshot of the current state is taken first: `dgmo-updater rollback` returns to it.',
  ];
  return linesText(lines.filter((text) => text !== null));
}

function rejectedText({ to, rejected }: RollbackPlan): string[] {
  return rejected === null ? [] : [`${to.version} was taken back here before: ${asSentence(rejected)}`];
}

/** From where to where, of what, and as of when. */
function wayText(plan: RollbackPlan, now: number): string {
  const { receipt, snapshot, components, to } = plan;
  const { version } = receipt.binary;
  const versions = to.version === version ? `within ${version}` : `from ${version} to ${to.version}`;
  if (snapshot === null)
    return `${versions}: only the executable (${bytesText(to.size)}), as it was before the last update`;
  const all = components.length === COMPONENTS.length;
  const what = all ? 'the executable, config, plugins, evolutions and data' : components.join(', ');
  const moves = dataFormatChange(plan);
  const format = moves === null ? '' : `, data of format ${moves.to} instead of ${moves.from}`;
  return `${versions}: ${what}, as of ${ageText(now - snapshot.timestamp)} ago (${snapshot.reason})${format}`;
}

function changesText({ receipt, to }: RollbackPlan, { files, bytes, removed }: RollbackPreview): string {
  const changes = [
    to.sha256 === receipt.binary.sha256 ? null : `The executable is replaced (${bytesText(to.size)})`,
    files === 0
      ? null
      : `${countText(files, 'file')} ${files === 1 ? 'is' : 'are'} written (${bytesText(bytes)})`,
    removed === 0 ? null : `${countText(removed, 'file')} ${removed === 1 ? 'is' : 'are'} removed`,
  ].filter((text) => text !== null);
  return changes.length === 0 ? 'Nothing differs from it.' : `${changes.join(', ')}.`;
}

/** The result as text, and as data. */
function rollbackResult(
  done: RolledBack,
  { localOffset }: CommandContext['host'],
): [string, Record<string, unknown>] {
  const { from, to, snapshot, components, before } = done;
  const what =
    from.version === to.version && snapshot !== null
      ? `${components.join(', ')} ${components.length === 1 ? 'is' : 'are'} back as of the snapshot ${snapshotName(snapshot.id, localOffset)}.`
      : `${to.version} is back (before: ${from.version}).`;
  const text =
    before === null
      ? what
      : `${what} The state before is kept as snapshot ${snapshotName(before.id, localOffset)}.`;
  return [
    text,
    {
      from: from.version,
      to: to.version,
      sha256: to.sha256,
      snapshot: snapshot?.id ?? null,
      components: [...components],
      before: before?.id ?? null,
    },
  ];
}
