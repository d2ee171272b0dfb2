/** Keeping the old binary beyond the swap: as a hard link, or as a copy if the filesystem has no hard links. */
import { DamagedError } from '../../errors.ts';
import { flushFile, foundText, removeIfThere } from '../../platform/files.ts';
import type { Binary } from '../receipt.ts';
import type { Session } from '../session.ts';

/** Throws DamagedError if the copy differs from the old binary. */
export function keepOld(session: Session, old: Binary): void {
  const { layout, digests, host } = session;
  const kept = layout.kept(old.sha256);
  linkOrCopy(session, layout.target, kept);
  if (!digests.is(kept, old)) {
    throw new DamagedError(
      `the copy ${kept} of the old binary is another file: wanted SHA-256 ${old.sha256}, found ${foundText(digests.of(kept))}`,
    );
  }
  host.disk.flushDirectory(layout.workDir);
}

/**
 * Whether the kept binary is a file that the store of snapshots has as well. Such a one must not become the installed one:
 * who writes into that would reach the store.
 */
export function isShared({ host, layout }: Session, old: Binary): boolean {
  const kept = host.disk.status(layout.kept(old.sha256));
  return kept !== null && kept.links > 1 && kept.identity !== host.disk.status(layout.target)?.identity;
}

/**
 * Gives the file at `existing` the name `path` as well; whatever stood there is replaced. A file in the store of snapshots,
 * or one that it shares, is copied: who writes into the installed one must not reach it.
 */
export function linkOrCopy(session: Session, existing: string, path: string): void {
  const { disk } = session.host;
  const { layout } = session;
  removeIfThere(disk, path);
  const isOurs = existing === layout.target || existing.startsWith(layout.workDir);
  if (!isOurs || (existing !== layout.target && (disk.status(existing)?.links ?? 1) > 1)) {
    copyDurably(session, existing, path);
    return;
  }
  try {
    disk.link(existing, path);
  } catch {
    // Hard links are not supported or not permitted here. A copy does as well, and if it fails its error says why.
    copyDurably(session, existing, path);
  }
}

function copyDurably(session: Session, existing: string, path: string): void {
  const { disk } = session.host;
  removeIfThere(disk, path);
  const mode = disk.status(existing)?.mode ?? 0o755;
  disk.copy(existing, path);
  flushFile(disk, path);
  disk.setMode(path, mode);
}
