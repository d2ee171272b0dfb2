/**
 * Other processes on Windows: finding those that run, what each runs, and ending them. To be called only on Windows.
 *
 * A process can't be asked to end: a console program has no window to close, and a Ctrl-C reaches only the processes on our
 * own console, and would end this one too.
 */
import fs from 'node:fs';
import path from 'node:path/win32';
import { MachineError } from '../../errors.ts';
import { ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, kernel, systemError } from './kernel.ts';

const PROCESS_TERMINATE = 1;
const QUERY_LIMITED_INFORMATION = 0x1000;
const SYNCHRONIZE = 0x0010_0000;
const WAIT_TIMEOUT = 258;
/** The longest path on Windows, in UTF-16 units. */
const LONGEST_PATH = 32_768;

/** Path of the executable that a process was started from; null if it has ended or belongs to another user. */
export function windowsExecutable(pid: number): string | null {
  const { CloseHandle, OpenProcess, QueryFullProcessImageNameW, WaitForSingleObject } = kernel();
  const handle = OpenProcess(QUERY_LIMITED_INFORMATION | SYNCHRONIZE, 0, pid);
  if (handle === 0n) return null;
  try {
    // One that has ended can be asked as long as anybody holds a handle to it.
    if (WaitForSingleObject(handle, 0) !== WAIT_TIMEOUT) return null;
    const name = new Uint16Array(LONGEST_PATH);
    const length = Uint32Array.of(LONGEST_PATH);
    if (QueryFullProcessImageNameW(handle, 0, name, length) === 0) return null;
    return resolved(String.fromCharCode(...name.subarray(0, length[0])));
  } finally {
    CloseHandle(handle);
  }
}

/** Unresolved if the file was renamed or removed: it still says what the process was started from. */
function resolved(file: string): string {
  try {
    return fs.realpathSync.native(file);
  } catch {
    return path.normalize(file);
  }
}

/** Processes that were found alive. Windows does not reuse the id of a process while a handle to it is open. */
const watched = new Map<number, bigint>();

/** Once a process was found alive, later calls are about the same process, until it has ended. */
export function windowsIsAlive(pid: number): boolean {
  const { CloseHandle, GetLastError, OpenProcess, WaitForSingleObject } = kernel();
  const handle = watched.get(pid) ?? OpenProcess(SYNCHRONIZE, 0, pid);
  // A process of another user exists, but can't be opened.
  if (handle === 0n) return GetLastError() === ERROR_ACCESS_DENIED;
  if (WaitForSingleObject(handle, 0) === WAIT_TIMEOUT) {
    watched.set(pid, handle);
    return true;
  }
  watched.delete(pid);
  CloseHandle(handle);
  return false;
}

/** Keeps a handle to each of the processes, so that their ids are not reused before they are ended. */
export function windowsRunning(executable: string): number[] {
  const wanted = executable.toLowerCase();
  const isIt = (pid: number) => windowsExecutable(pid)?.toLowerCase() === wanted && windowsIsAlive(pid);
  return allProcesses().filter((pid) => pid !== process.pid && isIt(pid));
}

/** Windows cuts a list that is longer than the buffer without an error, so a full buffer is not trusted. */
function allProcesses(): number[] {
  const { GetLastError, K32EnumProcesses } = kernel();
  for (let count = 1024; ; count *= 2) {
    const ids = new Uint32Array(count);
    const bytes = new Uint32Array(1);
    if (K32EnumProcesses(ids, ids.byteLength, bytes) === 0)
      throw systemError(GetLastError(), 'list', 'processes');
    const found = (bytes[0] ?? 0) / 4;
    // 0 is the idle process.
    if (found < count) return [...ids.subarray(0, found)].filter((pid) => pid !== 0);
  }
}

export function windowsForceEnd(pid: number): void {
  const { CloseHandle, GetLastError, OpenProcess, TerminateProcess } = kernel();
  const handle = OpenProcess(PROCESS_TERMINATE, 0, pid);
  if (handle === 0n) {
    throwUnlessGone(pid, GetLastError());
    return;
  }
  try {
    if (TerminateProcess(handle, 1) === 0) throwUnlessGone(pid, GetLastError());
  } finally {
    CloseHandle(handle);
  }
}

/** Windows also refuses to end a process that is already ending, which is no error. */
function throwUnlessGone(pid: number, status: number): void {
  if (status === ERROR_INVALID_PARAMETER || !windowsIsAlive(pid)) return;
  const why = status === ERROR_ACCESS_DENIED ? 'access is denied' : 'the system refused';
  throw new MachineError(`process ${pid} could not be ended: ${why} (Windows error ${status})`, {
    advice: 'End it in the Task Manager, then try again.',
  });
}
