/** `rollback`: says in two lines where it goes, asks, ends a DGMO that runs, goes back, and starts it again. */
import { InterruptedError, UnrecoverableError, UsageError } from '../errors.ts';
import {
  changesFolders,
  dataMoves,
  type RollbackTarget,
  relaunch,
  rollback,
  rollbackTarget,
  runningCopies,
  stopRunning,
  verifyTarget,
  withLock,
} from '../install/index.ts';
import { tellable } from '../platform/failures.ts';
import { COMPONENTS, type Component, isComponent } from '../snapshot/index.ts';
import { rememberRollback } from '../update/index.ts';
import { parseList } from './arguments.ts';
import type { CommandContext } from './commands.ts';
import { ageText } from './sizes.ts';

export async function runRollback(context: CommandContext): Promise<void> {
  const { session, line, home, report, confirm } = context;
  const { values } = line;
  const { host } = session;
  const target = rollbackTarget(session, wishOf(context));
  const { receipt, snapshot } = target;
  const where = describeTarget(target, host.clock.now());
  if (values.yes !== true && confirm !== null) {
    report.text(where);
    if (!(await confirm('Go back?')))
      throw new InterruptedError(`not rolled back: ${receipt.binary.version} stays`);
  }
  const stopped = changesFolders(target) && (await stopFirst(context, target));
  const startAgain = async () => {
    if (stopped && values['no-relaunch'] !== true) await relaunch(session, line.rest, values.json === true);
  };
  let tell: () => void;
  try {
    const done = await withLock(host, session.layout, () => rollback(session, target));
    if (done.from.sha256 !== done.to.sha256)
      await rememberRollback(host, home, done.from.version, done.to.version);
    const text = resultText(target, done.from.version, done.to.version, done.before?.id ?? null);
    tell = () =>
      report.result('rollback', text, {
        from: done.from.version,
        to: done.to.version,
        sha256: done.to.sha256,
        snapshot: snapshot?.id ?? null,
        components: [...target.components],
        before: done.before?.id ?? null,
      });
  } catch (error) {
    // Nothing that works is left to start, or the person stopped us.
    if (error instanceof UnrecoverableError || error instanceof InterruptedError) throw error;
    if (values.json !== true && stopped)
      report.failure('rollback', tellable(error, session.layout.installDir));
    // The failure that brought us here is the one to tell.
    await startAgain().catch(() => undefined);
    throw error;
  }
  // A script reads the result as the last line; a person reads it before DGMO takes the terminal.
  if (values.json !== true) tell();
  await startAgain();
  tell();
}

function wishOf({ line }: CommandContext): Parameters<typeof rollbackTarget>[1] {
  const [snapshot, ...more] = line.operands;
  const { to, only, force } = line.values;
  if (more.length > 0)
    throw new UsageError(`rollback: wanted one snapshot, found ${line.operands.join(' ')}`);
  if (snapshot !== undefined && typeof to === 'string')
    throw new UsageError('rollback: a snapshot and --to exclude each other');
  return {
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(typeof to === 'string' ? { version: to } : {}),
    ...(typeof only === 'string' ? { only: parseComponents(only) } : {}),
    force: force === true,
  };
}

function parseComponents(list: string): Component[] {
  const names = parseList(list);
  const components = names.filter(isComponent);
  if (components.length > 0 && components.length === names.length) return components;
  throw new UsageError(`--only: wanted some of ${COMPONENTS.join(', ')}, found ${JSON.stringify(list)}`);
}

/** Its data is about to be changed under it. True where there was one, and it has ended. */
async function stopFirst(
  { session, line, confirm }: CommandContext,
  target: RollbackTarget,
): Promise<boolean> {
  const running = runningCopies(session);
  if (running.length === 0) return false;
  await verifyTarget(session, target);
  const { app } = session;
  const which = `process ${running.join(', ')}`;
  if (line.values.yes !== true && line.values.kill !== true && confirm !== null) {
    if (!(await confirm(`${app} is running (${which}). End it?`)))
      throw new InterruptedError(`not rolled back: ${app} is running (${which})`);
  }
  await stopRunning(session, running, async (left) => {
    if (line.values.kill === true) return true;
    return confirm === null ? false : confirm(`${app} has not ended (process ${left.join(', ')}). Kill it?`);
  });
  return true;
}

/** Two lines: what goes where, and what becomes of what is there now. */
function describeTarget(target: RollbackTarget, now: number): string {
  const { receipt, snapshot, components, to } = target;
  const { version } = receipt.binary;
  if (snapshot === null) {
    return `This goes back from ${version} to ${to.version}: the executable alone, as the last update found it.\nWhat is there now is kept: \`dgmo-updater rollback\` comes back to it.`;
  }
  const all = components.length === COMPONENTS.length;
  const what = all ? 'the executable, config, plugins, evolutions and data' : components.join(', ');
  const moves = dataMoves(target);
  const format = moves === null ? '' : `, data of format ${moves.to} in the place of ${moves.from}`;
  const versions = to.version === version ? `within ${version}` : `from ${version} to ${to.version}`;
  return `This goes back ${versions}: ${what}, as of ${ageText(now - snapshot.timestamp)} ago (${snapshot.reason})${format}.\nWhat is there now is taken as a snapshot first: \`dgmo-updater rollback\` comes back to it.`;
}

function resultText(
  { snapshot, components }: RollbackTarget,
  from: string,
  to: string,
  before: string | null,
): string {
  const what =
    from === to && snapshot !== null
      ? `${components.join(', ')} ${components.length === 1 ? 'is' : 'are'} back as of the snapshot ${snapshot.id}.`
      : `${to} is back (before: ${from}).`;
  return before === null ? what : `${what} What was there is the snapshot ${before}.`;
}
