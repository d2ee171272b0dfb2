/**
 * Every file and folder of the updater's own, and what each must be. Something else in the place of one (a folder, a pipe, a
 * symlink, a device) is a stranger: nothing is read from it, and it stops whoever wants to write there. `verify` names it;
 * `repair` moves it aside, and what belongs there is then made again like anything else that is missing.
 *
 * The executable and the updater are not here (executables.ts), nor is what belongs to the user.
 */
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import type { Session } from '../../install/index.ts';
import type { FileStatus } from '../../platform/disk.ts';
import { KIND_NAMES, statusOf } from '../../platform/files.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { folders } from '../../snapshot/store/layout.ts';
import { EVOLUTIONS_RECEIPT } from '../../version/manifest.ts';
import { findings, type HealthIssue, type IssueType, issue, unreadable } from '../issue.ts';
import { ASIDE_MARK } from '../repair/aside.ts';

export interface OwnFile {
  path: string;
  kind: 'file' | 'directory';
  /**
   * `followed`: a symlink that leads to what is wanted is as good, since some people keep their things elsewhere. `refused`: a
   * lock is never taken through one, and in the work dir it could lead to what others may write.
   */
  links: 'followed' | 'refused';
  type: IssueType;
  /** The folder that a stranger is moved to. */
  aside: string;
}

type Disk = Session['host']['disk'];

const MOVE = 'move it aside, and make again what belongs there';

/** The strangers among them. */
export function strangersIn(session: Session, own: readonly OwnFile[]): HealthIssue[] {
  const { disk } = session.host;
  return own.flatMap(({ path, kind, links, type }) =>
    findings(type, path, () => {
      const status = statusOf(disk, path);
      if (status === null || status.kind === kind) return [];
      if (status.kind === 'symlink' && links === 'followed' && leadsTo(disk, path) === kind) return [];
      const wanted = kind === 'file' ? 'a file' : 'a folder';
      return [
        issue(type, path, `wanted ${wanted} of dgmo-updater, found ${KIND_NAMES[status.kind]}`, {
          repair: MOVE,
        }),
      ];
    }),
  );
}

/**
 * Those that this user may not read, or not lock, in folders of theirs: what an earlier `sudo` has left, or another mode. Each of
 * them stops whoever needs it.
 */
export function closedIn({ host }: Session, own: readonly OwnFile[]): HealthIssue[] {
  const { disk, user, platform } = host;
  if (user === null || user === 0) return [];
  const { dirname, basename } = pathsOf(platform);
  const owners = new Map<string, number | null>();
  const ownerOf = (folder: string) => {
    const owner = owners.get(folder) ?? statusOf(disk, folder)?.owner ?? null;
    owners.set(folder, owner);
    return owner;
  };
  return own.flatMap(({ path, kind, type }) =>
    findings(type, path, () => {
      const status = kind === 'file' ? statusOf(disk, path) : null;
      if (status?.kind !== 'file' || ownerOf(dirname(path)) !== user) return [];
      const isLock = /(^|\.)lock$/.test(basename(path));
      const wanted = isLock ? 0o600 : 0o400;
      const allows = (bits: number) => (status.mode & bits) === bits;
      // That the group may is left to whoever needs the file: the user may be in it.
      const isClosed = status.owner === user ? !allows(wanted) : !allows(wanted >> 3) && !allows(wanted >> 6);
      if (!isClosed) return [];
      const found = unreadable(type, path, Object.assign(new Error(), { code: 'EACCES', path }));
      return [status.owner === user ? { ...found, repair: 'let its owner read and write it' } : found];
    }),
  );
}

/** What is at a path if it is none of the updater's; null if nothing is, or if it is as it must be. */
export function strangerAt(session: Session, path: string): OwnFile | null {
  const { snapshots } = session;
  const own = [
    ...ownRecords(session),
    ...(snapshots === null ? [] : ownFilesOfHome(session, snapshots)),
  ].find((one) => one.path === path);
  return own !== undefined && strangersIn(session, [own]).length > 0 ? own : null;
}

/** Null if it leads nowhere. */
function leadsTo(disk: Disk, path: string): FileStatus['kind'] | null {
  try {
    return disk.status(disk.resolve(path))?.kind ?? null;
  } catch {
    return null;
  }
}

/**
 * What is in the work dir, all of which is the updater's. Empty if that is no folder itself. Hidden files are the system's, of an
 * NFS server for example.
 */
export function ownRecords({ host: { disk }, layout }: Session): OwnFile[] {
  const inside = (folder: string): OwnFile[] => {
    if (statusOf(disk, folder)?.kind !== 'directory') return [];
    return disk.list(folder).flatMap((name): OwnFile[] => {
      const path = layout.join(folder, name);
      if (name.startsWith('.') || name.includes(ASIDE_MARK)) return [];
      const isFolder = folder === layout.workDir && FOLDERS.includes(name);
      const type = path === layout.receipt ? 'receipt_damaged' : 'journal_damaged';
      return [
        { path, kind: isFolder ? 'directory' : 'file', links: 'refused', type, aside: layout.installDir },
      ];
    });
  };
  return [...inside(layout.workDir), ...inside(layout.join(layout.workDir, UPDATER))];
}

const UPDATER = 'updater';
/** `home`: downloads of a user without a home. */
const FOLDERS = [UPDATER, 'home'];

const SETTINGS = [
  'updater',
  'choices',
  'checks',
  'last-check',
  'revoked',
  'history',
  'service',
  'notices',
  'idle',
];

/** What is in the home, by room. Nothing within what is no folder itself. */
export function ownFilesOfHome(session: Session, { home, layout, profile }: SnapshotSetup): OwnFile[] {
  const { disk } = session.host;
  const { join } = layout;
  const file = (path: string, type: IssueType, links: OwnFile['links'] = 'followed'): OwnFile[] => [
    { path, kind: 'file', links, type, aside: layout.dirname(path) },
  ];
  const folder = (path: string, type: IssueType, links: OwnFile['links'] = 'followed'): OwnFile[] => [
    { path, kind: 'directory', links, type, aside: layout.dirname(path) },
  ];
  /** Replaced durably, so that a temporary file beside it is in use for a moment. */
  const replaced = (path: string, type: IssueType) => [
    ...file(path, type),
    ...file(`${path}.tmp`, type, 'refused'),
  ];
  const inside = (path: string, entry: (name: string, path: string) => OwnFile[]): OwnFile[] => {
    const status = statusOf(disk, path);
    const isFolder =
      status?.kind === 'directory' || (status?.kind === 'symlink' && leadsTo(disk, path) === 'directory');
    if (!isFolder) return [];
    return disk
      .list(path)
      .flatMap((name) => (name.includes(ASIDE_MARK) ? [] : entry(name, join(path, name))));
  };
  const settings = SETTINGS.map((name) => join(home, `${name}.json`)).flatMap((path) => [
    ...replaced(path, 'settings_damaged'),
    ...file(`${path}.lock`, 'settings_damaged', 'refused'),
  ]);
  const trust = join(home, 'trust');
  const feeds = join(trust, 'feed');
  const roots = inside(trust, (name, path) => (ROOT.test(name) ? file(path, 'trust_damaged') : []));
  const metadata = inside(feeds, (_, feed) => [
    ...folder(feed, 'trust_damaged', 'refused'),
    ...inside(feed, (name, path) => file(path, 'trust_damaged', name === 'lock' ? 'refused' : 'followed')),
  ]);
  const cache = join(home, 'cache');
  const downloads = inside(cache, (_, path) => file(path, 'cache_damaged', 'refused'));
  // What the store does not know it removes one day, so a stranger does not stay among its files.
  const [store = layout.folder, ...rooms] = folders(layout);
  const stored = rooms.flatMap((room) =>
    inside(room, (_, path) => file(path, 'snapshot_damaged')).map((own) => ({ ...own, aside: store })),
  );
  return [
    ...settings,
    ...file(join(home, 'service.lock'), 'settings_damaged', 'refused'),
    ...[trust, feeds].flatMap((path) => folder(path, 'trust_damaged')),
    ...[...roots, ...metadata],
    ...[...folder(cache, 'cache_damaged'), ...downloads],
    ...[store, ...rooms].flatMap((path) => folder(path, 'snapshot_damaged', 'refused')),
    ...[...file(layout.lock, 'snapshot_damaged', 'refused'), ...stored],
    ...profile.roots.evolutions.flatMap((root) => replaced(join(root, EVOLUTIONS_RECEIPT), 'plugin_missing')),
  ];
}

const ROOT = /^(\d+\.)?root\.json(\.tmp)?$/;
