/** `rollback`: shows where it goes, asks, ends a running DGMO, goes back, and starts DGMO again. */
import {
  COMPONENTS,
  type Component,
  dataFormatChange,
  isComponent,
  type RollbackPlan,
  type RollbackWish,
  type RolledBack,
  SnapshotManager,
} from '../api/index.ts';
import { InterruptedError, StillRunningError, UsageError } from '../errors.ts';
import { parseList } from './arguments.ts';
import { type CommandContext, isGiven, optionOf } from './context.ts';
import { ageText } from './text/sizes.ts';

export async function runRollback(context: CommandContext): Promise<void> {
  const { line, report, install } = context;
  const manager = new SnapshotManager({
    ...install,
    onEvent: report.eventsOf('rollback', { 'rolled back': (done) => rollbackResult(done) }),
  });
  const plan = await manager.planRollback(wishOf(context));
  await askFirst(context, plan);
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
  report.result('rollback', ...rollbackResult(done));
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

async function askFirst(
  { line, report, questions, host }: CommandContext,
  plan: RollbackPlan,
): Promise<void> {
  if (isGiven(line, 'yes') || questions === null) return;
  const { version } = plan.receipt.binary;
  report.text(describePlan(plan, host.clock.now()));
  if (!(await questions.confirm('Go back?')))
    throw new InterruptedError(`not rolled back: ${version} is still installed`);
  if (plan.running.length === 0 || isGiven(line, 'kill')) return;
  const { app } = plan.receipt;
  const which = `process ${plan.running.join(', ')}`;
  if (!(await questions.confirm(`${app} is running (${which}). End it?`)))
    throw new InterruptedError(`not rolled back: ${app} is running (${which})`);
}

async function mayKill(
  { questions }: CommandContext,
  { receipt }: RollbackPlan,
  { pids }: StillRunningError,
): Promise<boolean> {
  if (questions === null) return false;
  return questions.confirm(`${receipt.app} has not ended (process ${pids.join(', ')}). Kill it?`);
}

/** Two lines: what the rollback changes, and how it can be undone. */
function describePlan(plan: RollbackPlan, now: number): string {
  const { receipt, snapshot, components, to } = plan;
  const { version } = receipt.binary;
  if (snapshot === null) {
    return `This goes back from ${version} to ${to.version}: only the executable, as it was before the last update.\nThe current executable is kept: \`dgmo-updater rollback\` returns to it.`;
  }
  const all = components.length === COMPONENTS.length;
  const what = all ? 'the executable, config, plugins, evolutions and data' : components.join(', ');
  const moves = dataFormatChange(plan);
  const format = moves === null ? '' : `, data of format ${moves.to} instead of ${moves.from}`;
  const versions = to.version === version ? `within ${version}` : `from ${version} to ${to.version}`;
  return `This goes back ${versions}: ${what}, as of ${ageText(now - snapshot.timestamp)} ago (${snapshot.reason})${format}.\nA snapshot of the current state is taken first: \`dgmo-updater rollback\` returns to it.`;
}

/** The result as text, and as data. */
function rollbackResult(done: RolledBack): [string, Record<string, unknown>] {
  const { from, to, snapshot, components, before } = done;
  const what =
    from.version === to.version && snapshot !== null
      ? `${components.join(', ')} ${components.length === 1 ? 'is' : 'are'} back as of the snapshot ${snapshot.id}.`
      : `${to.version} is back (before: ${from.version}).`;
  const text = before === null ? what : `${what} The state before is kept as snapshot ${before.id}.`;
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
