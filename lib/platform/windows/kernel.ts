/**
 * Calls of kernel32.dll through bun:ffi, and its errors as errors of node:fs. Only the files of this folder use it. It is
 * loaded at the first call, so this file can be imported on every system.
 */
import { dlopen, FFIType } from 'bun:ffi';
import path from 'node:path/win32';
import { errorMessage, MachineError } from '../../errors.ts';

const { i32, i64, ptr, u32 } = FFIType;

function load() {
  try {
    return dlopen('kernel32.dll', {
      CloseHandle: { args: [i64], returns: i32 },
      CreateFileW: { args: [ptr, u32, u32, ptr, u32, u32, i64], returns: i64 },
      CreateProcessW: { args: [ptr, ptr, ptr, ptr, i32, u32, ptr, ptr, ptr, ptr], returns: i32 },
      GetConsoleProcessList: { args: [ptr, u32], returns: u32 },
      GetFileType: { args: [i64], returns: u32 },
      GetLastError: { args: [], returns: u32 },
      GetStdHandle: { args: [u32], returns: i64 },
      IsProcessorFeaturePresent: { args: [u32], returns: i32 },
      K32EnumProcesses: { args: [ptr, u32, ptr], returns: i32 },
      LocalFree: { args: [ptr], returns: ptr },
      MoveFileExW: { args: [ptr, ptr, u32], returns: i32 },
      OpenProcess: { args: [u32, i32, u32], returns: i64 },
      QueryFullProcessImageNameW: { args: [i64, u32, ptr, ptr], returns: i32 },
      SetFileInformationByHandle: { args: [i64, i32, ptr, u32], returns: i32 },
      SetHandleInformation: { args: [i64, u32, u32], returns: i32 },
      TerminateProcess: { args: [i64, u32], returns: i32 },
      WaitForSingleObject: { args: [i64, u32], returns: u32 },
    }).symbols;
  } catch (error) {
    throw new MachineError(`kernel32.dll could not be loaded (${errorMessage(error)})`, { cause: error });
  }
}

let loaded: ReturnType<typeof load> | undefined;

export function kernel(): ReturnType<typeof load> {
  loaded ??= load();
  return loaded;
}

export const INVALID_HANDLE = -1n;

/** A path as kernel32 needs it: absolute, UTF-16, zero-terminated, and with `\\?\`, so that it may exceed 260 characters. */
export function widePath(file: string): Uint16Array {
  return wide(`${path.toNamespacedPath(path.resolve(file))}\0`);
}

export function wide(text: string): Uint16Array {
  return Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

export const ERROR_ACCESS_DENIED = 5;
export const ERROR_SHARING_VIOLATION = 32;
/** The error of OpenProcess if no process has this id. */
export const ERROR_INVALID_PARAMETER = 87;

/** System error codes (winerror.h) with the names that libuv gives them, as in the errors of node:fs. */
const NAMES: Record<number, { code: string; text: string }> = {
  2: { code: 'ENOENT', text: 'no such file or directory' },
  3: { code: 'ENOENT', text: 'no such file or directory' },
  4: { code: 'EMFILE', text: 'too many open files' },
  5: { code: 'EPERM', text: 'operation not permitted' },
  17: { code: 'EXDEV', text: 'cross-device link not permitted' },
  19: { code: 'EROFS', text: 'read-only file system' },
  32: { code: 'EBUSY', text: 'resource busy or locked' },
  33: { code: 'EBUSY', text: 'resource busy or locked' },
  39: { code: 'ENOSPC', text: 'no space left on device' },
  80: { code: 'EEXIST', text: 'file already exists' },
  112: { code: 'ENOSPC', text: 'no space left on device' },
  123: { code: 'ENOENT', text: 'no such file or directory' },
  183: { code: 'EEXIST', text: 'file already exists' },
  206: { code: 'ENAMETOOLONG', text: 'name too long' },
  // A running executable, or a file that is removed once its last handle is closed: busy for now.
  303: { code: 'EBUSY', text: 'resource busy or locked' },
  1224: { code: 'EBUSY', text: 'resource busy or locked' },
  1295: { code: 'EDQUOT', text: 'disk quota exceeded' },
};

/** The error that node:fs would throw for GetLastError's `status`, with the status in the message. */
export function systemError(status: number, call: string, file: string, destination?: string): Error {
  const { code, text } = NAMES[status] ?? { code: 'EIO', text: 'i/o error' };
  const places = destination === undefined ? `'${file}'` : `'${file}' -> '${destination}'`;
  const error = new Error(`${code}: ${text}, ${call} ${places} (Windows error ${status})`);
  return Object.assign(error, {
    code,
    syscall: call,
    path: file,
    ...(destination === undefined ? {} : { dest: destination }),
  });
}
