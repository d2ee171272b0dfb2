/**
 * Other processes on Linux and macOS: which ones run, what each runs, and how one is ended. Nothing here waits:
 * whoever ends a process asks afterwards whether it is alive.
 */
import { dlopen, FFIType, ptr } from 'bun:ffi';
import fs from 'node:fs';
import path from 'node:path';
import { errorCode, MachineError } from '../../errors.ts';

/** A zombie counts as gone: it runs nothing any more, only its parent has not asked yet. */
export function posixIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    const state = text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3);
    return state !== 'Z' && state !== 'X';
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ESRCH') return false;
    throw error;
  }
}

export function posixExecutable(pid: number): string | null {
  return process.platform === 'darwin' ? darwinExecutable(pid) : linuxExecutable(pid);
}

/** By its path and by its file: what was replaced has the path alone, what was moved or linked has the file alone. */
export function posixRunning(executable: string): number[] {
  const standing = fileAt(executable);
  const isIt = (pid: number) =>
    process.platform === 'darwin'
      ? isItOnDarwin(pid, executable, standing)
      : isItOnLinux(pid, executable, standing);
  const all = process.platform === 'darwin' ? darwinProcesses() : linuxProcesses();
  return all.filter((pid) => pid !== process.pid && isIt(pid));
}

export function posixRequestEnd(pid: number): boolean {
  if (!signal(pid, 'SIGTERM')) return false;
  // One that was suspended (Ctrl-Z) takes no signal before it goes on.
  signal(pid, 'SIGCONT');
  return true;
}

export function posixForceEnd(pid: number): void {
  if (signal(pid, 'SIGKILL')) return;
  throw new MachineError(`process ${pid} could not be ended: it belongs to another user`, {
    advice: 'End it as the user that it belongs to, then try again.',
  });
}

/** False where it is not permitted. Where the process is gone already there is nothing to do. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  // To kill(2), 0 and what is below are groups of processes: our own, or every one there is.
  if (!Number.isInteger(pid) || pid <= 0) throw new RangeError(`the id of a process is wanted, found ${pid}`);
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

/** What an answer of null stands for: the process or the file is gone, or we may not look at it. */
const CANNOT_LOOK = ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ESRCH'];

function looked<Result>(look: () => Result): Result | null {
  try {
    return look();
  } catch (error) {
    if (CANNOT_LOOK.includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}

function fileAt(file: string): FileIdentity | null {
  return looked(() => {
    const { dev, ino } = fs.statSync(file, { bigint: true });
    return { device: dev, inode: ino };
  });
}

function isSame(one: FileIdentity | null, other: FileIdentity | null): boolean {
  return one !== null && one.device === other?.device && one.inode === other.inode;
}

/** None where there is no /proc: then nothing can be told. */
function linuxProcesses(): number[] {
  const names = looked(() => fs.readdirSync('/proc')) ?? [];
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** A zombie has no executable any more. */
function isItOnLinux(pid: number, executable: string, standing: FileIdentity | null): boolean {
  const running = fileAt(`/proc/${pid}/exe`);
  if (running === null) return false;
  if (isSame(running, standing)) return true;
  return linuxExecutable(pid) === executable && seesSameFolder(pid, executable);
}

/** In a container the same path names another file; a service that has a /tmp of its own still has the same one. */
function seesSameFolder(pid: number, executable: string): boolean {
  const folder = path.dirname(executable);
  return isSame(fileAt(`/proc/${pid}/root${folder}`), fileAt(folder));
}

const REMOVED = ' (deleted)';

/** The kernel adds to the path of a file that was replaced or removed; and some file may really be named like that. */
function linuxExecutable(pid: number): string | null {
  const link = `/proc/${pid}/exe`;
  const name = looked(() => fs.readlinkSync(link));
  if (name === null || !name.endsWith(REMOVED) || isSame(fileAt(name), fileAt(link))) return name;
  return name.slice(0, -REMOVED.length);
}

/** By the path that the system has for it, and by the file at that path: it may be another name of the same. */
function isItOnDarwin(pid: number, executable: string, standing: FileIdentity | null): boolean {
  const running = darwinExecutable(pid);
  if (running === null) return false;
  return running === executable || isSame(fileAt(running), standing);
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

/** proc_listpids fills what it is given and says how many bytes that were: as many as there are may be too few. */
function darwinProcesses(): number[] {
  for (let count = 4096; ; count *= 2) {
    const ids = new Int32Array(count);
    const bytes = libproc().proc_listpids(PROC_ALL_PIDS, 0, ptr(ids), ids.byteLength);
    if (bytes < ids.byteLength) return [...ids.subarray(0, Math.max(bytes, 0) / 4)].filter((pid) => pid > 0);
  }
}
