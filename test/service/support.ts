/** The background service in this process, on a stage: the real updates, a desktop that says what the test wants. */
import fs from 'node:fs';
import path from 'node:path';
import { BackgroundUpdateService, type ServiceEvent } from '../../lib/api/index.ts';
import type { Desktop } from '../../lib/platform/desktop/desktop.ts';
import type { Host } from '../../lib/platform/host.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { SETTINGS, type Stage } from '../update/stage.ts';

/** What the test decides, at any time. */
export interface World {
  /** Ids of the processes that run DGMO. */
  running: number[];
  onBattery: boolean | null;
  metered: boolean | null;
  untouched: number | null;
  processorTime: number | null;
  /** Milliseconds that the wall clock is off. */
  clock: number;
  environment: Record<string, string>;
}

export interface Started {
  service: BackgroundUpdateService;
  world: World;
  events: { event: string }[];
  /** What was shown on the desktop. */
  shown: string[];
  /** Resolves with the next event of that kind, or one that came already. */
  saw<Kind extends ServiceEvent['event']>(kind: Kind): Promise<Extract<ServiceEvent, { event: Kind }>>;
  /** Resolves when the service has slept so many times more. */
  ticks(count: number): Promise<void>;
}

export function settingsOf(stage: Stage, preferences: Record<string, unknown>): void {
  const file = path.join(stage.home, 'updater.json');
  const defaults = { channel: 'stable', feed: null, checkApi: null, telemetry: false, caFile: null };
  fs.writeFileSync(file, JSON.stringify({ schema: 3, autoUpdate: 'manual', ...defaults, ...preferences }));
}

/** Sleeps are cut short, so that a test does not wait for the next look. */
export function serviceOn(stage: Stage, decided: Partial<World> = {}): Started {
  const world: World = {
    ...{ running: [], onBattery: null, metered: null, untouched: null, processorTime: null },
    ...{ clock: 0, environment: {}, ...decided },
  };
  const native = nativeHost();
  const alive = (pid: number) => world.running.includes(pid) || native.processes.isAlive(pid);
  let passed = 0;
  let slept = 0;
  let rested: { at: number; resolve(): void } | null = null;
  const host: Host = {
    ...native,
    environment: { ...native.environment, ...world.environment },
    processes: {
      ...native.processes,
      isAlive: alive,
      running: (file) => (file === stage.dgmo ? [...world.running] : native.processes.running(file)),
    },
    clock: {
      now: () => native.clock.now() + world.clock,
      monotonic: () => native.clock.monotonic() + passed,
      async sleep(milliseconds, signal) {
        await native.clock.sleep(Math.min(milliseconds, 10), signal);
        passed += Math.max(0, milliseconds - 10);
        slept += 1;
        if (rested !== null && slept >= rested.at) rested.resolve();
      },
    },
  };
  const shown: string[] = [];
  const desktop: Desktop = {
    networks: () => 'lo',
    supply: async () => ({ onBattery: world.onBattery, metered: world.metered }),
    untouched: async () => world.untouched,
    processorTime: async () => world.processorTime,
    notify: async (_, text) => void shown.push(text),
  };
  const events: { event: string }[] = [];
  const waiting = new Map<string, (event: ServiceEvent) => void>();
  const service = new BackgroundUpdateService({
    ...{ installDir: stage.dir, home: stage.home, settings: SETTINGS, host, desktop },
    onEvent(event) {
      events.push(event);
      waiting.get(event.event)?.(event as ServiceEvent);
    },
  });
  const saw: Started['saw'] = (kind) =>
    new Promise((resolve) => {
      const found = events.find(({ event }) => event === kind);
      if (found !== undefined) resolve(found as never);
      else waiting.set(kind, (event) => resolve(event as never));
    });
  const ticks = (count: number) =>
    new Promise<void>((resolve) => {
      rested = { at: slept + count, resolve };
    });
  return { service, world, events, shown, saw, ticks };
}
