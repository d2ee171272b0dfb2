/** The context of every operation on an install: the machine, the paths, the limits, and the listener for events. */
import { InterruptedError } from '../errors.ts';
import type { Settings } from '../home/compiled-in.ts';
import type { Home } from '../home/folder.ts';
import type { SnapshotSetup } from '../home/snapshot-setup.ts';
import type { Host } from '../platform/host.ts';
import type { Component, Snapshot } from '../snapshot/index.ts';
import type { Digests } from './digests.ts';
import type { Layout } from './layout.ts';
import type { Binary } from './receipt.ts';

/** What happens, as it happens: for a progress line, a log, or JSON lines. */
export type InstallEvent =
  | { event: 'taking snapshot'; reason: string }
  | { event: 'snapshot'; id: string; reason: string; added: number; milliseconds: number; warnings: number }
  | { event: 'no snapshot'; reason: string }
  /** So many files are written beside those of now, and take their place at the end. */
  | { event: 'restoring folders'; snapshot: string; files: number; bytes: number }
  | {
      event: 'folders';
      snapshot: string;
      files: number;
      bytes: number;
      removed: number;
      /** Paths that could not be read, and were left as they are. */
      leftAlone: string[];
      milliseconds: number;
    }
  /** What was in the folders before the old version gets its data back is kept in that snapshot. */
  | { event: 'set aside'; snapshot: string }
  /** `kill`: by force, as they were asked before. */
  | { event: 'stopping'; pids: number[]; kill?: true }
  /** An interrupted update or rollback is finished or undone. The same one is tried again after a failure. */
  | { event: 'recovering'; id: string; kind: 'update' | 'rollback' | 'repair'; from: string; to: string }
  | { event: 'verified'; version: string; bytes: number }
  | { event: 'staging'; version: string; route: string; bytes: number }
  | { event: 'staged'; version: string; milliseconds: number }
  | { event: 'progress'; done: number; total: number }
  | { event: 'waiting'; pid: number }
  | { event: 'held'; path: string; seconds: number }
  | { event: 'swapped'; from: string; to: string; milliseconds: number }
  | { event: 'probing'; version: string }
  | { event: 'probed'; version: string; ok: boolean | null; detail: string; milliseconds: number }
  | { event: 'restored'; version: string }
  /** The updater itself was replaced. */
  | { event: 'updater replaced'; from: string; to: string }
  | { event: 'committed'; version: string }
  | { event: 'relaunching'; file: string }
  | { event: 'relaunched'; file: string }
  /** DGMO was not started, and `command` is what to type in a shell instead. */
  | { event: 'terminal lost'; file: string; command: string }
  /**
   * A start of a version that has not confirmed its health: it `ended` before, or it runs and is `silent`. `failed` of them
   * have failed so far, and with `of` it is left for `before`, the version that was installed before (null: none).
   */
  | {
      event: 'start failed';
      version: string;
      how: 'ended' | 'silent';
      failed: number;
      of: number;
      before: string | null;
    }
  /** A repair of one file or folder; `how` says where the good one came from. */
  | { event: 'repairing'; where: string; what: string }
  | { event: 'repaired'; where: string; how: string }
  | { event: 'not repaired'; where: string; reason: string }
  /** A problem that does not stop the operation, as a sentence. */
  | { event: 'warning'; text: string }
  /** How the operation ended, before DGMO is started again, which may take the terminal. */
  | { event: 'updated'; applied: Applied }
  | { event: 'rolled back'; rolledBack: RolledBack }
  | { event: 'failed'; error: unknown };

/** The result of an update. */
export interface Applied {
  from: Binary;
  to: Binary;
  /** False if exactly that binary was installed already, and no evolution was added. */
  changed: boolean;
  /** Ids of the evolutions that were installed. */
  evolutions: string[];
  /** Id of the snapshot of the state before; null if none was taken. */
  before: string | null;
}

/** The result of a rollback. */
export interface RolledBack {
  from: Binary;
  to: Binary;
  /** The snapshot that was restored; null if only the kept binary was put back. */
  snapshot: Snapshot | null;
  components: readonly Component[];
  /** Snapshot of the state before, to undo the rollback. Null if none could be taken. */
  before: Snapshot | null;
}

/** How long to wait at most, in milliseconds. */
export interface Limits {
  /** For DGMO to exit. */
  exit: number;
  /** For another process (a virus scanner, a process that is still ending) to release the executable. */
  held: number;
  /** For the new binary to print its version. */
  probe: number;
  /** For the machine to have room for a process, where it refuses to create one. */
  start: number;
}

export const DEFAULT_LIMITS: Limits = { exit: 60_000, held: 30_000, probe: 30_000, start: 10_000 };

export interface Session {
  host: Host;
  layout: Layout;
  limits: Limits;
  digests: Digests;
  /** The program that is updated. */
  app: string;
  /** The app that was adopted here, if the caller named another one; else null. */
  readonly otherApp: string | null;
  home: Home;
  /** What this updater was compiled with. */
  readonly settings: Settings;
  /** Null if this user has no home. */
  snapshots: SnapshotSetup | null;
  /**
   * With what the program is started besides `--version`, when it is tried: it has to print the result line of a command
   * with `--json`. Only for the updater itself.
   */
  selfTest?: readonly string[];
  /**
   * The program must never be missing, not even between two renames: on Windows it is replaced only while it does not run. Only
   * for the updater itself, which would have to close such a gap.
   */
  neverMissing?: true;
  emit(event: InstallEvent): void;
  /** Whether the user has asked to stop (Ctrl-C). Has no effect once the executable is being replaced. */
  interrupted(): boolean;
}

/** Throws InterruptedError if the user has asked to stop. */
export function checkInterrupted(session: Session): void {
  if (session.interrupted()) throw new InterruptedError('interrupted: nothing was changed');
}

/** Yields to the event loop, so that a Ctrl-C is noticed. Throws InterruptedError if there was one. */
export async function checkpoint(session: Session): Promise<void> {
  await session.host.clock.sleep(0);
  checkInterrupted(session);
}

export function describe(binary: Binary): string {
  return `${binary.version} (SHA-256 ${binary.sha256.slice(0, 12)}...)`;
}
