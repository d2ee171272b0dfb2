/**
 * Restoring the folders of a snapshot, in two halves between which the caller writes its journal: `prepare` (stage.ts) writes
 * every file that differs to a temporary folder on the right filesystem; `carryOut` renames them into place, which needs no
 * space and little time. Whenever it is stopped, the restore can be done again, with this snapshot or another one: it begins
 * by comparing what is there.
 */
import { errorCode } from '../../errors.ts';
import type { Disk, HeldFolder } from '../../platform/disk.ts';
import { createDirectories, flushFile, removeIfThere, removeQuietly } from '../../platform/files.ts';
import { walk } from '../capture/walk.ts';
import { rootsOf } from '../document.ts';
import { STAGING_PREFIX } from '../patterns.ts';
import { restoreSelection } from '../selection.ts';
import type { StoreLayout } from '../store/layout.ts';
import type { Entry } from '../store/tree.ts';
import { readTree } from '../store/trees.ts';
import { HeldTree, standingFor } from './held-tree.ts';
import type { Plan, RestoreRequest, RootPlan } from './plan.ts';

/** The mode last: it may take away our own permission to write. */
export function setTimeAndMode(
  disk: Disk,
  path: string,
  { mode, modified }: { mode: number; modified: number },
): void {
  disk.setModified(path, modified);
  disk.setMode(path, mode);
}

/**
 * The same for what was there before, which may belong to somebody else: then neither can be set, however much may be
 * written in it. Returns false if one of them can't be set. A mode that is right is not set again: the system would take
 * setgid away if its group is not one of ours.
 */
function restoreTimeAndMode(disk: Disk, path: string, wanted: { mode: number; modified?: number }): boolean {
  const { mode, modified } = wanted;
  const timed = modified === undefined || isAllowed(() => disk.setModified(path, modified));
  const found = disk.status(path)?.mode;
  if (found !== mode && !isAllowed(() => disk.setMode(path, mode))) return false;
  return timed && (found === mode || disk.status(path)?.mode === mode);
}

/** False if only the owner may do that. */
function isAllowed(change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EPERM') throw error;
    return false;
  }
}

/**
 * Changes the folders, after `prepare` with the same plan. The caller has written to its journal that they may be half
 * changed.
 *
 * @returns absolute paths of files and folders that keep a time or a mode that is not that of the snapshot, because they
 *   belong to somebody else; what they contain is restored
 */
export function carryOut(request: RestoreRequest, plan: Plan): Set<string> {
  const kept = new Set<string>();
  for (const root of plan.roots) carryOutRoot(request, root, kept);
  return kept;
}

function carryOutRoot(request: RestoreRequest, root: RootPlan, kept: Set<string>): void {
  const { layout } = request;
  const { disk } = request.host;
  if (root.tree !== null) createDirectories(disk, root.folder, layout.dirname, 0o700);
  const held = new HeldTree(disk, layout, root.folder);
  try {
    changeRoot(request, root, held, kept);
  } finally {
    held.close();
  }
}

function changeRoot(request: RestoreRequest, root: RootPlan, held: HeldTree, kept: Set<string>): void {
  const { layout } = request;
  const { disk } = request.host;
  const { remove, folders, write, touch } = root.difference;
  const opened = new Set<string>();
  const open = (folder: string) => {
    if (opened.has(folder)) return;
    if (folder !== '') open(parentOf(folder));
    held.within(folder, makeHeldWritable);
    opened.add(folder);
  };
  const changed = new Set<string>();
  const change = (path: string) => {
    open(parentOf(path));
    changed.add(parentOf(path));
  };
  for (const { path, folder } of remove) {
    change(path);
    held.forget(path);
    if (!folder) held.change(path, (at) => removeIfThere(disk, at));
    else if (held.change(path, (at) => removeEmpty(disk, at)))
      for (const names of [changed, opened]) names.delete(path);
  }
  for (const { path, mode } of folders) {
    change(path);
    held.change(path, (at) => disk.createDirectory(at, mode | 0o700));
    changed.add(path);
  }
  for (const [index, entry] of write.entries()) {
    const { path } = entry;
    change(path);
    const staged = held.at(`${root.staging}/${index}`);
    const beside = held.at(`${parentOf(path)}/${ACROSS_PREFIX}${index}`.replace(/^\//, ''));
    held.change(path, (at) =>
      standingFor(at, staged, () =>
        standingFor(at, beside, () => place(disk, { staged, beside, at }, entry)),
      ),
    );
  }
  const set = (path: string, wanted: { mode: number; modified?: number }) => {
    const done =
      path === ''
        ? restoreTimeAndMode(disk, root.folder, wanted)
        : held.change(path, (at) => restoreTimeAndMode(disk, at, wanted));
    if (!done) kept.add(path === '' ? root.folder : layout.join(root.folder, path));
  };
  for (const entry of touch) if (entry.kind === 'file') set(entry.path, entry);
  held.forget(root.staging);
  clearRoot(request, root);
  finishFolders(request, root, { changed: new Set([...changed, ...opened]), held, set });
}

/** Not a name that snapshots leave out: a file of it that a killed restore has left is removed by the next. */
const ACROSS_PREFIX = '.dgmo-across-';

/** Another filesystem may be mounted in the folder, as for a container: there the file is copied, and renamed from beside. */
function place(
  disk: Disk,
  { staged, beside, at }: { staged: string; beside: string; at: string },
  entry: RootPlan['difference']['write'][number],
): void {
  try {
    disk.replace(staged, at);
    return;
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
  }
  removeIfThere(disk, beside);
  try {
    if (entry.kind === 'link') disk.symlink(entry.target, beside);
    else {
      disk.copy(staged, beside);
      disk.setMode(beside, 0o600);
      flushFile(disk, beside);
      setTimeAndMode(disk, beside, entry);
    }
    disk.replace(beside, at);
  } catch (error) {
    removeQuietly(disk, beside);
    throw error;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

interface Finish {
  /** Paths in the root of folders in which something was changed. */
  changed: ReadonlySet<string>;
  held: HeldTree;
  /** '' is the root. */
  set(path: string, wanted: { mode: number; modified?: number }): void;
}

/** Sets modes and times of folders, once everything in them is done, the deepest first. */
function finishFolders(
  { host: { disk }, layout: { dirname } }: RestoreRequest,
  { tree, folder, exists, difference: { touch } }: RootPlan,
  { changed, held, set }: Finish,
): void {
  for (const path of changed) held.within(path, ({ self }) => disk.flushDirectory(self));
  if (tree === null) {
    if (exists && removeEmpty(disk, folder)) disk.flushDirectory(dirname(folder));
    return;
  }
  const again = new Set([...changed, ...touch.map(({ path }) => path)]);
  const entries = tree.entries.filter((entry): entry is Extract<Entry, { kind: 'folder' }> =>
    entry.kind === 'folder' ? again.has(entry.path) : false,
  );
  for (const entry of entries.toReversed()) set(entry.path, entry);
  set('', { mode: tree.mode });
}

/**
 * Makes a folder writable for its owner; its mode is set again at the end. One that belongs to somebody else may be
 * writable without: what is to be changed in it tells.
 */
export function makeHeldWritable(folder: HeldFolder): void {
  const mode = folder.mode();
  if ((mode & 0o300) !== 0o300) isAllowed(() => folder.setMode(mode | 0o700));
}

/** Removes a folder unless something is in it. Returns whether it is gone. */
function removeEmpty(disk: Disk, folder: string): boolean {
  try {
    disk.removeDirectory(folder);
    return true;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(errorCode(error) ?? '')) throw error;
    return errorCode(error) === 'ENOENT';
  }
}

/**
 * Flushes every folder. Files that an interrupted run renamed, but did not flush, look right now and would be gone after a
 * power cut.
 */
export function flushFolders(request: RestoreRequest): void {
  const { host, layout, snapshot, components } = request;
  const { disk } = host;
  const { dirname } = layout;
  for (const { component, root } of rootsOf(snapshot)) {
    if (!components.includes(component)) continue;
    const folder = root.resolved;
    if (disk.status(dirname(folder)) !== null) disk.flushDirectory(dirname(folder));
    if (disk.status(folder)?.kind !== 'directory') continue;
    const tree = root.tree === null ? null : readTree(disk, layout, root.tree);
    const selection = restoreSelection(disk, layout, request, { root, tree });
    for (const one of walk({ host, root: folder, join: layout.join, selection }))
      if (one.kind === 'folder') disk.flushDirectory(layout.join(folder, one.path));
    disk.flushDirectory(folder);
  }
}

/** Removes what `prepare` and earlier restores left. */
export function clear(request: RestoreRequest, plan: Plan): void {
  for (const root of plan.roots) {
    const { disk } = request.host;
    clearRoot(request, root);
    if (!root.exists) removeEmpty(disk, root.folder);
    else if (root.mode !== null && disk.status(root.folder)?.mode !== root.mode)
      disk.setMode(root.folder, root.mode);
  }
}

/** The same after an interrupted run, whose plan is not known. */
export function clearLeftovers({ host, layout, snapshot, components }: RestoreRequest): void {
  for (const { component, root } of rootsOf(snapshot)) {
    if (!components.includes(component)) continue;
    clearStaging(host.disk, layout, root.resolved);
    if (root.tree === null) removeEmpty(host.disk, root.resolved);
  }
}

function clearRoot({ host: { disk }, layout }: RestoreRequest, { folder }: RootPlan): void {
  clearStaging(disk, layout, folder);
}

export function clearStaging(disk: Disk, layout: StoreLayout, folder: string): void {
  const status = disk.status(folder);
  if (status?.kind !== 'directory') return;
  const left = disk.list(folder).filter((name) => name.startsWith(STAGING_PREFIX));
  if (left.length === 0) return;
  const held = new HeldTree(disk, layout, folder);
  try {
    held.within('', makeHeldWritable);
    for (const name of left) {
      if (disk.status(held.at(name))?.kind !== 'directory') continue;
      for (const file of held.within(name, ({ self }) => disk.list(self)))
        held.change(`${name}/${file}`, (at) => removeIfThere(disk, at));
      held.forget(name);
      held.change(name, (at) => disk.removeDirectory(at));
    }
    // Otherwise a power cut may bring it back when nothing looks for it any more.
    held.within('', ({ self }) => disk.flushDirectory(self));
  } finally {
    held.close();
  }
  if (disk.status(folder)?.mode !== status.mode) disk.setMode(folder, status.mode);
}
