/** What the updater knows about itself here: where its releases come from, what was decided, and what happened last. */
import { UpdaterError } from '../errors.ts';
import { type LastCheck, lastCheckOf } from '../home/checks.ts';
import { survey } from '../home/decided.ts';
import { type HistoryEntry, historyFile, ofInstall } from '../home/history.ts';
import type { Preferences } from '../home/preferences.ts';
import { snapshotChoices } from '../home/snapshot-choices.ts';
import { installedEvolutions, type Receipt, receiptUnlessDamaged, type Session } from '../install/index.ts';
import type { Owner } from '../install/ownership/evidence.ts';
import { pathsOf } from '../platform/path-flavour.ts';
import { type FolderComponent, profileRoots } from '../snapshot/index.ts';

export interface Overview {
  /** The folder with settings, trust, cache and snapshots; null if this user has none. */
  home: string | null;
  /** Address of the feed; null if none is known. */
  feed: string | null;
  channel: string;
  autoUpdate: Preferences['autoUpdate'];
  /** The only version that is offered; null: any. */
  pin: string | null;
  /** False: updates are turned off altogether. */
  updates: boolean;
  /** Why the installed version was revoked by its publisher, as far as a check has found it; null if it was not. */
  revoked: string | null;
  /** The package manager that owns the executable; null if none is known to. */
  managedBy: Owner | null;
  /** Why the version that was installed before was taken back here; null if it was not. */
  previousRejected: string | null;
  lastCheck: LastCheck | null;
  /** Whether the background service runs for this home. */
  serviceRuns: boolean;
  /** When the background service checks next, in milliseconds since the epoch; null if it does not. */
  nextCheck: number | null;
  /** What it says at the next start of DGMO. */
  notices: string[];
  /** The last update, rollback or repair. */
  lastChange: HistoryEntry | null;
  /** Ids of the installed evolutions. */
  evolutions: string[];
  /** The folders that snapshots include. */
  folders: Record<FolderComponent, readonly string[]> | null;
  /** What can't be understood of the settings, or read of what happened last; null if all can. */
  problem: string | null;
  /** Which of these are not known for that reason: they are given as if there were none. */
  unknown: ('nextCheck' | 'lastCheck' | 'lastChange' | 'evolutions')[];
}

const NOTHING: Omit<Overview, 'home' | 'feed' | 'evolutions' | 'folders' | 'problem' | 'unknown'> = {
  channel: 'stable',
  autoUpdate: 'manual',
  pin: null,
  updates: true,
  revoked: null,
  managedBy: null,
  previousRejected: null,
  lastCheck: null,
  serviceRuns: false,
  nextCheck: null,
  notices: [],
  lastChange: null,
};

/** Never fails because of a file that is damaged: it is for those who look for what is wrong. */
export async function overviewOf(session: Session): Promise<Overview> {
  const { host, home, app, layout, settings } = session;
  const receipt = receiptUnlessDamaged(host.disk, layout);
  const feed = receipt?.feed ?? settings.feed;
  const { ownerOf } = await import('../install/ownership/owner.ts');
  const none = { ...NOTHING, managedBy: await ownerOf(session), feed, evolutions: [], folders: null };
  if ('missing' in home) return { ...none, home: null, problem: home.missing.message, unknown: [] };
  const { folder } = home;
  const { preferences, faults } = survey(host, folder);
  const { channel, autoUpdate, pin, updates } = preferences;
  const problems = faults.map(({ message }) => message);
  const unknown: Overview['unknown'] = faults.length === 0 ? [] : ['nextCheck'];
  const orElse = async <Value>(
    otherwise: Value,
    read: () => Value | Promise<Value>,
    name?: Overview['unknown'][number],
  ): Promise<Value> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error;
      problems.push(error.message);
      if (name !== undefined) unknown.push(name);
      return otherwise;
    }
  };
  const roots = await orElse(null, () =>
    profileRoots(host, { home: folder, app }, snapshotChoices(preferences).profile),
  );
  return {
    ...none,
    ...{ home: folder, channel, autoUpdate, pin, updates, feed: preferences.feed ?? feed, folders: roots },
    ...(await orElse(null, () => serviceOf(session, folder, receipt), 'nextCheck')),
    evolutions: await orElse(
      [],
      () => (roots === null ? [] : installedEvolutions(session, { profile: { roots } }).map(({ id }) => id)),
      'evolutions',
    ),
    revoked: await orElse(null, () => revocation(session, folder, receipt)),
    previousRejected: await orElse(null, () => rejection(session, folder, receipt)),
    lastCheck: await orElse(null, () => lastCheckOf(host, folder), 'lastCheck'),
    lastChange: await orElse(
      null,
      () => ofInstall(historyFile.load(host, folder).entries, receipt).at(-1) ?? null,
      'lastChange',
    ),
    problem: problems.length === 0 ? null : problems.join('; '),
    unknown,
  };
}

/** Files of the background service: without them there is nothing to load for it. */
const SERVICE_FILES = ['service.lock', 'notices.json'];

async function serviceOf(
  { host, app }: Session,
  home: string,
  receipt: Receipt | null,
): Promise<Pick<Overview, 'serviceRuns' | 'nextCheck' | 'notices'> | null> {
  const { join } = pathsOf(host.platform);
  if (SERVICE_FILES.every((name) => host.disk.status(join(home, name)) === null)) return null;
  const { currentNotices, noticesFile, noticeText } = await import('../service/notice.ts');
  const { isServiceRunning, serviceFile } = await import('../service/record.ts');
  const serviceRuns = isServiceRunning(host, home);
  const { notices } = noticesFile.load(host, home);
  const current = currentNotices(notices, receipt?.binary.version ?? '0.0.0');
  return {
    serviceRuns,
    nextCheck: serviceRuns ? serviceFile.load(host, home).nextCheck : null,
    notices: current.map((notice) => noticeText(notice, app)),
  };
}

/** Without the record there is nothing to load for it. */
async function revocation(session: Session, home: string, receipt: Receipt | null): Promise<string | null> {
  const { disk, platform } = session.host;
  if (receipt === null || disk.status(pathsOf(platform).join(home, 'revoked.json')) === null) return null;
  const { revocationOf } = await import('../home/admission/revoked.ts');
  return revocationOf(session, { app: receipt.app, version: receipt.binary.version });
}

/** Without the record there is nothing to load for it. */
async function rejection(session: Session, home: string, receipt: Receipt | null): Promise<string | null> {
  const previous = receipt?.previous ?? null;
  const { disk, platform } = session.host;
  if (previous === null || disk.status(pathsOf(platform).join(home, 'choices.json')) === null) return null;
  const { rejectionOf } = await import('../home/admission/rejected.ts');
  return rejectionOf(session, previous);
}

/** Of this installation: others may share the home. Throws DamagedError, MachineError. */
export function historyOf({ host, home, layout }: Session): HistoryEntry[] {
  if ('missing' in home) return [];
  const { entries } = historyFile.load(host, home.folder);
  return ofInstall(entries, receiptUnlessDamaged(host.disk, layout));
}
