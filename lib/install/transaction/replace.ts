/**
 * Replacing an executable so that its path names a complete one at every instant. POSIX does it with one rename. Windows
 * refuses while another process holds the old file: then we try again, with growing pauses. A running executable can be
 * renamed but not replaced there, so it is first moved away.
 *
 * Between these two renames the path is missing. The journal announces this gap before, and `next.ts` closes it.
 */
import { errorCode, errorMessage, MachineError } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Session } from '../session.ts';

/** The errors of Windows while a virus scanner, an indexer or a process that is still ending holds the file. */
const HELD = new Set(['EBUSY', 'EPERM', 'EACCES', 'ETXTBSY']);

const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 500;

export interface Replacement {
  from: string;
  /** Paths to move the old file to. The first free one is used: a file that was moved there before may still run. */
  away(attempt: number): string;
  /**
   * Whether to test that `from` can be renamed before the target is moved away: virus scanners often hold a new file. False
   * for the only copy of the old binary, which must not lose its name.
   */
  checkFree: boolean;
  /** Called once, before the target may be missing. */
  announceGap(): void;
}

/** Throws MachineError if it can't be done within the limit. The target is unchanged then, or missing as announced. */
export async function replaceTarget(session: Session, replacement: Replacement): Promise<void> {
  if (session.host.platform === 'win32') await replaceOnWindows(session, replacement);
  else replaceOnPosix(session, replacement.from);
  session.host.disk.flushDirectory(session.layout.installDir);
  session.host.disk.flushDirectory(session.layout.workDir);
}

function replaceOnPosix({ host, layout: { target } }: Session, from: string): void {
  try {
    host.disk.rename(from, target);
  } catch (error) {
    const known = UNREPLACEABLE[errorCode(error) ?? ''];
    if (known === undefined) throw error;
    const [reason, advice] = known;
    throw new MachineError(`${target} could not be replaced: ${reason}`, { advice, cause: error });
  }
}

const UNREPLACEABLE: Record<string, [reason: string, advice: string]> = {
  EBUSY: [
    'it is a mount point (EBUSY), such as a file that a container was given',
    'Update it where it comes from (the image, or the file on the host), or mount its folder and not the file.',
  ],
  EPERM: [
    'operation not permitted (EPERM)',
    'Run it as the user who owns it. If that is you, it or its folder may be immutable: lsattr shows that, chattr -i ends it.',
  ],
  ETXTBSY: ['it is being written (ETXTBSY)', 'End the program that writes it, then try again.'],
};

async function replaceOnWindows(
  session: Session,
  { from, away, checkFree, announceGap }: Replacement,
): Promise<void> {
  const { disk } = session.host;
  const { target } = session.layout;
  let announced = false;
  let movedTo: string | null = null;
  await whileHeld(session, target, () => {
    if (checkFree) restoreName(disk, from);
    if (disk.status(target) === null) {
      fillGap(disk, from, target, movedTo);
      return;
    }
    const direct = attempt(() => disk.rename(from, target));
    if (direct === null) return;
    if (session.neverMissing === true || !HELD.has(errorCode(direct) ?? '')) throw direct;
    if (checkFree) moveAndBack(disk, from);
    if (!announced) announceGap();
    announced = true;
    let free = 0;
    while (disk.status(away(free)) !== null) free++;
    movedTo = away(free);
    disk.rename(target, movedTo);
    fillGap(disk, from, target, movedTo);
  });
}

/**
 * Puts the new file at the target, which is missing. If that fails, puts the moved file back, since the target must not be
 * missing while we wait, and throws the error.
 */
function fillGap(disk: Disk, from: string, target: string, movedTo: string | null): void {
  const placed = attempt(() => disk.rename(from, target));
  if (placed === null) return;
  if (movedTo !== null && disk.status(movedTo) !== null) attempt(() => disk.rename(movedTo, target));
  throw placed;
}

const FREE = '.free';

/** Throws if another process holds the file. */
function moveAndBack(disk: Disk, path: string): void {
  disk.rename(path, path + FREE);
  disk.rename(path + FREE, path);
}

/** Completes `moveAndBack` after a virus scanner held the file between its two renames. */
function restoreName(disk: Disk, path: string): void {
  if (disk.status(path) === null && disk.status(path + FREE) !== null) disk.rename(path + FREE, path);
}

function attempt(effect: () => void): Error | null {
  try {
    effect();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(errorMessage(error));
  }
}

/** Tries again until it succeeds, fails for another reason than a held file, or the limit is reached. */
async function whileHeld(session: Session, path: string, effect: () => void): Promise<void> {
  const { clock, random } = session.host;
  const begun = clock.monotonic();
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const failure = attempt(effect);
    if (failure === null) return;
    const code = errorCode(failure) ?? '';
    if (!HELD.has(code)) throw failure;
    const waited = clock.monotonic() - begun;
    if (waited >= session.limits.held) {
      throw new MachineError(
        `${path} could not be replaced: another process has held it for ${Math.round(waited / 1000)} s (${code})`,
        {
          advice: 'Close other programs that use it (a virus scanner can be one), then try again.',
          cause: failure,
        },
      );
    }
    session.emit({ event: 'held', path, seconds: Math.round(waited / 1000) });
    const jitter = 0.5 + (random.bytes(1)[0] ?? 0) / 256;
    await clock.sleep(pause * jitter);
  }
}
