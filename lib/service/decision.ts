/** What the background service does about an update, and when: pure decisions over what the user wants and what is so now. */
import type { Preferences } from '../home/preferences.ts';
import type { Supply } from '../platform/desktop/desktop.ts';

/** `install`: by itself, at a good moment. `tell`: the user decides. `leave`: the user does not want to hear of it. */
export type Wish = 'install' | 'tell' | 'leave';

/** An older version is never installed without the user, and nothing where a package manager has to. */
export function wishFor(
  { autoUpdate }: Pick<Preferences, 'autoUpdate'>,
  update: { isSecurity: boolean; direction: 'forward' | 'back'; managedBy: unknown },
): Wish {
  if (autoUpdate === 'off') return 'leave';
  if (update.direction === 'back') return 'tell';
  if (update.managedBy !== null) return 'tell';
  return autoUpdate === 'all' || (autoUpdate === 'security' && update.isSecurity) ? 'install' : 'tell';
}

/** Why an update waits. */
export const OBSTACLES = ['metered', 'battery', 'window', 'running'] as const;
export type Obstacle = (typeof OBSTACLES)[number];

type SupplyWish = Pick<Preferences, 'onMetered' | 'onBattery'>;

/** What the system does not say (null) is no obstacle. */
export function obstacleToDownload(wish: SupplyWish, { onBattery, metered }: Supply): Obstacle | null {
  if (metered === true && wish.onMetered === 'wait') return 'metered';
  return onBattery === true && wish.onBattery === 'wait' ? 'battery' : null;
}

export function obstacleToInstall(
  wish: SupplyWish & Pick<Preferences, 'updateWindow'>,
  now: { localTime: number; onBattery: boolean | null; isIdle: boolean },
): Obstacle | null {
  if (!isInWindow(wish.updateWindow, now.localTime)) return 'window';
  if (!now.isIdle) return 'running';
  return now.onBattery === true && wish.onBattery === 'wait' ? 'battery' : null;
}

const DAY_MINUTES = 24 * 60;

/** @param localTime milliseconds since the epoch, as if it had been in this time zone */
export function isInWindow(window: string | null, localTime: number): boolean {
  if (window === null) return true;
  const [begin = 0, end = 0] = window.split('-').map(minutesOf);
  const minute = Math.floor(localTime / 60_000) % DAY_MINUTES;
  return begin < end ? begin <= minute && minute < end : minute >= begin || minute < end;
}

/** Of `HH:MM`, since midnight. */
function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** How long nobody may have touched the machine before they count as away, in milliseconds. */
export const AWAY = 30 * 60_000;
/** What a DGMO may compute in `AWAY` and still count as doing nothing, in milliseconds of processor time. */
const QUIET = 20_000;

export interface Sessions {
  /** Ids of the processes that run DGMO. */
  running: readonly number[];
  /** Ids of those that have said that they may be updated now. */
  saidIdle: readonly number[];
  /** How long nobody has touched the machine, in milliseconds; null if it does not say. */
  untouched: number | null;
  /** How much processor time they have all used during the last `AWAY`, in milliseconds; null if that is not known. */
  used: number | null;
}

/**
 * Whether no session is disturbed: DGMO does not run; or each that runs has said so; or the user is away, and DGMO does not
 * work for them meanwhile.
 */
export function isIdle({ running, saidIdle, untouched, used }: Sessions): boolean {
  if (running.every((pid) => saidIdle.includes(pid))) return true;
  return untouched !== null && untouched >= AWAY && used !== null && used <= QUIET;
}

/** The processor time that some processes had used at some time. */
export interface Reading {
  pids: string;
  /** By the clock that never runs backwards. */
  at: number;
  /** Milliseconds. */
  time: number;
}

/**
 * @param first the reading since which the processes have done next to nothing; null: there is none
 * @returns the new first reading, and what was used since it if it is `AWAY` ago
 */
export function usedSince(first: Reading | null, now: Reading): { first: Reading; used: number | null } {
  if (first === null || first.pids !== now.pids || now.time - first.time > QUIET)
    return { first: now, used: null };
  return { first, used: now.at - first.at >= AWAY ? now.time - first.time : null };
}
