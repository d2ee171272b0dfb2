/** Opening a session on an install: which program, where, with which limits. */
import { errorCode, UpdaterError, UsageError } from '../errors.ts';
import type { SnapshotSetup } from '../home/snapshot-setup.ts';
import { isAppName } from '../package/index.ts';
import type { Host } from '../platform/host.ts';
import { Digests } from './digests.ts';
import { type Layout, locate } from './layout.ts';
import { loadReceipt } from './receipt.ts';
import { DEFAULT_LIMITS, type InstallEvent, type Limits, type Session } from './session.ts';
import { lastReceipt, readJournal } from './transaction/journal.ts';

export interface OpenOptions {
  installDir: string;
  /** `--app`; without it the receipt says, and without one `defaultApp`. */
  app: string | undefined;
  defaultApp: string;
  limits?: Partial<Limits>;
  emit?(event: InstallEvent): void;
  interrupted?(): boolean;
  /** Asked once the app is known; null: this user has no home. */
  snapshots?(app: string): SnapshotSetup | null;
}

/** Throws UsageError where the app has no possible name, or the folder is none. */
export function openSession(host: Host, options: OpenOptions): Session {
  const named = options.app ?? options.defaultApp;
  if (!isAppName(named)) {
    throw new UsageError(`--app: wanted a name such as dgmo, found ${JSON.stringify(named)}`);
  }
  const first = locate(host, options.installDir, named);
  const app = (options.app === undefined ? recordedApp(host, first) : null) ?? named;
  return {
    host,
    // Not from the folder of the first: where the executable is a symlink, its own folder may know it by another name.
    layout: app === named ? first : locate(host, options.installDir, app),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    digests: new Digests(host.disk),
    app,
    snapshots: options.snapshots?.(app) ?? null,
    emit: options.emit ?? (() => undefined),
    interrupted: options.interrupted ?? (() => false),
  };
}

/** What was adopted here, by the receipt or by the journal's copy of it; null where neither can be read. */
function recordedApp(host: Host, layout: Layout): string | null {
  const receipt = readable(() => loadReceipt(host.disk, layout));
  if (receipt !== null) return receipt.app;
  return readable(() => lastReceipt(readJournal(host.disk, layout).entries))?.app ?? null;
}

/** What can't be read is told by the command itself, which reads it again. */
function readable<Value>(read: () => Value | null): Value | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof UpdaterError || errorCode(error) !== undefined) return null;
    throw error;
  }
}
