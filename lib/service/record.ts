/**
 * What the background service has done and will do, `<home>/service.json`: for `service status`, and for its next start. Only
 * the service writes it, which holds `<home>/service.lock` meanwhile.
 */
import {
  array,
  boolean,
  type Decoded,
  hex,
  integer,
  line,
  nullable,
  object,
  oneOf,
  optional,
  time,
} from '../format/decoder.ts';
import { MAX_REMEMBERED } from '../home/choices.ts';
import { type HomeFile, homeFile } from '../home/home-file.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';
import { version } from '../version/semver.ts';
import { OBSTACLES } from './decision.ts';

const MAX_TOLD = 20;

/** Of skipped versions, and of those that were left. */
const MAX_HELD = 2 * MAX_REMEMBERED;

const shape = object({
  schema: oneOf(1),
  /** The process that has written this; 0: it has ended. */
  pid: integer(0, Number.MAX_SAFE_INTEGER),
  /** When that was started. */
  startedAt: time,
  /** The installation that it updates. */
  installDir: nullable(line(4096)),
  lastCheck: nullable(object({ at: time, failures: integer(0, 1_000_000), notBefore: nullable(time) })),
  /** The settings of the last check (asked.ts). Not there in what older updaters have written. */
  asked: optional(
    nullable(
      object({
        ...{ source: hex(32), choice: hex(32), newer: boolean },
        held: optional(array(version, 0, MAX_HELD), []),
      }),
    ),
    null,
  ),
  /** Null: none is wanted. */
  nextCheck: nullable(time),
  /** The update that is to be installed by itself. */
  pending: nullable(
    object({
      version,
      downloaded: boolean,
      /** Why it waits; null: it does not. */
      obstacle: nullable(oneOf(...OBSTACLES)),
      since: time,
    }),
  ),
  /** What the user has been told, so that it is told once: `available 2.0.0`. The newest last. */
  told: array(line(200), 0, MAX_TOLD),
  /** What the last look at the installation found. */
  health: nullable(object({ at: time, healthy: boolean, issues: integer(0, 1_000_000) })),
});

export type ServiceRecord = Decoded<typeof shape>;

export const serviceFile: HomeFile<ServiceRecord> = homeFile(
  { name: 'service.json', what: 'record of the service' },
  shape,
  {
    schema: 1,
    pid: 0,
    startedAt: 0,
    installDir: null,
    lastCheck: null,
    asked: null,
    nextCheck: null,
    pending: null,
    told: [],
    health: null,
  },
);

export function serviceLock({ platform }: Pick<Host, 'platform'>, home: string): string {
  return pathsOf(platform).join(home, 'service.lock');
}

/**
 * Whether a service runs for this home: it holds the lock, or is just beginning anew in the process that has written the record.
 *
 * @throws DamagedError, MachineError if the record can't be read
 */
export function isServiceRunning(host: Host, home: string): boolean {
  const { disk, locks, platform, processes } = host;
  const path = serviceLock({ platform }, home);
  if (disk.status(path) === null) return false;
  const lock = locks.acquire(path);
  lock?.release();
  if (lock === null) return true;
  const { pid } = serviceFile.load(host, home);
  if (pid === 0 || pid === processes.pid || !processes.isAlive(pid)) return false;
  return pathsOf(platform)
    .basename(processes.executable(pid) ?? '')
    .startsWith('dgmo-updater');
}

export function withTold(told: readonly string[], what: string): string[] {
  return [...told, what].slice(-MAX_TOLD);
}
