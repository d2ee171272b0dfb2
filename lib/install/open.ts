/** Opening a session on an install: which program, where, with which limits. */
import { errorCode, UpdaterError, UsageError } from '../errors.ts';
import { settings as compiledIn, type Settings } from '../home/compiled-in.ts';
import { type Home, NO_HOME } from '../home/folder.ts';
import { snapshotsIn } from '../home/snapshot-choices.ts';
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
  /** The program to update; without it the one that the receipt names, else the compiled-in one. */
  app?: string | undefined;
  /** Without one there are no snapshots, no preferences, and no trust but the compiled-in one. */
  home?: Home;
  settings?: Settings;
  limits?: Partial<Limits>;
  emit?(event: InstallEvent): void;
  interrupted?(): boolean;
}

/** Throws UsageError if the app has an impossible name, or there is no such folder. */
export function openSession(host: Host, options: OpenOptions): Session {
  const { settings = compiledIn, home = NO_HOME, emit = () => undefined } = options;
  const warn = (reason: string) =>
    emit({ event: 'warning', text: `${reason}. Snapshots use the default folders.` });
  const named = options.app ?? settings.app;
  if (!isAppName(named)) {
    throw new UsageError(`--app: wanted a name such as dgmo, found ${JSON.stringify(named)}`);
  }
  const first = locate(host, options.installDir, named);
  const app = (options.app === undefined ? recordedApp(host, first) : null) ?? named;
  let snapshots: SnapshotSetup | null | undefined;
  return {
    host,
    // Not from the folder of the first: if the executable is a symlink, its own folder may know it by another name.
    layout: app === named ? first : locate(host, options.installDir, app),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    digests: new Digests(host.disk),
    app,
    home,
    settings,
    // Only when they are asked for: it reads the preferences and looks for the folders of DGMO.
    get snapshots() {
      snapshots ??= 'folder' in home ? snapshotsIn(host, home.folder, app, settings, warn) : null;
      return snapshots;
    },
    emit,
    interrupted: options.interrupted ?? (() => false),
  };
}

/** What was adopted here, by the receipt or by the journal's copy of it; null if neither can be read. */
function recordedApp(host: Host, layout: Layout): string | null {
  const receipt = readable(() => loadReceipt(host.disk, layout));
  if (receipt !== null) return receipt.app;
  return readable(() => lastReceipt(readJournal(host.disk, layout).entries))?.app ?? null;
}

/** What can't be read is reported by the command itself, which reads it again. */
function readable<Value>(read: () => Value | null): Value | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof UpdaterError || errorCode(error) !== undefined) return null;
    throw error;
  }
}
