/** What the updater knows about itself here: where its releases come from, what was decided, and what happened last. */
import { UpdaterError } from '../errors.ts';
import { checksFile, type LastCheck } from '../home/checks.ts';
import { decide } from '../home/decided.ts';
import { type HistoryEntry, historyFile } from '../home/history.ts';
import type { Preferences } from '../home/preferences.ts';
import { installedEvolutions, receiptUnlessDamaged, type Session } from '../install/index.ts';
import type { FolderComponent } from '../snapshot/index.ts';

export interface Overview {
  /** The folder with settings, trust, cache and snapshots; null if this user has none. */
  home: string | null;
  /** Address of the feed; null if none is known. */
  feed: string | null;
  channel: string;
  autoUpdate: Preferences['autoUpdate'];
  /** The only version that is offered; null: any. */
  pin: string | null;
  /** False: updates are turned off altogether. */
  updates: boolean;
  lastCheck: LastCheck | null;
  /** The last update, rollback or repair. */
  lastChange: HistoryEntry | null;
  /** Ids of the installed evolutions. */
  evolutions: string[];
  /** The folders that snapshots include. */
  folders: Record<FolderComponent, readonly string[]> | null;
  /** Why the settings, or what happened last, can't be read; null if they can. */
  problem: string | null;
}

const NOTHING: Omit<Overview, 'home' | 'feed' | 'evolutions' | 'folders' | 'problem'> = {
  channel: 'stable',
  autoUpdate: 'manual',
  pin: null,
  updates: true,
  lastCheck: null,
  lastChange: null,
};

/** Never fails because of a file that is damaged: it is for those who look for what is wrong. */
export function overviewOf(session: Session): Overview {
  const { host, home, layout, settings, snapshots } = session;
  const feed = receiptUnlessDamaged(host.disk, layout)?.feed ?? settings.feed;
  const around = {
    home: 'folder' in home ? home.folder : null,
    evolutions: snapshots === null ? [] : installedEvolutions(session, snapshots).map(({ id }) => id),
    folders: snapshots?.profile.roots ?? null,
  };
  if ('missing' in home) return { ...NOTHING, ...around, feed, problem: home.missing.message };
  try {
    const { preferences } = decide(host, home.folder);
    const { channel, autoUpdate, pin, updates } = preferences;
    return {
      ...around,
      ...{ channel, autoUpdate, pin, updates, feed: preferences.feed ?? feed },
      lastCheck: checksFile.load(host, home.folder).last,
      lastChange: historyOf(session).at(-1) ?? null,
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    return { ...NOTHING, ...around, feed, problem: error.message };
  }
}

/** Of this installation: others may share the home. Throws DamagedError, MachineError. */
export function historyOf({ host, home, layout }: Session): HistoryEntry[] {
  if ('missing' in home) return [];
  const id = receiptUnlessDamaged(host.disk, layout)?.installId ?? null;
  const { entries } = historyFile.load(host, home.folder);
  return entries.filter(({ installId }) => id === null || installId === null || installId === id);
}
