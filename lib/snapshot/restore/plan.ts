/** Planning a restore: compares the folders with the snapshot, and changes nothing. */
import { DamagedError, MachineError } from '../../errors.ts';
import { isWindowsName } from '../../format/portable-path.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Host } from '../../platform/host.ts';
import { fingerprintOf, loadKnownFiles } from '../capture/recognise.ts';
import { walk } from '../capture/walk.ts';
import type { FolderComponent } from '../components.ts';
import { type RootSnapshot, rootsOf, type Snapshot } from '../document.ts';
import { STAGING_PREFIX } from '../patterns.ts';
import type { Profile } from '../profile.ts';
import { resolveExisting } from '../roots.ts';
import { restorable, restoreSelection, type Selection } from '../selection.ts';
import type { StoreLayout } from '../store/layout.ts';
import { sameContent, type Tree } from '../store/tree.ts';
import { readTree } from '../store/trees.ts';
import { type Difference, difference, isEmpty } from './difference.ts';
import { fileHolds } from './file-holds.ts';

export interface RestoreRequest {
  host: Host;
  layout: StoreLayout;
  snapshot: Snapshot;
  profile: Pick<Profile, 'excluded' | 'apart'>;
  components: readonly FolderComponent[];
  /** For the names of temporary folders. */
  id: string;
  checkpoint(): Promise<void>;
  /** Called with the size of each file that is written. */
  onWritten?(bytes: number): void;
}

export interface RootPlan {
  /** Absolute, symlinks resolved; and whether it exists. */
  folder: string;
  exists: boolean;
  /** The mode of the folder; null if it does not exist. */
  mode: number | null;
  /** Name of the folder where files are prepared: in this one, so that they can be renamed into place. */
  staging: string;
  /** Null if the folder is to be removed. */
  tree: Tree | null;
  selection: Selection;
  difference: Difference;
}

export interface Plan {
  roots: RootPlan[];
  /** Files and symlinks to write, and their bytes. */
  files: number;
  bytes: number;
  removed: number;
  /** Paths of the snapshot that can't be examined now, and stay as they are. */
  leftAlone: string[];
  /** Nothing has to be done. */
  empty: boolean;
}

/**
 * Throws DamagedError if a tree can't be read, or contains a name that is not the name of a file on this system;
 * MachineError if a folder was replaced by something else, its symlinks lead to another place than they did, or it contains
 * something in the way that must not be removed.
 */
export function planRestore(request: RestoreRequest): Plan {
  const { disk } = request.host;
  const trees = new Map<string, Tree>();
  const read = (digest: string): Tree => {
    const tree = trees.get(digest) ?? readTree(disk, request.layout, digest);
    trees.set(digest, tree);
    return tree;
  };
  const roots = rootsOf(request.snapshot)
    .filter(({ component }) => request.components.includes(component))
    .map(({ root }) => planRoot(request, root, read));
  const writes = roots.flatMap((root) => root.difference.write);
  return {
    roots,
    files: writes.length,
    bytes: writes.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.size : 0), 0),
    removed: roots.reduce((sum, root) => sum + root.difference.remove.length, 0),
    leftAlone: roots.flatMap(({ folder, difference }) =>
      difference.leftAlone.map((path) => request.layout.join(folder, path)),
    ),
    empty: roots.every((root) => isDone(disk, root)),
  };
}

function isDone(disk: Disk, { difference, tree, mode, folder }: RootPlan): boolean {
  if (!isEmpty(difference)) return false;
  if (tree !== null) return mode === tree.mode;
  return mode === null || disk.list(folder).length > 0;
}

function planRoot(request: RestoreRequest, root: RootSnapshot, read: (digest: string) => Tree): RootPlan {
  const { host, layout, profile } = request;
  const { disk } = host;
  const folder = currentFolder(disk, layout, root);
  const status = disk.status(folder);
  const mode = status?.kind === 'directory' ? status.mode : null;
  const stored = root.tree === null ? null : read(root.tree);
  if (stored !== null && host.platform === 'win32') checkWindowsNames(request, root, stored);
  const tree = stored === null ? null : restorable(layout, profile, folder, stored);
  const selection = restoreSelection(disk, layout, request, { root, tree });
  const known = loadKnownFiles(disk, layout, folder, read);
  const plan = difference({
    found: mode === null ? [] : walk({ host, root: folder, join: layout.join, selection }),
    wanted: tree ?? { mode: 0o700, entries: [] },
    holds: (path, status, entry) => {
      const last = known.entryOf(path, fingerprintOf(status));
      if (last !== null && 'clone' in last.content === 'clone' in entry.content)
        return sameContent(last.content, entry.content);
      return fileHolds(disk, layout, layout.join(folder, path), entry);
    },
  });
  const [blocked] = plan.blocked;
  if (blocked !== undefined) {
    throw new MachineError(
      `${layout.join(folder, blocked)} is a folder that contains something left out of snapshots; the snapshot ${request.snapshot.id} has a file there`,
      { advice: 'Move the folder out of the way, then try again.' },
    );
  }
  const staging = `${STAGING_PREFIX}${request.id}`;
  return { folder, exists: mode !== null, mode, staging, tree, selection, difference: plan };
}

/**
 * The decoder of trees refuses names that lead out of a folder on POSIX, and no others: files there may have any name. On
 * Windows more names lead elsewhere.
 */
function checkWindowsNames({ snapshot }: RestoreRequest, root: RootSnapshot, { entries }: Tree): void {
  const wrong = entries.find(
    ({ kind, path }) => kind !== 'skipped' && !path.split('/').every((name) => isWindowsName(name)),
  );
  if (wrong === undefined) return;
  throw new DamagedError(
    `the snapshot ${snapshot.id} can't be restored on Windows: in ${root.path} it has ${JSON.stringify(wrong.path)}, which is not the name of a file there`,
  );
}

/** Throws MachineError if symlinks lead to another folder than they did: it may belong to something else. */
function currentFolder(disk: Disk, layout: StoreLayout, root: RootSnapshot): string {
  const now = resolveExisting(disk, layout, root.path);
  const kind = disk.status(now)?.kind;
  const nothing = kind === undefined || (kind === 'symlink' && root.tree === null);
  if (!nothing && kind !== 'directory') {
    throw new MachineError(
      kind === 'symlink'
        ? `${root.path} is a symlink that leads nowhere; it led to ${root.resolved}`
        : `${root.path}: wanted a folder, found ${kind === 'file' ? 'a file' : 'something else'}`,
      { advice: 'Move it out of the way, then try again.' },
    );
  }
  if (now === root.resolved) return now;
  throw new MachineError(
    `${root.path} leads to ${now}; it led to ${root.resolved} when the snapshot was taken`,
    { advice: 'Put it back as it was, or leave this component out with --only.' },
  );
}
