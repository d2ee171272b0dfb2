/**
 * The loop of the background service: sleeps, sees what has happened, and calls the work when the schedule says so. It ends when
 * it is asked to, or when the work says that another process is to go on.
 */
import type { Clock } from '../platform/host.ts';
import {
  afterCheck,
  byTheClock,
  type CheckEnd,
  type LastCheck,
  lotOf,
  nextCheck,
  type Occasion,
  occasionOf,
} from './schedule.ts';

/** Milliseconds between two looks at the clock and the networks, and so the delay after a wake. */
const TICK = 30_000;
/**
 * Milliseconds between two checks at least, by the clock that never runs backwards: a clock that is set to and fro makes no
 * others.
 */
const LEAST_PAUSE = 5 * 60_000;

export interface Work {
  /** Whether the user wants checks. Asked often. */
  isOn(): boolean;
  /** Whether a check now may find something else than the last one, because the user has changed a setting. Asked often. */
  mayFindOther(): boolean;
  /** Looks for an update, and decides what follows. */
  check(): Promise<CheckEnd>;
  /** Goes on with what follows. Returns how soon it wants to go on, in milliseconds; null: there is nothing to do. */
  proceed(): Promise<number | null>;
  /** Whether another process is to go on: what runs here was replaced, or has grown. */
  isOver(): boolean;
  /** Called when the schedule has changed. `due` is null if no check is wanted. */
  scheduled(last: LastCheck | null, due: number | null): Promise<void>;
}

export interface LoopOptions {
  clock: Clock;
  /** Names of the networks that the machine is on; empty: none. */
  networks(): string;
  installId: string;
  /** The last check of an earlier run; null: there was none. */
  last: LastCheck | null;
  work: Work;
  /** Aborted to end the loop. */
  signal: AbortSignal;
}

/** Throws what the work throws. */
export async function runLoop(options: LoopOptions): Promise<'stopped' | 'over'> {
  const { clock, networks, work, signal } = options;
  const lot = lotOf(options.installId);
  let last = options.last;
  let occasion: Occasion | null = { kind: 'start', at: clock.now() };
  let checked: number | null = null;
  let told: number | null | undefined;
  while (!signal.aborted) {
    const now = clock.now();
    last = byTheClock(last, now);
    if (occasion !== null) occasion = { ...occasion, at: Math.min(occasion.at, now) };
    const isOn = work.isOn();
    if (isOn && occasion?.kind !== 'change' && work.mayFindOther()) occasion = { kind: 'change', at: now };
    const rested = checked === null || clock.monotonic() - checked >= LEAST_PAUSE;
    if (isOn && rested && nextCheck(last, occasion, lot) <= now) {
      const end = await work.check();
      if (signal.aborted) break;
      last = afterCheck(last, end, clock.now());
      occasion = null;
      checked = clock.monotonic();
    }
    const due = isOn ? nextCheck(last, occasion, lot) : null;
    if (told !== due) {
      told = due;
      await work.scheduled(last, due);
    }
    const soon = await work.proceed();
    if (work.isOver()) return 'over';
    const asked = Math.min(TICK, soon ?? TICK);
    const before = { now: clock.now(), networks: networks() };
    await clock.sleep(asked, signal);
    const seen = occasionOf(before, { now: clock.now(), networks: networks() }, asked);
    // A network that comes and goes does not put off what is due already.
    if (seen !== null && nextCheck(last, seen, lot) < nextCheck(last, occasion, lot)) occasion = seen;
  }
  return 'stopped';
}
