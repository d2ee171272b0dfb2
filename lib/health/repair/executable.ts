/**
 * Putting back an executable that is damaged or missing: a verified copy is prepared beside it and swapped in by the same
 * transaction as an update, never written in place.
 */
import { applyPatch, decompressFull, type FullForm, NOT_KEPT } from '../../delta/index.ts';
import { DamagedError, MachineError, TrustError } from '../../errors.ts';
import { executableMode, NEW_EXECUTABLE, takeOver } from '../../install/executable-mode.ts';
import {
  abandon,
  type Binary,
  begin,
  checkpoint,
  type Receipt,
  requireCommitted,
  runTransaction,
  type Session,
} from '../../install/index.ts';
import { ABSENT } from '../../install/receipt.ts';
import { binarySource, placeBinary } from '../../install/rollback/stored-binary.ts';
import { type PackageContents, readPackage } from '../../package/index.ts';
import type { Handle, ReadBack } from '../../platform/disk.ts';
import {
  type Digest,
  flushFile,
  foundText,
  openSource,
  removeIfThere,
  type Source,
  statusOf,
  writeAll,
} from '../../platform/files.ts';
import { NewFile } from '../../platform/replacement/new-file.ts';
import type { TrustedRoot } from '../../trust/index.ts';
import { moveExecutableAside } from './aside.ts';

/** Patches that are applied one after the other, at most. */
const MOST_PATCHES = 8;

/** Where the verified copy is prepared, before the transaction begins. It is resumed or replaced by the next repair. */
function preparedPath({ layout }: Session, { sha256 }: Pick<Binary, 'sha256'>): string {
  return layout.join(layout.workDir, `repair-${sha256.slice(0, 32)}`);
}

/** Removes the prepared copy, and what it was made from. */
export function discardPrepared(session: Session, wanted: Binary): void {
  const { host, layout } = session;
  const prepared = preparedPath(session, wanted);
  for (const name of host.disk.list(layout.workDir)) {
    const path = layout.join(layout.workDir, name);
    if (path.startsWith(prepared)) removeIfThere(host.disk, path);
  }
}

/**
 * Copies the executable from where it is kept on this machine: beside the damaged one, or in the store of snapshots. Returns
 * false if there is no intact copy.
 */
export async function copyFromHere(session: Session, wanted: Binary): Promise<boolean> {
  const { disk } = session.host;
  const path = preparedPath(session, wanted);
  const source = binarySource(session, wanted);
  if (source === null) {
    if (!(await placeBinary(session, wanted, path))) return false;
  } else {
    removeIfThere(disk, path);
    disk.copy(source, path);
  }
  const handle = disk.open(path, 'update');
  try {
    return await flushedAndPrepared(session, handle, wanted);
  } finally {
    disk.close(handle);
  }
}

/** Flushes the prepared copy while it is read back. */
async function flushedAndPrepared(session: Session, handle: Handle, wanted: Binary): Promise<boolean> {
  const flushed = session.host.disk.flushMeanwhile(handle);
  // A failure is thrown below.
  flushed.catch(() => undefined);
  const isWanted = await isPrepared(session, wanted);
  await flushed;
  return isWanted;
}

/** Whether an interrupted repair has left the wanted executable, prepared. It is flushed: the other may have ended before that. */
export async function isPreparedBefore(session: Session, wanted: Binary): Promise<boolean> {
  if (!(await isPrepared(session, wanted))) return false;
  flushFile(session.host.disk, preparedPath(session, wanted));
  return true;
}

/** Whether the prepared copy is the wanted executable. It is read back from the drive. */
async function isPrepared(session: Session, wanted: Binary): Promise<boolean> {
  const path = preparedPath(session, wanted);
  if (statusOf(session.host.disk, path)?.kind !== 'file') return false;
  return (await session.digests.readBack(path, wanted))?.sha256 === wanted.sha256;
}

/** A copy of the damaged executable, of the right size, into which good blocks are written. */
export interface CopyForBlocks {
  write(position: number, bytes: Uint8Array): void;
  /** Flushes it. Whether it is the wanted executable, which was read back. */
  finish(): Promise<boolean>;
  close(): void;
}

export function copyForBlocks(session: Session, wanted: Binary): CopyForBlocks {
  const { disk } = session.host;
  const path = preparedPath(session, wanted);
  removeIfThere(disk, path);
  disk.copy(session.layout.target, path);
  disk.setMode(path, 0o700);
  const handle = disk.open(path, 'update');
  return {
    write: (position, bytes) => writeAll(disk, handle, bytes, position),
    finish() {
      disk.truncate(handle, wanted.size);
      return flushedAndPrepared(session, handle, wanted);
    },
    close: () => disk.close(handle),
  };
}

interface PackageStep {
  contents: PackageContents;
  index: number;
  /** SHA-256; null if the payload is the whole binary. */
  from: string | null;
  form: FullForm;
  to: string;
  toSize: number;
}

/**
 * Makes the executable from packages on this machine: from a full binary, or from patches for an older executable that is
 * kept here. Returns how, or null if they do not lead to it. Packages that are not trusted or damaged are ignored.
 *
 * @param packages paths of `.dgmopkg` files
 */
export async function makeFromPackages(
  session: Session,
  wanted: Binary,
  packages: readonly string[],
  root: TrustedRoot,
): Promise<'patch' | 'full' | null> {
  const { disk } = session.host;
  const sources: (Source & { close(): void })[] = [];
  try {
    const steps = packages.flatMap((path) => {
      const opened = openPackage(session, path, root);
      if (opened === null) return [];
      sources.push(opened.source);
      return stepsOf(opened.contents);
    });
    for (const way of waysTo(session, wanted, steps)) {
      try {
        if (await follow(session, wanted, way)) return way[0]?.from === null ? 'full' : 'patch';
      } catch (error) {
        // Another way may work. An error of the machine is one for all of them.
        if (!(error instanceof DamagedError)) throw error;
      }
      removeIfThere(disk, preparedPath(session, wanted));
    }
    return null;
  } finally {
    for (const source of sources) source.close();
  }
}

function openPackage(
  { host }: Session,
  path: string,
  root: TrustedRoot,
): { source: Source & { close(): void }; contents: PackageContents } | null {
  if (statusOf(host.disk, path)?.kind !== 'file') return null;
  const source = openSource(host.disk, path);
  try {
    return { source, contents: readPackage(source, root) };
  } catch (error) {
    source.close();
    if (error instanceof DamagedError || error instanceof TrustError) return null;
    throw error;
  }
}

function stepsOf(contents: PackageContents): PackageStep[] {
  return contents.payloads.flatMap((payload, index) => {
    if (payload.kind === 'evolution') return [];
    const { toChecksum: to, toSize, compression: form } = payload;
    return [
      { contents, index, form, to, toSize, from: payload.kind === 'full' ? null : payload.fromChecksum },
    ];
  });
}

/** Each way begins with a whole binary, or with an older executable that is here. Those with the fewest steps first. */
function waysTo(session: Session, wanted: Binary, steps: readonly PackageStep[]): PackageStep[][] {
  const found: PackageStep[][] = [];
  let open: PackageStep[][] = [[]];
  for (let length = 0; length < MOST_PATCHES; length++) {
    open = open.flatMap((way) => {
      const end = way[0]?.from ?? wanted.sha256;
      return steps.filter(({ to }) => to === end).map((step) => [step, ...way]);
    });
    for (const way of open) {
      const from = way[0]?.from ?? null;
      if (from === null || binarySource(session, { sha256: from }) !== null) found.push(way);
    }
    open = open.filter((way) => way[0]?.from !== null);
  }
  return found;
}

/** Whether the way leads to the wanted executable, as it reads back. */
async function follow(session: Session, wanted: Binary, way: readonly PackageStep[]): Promise<boolean> {
  const { disk } = session.host;
  const path = preparedPath(session, wanted);
  const first = way[0]?.from ?? null;
  let old = first === null ? null : binarySource(session, { sha256: first });
  let found: ReadBack | null = null;
  for (const [index, step] of way.entries()) {
    const into = index === way.length - 1 ? path : `${path}.${index}.tmp`;
    found = await take(session, step, old, into);
    if (index > 0 && old !== null) removeIfThere(disk, old);
    old = into;
  }
  if (found?.sha256 !== wanted.sha256) return false;
  session.digests.learnReadBack(path, found);
  return true;
}

async function take(
  session: Session,
  { contents, index, form, toSize }: PackageStep,
  old: string | null,
  path: string,
): Promise<ReadBack> {
  const payload = contents.payload(index);
  if (old === null) {
    return await writePrepared(session, path, toSize, (write, checkpoint) =>
      decompressFull({ form, source: payload, size: toSize, write, checkpoint }),
    );
  }
  const source = openSource(session.host.disk, old);
  try {
    return await writePrepared(session, path, toSize, (write, checkpoint, readBack) =>
      applyPatch({ patch: payload, old: source, write, checkpoint, readBack }),
    );
  } finally {
    source.close();
  }
}

type Producer = (
  write: (bytes: Uint8Array) => void,
  checkpoint: () => Promise<void>,
  readBack: () => Promise<Digest>,
) => Promise<Digest>;

async function writePrepared(
  session: Session,
  path: string,
  total: number,
  produce: Producer,
): Promise<ReadBack> {
  const { disk } = session.host;
  removeIfThere(disk, path);
  const file = await NewFile.create(disk, path, 0o700, total);
  try {
    const written = await produce(
      (bytes) => file.write(bytes),
      async () => {
        session.emit({ event: 'progress', done: file.size, total });
        await checkpoint(session);
      },
      () => file.readBack(),
    );
    const found = await file.readBack();
    if (found.sha256 !== written.sha256) {
      throw new MachineError(
        `${path} reads back as ${foundText(found)}, wanted SHA-256 ${written.sha256} as it was written`,
        { advice: NOT_KEPT },
      );
    }
    file.flush();
    return found;
  } finally {
    file.close();
  }
}

/**
 * Swaps in the prepared copy. The caller holds the lock.
 *
 * @param knownToWork why it need not be tried, as a clause; null if it has to be
 * @throws RevertedError if it does not work, and what was there is back
 */
export async function swapInPrepared(
  session: Session,
  receipt: Receipt,
  knownToWork: string | null,
): Promise<void> {
  const { host, layout, digests } = session;
  const { binary: to } = receipt;
  const prepared = preparedPath(session, to);
  moveExecutableAside(session);
  const found = digests.of(layout.target);
  const from: Binary = { version: to.version, ...(found ?? { sha256: ABSENT, size: 0 }) };
  const open = begin(session, {
    kind: 'update',
    from,
    to,
    receipt: { before: receipt, after: receipt },
    folders: null,
  });
  try {
    const staged = layout.staged(open.id);
    host.disk.rename(prepared, staged);
    const model = modelFor(session, receipt);
    if (model !== null) takeOver(session, staged, model);
    const mode = model === null ? NEW_EXECUTABLE : host.disk.status(staged)?.mode;
    host.disk.setMode(staged, modeAfter(mode ?? NEW_EXECUTABLE));
    host.disk.flushDirectory(layout.workDir);
  } catch (error) {
    abandon(session, open, receipt);
    throw error;
  }
  const result = await runTransaction(session, open, { resumed: false, knownToWork });
  await requireCommitted(session, result, from, to, receipt);
}

/** Whose owner, mode and capabilities it gets: those of the older one that is kept, if nothing is in its place. */
function modelFor({ host, layout }: Session, { previous }: Receipt): string | null {
  const models = [layout.target, ...(previous === null ? [] : [layout.kept(previous.sha256)])];
  return models.find((path) => statusOf(host.disk, path) !== null) ?? null;
}

/** As after an update, but that its owner may change it, and not everybody. */
function modeAfter(mode: number): number {
  return (executableMode(mode) | 0o200) & ~0o002;
}
