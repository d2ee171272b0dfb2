/**
 * Taking a snapshot: every component goes into the store, then the document that refers to it all. A snapshot that is
 * interrupted before that leaves only data that nothing refers to.
 */
import { errorCode, MachineError } from '../../errors.ts';
import type { Digest } from '../../platform/files.ts';
import { digestBytes } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { FOLDER_COMPONENTS, type FolderComponent } from '../components.ts';
import {
  type FolderSnapshot,
  type Listed,
  listSnapshots,
  type RootSnapshot,
  type Snapshot,
  saveSnapshot,
} from '../document.ts';
import type { Profile } from '../profile.ts';
import { resolveExisting } from '../roots.ts';
import { type Covering, captureSelection, type RootToTake, rootsToTake } from '../selection.ts';
import { folderConflict } from '../separate.ts';
import { nextSnapshotId } from '../snapshot-id.ts';
import type { StoreLayout } from '../store/layout.ts';
import { withStore } from '../store/lock.ts';
import { StoreWriter } from '../store/writer.ts';
import { captureFolder } from './folder.ts';
import type { CaptureContext } from './read-file.ts';
import { loadKnownFiles, saveKnownFiles } from './recognise.ts';

export interface SnapshotRequest {
  layout: StoreLayout;
  profile: Profile;
  reason: string;
  kind: Snapshot['kind'];
  app: string;
  installId: string;
  version: string;
  rollback: Snapshot['rollback'];
  /** Null if there is none. */
  binary: {
    path: string;
    digest: Digest;
    sound: boolean;
    /** Called with the path of the copy in the store, which was read and has that digest. */
    onCopied?: (path: string) => void;
  } | null;
  updater: string;
  /** Replaces the snapshot with this id; a new one is made unless given. */
  id?: string;
  /** What is about to be restored: the snapshot includes everything that is replaced. */
  covering?: Covering;
  checkpoint(): Promise<void>;
  /** Called with the number of bytes that were read since the last call; all of a copied executable at once. */
  onRead?(bytes: number): void;
}

export interface Taken {
  snapshot: Snapshot;
  /** Bytes that were added to the store. */
  added: number;
}

/** Throws MachineError if the disk is full, the drive fails, or two components have the same folder; the snapshots in the store are unaffected then. */
export function takeSnapshot(host: Host, request: SnapshotRequest): Promise<Taken> {
  const { layout } = request;
  const conflict = folderConflict(host.disk, layout, request.profile.roots, [layout.folder]);
  if (conflict !== null) {
    throw new MachineError(conflict, {
      advice: 'Give each a folder of its own: `dgmo-updater config explain` shows who has decided that.',
    });
  }
  return withStore(host, layout, async () => {
    const writer = new StoreWriter(host, layout);
    try {
      return await take(host, request, writer);
    } finally {
      await writer.close();
    }
  });
}

async function take(host: Host, request: SnapshotRequest, writer: StoreWriter): Promise<Taken> {
  const { layout, binary } = request;
  const warnings: string[] = [];
  const context: CaptureContext = {
    host,
    writer,
    join: layout.join,
    folderOf: layout.dirname,
    warn: (text) => {
      if (warnings.length < MOST_WARNINGS) warnings.push(text.slice(0, 5000));
    },
    checkpoint: request.checkpoint,
    onRead: (bytes) => request.onRead?.(bytes),
  };
  if (binary !== null)
    writer.addBinary(binary.path, binary.digest.sha256, (copy) => {
      request.onRead?.(binary.digest.size);
      binary.onCopied?.(copy);
    });
  const folders = {} as Record<FolderComponent, FolderSnapshot>;
  const learned: (() => void)[] = [];
  const earlier = listSnapshots(host.disk, layout);
  for (const component of FOLDER_COMPONENTS) {
    const roots: RootSnapshot[] = [];
    for (const root of rootsToTake(host.disk, layout, request, component))
      roots.push(await takeRoot(context, request, root, learned));
    folders[component] = summary(roots);
  }
  await writer.finish();
  const snapshot = describe(host, request, folders, warnings, earlier);
  saveSnapshot(host.disk, layout, snapshot);
  for (const learn of learned) learn();
  return { snapshot, added: writer.added };
}

const MOST_WARNINGS = 1000;

/** Later than all the others, whatever the clock says: the order of snapshots is that of their times. */
function nextTimestamp(host: Host, earlier: readonly Listed[]): number {
  return Math.max(host.clock.now(), ...earlier.map(({ time }) => time + 1));
}

async function takeRoot(
  context: CaptureContext,
  request: SnapshotRequest,
  root: RootToTake,
  learned: (() => void)[],
): Promise<RootSnapshot> {
  const { host, writer } = context;
  const { disk } = host;
  const { path, next } = root;
  const resolved = resolveExisting(disk, writer.layout, path);
  const selection = captureSelection(request, root);
  const apart = relativeTo(host, writer.layout, resolved, selection.apart);
  if (rootKind(context, request, path, resolved) === 'nothing')
    return { path, resolved, tree: null, files: 0, size: 0, apart, next };
  const known = loadKnownFiles(disk, writer.layout, resolved);
  const { tree, fingerprints, unchanged } = await captureFolder(context, resolved, selection, known);
  let digest = known.digest;
  if (digest === null || !unchanged) {
    const added = await writer.addTree(tree);
    digest = added;
    // After the document is written: until then the tree may be pruned.
    learned.push(() =>
      ignoreFailure(() => saveKnownFiles(disk, writer.layout, resolved, added, tree, fingerprints)),
    );
  }
  let files = 0;
  let size = 0;
  for (const entry of tree.entries) {
    if (entry.kind !== 'file') continue;
    files++;
    size += entry.size;
  }
  return { path, resolved, tree: digest, files, size, apart, next };
}

/** Those of the paths that are inside the folder, relative to it, with slashes. */
function relativeTo(
  { platform }: Host,
  { join }: StoreLayout,
  folder: string,
  paths: ReadonlySet<string>,
): string[] {
  const inside = join(folder, 'x').slice(0, -1);
  const names = [...paths].filter((path) => path.startsWith(inside)).map((path) => path.slice(inside.length));
  return platform === 'win32' ? names.map((name) => name.replaceAll('\\', '/')) : names;
}

/** Throws MachineError if something other than a folder is there, or nothing can be said before a change. `resolved` is `path` with symlinks resolved. */
function rootKind(
  { host, warn }: CaptureContext,
  { kind: occasion }: SnapshotRequest,
  path: string,
  resolved: string,
): 'folder' | 'nothing' {
  const kind = host.disk.status(resolved)?.kind;
  if (kind === 'directory') return 'folder';
  if (kind === undefined) return 'nothing';
  if (kind === 'symlink') {
    // What is begun with this snapshot could not be undone: the folder may be there again, and be changed, before that.
    if (occasion !== 'manual')
      throw new MachineError(`${path} is a symlink that leads nowhere, or where you may not look`, {
        advice: 'Mount what it leads to, or let yourself in there. If it is not needed any more, remove it.',
      });
    warn(`${path} is a symlink that leads nowhere: it is stored as a folder that does not exist`);
    return 'nothing';
  }
  throw new MachineError(`${path}: wanted a folder, found ${kind === 'file' ? 'a file' : 'something else'}`, {
    advice: 'Move it out of the way, or name another folder with `dgmo-updater config set`.',
  });
}

/** The cache only saves time: without it, the next snapshot reads every file. */
function ignoreFailure(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

function summary(roots: RootSnapshot[]): FolderSnapshot {
  const size = roots.reduce((sum, root) => sum + root.size, 0);
  const names = roots.map(({ path, tree }) => `${path}\n${tree ?? ''}\n`).join('');
  return { checksum: digestBytes(new TextEncoder().encode(names)).sha256, size, roots };
}

function describe(
  host: Host,
  request: SnapshotRequest,
  folders: Record<FolderComponent, FolderSnapshot>,
  warnings: string[],
  earlier: readonly Listed[],
): Snapshot {
  const timestamp = nextTimestamp(host, earlier);
  const ids = earlier.map(({ id }) => id);
  const { patterns } = request.profile;
  const { binary, reason, kind, app, installId, version, rollback } = request;
  const components = {
    binary: binary === null ? null : binaryEntry(host, binary),
    ...folders,
  };
  const present = Object.values(components).filter((component) => component !== null);
  const size = present.reduce((sum, component) => sum + component.size, 0);
  const checksums = present.map(({ checksum }) => checksum);
  return {
    schema: 2,
    id: request.id ?? nextSnapshotId(timestamp, ids, host.random.bytes(2)),
    timestamp,
    reason: reason.replaceAll(/\p{Cc}/gu, ' ').slice(0, 500),
    kind,
    app,
    installId,
    version,
    rollback,
    patterns: { exclude: [...patterns.exclude], include: [...patterns.include] },
    components,
    warnings,
    metadata: {
      size,
      checksum: digestBytes(new TextEncoder().encode(checksums.join('\n'))).sha256,
      platform: host.platform,
      arch: host.arch,
      updater: request.updater,
    },
  };
}

function binaryEntry(
  { disk }: Host,
  { path, digest, sound }: NonNullable<SnapshotRequest['binary']>,
): NonNullable<Snapshot['components']['binary']> {
  const mode = disk.status(path)?.mode ?? 0o755;
  return { path, size: digest.size, checksum: digest.sha256, mode, sound };
}
