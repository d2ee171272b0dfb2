/**
 * Counts the effects of a run, and stops the run or fails at the one that the plan names. A stop is like a kill: from there
 * on the run has no effect any more, whatever it catches. A failure is an error that the real call can give.
 */
import type { Disk } from '../../lib/platform/disk.ts';
import { type SimulatedDisk, systemError } from './disk.ts';

export type Fault =
  | { kind: 'stop' }
  /** `for good`: this call and every later one of its kind, as on a disk that stays full. */
  | { kind: 'error'; code: string; forGood: boolean }
  /** Half of the bytes are written, and the next write finds the disk full. */
  | { kind: 'short' };

export interface Plan {
  /** Which effect, counted from 0; -1: none. */
  at: number;
  fault: Fault;
}

export class Stopped extends Error {}

/** No error of a call: another process holds the lock. */
export const HELD = 'held';

/** The errors that each real call can give, and that a transaction has to survive. */
export const ERRORS: Record<string, string[]> = {
  'open read': ['EIO', 'EACCES', 'EMFILE'],
  'open read itself': ['EIO', 'EACCES', 'EMFILE'],
  'open create': ['ENOSPC', 'EACCES', 'EROFS'],
  'open update': ['EIO', 'EACCES'],
  read: ['EIO'],
  write: ['ENOSPC', 'EIO'],
  truncate: ['EIO'],
  flush: ['EIO', 'ENOSPC'],
  close: ['EIO'],
  status: ['EIO'],
  rename: ['EACCES', 'EPERM', 'EIO', 'ENOSPC'],
  link: ['EPERM', 'ENOTSUP', 'ENOSPC'],
  copy: ['ENOSPC', 'EIO'],
  readLink: ['EIO'],
  resolve: ['EMFILE'],
  hold: ['EMFILE'],
  symlink: ['ENOSPC', 'EACCES'],
  setModified: ['EPERM', 'EIO'],
  remove: ['EACCES', 'EBUSY', 'EIO'],
  removeDirectory: ['EACCES', 'EBUSY', 'EIO'],
  createDirectory: ['EACCES', 'ENOSPC', 'EROFS'],
  list: ['EIO'],
  setMode: ['EPERM', 'EIO'],
  imitate: ['EPERM', 'EIO'],
  flushDirectory: ['EIO'],
  start: ['EAGAIN', 'EACCES'],
  run: ['EAGAIN', 'ENOMEM', 'EACCES'],
};

/** Calls that change nothing: to stop there is to stop at the effect after them. */
export const HARMLESS = new Set([
  'open read',
  'open read itself',
  'read',
  'readLink',
  'resolve',
  'hold',
  'close',
  'status',
  'list',
]);

export class FaultInjector {
  /** The name of every effect so far, in order. */
  readonly seen: string[] = [];
  stopped = false;
  readonly #plan: Plan;
  #failing: { name: string; code: string } | null = null;
  #fullFromNow = false;
  /** Called before each effect, with the disk as it is then. */
  onEffect: (name: string) => void = () => undefined;

  constructor(plan: Plan = { at: -1, fault: { kind: 'stop' } }) {
    this.#plan = plan;
  }

  /** Throws the error that is planned for this effect. Returns true if only half of the effect may happen. */
  meet(name: string, path = ''): boolean {
    if (this.stopped) throw new Stopped('stopped');
    this.onEffect(name);
    const index = this.seen.push(name) - 1;
    if (this.#failing !== null && this.#failing.name === name)
      throw systemError(this.#failing.code, name, path);
    if (this.#fullFromNow && name === 'write') {
      this.#fullFromNow = false;
      throw systemError('ENOSPC', name, path);
    }
    if (index !== this.#plan.at) return false;
    const { fault } = this.#plan;
    if (fault.kind === 'stop') {
      this.stopped = true;
      throw new Stopped('stopped');
    }
    if (fault.kind === 'short') {
      this.#fullFromNow = true;
      return true;
    }
    if (fault.forGood) this.#failing = { name, code: fault.code };
    throw systemError(fault.code, name, path);
  }
}

/** The rules by which Windows refuses to touch a file that runs or is held. */
export interface HeldFiles {
  /** Running executables: they may be renamed, but not replaced or removed. */
  running: Set<number>;
  /** Files that are opened without delete sharing: they may not be changed at all. */
  held: Set<number>;
}

export function faultyDisk(simulated: SimulatedDisk, faults: FaultInjector, windows: HeldFiles | null): Disk {
  const disk = windows === null ? simulated : withBackslashes(simulated);
  const refuse = (call: string, path: string, replaced: boolean): void => {
    const inode = simulated.inodeOf(slashes(path));
    if (windows === null || inode === undefined) return;
    if (windows.held.has(inode)) throw systemError('EBUSY', call, path);
    if (replaced && windows.running.has(inode)) throw systemError('EPERM', call, path);
  };
  const guarded = <Result>(name: string, path: string, effect: () => Result): Result => {
    faults.meet(name, path);
    return effect();
  };
  const flush = (handle: number) => {
    try {
      faults.meet('flush');
    } catch (error) {
      if (!(error instanceof Stopped)) simulated.failFlush(handle);
      throw error;
    }
    disk.flush(handle);
  };
  return {
    open: (path, how, mode) => guarded(`open ${how}`, path, () => disk.open(path, how, mode)),
    size: (handle) => disk.size(handle),
    read: (handle, into, position) => guarded('read', '', () => disk.read(handle, into, position)),
    readMeanwhile: async (handle, into, position) =>
      guarded('read', '', () => disk.read(handle, into, position)),
    nextData: (handle, position) => disk.nextData(handle, position),
    write: (handle, bytes, position) => {
      const half = faults.meet('write');
      return disk.write(handle, half ? bytes.subarray(0, bytes.length >> 1) : bytes, position);
    },
    truncate: (handle, size) => guarded('truncate', '', () => disk.truncate(handle, size)),
    flush,
    follow: (handle) => disk.follow(handle),
    flushMeanwhile: async (handle) => flush(handle),
    close: (handle) => {
      // The descriptor is closed even if close fails.
      try {
        faults.meet('close');
      } finally {
        disk.close(handle);
      }
    },
    status: (path) => guarded('status', path, () => disk.status(path)),
    resolve: (path) => guarded('resolve', path, () => disk.resolve(path)),
    rename: (from, to) =>
      guarded('rename', to, () => {
        refuse('rename', from, false);
        refuse('rename', to, true);
        disk.rename(from, to);
      }),
    replace: (from, to) => guarded('rename', to, () => disk.rename(from, to)),
    link: (existing, path) => guarded('link', path, () => disk.link(existing, path)),
    copy: (from, to) => {
      try {
        faults.meet('copy', to);
      } catch (error) {
        if (!(error instanceof Stopped)) leavePartial(simulated, slashes(from), slashes(to));
        throw error;
      }
      disk.copy(from, to);
    },
    // It refuses before anything happens, so there is no fault to try.
    reflink: (from, to) => disk.reflink(from, to),
    readLink: (path) => guarded('readLink', path, () => disk.readLink(path)),
    symlink: (target, path) => guarded('symlink', path, () => disk.symlink(target, path)),
    setModified: (path, micros) => guarded('setModified', path, () => disk.setModified(path, micros)),
    removeDirectory: (path) => guarded('removeDirectory', path, () => disk.removeDirectory(path)),
    remove: (path) =>
      guarded('remove', path, () => {
        refuse('unlink', path, true);
        disk.remove(path);
      }),
    hold: (path) =>
      guarded('hold', path, () => {
        const held = disk.hold(path);
        return { ...held, setMode: (mode) => guarded('setMode', path, () => held.setMode(mode)) };
      }),
    createDirectory: (path, mode) => guarded('createDirectory', path, () => disk.createDirectory(path, mode)),
    list: (path) => guarded('list', path, () => disk.list(path)),
    imitate: (path, model) => guarded('imitate', path, () => disk.imitate(path, model)),
    setMode: (path, mode) => guarded('setMode', path, () => disk.setMode(path, mode)),
    // They answer or do not: there is no fault to try.
    room: (path) => disk.room(path),
    isMountPoint: (path) => disk.isMountPoint(path),
    writeRefusal: (path) => disk.writeRefusal(path),
    runRefusal: (path) => disk.runRefusal(path),
    flushDirectory: (path) => guarded('flushDirectory', path, () => disk.flushDirectory(path)),
  };
}

const slashes = (path: string) => path.replaceAll('\\', '/');

/** The disk knows only slashes; the code for Windows joins with backslashes. */
function withBackslashes(disk: SimulatedDisk): Disk {
  return {
    open: (path, how, mode) => disk.open(slashes(path), how, mode),
    size: (handle) => disk.size(handle),
    read: (handle, into, position) => disk.read(handle, into, position),
    readMeanwhile: (handle, into, position) => disk.readMeanwhile(handle, into, position),
    nextData: (handle, position) => disk.nextData(handle, position),
    write: (handle, bytes, position) => disk.write(handle, bytes, position),
    truncate: (handle, size) => disk.truncate(handle, size),
    flush: (handle) => disk.flush(handle),
    follow: (handle) => disk.follow(handle),
    flushMeanwhile: (handle) => disk.flushMeanwhile(handle),
    close: (handle) => disk.close(handle),
    status: (path) => disk.status(slashes(path)),
    resolve: (path) => disk.resolve(slashes(path)),
    rename: (from, to) => disk.rename(slashes(from), slashes(to)),
    replace: (from, to) => disk.replace(slashes(from), slashes(to)),
    link: (existing, path) => disk.link(slashes(existing), slashes(path)),
    copy: (from, to) => disk.copy(slashes(from), slashes(to)),
    reflink: (from, to) => disk.reflink(slashes(from), slashes(to)),
    readLink: (path) => disk.readLink(slashes(path)),
    symlink: (target, path) => disk.symlink(target, slashes(path)),
    setModified: (path, micros) => disk.setModified(slashes(path), micros),
    removeDirectory: (path) => disk.removeDirectory(slashes(path)),
    remove: (path) => disk.remove(slashes(path)),
    hold: (path) => ({ ...disk.hold(slashes(path)), path, self: path }),
    createDirectory: (path, mode) => disk.createDirectory(slashes(path), mode),
    list: (path) => disk.list(slashes(path)),
    imitate: (path, model) => disk.imitate(slashes(path), slashes(model)),
    setMode: (path, mode) => disk.setMode(slashes(path), mode),
    room: (path) => disk.room(slashes(path)),
    isMountPoint: (path) => disk.isMountPoint(slashes(path)),
    writeRefusal: (path) => disk.writeRefusal(slashes(path)),
    runRefusal: (path) => disk.runRefusal(slashes(path)),
    flushDirectory: (path) => disk.flushDirectory(slashes(path)),
  };
}

function leavePartial(disk: SimulatedDisk, from: string, to: string): void {
  const content = disk.contentOf(from);
  if (content === null || disk.contentOf(to) !== null) return;
  const handle = disk.open(to, 'create');
  disk.write(handle, content.subarray(0, content.length >> 1), 0);
  disk.close(handle);
}
