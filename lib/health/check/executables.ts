/** The executable, the copy that is kept for a rollback, and the updater: whole, runnable, and nobody else's to change. */
import { DamagedError } from '../../errors.ts';
import { shellWord } from '../../format/printable.ts';
import { type Binary, isIntact, isUpdaterOpen, type Receipt, type Session } from '../../install/index.ts';
import { REPAIR_ADVICE, requireNoStranger } from '../../install/installed-binary.ts';
import { awaitedUpdater, isReplacedByHand, recordedUpdater } from '../../install/updater/updater-record.ts';
import { fill, foundText, KIND_NAMES, statusOf } from '../../platform/files.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { executableName, MAX_BINARY_SIZE } from '../../version/index.ts';
import type { FileReader } from '../file-reader.ts';
import { findings, type HealthIssue, issue } from '../issue.ts';

const PUT_BACK = 'put it back: from a copy that runs, from the feed, or the one before it';
const RUNNABLE = 0o111;
const WRITABLE_BY_ALL = 0o002;
/** An executable that is smaller is none. */
const LEAST_SIZE = 64;

/** @param expectedInstead the executable that an open transaction installs */
export function checkExecutables(
  session: Session,
  receipt: Receipt | null,
  files: FileReader,
  expectedInstead: Binary | null = null,
): HealthIssue[] {
  const { target } = session.layout;
  return [
    ...checkExecutable(session, receipt, files, expectedInstead),
    ...findings('permission_error', target, () => checkMode(session, target, 'the executable')),
    ...checkKept(session, receipt, files),
    ...checkUpdater(session, files),
    ...checkAwaited(session, receipt),
  ];
}

/** Whether the executable is there, and has the bytes that were installed. */
export function checkExecutable(
  session: Session,
  receipt: Receipt | null,
  files: FileReader,
  expectedInstead: Binary | null = null,
): HealthIssue[] {
  return findings('binary_corruption', session.layout.target, () =>
    checkBinary(session, receipt, files, expectedInstead),
  );
}

const REPLACE = 'put it back: from what is kept here, else from the feed';
const ADOPT = 'If you changed it yourself, run `dgmo-updater init` to adopt it.';

function checkBinary(
  { host, layout, app }: Session,
  receipt: Receipt | null,
  files: FileReader,
  expectedInstead: Binary | null,
): HealthIssue[] {
  const { target } = layout;
  const damaged = (what: string, advice: string | null = null) => [
    issue('binary_corruption', target, what, { repair: REPLACE, advice }),
  ];
  const status = statusOf(host.disk, target);
  if (status === null) return damaged(`the executable of ${app} is missing`);
  if (status.kind !== 'file')
    return damaged(`wanted the executable of ${app}, found ${KIND_NAMES[status.kind]}`);
  if (receipt === null) return [];
  const { binary } = receipt;
  const wanted = [binary, ...(expectedInstead === null ? [] : [expectedInstead])];
  // The size says enough, and a file that is not the right one need not be read.
  if (!wanted.some(({ size }) => size === status.size))
    return damaged(`wanted ${binary.size} bytes, as ${binary.version} has, found ${status.size}`, ADOPT);
  const found = files.digestOf(target, status.size);
  if (found === null || wanted.some(({ sha256 }) => sha256 === found.sha256)) return [];
  return damaged(
    `its bytes are not those of ${binary.version} that were installed: wanted SHA-256 ${binary.sha256}, found ${found.sha256}`,
    ADOPT,
  );
}

function checkMode({ host, layout }: Session, path: string, name: string): HealthIssue[] {
  if (host.platform === 'win32') return [];
  const status = statusOf(host.disk, path);
  if (status?.kind !== 'file') return [];
  const issues: HealthIssue[] = [];
  const wrong = (what: string, repair: string) =>
    issues.push(issue('permission_error', path, what, { repair, exitCode: 12 }));
  const mode = status.mode.toString(8);
  if ((status.mode & RUNNABLE) === 0)
    wrong(`${name} can't be run: its mode is ${mode}`, 'make it executable');
  else if ((status.mode & 0o500) !== 0o500)
    wrong(`the owner of ${name} can't read and run it: its mode is ${mode}`, 'let its owner read and run it');
  else if (isRunnableBy(host.user, status.mode) && host.disk.runRefusal(path) === 'EACCES')
    issues.push(
      issue('permission_error', path, `${name} can't be run: its filesystem is mounted noexec (EACCES)`, {
        advice: `\`findmnt -T ${shellWord(path)}\` shows it. Mount it without noexec, or install elsewhere.`,
        exitCode: 12,
      }),
    );
  if ((status.mode & WRITABLE_BY_ALL) !== 0)
    wrong(`everybody may change ${name}: its mode is ${mode}`, 'let only its owner change it');
  const owner = statusOf(host.disk, layout.workDir)?.owner ?? null;
  if (owner !== null && status.owner !== owner && status.owner !== 0) {
    issues.push(
      issue(
        'permission_error',
        path,
        `${name} belongs to user ${status.owner}, the installation to user ${owner}`,
        {
          repair: host.user === 0 ? `give it to user ${owner}` : null,
          advice: `Run \`sudo chown ${owner} ${shellWord(path)}\`.`,
          exitCode: 12,
        },
      ),
    );
  }
  return issues;
}

/** By the mode alone, whoever owns it: then only the filesystem can be in the way. */
function isRunnableBy(user: number | null, mode: number): boolean {
  return user === 0 ? (mode & RUNNABLE) !== 0 : (mode & RUNNABLE) === RUNNABLE;
}

/** What a rollback goes back to. The installation works without it. */
function checkKept({ layout }: Session, receipt: Receipt | null, files: FileReader): HealthIssue[] {
  const previous = receipt?.previous ?? null;
  if (previous === null) return [];
  const path = layout.kept(previous.sha256);
  return findings('binary_corruption', path, () => {
    const found = files.digestOf(path, previous.size);
    if (found?.sha256 === previous.sha256) return [];
    const what = found === null ? 'is missing' : `is damaged: it has ${foundText(found)}`;
    return [
      issue(
        'binary_corruption',
        path,
        `the kept ${previous.version}, which a rollback goes back to, ${what}`,
        {
          repair: 'restore it from a snapshot, or forget it',
          severity: 'notice',
        },
      ),
    ];
  });
}

/** The path of the updater that belongs to this installation; it may be another one than runs now. */
export function updaterPath({ host, layout }: Session): string {
  return layout.join(layout.installDir, executableName('dgmo-updater', host.platform));
}

function checkUpdater(session: Session, files: FileReader): HealthIssue[] {
  const { host, layout } = session;
  const path = updaterPath(session);
  return findings('updater_corruption', path, () => {
    const damaged = (
      what: string,
      {
        severity = 'damage',
        advice = null,
      }: { severity?: HealthIssue['severity']; advice?: string | null } = {},
    ) => [issue('updater_corruption', path, what, { repair: PUT_BACK, severity, advice })];
    const status = statusOf(host.disk, path);
    const own = host.processes.executable(host.processes.pid);
    const runsHere = own !== null && pathsOf(host.platform).dirname(own) === layout.installDir;
    // DGMO may come without it, and then updates itself by the library.
    if (status === null) return isUpdater(own) ? damaged('it is missing', { severity: 'notice' }) : [];
    if (status.kind === 'symlink' && runsHere) return [];
    if (status.kind !== 'file') return damaged(`wanted the updater, found ${KIND_NAMES[status.kind]}`);
    if (status.size < LEAST_SIZE) return damaged(`it is cut off: it has ${status.size} bytes`);
    if (!isProgram(host.disk, path)) return damaged('it does not begin like a program');
    const wrongMode = checkMode(session, path, 'the updater');
    const recorded = recordedUpdater(session);
    if (recorded !== null && isReplacedByHand(session, recorded)) {
      const what = `it was replaced: ${recorded.binary.version} is recorded, ${session.settings.version} runs`;
      return [
        ...wrongMode,
        issue('updater_corruption', path, what, { repair: 'record it as it is', severity: 'notice' }),
      ];
    }
    if (recorded !== null) return [...wrongMode, ...checkRecorded(session, recorded.binary, files, damaged)];
    if (files.how === 'quick') return wrongMode;
    const found = files.digestOf(path, { atMost: MAX_BINARY_SIZE });
    if (found !== null && found.before !== null && found.before !== found.sha256)
      return [
        ...wrongMode,
        ...damaged(`its bytes changed although nobody has written it: it had SHA-256 ${found.before}`),
      ];
    return wrongMode;
  });
}

type Damaged = (
  what: string,
  options?: { severity?: HealthIssue['severity']; advice?: string },
) => HealthIssue[];

const ADOPT_UPDATER = 'If you replaced it yourself, run `dgmo-updater init` to record it.';

/** Whether it has the bytes that were recorded when it was installed. */
function checkRecorded(
  session: Session,
  { version, sha256, size }: Binary,
  files: FileReader,
  damaged: Damaged,
): HealthIssue[] {
  const path = updaterPath(session);
  const severity = isUpdaterOpen(session) ? 'notice' : 'damage';
  const found = statusOf(session.host.disk, path)?.size;
  if (found !== size)
    return damaged(`wanted ${size} bytes, as the updater ${version} has, found ${found}`, {
      ...{ severity, advice: ADOPT_UPDATER },
    });
  const read = files.digestOf(path, size);
  if (read === null || read.sha256 === sha256) return [];
  return damaged(
    `its bytes are not those of the updater ${version} that was installed: wanted SHA-256 ${sha256}, found ${read.sha256}`,
    { severity, advice: ADOPT_UPDATER },
  );
}

/** The updater that the installed release brings, if it is not there yet. */
function checkAwaited(session: Session, receipt: Receipt | null): HealthIssue[] {
  const path = updaterPath(session);
  return findings('updater_outdated', path, () => {
    const awaited = awaitedUpdater(session, receipt);
    if (awaited === null || isUpdaterOpen(session)) return [];
    const what = `the updater ${awaited.version}, which came with ${receipt?.binary.version}, is not there yet`;
    return [issue('updater_outdated', path, what, { repair: 'download and install it', severity: 'notice' })];
  });
}

/** Whether that program is the updater, and not DGMO or a test. */
export function isUpdater(executable: string | null): boolean {
  return executable !== null && /(^|[\\/])dgmo-updater[^\\/]*$/.test(executable);
}

/**
 * Throws DamagedError if there is no program in the place of the executable, whoever has made it: folders are not changed for one
 * that is damaged.
 */
export function requireProgram(session: Session): void {
  if (isIntact(session)) return;
  const { host, layout } = session;
  const { target } = layout;
  requireNoStranger({ host }, target);
  const isMissing = statusOf(host.disk, target) === null;
  if (!isMissing && isProgram(host.disk, target)) return;
  if (isMissing)
    throw new DamagedError(`${target} is missing; nothing was changed`, {
      advice: '`dgmo-updater repair` puts the executable back.',
    });
  throw new DamagedError(`${target} is no executable: it does not begin like one; nothing was changed`, {
    advice: REPAIR_ADVICE,
  });
}

/** How programs begin: ELF, PE, Mach-O (one architecture or several), or a script. */
const PROGRAMS = ['7f454c46', '4d5a', 'cffaedfe', 'cafebabe', '2321'];

export function isProgram(disk: Session['host']['disk'], path: string): boolean {
  const handle = disk.open(path, 'read');
  try {
    const start = new Uint8Array(4);
    const count = fill(disk, handle, start, 0);
    const found = Buffer.from(start.subarray(0, count)).toString('hex');
    return PROGRAMS.some((program) => found.startsWith(program));
  } finally {
    disk.close(handle);
  }
}
