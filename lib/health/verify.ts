/** The check of a whole installation. It changes nothing but the record of what was read. */
import { DamagedError, errorCode, UpdaterError } from '../errors.ts';
import { refusalOfFolders } from '../install/file-owners.ts';
import {
  type Binary,
  checkpoint,
  countRead,
  openTransaction,
  type Receipt,
  readJournal,
  type Session,
} from '../install/index.ts';
import { statusOf, type WantedSize } from '../platform/files.ts';
import { MAX_BINARY_SIZE } from '../version/index.ts';
import { checkConfig } from './check/config.ts';
import { checkExecutable, checkExecutables, isProgram, updaterPath } from './check/executables.ts';
import { checkHome, checkStore } from './check/home.ts';
import { closedIn, ownFilesOfHome, ownRecords, strangersIn } from './check/own-files.ts';
import { checkPlugins } from './check/plugins.ts';
import { checkRecords } from './check/records.ts';
import { checkSearchPath } from './check/search-path.ts';
import { FileReader, type Thoroughness } from './file-reader.ts';
import { findings, type HealthIssue, type HealthStatus, healthOf, unreadable } from './issue.ts';
import { knownReceipt } from './repair/records.ts';

/**
 * Never throws because of what it finds: a file that can't be read is an issue. Throws InterruptedError on Ctrl-C.
 *
 * @param how `quick`: files that have not been written since they were last read are not read again
 * @param options.again the check after a repair: files that this run has read already, and that were not written since, are not
 *   read again
 * @param options.blocks whether it is said which blocks of a damaged executable differ, which costs another read
 */
export async function verifyInstall(
  session: Session,
  how: Thoroughness,
  { again = false, blocks = true }: { again?: boolean; blocks?: boolean } = {},
): Promise<HealthStatus> {
  const onRead = countRead(session, () => expectedBytes(session, files.readsAll));
  const files = new FileReader(session, how, again, onRead);
  const { readsAll } = files;
  // Those first, since they say what `repair` does.
  const issues = closedIn(session, ownRecords(session));
  issues.push(...checkRecords(session).issues);
  const receipt = legibleReceipt(session);
  if (how !== 'quick') await files.readLarge(executables(session, readsAll));
  const found = checkExecutables(session, receipt, files, expectedInstead(session));
  issues.push(...(how === 'full' && blocks ? await withBlocksOf(session, found) : found));
  await checkpoint(session);
  const { snapshots, home } = session;
  if ('missing' in home && home.refused !== undefined)
    issues.push(unreadable('permission_error', home.refused, home.missing));
  const { host, layout } = session;
  issues.push(
    ...findings('permission_error', layout.installDir, () => {
      const refusal = refusalOfFolders(host, layout);
      return refusal === null ? [] : [unreadable('permission_error', layout.installDir, refusal)];
    }),
  );
  if (snapshots !== null) {
    issues.push(...checkConfig(session, snapshots, receipt));
    const own = ownFilesOfHome(session, snapshots);
    const strangers = strangersIn(session, own);
    issues.push(...strangers, ...closedIn(session, own));
    issues.push(...checkPlugins(session, snapshots, files, strangers));
    issues.push(...checkHome(session, snapshots, files, strangers));
    const isStoreHidden = strangers.some(({ type }) => type === 'snapshot_damaged');
    if (readsAll && !isStoreHidden)
      issues.push(...(await checkStore(session, snapshots, () => checkpoint(session), { files, onRead })));
  }
  issues.push(...checkSearchPath(session));
  files.save();
  return healthOf(withoutRepetition(issues), { full: readsAll, bytesRead: files.bytesRead });
}

/**
 * Records what this run has read of the large files. So the first check in full after an update need not compute their SHA-256
 * once more. Does nothing that can't be done: it is a cache.
 */
export function recordDigests(session: Session): void {
  try {
    const files = new FileReader(session, 'quick', true);
    for (const { path, wanted } of executables(session, false)) files.recordIfRead(path, wanted);
    files.save();
  } catch (error) {
    if (!(error instanceof UpdaterError) && errorCode(error) === undefined) throw error;
  }
}

/** Null also if it may not be read: the check of the records reports that. */
function legibleReceipt(session: Session): Receipt | null {
  try {
    return knownReceipt(session);
  } catch (error) {
    if (errorCode(error) === undefined && !(error instanceof UpdaterError)) throw error;
    return null;
  }
}

/** The large files: the executable, the updater, and the older executables, in the work dir and in the store of snapshots. */
function executables(session: Session, readsAll: boolean): { path: string; wanted: WantedSize }[] {
  const { host, layout, snapshots } = session;
  const previous = legibleReceipt(session)?.previous ?? null;
  // Which of them has which size is left to the checks.
  const executable = (path: string) => ({ path, wanted: { atMost: MAX_BINARY_SIZE } });
  const own = [
    ...[layout.target, updaterPath(session)].map(executable),
    ...(previous === null ? [] : [{ path: layout.kept(previous.sha256), wanted: previous.size }]),
  ];
  if (snapshots === null || !readsAll) return own;
  const { binaries } = snapshots.layout;
  try {
    if (statusOf(host.disk, binaries)?.kind !== 'directory') return own;
    const names = host.disk.list(binaries).filter((name) => /^[0-9a-f]{64}$/.test(name));
    return [...own, ...names.map((name) => executable(layout.join(binaries, name)))];
  } catch (error) {
    // The check of the store reports it.
    if (errorCode(error) === undefined) throw error;
    return own;
  }
}

/** Bytes of what is read if nothing of it is known yet: a file with two names once. */
function expectedBytes(session: Session, readsAll: boolean): number {
  const { host, layout, snapshots } = session;
  const store = snapshots?.layout;
  const folders =
    store === undefined || !readsAll
      ? []
      : [store.packs, store.clones, layout.join(snapshots?.home ?? '', 'cache')];
  const sizes = new Map<string, number>();
  const note = (path: string) => {
    const status = statusOf(host.disk, path);
    if (status?.kind === 'file') sizes.set(status.identity, status.size);
  };
  try {
    for (const { path } of executables(session, readsAll)) note(path);
    for (const folder of folders) {
      if (statusOf(host.disk, folder)?.kind !== 'directory') continue;
      for (const name of host.disk.list(folder)) note(layout.join(folder, name));
    }
  } catch (error) {
    // The checks report it.
    if (errorCode(error) === undefined) throw error;
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** What is wrong with the executable alone; null if nothing is, or if nothing was ever installed here. */
export function executableDamage(session: Session): HealthIssue | null {
  const { host, layout } = session;
  const receipt = knownReceipt(session);
  if (receipt === null && host.disk.status(layout.workDir) === null) return null;
  const files = new FileReader(session, 'watch');
  return checkExecutable(session, receipt, files)[0] ?? null;
}

/**
 * Throws DamagedError if another program seems to have been put in the place of the executable: it is whole as far as can be
 * seen, and of another size, or a symlink leads to it. What a person did must not be undone without their word.
 */
export function requireNotReplaced(session: Session): void {
  const { host, layout } = session;
  const receipt = knownReceipt(session);
  const status = host.disk.status(layout.target);
  if (receipt === null || status === null) return;
  const { version, size } = receipt.binary;
  const putsBack = 'If not, `dgmo-updater repair` puts the installed version back';
  if (status.kind === 'symlink') {
    const program = programBehind(session);
    if (program === null) return;
    throw new DamagedError(
      `${layout.target} is not the ${version} that was installed, but a symlink to the program ${program}`,
      {
        advice: `If you put it there yourself, put the program itself there, and run \`dgmo-updater init\` to adopt it. ${putsBack}, and keeps the symlink beside.`,
      },
    );
  }
  if (status.kind !== 'file' || status.size === size || !isProgram(host.disk, layout.target)) return;
  throw new DamagedError(
    `${layout.target} is not the ${version} that was installed: wanted ${size} bytes, found ${status.size}`,
    { advice: `If you put it there yourself, run \`dgmo-updater init\` to adopt it. ${putsBack}.` },
  );
}

/** The program that the symlink in the place of the executable leads to; null if it leads to none. */
function programBehind({ host: { disk }, layout }: Session): string | null {
  try {
    const path = disk.resolve(layout.target);
    return disk.status(path)?.kind === 'file' && isProgram(disk, path) ? path : null;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return null;
  }
}

/** The executable that an open transaction puts in the place of the one in the receipt; null: none. */
function expectedInstead({ host, layout }: Session): Binary | null {
  try {
    return openTransaction(readJournal(host.disk, layout).entries)?.to ?? null;
  } catch (error) {
    // The check of the journal reports it.
    if (error instanceof UpdaterError || errorCode(error) !== undefined) return null;
    throw error;
  }
}

/** Loaded only for damage, since it brings along what patches need. */
async function withBlocksOf(session: Session, issues: readonly HealthIssue[]): Promise<HealthIssue[]> {
  if (!issues.some(({ type }) => type === 'binary_corruption')) return [...issues];
  const { withBlocks } = await import('./check/blocks.ts');
  return Promise.all(issues.map((issue) => withBlocks(session, legibleReceipt(session), issue)));
}

/** Two checks may find the same fault of the same file. */
function withoutRepetition(issues: readonly HealthIssue[]): HealthIssue[] {
  const seen = new Set<string>();
  return issues.filter(({ type, where, what }) => {
    const key = `${type}\n${where}\n${type === 'permission_error' ? what : ''}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
