/**
 * The first half of a restore: every file that differs is written to a temporary folder inside its root, verified and
 * flushed. Nothing else is changed, except the mode of a root that is not writable.
 */
import { DamagedError, errorCode } from '../../errors.ts';
import type { Handle, HeldFolder } from '../../platform/disk.ts';
import { chunksOf, createDirectories, openSource, removeIfThere, writeAll } from '../../platform/files.ts';
import { saveSnapshot } from '../document.ts';
import { Blocks } from '../store/blocks.ts';
import { clonePath, verifyClone } from '../store/clones.ts';
import { withStore } from '../store/lock.ts';
import { BLOCK, type FileEntry } from '../store/tree.ts';
import { isZero, ZERO_BLOCK } from '../store/zeros.ts';
import { type Amendment, amendSnapshot, leadingTo } from './amend.ts';
import { HeldTree, named, standingFor } from './held-tree.ts';
import { type Plan, planRestore, type RestoreRequest, type RootPlan } from './plan.ts';
import { clearStaging, makeHeldWritable, setTimeAndMode } from './restore.ts';

/** Bytes between checkpoints. */
const PACE = 16 << 20;
/** Files that are flushed at the same time: the drive handles them together. */
const MOST_PENDING = 32;

/**
 * Throws DamagedError if something of the snapshot is missing or damaged; `clear` removes what was prepared until then. Holds
 * the lock of the store, since pruning moves blocks between packs: throws BusyError if another process holds it for long.
 */
export function prepare(request: RestoreRequest, plan: Plan): Promise<void> {
  return withStore(request.host, request.layout, () => stageAll(request, plan));
}

/**
 * Amends the snapshot of the request, plans its restore and prepares it, all under the lock of the store: no document refers
 * to the amended tree, so another process could prune it. `check` throws to refuse the plan.
 */
export function prepareAmended(
  request: RestoreRequest,
  amendment: Amendment,
  check: (plan: Plan) => void,
): Promise<Plan> {
  const { host, layout, snapshot } = request;
  return withStore(host, layout, async () => {
    const after = await amendSnapshot(host, layout, snapshot, amendment);
    saveSnapshot(host.disk, layout, leadingTo(snapshot, after, amendment.component));
    // What was there before belongs to it as well: what the amendment removes goes, whatever the patterns say.
    const plan = planRestore({ ...request, snapshot: leadingTo(after, snapshot, amendment.component) });
    check(plan);
    await stageAll(request, plan);
    return plan;
  });
}

async function stageAll(request: RestoreRequest, plan: Plan): Promise<void> {
  const blocks = new Blocks(request.host.disk, request.layout);
  try {
    for (const root of plan.roots) {
      if (root.tree !== null && root.difference.write.length > 0) await stageRoot(request, blocks, root);
    }
  } finally {
    blocks.close();
  }
}

async function stageRoot(request: RestoreRequest, blocks: Blocks, root: RootPlan): Promise<void> {
  const { layout } = request;
  const { disk } = request.host;
  createDirectories(disk, root.folder, layout.dirname, 0o700);
  const held = new HeldTree(disk, layout, root.folder);
  try {
    held.within('', makeHeldWritable);
    clearStaging(disk, layout, root.folder);
    standingFor(root.folder, layout.join(root.folder, root.staging), () =>
      held.change(root.staging, (at) => disk.createDirectory(at, 0o700)),
    );
    await stageFiles(request, blocks, root, held.folder(root.staging));
  } finally {
    held.close();
  }
}

async function stageFiles(
  request: RestoreRequest,
  blocks: Blocks,
  root: RootPlan,
  staging: HeldFolder,
): Promise<void> {
  const { layout } = request;
  const { disk } = request.host;
  const queue = new FlushQueue(request);
  let since = 0;
  try {
    for (const [index, entry] of root.difference.write.entries()) {
      const path = layout.join(staging.path, String(index));
      const real = layout.join(root.folder, entry.path);
      const handle = standingFor(real, path, () => stageOne(request, blocks, entry, path));
      if (entry.kind === 'link' || handle === null) continue;
      await queue.add({ handle, path, real, entry });
      request.onWritten?.(entry.size);
      since += entry.size;
      if (since < PACE) continue;
      since = 0;
      await request.checkpoint();
    }
  } finally {
    await queue.drain();
  }
  if (queue.failure !== null) throw queue.failure;
  standingFor(root.folder, staging.self, () => disk.flushDirectory(staging.self));
}

/** Writes the file, and returns it still open; makes the symlink, and returns null. */
function stageOne(
  request: RestoreRequest,
  blocks: Blocks,
  entry: RootPlan['difference']['write'][number],
  path: string,
): Handle | null {
  if (entry.kind !== 'link') return openStaged(request, blocks, entry, path);
  request.host.disk.symlink(entry.target, path);
  return null;
}

interface Staged {
  handle: Handle;
  path: string;
  /** What it is to become. */
  real: string;
  entry: FileEntry;
}

/** Flushes files in the background. Each gets its mode and time once it is on the drive. */
class FlushQueue {
  failure: unknown = null;
  readonly #request: RestoreRequest;
  #pending: Promise<void>[] = [];

  constructor(request: RestoreRequest) {
    this.#request = request;
  }

  async add(staged: Staged): Promise<void> {
    this.#pending.push(
      this.#flush(staged).catch((error: unknown) => {
        this.failure ??= error;
      }),
    );
    if (this.#pending.length >= MOST_PENDING) await this.drain();
    if (this.failure !== null) throw this.failure;
  }

  async drain(): Promise<void> {
    await Promise.all(this.#pending);
    this.#pending = [];
  }

  async #flush({ handle, path, real, entry }: Staged): Promise<void> {
    const { disk } = this.#request.host;
    try {
      try {
        await disk.flushMeanwhile(handle);
      } finally {
        disk.close(handle);
      }
      setTimeAndMode(disk, path, entry);
    } catch (error) {
      throw named(error, path, real);
    }
  }
}

/** Writes the file, and returns it still open. */
function openStaged(request: RestoreRequest, blocks: Blocks, entry: FileEntry, path: string): Handle {
  const { disk } = request.host;
  const shared = 'clone' in entry.content && shareClone(request, entry.content.clone, entry.size, path);
  const handle = disk.open(path, shared ? 'update' : 'create', 0o600);
  if (shared) return handle;
  try {
    fillFile(request, blocks, entry, handle);
    return handle;
  } catch (error) {
    disk.close(handle);
    throw error;
  }
}

/** Returns false if the filesystem can't share blocks. The clone is verified first. */
function shareClone(
  { host: { disk }, layout }: RestoreRequest,
  clone: string,
  size: number,
  path: string,
): boolean {
  verifyClone(disk, layout, clone, size, false);
  try {
    disk.reflink(clonePath(layout, clone), path);
    return true;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    removeIfThere(disk, path);
    return false;
  }
}

function fillFile(
  { host: { disk }, layout }: RestoreRequest,
  blocks: Blocks,
  { content, size, holes, path }: FileEntry,
  handle: number,
): void {
  let at = 0;
  const put = (bytes: Uint8Array) => {
    if (!holes || !isZero(bytes)) writeAll(disk, handle, bytes, at);
    at += bytes.length;
  };
  if ('blocks' in content) {
    for (const block of content.blocks) {
      if (holes && block === ZERO_BLOCK) at += BLOCK;
      else put(blocks.read(block));
    }
  } else {
    const source = openSource(disk, clonePath(layout, content.clone));
    try {
      for (const part of chunksOf(source, BLOCK)) put(part);
    } finally {
      source.close();
    }
  }
  if (at !== size)
    throw new DamagedError(`the snapshot is damaged: it has ${at} bytes of ${path}, wanted ${size}`);
  if (holes) disk.truncate(handle, size);
}
