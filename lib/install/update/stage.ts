/**
 * Staging: writes the new binary beside the old one, reads it back and flushes it, while DGMO still runs. The target is not
 * touched.
 */

import { applyPatch, BlockDigests, decompressFull, NOT_KEPT, SpareBlocksMaker } from '../../delta/index.ts';
import { DamagedError } from '../../errors.ts';
import { type Route, requirePatchAsSigned, type Step } from '../../package/index.ts';
import type { ReadBack } from '../../platform/disk.ts';
import {
  type Digest,
  digestBytes,
  foundText,
  openSource,
  removeIfThere,
  type Source,
} from '../../platform/files.ts';
import { NewFile } from '../../platform/replacement/new-file.ts';
import { binaryFor } from '../../version/index.ts';
import { executableMode, NEW_EXECUTABLE, takeOver } from '../executable-mode.ts';
import { holdsStranger } from '../installed-binary.ts';
import { keepBlocks } from '../kept-blocks.ts';
import type { Binary } from '../receipt.ts';
import { ABSENT } from '../receipt.ts';
import { orGoBack } from '../rollback/way-back.ts';
import { checkpoint, type Session } from '../session.ts';
import type { PreparedUpdate } from './prepare.ts';

interface Staging extends Pick<PreparedUpdate, 'contents' | 'routes' | 'from' | 'to'> {
  /** Where the new binary is written. */
  path: string;
}

/**
 * Writes the new binary by the first route that works. Does nothing if the binary is unchanged.
 *
 * @throws DamagedError if no route produces the signed binary; InterruptedError on Ctrl-C
 */
export async function stageUpdate(
  session: Session,
  prepared: PreparedUpdate,
  transaction: string,
): Promise<void> {
  if (prepared.binaryUnchanged) return;
  const { clock } = session.host;
  const staging: Staging = { ...prepared, path: session.layout.staged(transaction) };
  const begun = clock.monotonic();
  let failure: unknown;
  for (const route of staging.routes) {
    const name = route.steps.length > 1 ? `${route.steps.length} patches` : route.kind;
    session.emit({ event: 'staging', version: staging.to.version, route: name, bytes: route.bytes });
    try {
      await takeRoute(session, staging, route);
      const milliseconds = Math.round(clock.monotonic() - begun);
      session.emit({ event: 'staged', version: staging.to.version, milliseconds });
      return;
    } catch (error) {
      // If a patch does not fit, another route may work. After an error of the machine, none will.
      if (!(error instanceof DamagedError)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

async function takeRoute(session: Session, staging: Staging, route: Route): Promise<void> {
  const { layout, host } = session;
  const signed = binaryFor(staging.contents.manifest, staging.contents)?.blocks;
  const blocks =
    signed === undefined ? null : { list: new BlockDigests(), spare: new SpareBlocksMaker(staging.to.size) };
  let old = layout.target;
  for (const [index, step] of route.steps.entries()) {
    const last = index === route.steps.length - 1;
    const path = last ? staging.path : `${staging.path}.${index}`;
    const found = await takeStep(session, staging, step, { old, path, fromTarget: index === 0 }, (bytes) => {
      if (!last) return;
      blocks?.list.update(bytes);
      blocks?.spare.update(bytes);
    });
    if (index > 0) removeIfThere(host.disk, old);
    old = path;
    if (last) requireStaged(session, staging, found);
  }
  host.disk.flushDirectory(layout.workDir);
  const list = blocks?.list.list();
  if (blocks !== null && list !== undefined && digestBytes(list).sha256 === signed?.sha256)
    keepBlocks(host, layout, staging.to, { list, spare: blocks.spare.encode() });
}

function requireStaged({ digests }: Session, { path, to }: Staging, found: ReadBack): void {
  if (found.sha256 !== to.sha256 || found.size !== to.size) {
    throw new DamagedError(
      `the prepared ${to.version} reads back as ${foundText(found)}, wanted SHA-256 ${to.sha256}`,
      { advice: NOT_KEPT },
    );
  }
  digests.learnReadBack(path, found);
}

/** Where a step leads: from the file `old`, which may be the installed binary itself, to a new file at `path`. */
interface Way {
  old: string;
  path: string;
  fromTarget: boolean;
}

/** Returns what was written, as it reads back; `onPiece` gets it in pieces. */
async function takeStep(
  session: Session,
  staging: Staging,
  step: Step,
  { old, path, fromTarget }: Way,
  onPiece: (bytes: Uint8Array) => void,
): Promise<ReadBack> {
  const { disk } = session.host;
  const payload = staging.contents.payload(step.index);
  const { toSize } = step.payload;
  if (step.payload.kind === 'full') {
    const form = step.payload.compression;
    requireOldUnchanged(session, staging.from);
    return await writeFile(session, staging, { path, size: toSize, onPiece }, (write, checkpoint) =>
      decompressFull({ form, source: payload, size: toSize, write, checkpoint }),
    );
  }
  requirePatchAsSigned(payload, step.payload);
  const identity = disk.status(old)?.identity;
  const source = openSource(disk, old);
  try {
    const found = await writeFile(
      session,
      staging,
      { path, size: toSize, onPiece },
      (write, checkpoint, readBack) =>
        applyPatch({ patch: payload, old: source, write, checkpoint, readBack }),
    );
    // applyPatch has read and verified all of the old binary, so it need not be read again before the swap.
    if (fromTarget && identity !== undefined) session.digests.learn(identity, staging.from);
    return found;
  } catch (error) {
    if (fromTarget) throwIfOldIsChanged(session, staging.from, source, error);
    throw error;
  } finally {
    source.close();
  }
}

/** Throws DamagedError if the installed binary was changed by hand: it must not be overwritten. */
function requireOldUnchanged(session: Session, from: Binary): void {
  const { host, layout, digests } = session;
  const isAbsent =
    from.sha256 === ABSENT &&
    (host.disk.status(layout.target) === null || holdsStranger(session, layout.target));
  if (!isAbsent && !digests.is(layout.target, from)) throw changedByHand(session, from);
}

/** After a patch has failed: throws a better error if the reason is the installed binary. */
function throwIfOldIsChanged(session: Session, from: Binary, old: Source, error: unknown): void {
  if (!(error instanceof DamagedError)) return;
  if (old.size === from.size && session.digests.is(session.layout.target, from)) return;
  throw changedByHand(session, from);
}

function changedByHand(session: Session, from: Binary): DamagedError {
  const { layout, digests } = session;
  return new DamagedError(
    `${layout.target} is not the ${from.version} that was installed: wanted SHA-256 ${from.sha256}, found ${foundText(digests.of(layout.target))}`,
    {
      advice: `If you changed it yourself, run \`dgmo-updater init\` to adopt it. Otherwise run \`dgmo-updater repair\`${orGoBack(session)}.`,
    },
  );
}

type Producer = (
  write: (chunk: Uint8Array) => void,
  checkpoint: () => Promise<void>,
  readBack: () => Promise<Digest>,
) => Promise<Digest>;

interface Wanted {
  path: string;
  /** Bytes. */
  size: number;
  onPiece: (bytes: Uint8Array) => void;
}

async function writeFile(
  session: Session,
  staging: Staging,
  { path, size, onPiece }: Wanted,
  produce: Producer,
): Promise<ReadBack> {
  const { disk } = session.host;
  removeIfThere(disk, path);
  const { target } = session.layout;
  const there = disk.status(target);
  const replaced = there?.kind === 'file' ? there : null;
  const mode = executableMode(replaced?.mode ?? NEW_EXECUTABLE);
  // For nobody else until it is complete.
  const file = await NewFile.create(disk, path, 0o700, size);
  try {
    await produce(
      (chunk) => {
        file.write(chunk);
        onPiece(chunk);
      },
      async () => {
        session.emit({ event: 'progress', done: file.size, total: size });
        await checkpoint(session);
      },
      () => file.readBack(),
    );
    const found = await file.readBack();
    // What a chain has in between is for nobody else, and removed again.
    if (path === staging.path) {
      if (replaced !== null) takeOver(session, path, target);
      if (replaced?.mode !== mode) disk.setMode(path, mode);
    }
    file.flush();
    return found;
  } finally {
    file.close();
  }
}
