/** Makes the service manager of the system start the background service at every login, and makes it forget the service again. */
import { errorCode, errorMessage, MachineError } from '../../errors.ts';
import type { Session } from '../../install/index.ts';
import { updaterLayout } from '../../install/layout.ts';
import { childEnvironment, shellCommand } from '../../install/process/start.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { createDirectories, removeIfThere, replaceDurably } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { lockWithPatience } from '../../platform/lock-with-patience.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { noticesFile } from '../../service/notice.ts';
import { serviceFile, serviceLock } from '../../service/record.ts';
import { idleFile } from '../../service/sessions.ts';
import type { ManagerCommand, Unit } from '../../service/units/definition.ts';
import { environmentOf, unitFor } from '../../service/units/unit.ts';
import { madeFolders, withMadeFolders } from './made-folders.ts';

/** Milliseconds in which a service manager answers. */
const ANSWER = 10_000;
/** Milliseconds. A service that is ended may finish a swap first. */
const END = 60_000;
const STOP = { limit: 60_000, pause: 100 };
/** One that was started in another way was not asked to end. */
const GONE = { limit: 1000, pause: 100 };

/** How the service is started: with everything that makes it this installation's. */
export function serviceCommand(
  { host, layout, app }: Session,
  home: string,
  options: readonly string[] = [],
): [string, ...string[]] {
  const { target } = updaterLayout(host, layout);
  return [
    target,
    'service',
    'run',
    '--install-dir',
    layout.installDir,
    '--app',
    app,
    '--home',
    home,
    ...options,
  ];
}

export function serviceUnit(session: Session, home: string, command: [string, ...string[]]): Unit {
  const { host, app } = session;
  const { environment, platform } = host;
  const usual = host.homeDirectory === null ? null : pathsOf(platform).join(host.homeDirectory, '.dgmo');
  const suffix =
    home === usual ? '' : `-${new Bun.CryptoHasher('sha256').update(home).digest('hex').slice(0, 8)}`;
  return unitFor(host, home, {
    name: `${app}-updater${suffix}`,
    app,
    command,
    environment: environmentOf(environment, platform),
  });
}

export async function isInstalled(host: Host, { file, isKnown }: Unit): Promise<boolean> {
  if (isKnown === null) return host.disk.status(file.path) !== null;
  const ran = await runCommand(host, isKnown, ANSWER);
  return ran === null;
}

export function hasUpdater({ host, layout }: Session): boolean {
  return host.disk.status(updaterLayout(host, layout).target) !== null;
}

/** All or nothing. Throws MachineError, with what the service manager says. */
export async function installUnit(session: Session, unit: Unit): Promise<void> {
  const { host, layout } = session;
  if (!hasUpdater(session)) {
    throw new MachineError(
      `${updaterLayout(host, layout).target} does not exist, which is what the service runs`,
      {
        advice: 'Put the updater beside the executable.',
      },
    );
  }
  const { dirname } = pathsOf(host.platform);
  const folder = dirname(unit.file.path);
  try {
    const content = withMadeFolders(host, unit);
    createDirectories(host.disk, folder, dirname);
    // It may have the password of a proxy in it.
    replaceDurably(host.disk, unit.file.path, folder, content, 0o600);
  } catch (error) {
    throw asUpdaterError(error, unit.file.path);
  }
  for (const command of unit.enable) {
    const failure = await runCommand(host, command, ANSWER);
    if (failure === null) continue;
    const { said, hangs } = failure;
    await removeUnit(host, unit, { ask: !hangs });
    const typed = `\`${shellCommand(host.platform, command)}\``;
    throw new MachineError(`${unit.manager} does not take the service: ${said}`, {
      advice: hangs
        ? `Its definition is removed again. Find out why ${typed} does not end, then try again; or start \`dgmo-updater service run\` at login in another way.`
        : `Nothing is left of it. ${typed} failed. Start \`dgmo-updater service run\` at login in another way.`,
    });
  }
  if (unit.file.temporary) removeIfThere(host.disk, unit.file.path);
}

/**
 * Removes everything that `installUnit` has made, and what the service manager has made of it. If a command of that hangs, those after
 * it are not tried.
 *
 * @param options.ask false: the service manager is known to hang
 * @returns the command that did not end, and what is said of it; null if all did
 */
export async function removeUnit(
  host: Host,
  unit: Unit,
  { ask }: { ask: boolean } = { ask: true },
): Promise<{ command: ManagerCommand; said: string } | null> {
  const { disk } = host;
  let hung: { command: ManagerCommand; said: string } | null = null;
  const tell = async (commands: readonly ManagerCommand[], limit: number) => {
    for (const command of ask ? commands : []) {
      if (hung !== null) return;
      // What is not there, or not known, is as wanted.
      const failure = await runCommand(host, command, limit);
      if (failure?.hangs === true) hung = { command, said: failure.said };
    }
  };
  await tell(unit.disable, ANSWER);
  await tell(unit.stop, END);
  const folders = madeFolders(host, unit);
  for (const path of [unit.file.path, ...unit.traces]) removeIfThere(disk, path);
  for (const folder of folders) removeIfEmpty(host, folder);
  await tell(unit.afterRemoval, ANSWER);
  return hung;
}

function removeIfEmpty({ disk }: Host, folder: string): void {
  try {
    if (disk.list(folder).length === 0) disk.removeDirectory(folder);
  } catch (error) {
    // It is missing, or somebody else is faster.
    if (errorCode(error) === undefined) throw error;
  }
}

/** Null if it went well; else what it said, and whether it did not end within `limit` milliseconds. */
async function runCommand(
  host: Host,
  [file, ...args]: ManagerCommand,
  limit: number,
): Promise<{ said: string; hangs: boolean } | null> {
  const { processes, environment, workingDirectory } = host;
  const ran = await processes.run(file, args, {
    environment: childEnvironment(environment),
    workingDirectory,
    timeLimit: limit,
  });
  if (!ran.started) return { said: ran.reason, hangs: false };
  if (ran.code === 0) return null;
  if (ran.timedOut) return { said: `${file} has not ended within ${limit / 1000} s`, hangs: true };
  const [said = ''] = (ran.stderr || ran.stdout).trim().split('\n');
  return { said: said === '' ? `${file} ended with ${ran.code ?? ran.signal}` : said, hangs: false };
}

/**
 * Removes what the service has written in the home, and the home if nothing else is in it. Returns false if a service still runs, which needs it.
 *
 * @param isEnding whether it was told to end
 */
export async function removeRecords(host: Host, home: string, isEnding: boolean): Promise<boolean> {
  const path = serviceLock(host, home);
  const files = [serviceFile, noticesFile, idleFile].map((file) => file.path(host, home));
  if (host.disk.status(path) !== null) {
    const lock = await lockWithPatience(host, path, isEnding ? STOP : GONE);
    if (lock === null) return false;
    lock.release();
  }
  try {
    for (const file of [...files, ...files.map((file) => `${file}.lock`), path])
      removeIfThere(host.disk, file);
    removeIfEmpty(host, home);
  } catch (error) {
    throw new MachineError(`what the service has written could not be removed: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  return true;
}
