/** A machine in memory, behind the interfaces of lib/platform. Its time passes only by sleeping. */
import { dirname } from 'node:path/posix';
import { errorCode } from '../../lib/errors.ts';
import type { Host, Platform, RunResult } from '../../lib/platform/host.ts';
import { type SimulatedDisk, USER } from './disk.ts';
import { FaultInjector, faultyDisk, HELD, type HeldFiles } from './faults.ts';

export interface SimulatedHostOptions {
  disk: SimulatedDisk;
  faults?: FaultInjector;
  platform?: Platform;
  /** What `--version` of an executable with this content prints; null: it crashes. */
  versionOf(content: Uint8Array): string | null;
  /**
   * The signal that ends an executable with this content when it is tried; null: none.
   *
   * @param attempt counted from 0
   */
  signalOf?(content: Uint8Array, attempt: number): string | null;
  /** What an executable with this content does when it is tried, before it prints its version or crashes. */
  onTrial?(disk: SimulatedDisk, content: Uint8Array): void;
  /**
   * What an executable with this content does when it is started for the user. It ends at once, unless it `stays`.
   *
   * @param count of the starts so far, this one included
   */
  onStart?(disk: SimulatedDisk, content: Uint8Array, count: number): 'stays' | 'ends';
  /**
   * The errno name with which the system refuses to start an executable with this content; null: it starts one.
   *
   * @param attempt counted from 0
   */
  refusal?(content: Uint8Array, attempt: number): string | null;
  /** Milliseconds that an executable with this content takes to print its version. */
  startTakes?(content: Uint8Array): number;
  /** Windows: running executables, and files that are held without delete sharing until some time. */
  running?: string[];
  held?: { path: string; until: number }[];
  /** The other processes. */
  processes?: SimulatedProcess[];
  /** Who runs this; who owns what is on a disk is said with `SimulatedDisk.own`. */
  user?: number;
}

export interface SimulatedProcess {
  pid: number;
  /** The executable that it runs. */
  file: string;
  /** It ignores the request to end. */
  stubborn?: boolean;
}

export interface SimulatedHost extends Host {
  /** The content of every executable that was started, except for probes. */
  readonly started: Uint8Array[];
  readonly faults: FaultInjector;
}

/** Id of the process of the host. Add it to `processes` to say which executable it runs. */
export const OWN_PID = 100;

/** A new process on the machine. Each host is one run, so locks of earlier hosts are not held any more. */
export function simulatedHost(options: SimulatedHostOptions): SimulatedHost {
  const { disk } = options;
  const platform = options.platform ?? 'linux';
  const faults = options.faults ?? new FaultInjector();
  const started: Uint8Array[] = [];
  let time = 0;
  let starts = 0;
  let seed = 1;
  const nextByte = () => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return (seed >> 16) & 255;
  };
  const windows: HeldFiles | null = platform === 'win32' ? { running: new Set(), held: new Set() } : null;
  for (const path of options.running ?? []) windows?.running.add(disk.inodeOf(path) ?? -1);
  const holdings = (options.held ?? []).map(({ path, until }) => ({
    inode: disk.inodeOf(path) ?? -1,
    until,
  }));
  const updateHeld = () => {
    windows?.held.clear();
    for (const { inode, until } of holdings) if (time < until) windows?.held.add(inode);
  };
  updateHeld();

  const others = new Map((options.processes ?? []).map((each) => [each.pid, each]));
  const sameName = (path: string) => {
    const name = path.replaceAll('\\', '/');
    return platform === 'win32' ? name.toLowerCase() : name;
  };

  const execute = (file: string): Uint8Array => {
    const content = disk.contentOf(file.replaceAll('\\', '/'));
    if (content === null) throw Object.assign(new Error(`ENOENT: spawn ${file}`), { code: 'ENOENT' });
    return content;
  };

  return {
    platform,
    arch: 'x64',
    musl: false,
    hasModernInstructions: () => true,
    disk: faultyDisk(disk, faults, windows),
    databases: { hold: () => null },
    processes: {
      pid: OWN_PID,
      parent: 1,
      isAlive: (pid) => others.has(pid),
      isSuspended: () => false,
      executable: (pid) => others.get(pid)?.file ?? null,
      running: (executable) =>
        [...others.values()]
          .filter(({ pid, file }) => pid !== OWN_PID && sameName(file) === sameName(executable))
          .map(({ pid }) => pid),
      requestEnd: (pid) => {
        faults.meet('requestEnd', String(pid));
        if (platform === 'win32') return false;
        if (others.get(pid)?.stubborn !== true) others.delete(pid);
        return true;
      },
      forceEnd: (pid) => {
        faults.meet('forceEnd', String(pid));
        others.delete(pid);
      },
      hasTerminal: () => false,
      ownsTerminal: () => false,
      run: async (file, args, { timeLimit }): Promise<RunResult> => {
        const refused = (code: string): RunResult => ({ started: false, code, reason: `${code}: spawn` });
        try {
          faults.meet('run', file);
        } catch (error) {
          const code = errorCode(error);
          if (code === undefined) throw error;
          return refused(code);
        }
        const content = disk.contentOf(file.replaceAll('\\', '/'));
        if (content === null) return refused('ENOENT');
        const attempt = starts++;
        const refusal = options.refusal?.(content, attempt) ?? null;
        if (refusal !== null) return refused(refusal);
        options.onTrial?.(disk, content);
        const duration = options.startTakes?.(content) ?? 1;
        time += Math.min(duration, timeLimit);
        const timedOut = duration > timeLimit;
        const signal = timedOut ? 'SIGKILL' : (options.signalOf?.(content, attempt) ?? null);
        const version = signal !== null ? null : options.versionOf(content);
        const ok = version !== null;
        return {
          started: true,
          code: signal !== null ? null : ok ? 0 : 70,
          signal,
          stdout: !ok ? '' : args[0] === '--version' ? `${version}\n` : '{"event":"result"}\n',
          stderr: ok || signal !== null ? '' : 'crashed',
          timedOut,
          duration,
        };
      },
      start: async (file) => {
        faults.meet('start', file);
        const content = execute(file);
        started.push(content);
        const pid = OWN_PID + started.length;
        if (options.onStart?.(disk, content, started.length) === 'stays') others.set(pid, { pid, file });
        return { pid, ended: null };
      },
      startInBackground: null,
      become: null,
    },
    locks: {
      acquire: (path) => {
        try {
          faults.meet('lock', path);
        } catch (error) {
          if (errorCode(error) === HELD) return null;
          throw error;
        }
        const file = path.replaceAll('\\', '/');
        if (disk.contentOf(file) === null && disk.status(dirname(file)) !== null)
          disk.place(file, new Uint8Array(0));
        return { release: () => undefined };
      },
    },
    clock: {
      now: () => 1_700_000_000_000 + time,
      monotonic: () => time,
      sleep: async (milliseconds) => {
        time += milliseconds;
        updateHeld();
      },
    },
    random: { bytes: (count) => Uint8Array.from({ length: count }, nextByte) },
    environment: {},
    workingDirectory: '/',
    user: platform === 'win32' ? null : (options.user ?? USER),
    localOffset: () => 0,
    systemOwns: () => false,
    homeDirectory: '/home',
    started,
    faults,
  };
}
