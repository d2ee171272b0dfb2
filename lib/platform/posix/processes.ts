/**
 * Other processes on Linux and macOS: finding those that run, what each runs, and ending them. Nothing here waits: the
 * caller checks afterwards whether the process is alive.
 */
import { dlopen, FFIType, ptr } from 'bun:ffi';
import fs from 'node:fs';
import path from 'node:path';
import { errorCode, MachineError } from '../../errors.ts';

/** A zombie counts as ended: it only exists until its parent asks for its exit code. */
export function posixIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  const state = linuxState(pid);
  return state !== null && state !== 'Z' && state !== 'X';
}

/** Only Linux says it. */
export function posixIsSuspended(pid: number): boolean {
  return process.platform === 'linux' && linuxState(pid) === 'T';
}

/** The letter of proc(5), such as Z for a zombie; null if there is no such process. */
function linuxState(pid: number): string | null {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ESRCH') return null;
    throw error;
  }
}

export function posixExecutable(pid: number): string | null {
  return process.platform === 'darwin' ? darwinExecutable(pid) : linuxExecutable(pid);
}

/**
 * Compares both path and file: a replaced executable has the same path, a moved or linked one is the same file. A symlink is not
 * followed: where the executable was, somebody may have put one that leads to a program that has nothing to do with it.
 */
export function posixRunning(executable: string): number[] {
  const file = fileAt(executable, fs.lstatSync);
  const isIt = (pid: number) =>
    process.platform === 'darwin' ? runsOnDarwin(pid, executable, file) : runsOnLinux(pid, executable, file);
  const all = process.platform === 'darwin' ? darwinProcesses() : linuxProcesses();
  return all.filter((pid) => pid !== process.pid && isIt(pid));
}

export function posixRequestEnd(pid: number): boolean {
  if (!signal(pid, 'SIGTERM')) return false;
  // A suspended process (Ctrl-Z) receives the signal only after it was continued.
  signal(pid, 'SIGCONT');
  return true;
}

export function posixForceEnd(pid: number): void {
  if (signal(pid, 'SIGKILL')) return;
  throw new MachineError(`process ${pid} could not be ended: it belongs to another user`, {
    advice: 'End it as the user who owns it, then try again.',
  });
}

/** False if it is not permitted. A process that has already ended is no error. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  // For kill(2), 0 and negative numbers mean groups of processes.
  if (!Number.isInteger(pid) || pid <= 0) throw new RangeError(`wanted a process id, found ${pid}`);
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) === 'EPERM') return false;
    if (errorCode(error) !== 'ESRCH') throw error;
  }
  return true;
}

interface FileIdentity {
  device: bigint;
  inode: bigint;
}

/** The errors if a process or a file does not exist any more, or may not be inspected. */
const CANNOT_LOOK = ['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ESRCH'];

function nullIfRefused<Result>(look: () => Result): Result | null {
  try {
    return look();
  } catch (error) {
    if (CANNOT_LOOK.includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}

function fileAt(
  file: string,
  status: typeof fs.lstatSync | typeof fs.statSync = fs.statSync,
): FileIdentity | null {
  return nullIfRefused(() => {
    const { dev, ino } = status(file, { bigint: true });
    return { device: dev, inode: ino };
  });
}

function isSame(one: FileIdentity | null, other: FileIdentity | null): boolean {
  return one !== null && one.device === other?.device && one.inode === other.inode;
}

/** Empty if there is no /proc. */
function linuxProcesses(): number[] {
  const names = nullIfRefused(() => fs.readdirSync('/proc')) ?? [];
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** False for a zombie, which has no executable any more. */
function runsOnLinux(pid: number, executable: string, file: FileIdentity | null): boolean {
  const running = fileAt(`/proc/${pid}/exe`);
  if (running === null) return false;
  if (isSame(running, file)) return true;
  return linuxExecutable(pid) === executable && seesSameFolder(pid, executable);
}

/** In a container the path names another file. In a service with a private /tmp it is still the same. */
function seesSameFolder(pid: number, executable: string): boolean {
  const folder = path.dirname(executable);
  return isSame(fileAt(`/proc/${pid}/root${folder}`), fileAt(folder));
}

const REMOVED = ' (deleted)';

/** The kernel adds a suffix to the path of a file that was replaced or removed. A file may really have such a name, too. */
function linuxExecutable(pid: number): string | null {
  const link = `/proc/${pid}/exe`;
  const name = nullIfRefused(() => fs.readlinkSync(link));
  if (name === null || !name.endsWith(REMOVED) || isSame(fileAt(name), fileAt(link))) return name;
  return name.slice(0, -REMOVED.length);
}

/** Compares the path that the system reports, and the file there, which may be another name of the same file. */
function runsOnDarwin(pid: number, executable: string, file: FileIdentity | null): boolean {
  const running = darwinExecutable(pid);
  if (running === null) return false;
  return running === executable || isSame(fileAt(running), file);
}

function loadLibproc() {
  return dlopen('/usr/lib/libSystem.B.dylib', {
    proc_listpids: { args: [FFIType.u32, FFIType.u32, FFIType.ptr, FFIType.i32], returns: FFIType.i32 },
    proc_pidpath: { args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
  }).symbols;
}

let loaded: ReturnType<typeof loadLibproc> | undefined;
function libproc() {
  loaded ??= loadLibproc();
  return loaded;
}

function darwinExecutable(pid: number): string | null {
  const buffer = new Uint8Array(4096);
  const length = libproc().proc_pidpath(pid, ptr(buffer), buffer.length);
  return length > 0 ? new TextDecoder().decode(buffer.subarray(0, length)) : null;
}

const PROC_ALL_PIDS = 1;

/** proc_listpids fills the buffer, and returns the number of bytes. A full buffer may be too small. */
function darwinProcesses(): number[] {
  for (let count = 4096; ; count *= 2) {
    const ids = new Int32Array(count);
    const bytes = libproc().proc_listpids(PROC_ALL_PIDS, 0, ptr(ids), ids.byteLength);
    if (bytes < ids.byteLength) return [...ids.subarray(0, Math.max(bytes, 0) / 4)].filter((pid) => pid > 0);
  }
}
