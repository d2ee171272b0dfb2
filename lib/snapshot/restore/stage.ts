/**
 * The first half of a restore: every file that differs is brought to the filesystem where it belongs, verified and flushed.
 * Nothing that stands is touched, but for the mode of a root that may not be written into.
 */
import { DamagedError, errorCode } from '../../errors.ts';
import type { Handle } from '../../platform/disk.ts';
import { chunksOf, createDirectories, openSource, removeIfThere, writeAll } from '../../platform/files.ts';
import { saveSnapshot } from '../document.ts';
import { Blocks } from '../store/blocks.ts';
import { clonePath, verifyClone } from '../store/clones.ts';
import { withStore } from '../store/lock.ts';
import { BLOCK, type FileEntry } from '../store/tree.ts';
import { isZero, ZERO_BLOCK } from '../store/zeros.ts';
import { type Amendment, amendSnapshot, leadingTo } from './amend.ts';
import { type Plan, planRestore, type RestoreRequest, type RootPlan } from './plan.ts';
import { clearStaging, makeWritable, settle } from './restore.ts';

/** Bytes between two turns of the event loop. */
const PACE = 16 << 20;
/** Files that are on their way to the drive at the same time: it serves them together. */
const AT_ONCE = 32;

/**
 * DamagedError if something of the snapshot is missing or damaged; what was prepared is for `clear` to remove. It holds the
 * lock of the store meanwhile, since pruning moves blocks from one pack to another: BusyError if another process keeps it.
 */
export function prepare(request: RestoreRequest, plan: Plan): Promise<void> {
  return withStore(request.host, request.layout, () => stageAll(request, plan));
}

/**
 * The same for what the snapshot of the request is with other files in it, from planning it on: under one lock, so that
 * nobody removes from the store what only this restore needs. `check` may refuse the plan by throwing.
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
    const plan = planRestore({ ...request, snapshot: after });
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
  makeWritable(disk, root.folder);
  clearStaging(disk, layout, root.folder);
  disk.createDirectory(root.staging, 0o700);
  const flight = new Flight(request);
  let since = 0;
  try {
    for (const [index, entry] of root.difference.write.entries()) {
      const path = layout.join(root.staging, String(index));
      if (entry.kind === 'link') {
        disk.symlink(entry.target, path);
        continue;
      }
      const handle = openStaged(request, blocks, entry, path);
      await flight.add({ handle, path, entry });
      since += entry.size;
      if (since < PACE) continue;
      since = 0;
      await request.breathe();
    }
  } finally {
    await flight.land();
  }
  if (flight.failure !== null) throw flight.failure;
  disk.flushDirectory(root.staging);
}

interface Staged {
  handle: Handle;
  path: string;
  entry: FileEntry;
}

/** Files that are whole and on their way to the drive; each gets its mode and times when it is there. */
class Flight {
  failure: unknown = null;
  readonly #request: RestoreRequest;
  #landing: Promise<void>[] = [];

  constructor(request: RestoreRequest) {
    this.#request = request;
  }

  async add(staged: Staged): Promise<void> {
    this.#landing.push(
      this.#land(staged).catch((error: unknown) => {
        this.failure ??= error;
      }),
    );
    if (this.#landing.length >= AT_ONCE) await this.land();
    if (this.failure !== null) throw this.failure;
  }

  async land(): Promise<void> {
    await Promise.all(this.#landing);
    this.#landing = [];
  }

  async #land({ handle, path, entry }: Staged): Promise<void> {
    const { disk } = this.#request.host;
    try {
      await disk.flushMeanwhile(handle);
    } finally {
      disk.close(handle);
    }
    settle(disk, path, entry);
  }
}

/** The file with all that is in it, still open. */
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

/** False where the filesystem shares no blocks. The clone is verified first. */
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
    throw new DamagedError(`the snapshot is damaged: ${path} has ${at} bytes in it, wanted ${size}`);
  if (holes) disk.truncate(handle, size);
}
