/** Opening a session on an install: which program, where, with which limits. */
import { errorCode, UpdaterError, UsageError } from '../errors.ts';
import { settings as compiledIn, type Settings } from '../home/compiled-in.ts';
import { type Home, NO_HOME } from '../home/folder.ts';
import { snapshotsIn } from '../home/snapshot-choices.ts';
import type { SnapshotSetup } from '../home/snapshot-setup.ts';
import { isAppName } from '../package/index.ts';
import type { Host } from '../platform/host.ts';
import { Digests } from './digests.ts';
import { requireSameWriters } from './file-owners.ts';
import { installedPaths, type Layout, locate, UPDATER } from './layout.ts';
import { withPublisher } from './publisher.ts';
import { loadReceipt } from './receipt.ts';
import { DEFAULT_LIMITS, type InstallEvent, type Limits, type Session } from './session.ts';
import { lastReceipt, readJournal } from './transaction/journal.ts';

export interface OpenOptions {
  installDir: string;
  /** The program to update. Default: the one that the receipt names, else the compiled-in one. */
  app?: string | undefined;
  /** Without a home there are no snapshots and no preferences, and only the compiled-in root is trusted. */
  home?: Home;
  settings?: Settings;
  limits?: Partial<Limits>;
  emit?(event: InstallEvent): void;
  interrupted?(): boolean;
  /** Also if something else is in the place of a file of the work dir (file-owners.ts). Default: false. */
  anyKind?: boolean;
}

/**
 * Throws UsageError if the name of the app is invalid, or the folder does not exist; TrustError if others than those who may
 * write the executable may write the receipt.
 */
export function openSession(host: Host, options: OpenOptions): Session {
  const { settings = compiledIn, home = NO_HOME, emit = () => undefined } = options;
  const warn = (reason: string) =>
    emit({ event: 'warning', text: `${reason} Snapshots go by what can be understood of the settings.` });
  const named = options.app ?? settings.app;
  if (!isAppName(named)) {
    throw new UsageError(`--app: wanted a name such as dgmo, found ${JSON.stringify(named)}`);
  }
  const first = locate(host, options.installDir, named);
  const { anyKind = false } = options;
  if (options.app === undefined) requireSameWriters(host, first, { anyKind });
  const app = (options.app === undefined ? recordedApp(host, first) : null) ?? named;
  // Located again from `installDir`: if the executable is a symlink, the file may have another name in its own folder.
  const layout = app === named ? first : locate(host, options.installDir, app);
  let adopted: string | undefined;
  let known: Settings | undefined;
  let snapshots: SnapshotSetup | null | undefined;
  return {
    host,
    layout,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    digests: new Digests(host.disk),
    app,
    // Read when it is first asked for, so that opening a session reads nothing that others may have written.
    get otherApp() {
      adopted ??= (options.app === undefined ? null : recordedApp(host, layout)) ?? app;
      // The updater is never the program that it updates.
      return adopted === app && app !== UPDATER ? null : adopted;
    },
    home,
    // Read when it is first asked for, which only what trusts a root does.
    get settings() {
      known ??= withPublisher(host, layout, settings);
      return known;
    },
    // Computed on first use: it reads the preferences and looks for the folders of DGMO.
    get snapshots() {
      if (snapshots === undefined && 'folder' in home) {
        const place = { home: home.folder, app, installed: installedPaths(host, layout) };
        snapshots = snapshotsIn(host, place, settings, warn);
      }
      snapshots ??= null;
      return snapshots;
    },
    emit,
    interrupted: options.interrupted ?? (() => false),
  };
}

/** The app that was adopted here, from the receipt or its copy in the journal. Null if neither can be read. */
function recordedApp(host: Host, layout: Layout): string | null {
  const receipt = nullIfUnreadable(() => loadReceipt(host.disk, layout));
  if (receipt !== null) return receipt.app;
  return nullIfUnreadable(() => lastReceipt(readJournal(host.disk, layout).entries))?.app ?? null;
}

/** Null if it can't be read: the operation reads it again, and reports the error. */
function nullIfUnreadable<Value>(read: () => Value | null): Value | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof UpdaterError || errorCode(error) !== undefined) return null;
    throw error;
  }
}
