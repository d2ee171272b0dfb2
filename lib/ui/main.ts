/** From the arguments to the exit code. */
import { type ExitCode, UnrecoverableError, UpdaterError, UsageError } from '../errors.ts';
import {
  homeOf,
  type Outcome,
  openSession,
  openTransaction,
  readJournal,
  recoverTransaction,
  type Session,
  type Settings,
  type SnapshotSetup,
  withLock,
} from '../install/index.ts';
import { tellable } from '../platform/failures.ts';
import type { Host } from '../platform/host.ts';
import type { Network, NetworkSettings } from '../platform/network/network.ts';
import { pathsOf } from '../platform/path-flavour.ts';
import { snapshotsIn } from '../update/index.ts';
import { type CommandLine, parseCommandLine, parseSeconds } from './arguments.ts';
import { chooseOnTerminal } from './choose.ts';
import { type CommandContext, runApply, runInit, runRecover, runStatus } from './commands.ts';
import { runConfig } from './config-command.ts';
import { confirmOnTerminal } from './confirm.ts';
import { helpText } from './help.ts';
import { createReport, type Output, type Report } from './report.ts';
import { runRollback } from './rollback-command.ts';
import { runSnapshots } from './snapshot-commands.ts';
import { runCheck, runDownload, runUpdate } from './update-commands.ts';

export interface Surroundings {
  host: Host;
  settings: Settings;
  /** The folder that the updater itself stands in. */
  ownFolder: string;
  output: Output;
  /** Whether a person is there to answer: standard input and standard error are a terminal. */
  interactive: boolean;
  interrupted(): boolean;
  /** Aborted when the person has asked to stop. */
  signal: AbortSignal;
  network(settings: NetworkSettings): Network;
}

export async function main(argv: readonly string[], around: Surroundings): Promise<ExitCode> {
  const { host } = around;
  let line: CommandLine;
  try {
    line = parseCommandLine(argv);
  } catch (error) {
    const json = argv.includes('--json');
    return reportFor(around, { json, quiet: false, verbose: false }).failure('', error);
  }
  const { values, command } = line;
  const report = reportFor(around, {
    json: values.json === true,
    quiet: values.quiet === true,
    verbose: values.verbose === true,
  });
  if (values.help === true || command === 'help') {
    around.output.out(helpText(command));
    return 0;
  }
  if (command === 'version') {
    report.result('version', around.settings.version, {
      version: around.settings.version,
      revision: around.settings.revision,
    });
    return 0;
  }
  let where = host.workingDirectory;
  try {
    const context = openContext(around, line, report);
    where = context.session.layout.installDir;
    await run(context);
    return 0;
  } catch (error) {
    return report.failure(command, tellable(error, where));
  }
}

function reportFor(
  around: Surroundings,
  options: { json: boolean; quiet: boolean; verbose: boolean },
): Report {
  return createReport(around.output, options, () => around.host.clock.monotonic());
}

function openContext(around: Surroundings, line: CommandLine, report: Report): CommandContext {
  const { host, settings } = around;
  const { values } = line;
  const path = pathsOf(host.platform);
  const given = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const limit = (name: string): number | undefined => {
    const value = given(name);
    return value === undefined ? undefined : parseSeconds(name, value);
  };
  const limits = { exit: limit('exit-limit'), held: limit('held-limit'), probe: limit('probe-limit') };
  const session = openSession(host, {
    installDir: path.resolve(
      host.workingDirectory,
      notEmpty('install-dir', given('install-dir')) ?? around.ownFolder,
    ),
    app: given('app'),
    defaultApp: settings.app,
    limits: Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
    emit: (event) => report.event(event),
    interrupted: around.interrupted,
    snapshots: (app) => snapshotsOf(host, app, settings, notEmpty('home', given('home'))),
  });
  const asks = around.interactive && values.json !== true && values.yes !== true;
  return {
    session,
    line,
    settings,
    home: () => homeOf(host, notEmpty('home', given('home'))),
    report,
    confirm: asks ? confirmOnTerminal : null,
    choose: asks ? chooseOnTerminal : null,
    network: around.network,
    signal: around.signal,
  };
}

/** Null where this user has no home, or none that can be used: who needs it asks for it again, and is told. */
function snapshotsOf(
  host: Host,
  app: string,
  settings: Settings,
  typed: string | undefined,
): SnapshotSetup | null {
  let home: string;
  try {
    home = homeOf(host, typed);
  } catch (error) {
    if (error instanceof UpdaterError) return null;
    throw error;
  }
  return snapshotsIn(host, home, app, settings);
}

function notEmpty(name: string, value: string | undefined): string | undefined {
  if (value === '') throw new UsageError(`--${name}: wanted a folder, found nothing`);
  return value;
}

async function run(context: CommandContext): Promise<void> {
  switch (context.line.command) {
    case 'apply':
      // It begins with the recovery by itself, so that DGMO is started again whatever comes of that.
      return runApply(context);
    case 'init':
      await recoverFirst(context.session, (error) => error instanceof UpdaterError);
      return runInit(context);
    case 'rollback':
      await recoverFirst(context.session, (error) => error instanceof UnrecoverableError);
      return runRollback(context);
    case 'snapshots':
      await recoverFirst(context.session, () => true);
      return runSnapshots(context);
    case 'check':
      await recoverFirst(context.session, () => true);
      return runCheck(context);
    case 'download':
      await recoverFirst(context.session, () => true);
      return runDownload(context);
    case 'update':
      await recoverFirst(context.session, () => false);
      return runUpdate(context);
    case 'config':
      return runConfig(context);
    case 'recover':
      return runRecover(context, await recoverFirst(context.session, () => false));
    default:
      await recoverFirst(context.session, () => true);
      return runStatus(context);
  }
}

/**
 * Every command begins by closing what an interrupted run left open.
 *
 * @param harmless what does not keep the command from its work: `init` and `rollback` are how a person gets out of a
 *   state in which nothing else helps, and `status` tells what it sees
 */
async function recoverFirst(
  session: Session,
  harmless: (error: unknown) => boolean,
): Promise<Outcome | null> {
  const { host, layout } = session;
  try {
    if (openTransaction(readJournal(host.disk, layout).entries) === null) return null;
    const ended = await withLock(host, layout, () => recoverTransaction(session));
    return ended?.outcome ?? null;
  } catch (error) {
    if (harmless(error)) return null;
    throw error;
  }
}
